"""(a name in keras.applications) => network, with the preprocessing that Keras states for it."""

from __future__ import annotations

import ast
import inspect
import math
import re
import sys
from contextlib import nullcontext
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from headstart.backbones.adapter import CONSTRUCTOR_FAULTS, Classes, Network, check_options
from headstart.backbones.choose import choose_layer
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.keras.preprocess import colours_of
from headstart.backbones.keras.publication import IMAGENET, no_memory_for_weights, nothing_loaded
from headstart.backbones.keras.runtime import keras, usual_settings
from headstart.backbones.spec import KERAS, RANDOM, Preprocessing
from headstart.backbones.state import load_tensors
from headstart.backbones.trace import trace
from headstart.errors import BackboneError
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.spec import OptionValue
    from headstart.backbones.trace import Trace, Visit

_OURS = {
    "classifier_activation",
    "include_preprocessing",
    "include_top",
    "input_shape",
    "input_tensor",
    "name",
    "pooling",
    "weights_dataset",
}
_CROP = 0.875
_MOST_NUMBERS = 2_000_000_000  # 8 GB; the largest of Keras's own has 350 million
_USUAL_SIDE = 224  # MobileNetV3 takes any size, and was trained on this one


class KerasAdapter:
    """Every network of `keras.applications`, on torch or on TensorFlow."""

    framework = KERAS

    def architectures(self) -> tuple[str, ...]:
        """The names of all its networks, sorted; none where Keras is not installed. Keras is not loaded."""
        return _architectures()

    def tags(self, architecture: str) -> tuple[str, ...]:  # noqa: ARG002  (one for each network)
        """Keras's own tag."""
        return (IMAGENET,)

    def build(
        self,
        architecture: str,
        *,
        tag: str,
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build a network as `keras.applications` does, without its softmax; see `Adapter.build`.

        Example:
            >>> small = {"alpha": 0.25}
            >>> network = KerasAdapter().build("MobileNet", tag="random", options=small, tensors=None)
            >>> network.preprocessing.mean, network.preprocessing.resize.height
            ((0.5, 0.5, 0.5), 224)
        """
        check_options(options)
        if refused := sorted(set(options) & _OURS):
            raise BackboneError(f"options may not hold {', '.join(refused)}: they are headstart's to set")
        model, colours = construct(architecture, options, tag=tag, tensors=tensors)
        module = KerasNetwork(model, bgr=colours.bgr)
        if tensors is None:
            draw_weights(module)
        else:
            load_tensors(module, tensors, name=f"{KERAS}:{architecture}@{tag}")
        side = model.inputs[0].shape[1] or _USUAL_SIDE
        resize = Resize(side, side, math.floor(side / _CROP), interpolation="bicubic", mode="crop")
        return Network(
            module=module,
            preprocessing=Preprocessing(resize, colours.mean, colours.std),
            has_logits=True,
            classes=_classes(tag),
            options=dict(options),
            observe=lambda pixels: observe_graph(module, pixels, has_classifier=True),
        )


@cache
def _architectures() -> tuple[str, ...]:
    """Read from Keras's own list of exports: importing Keras for it would take seconds."""
    spec = find_spec(KERAS) if KERAS not in sys.modules else sys.modules[KERAS].__spec__
    if spec is None or not spec.submodule_search_locations:
        return ()
    source = Path(spec.submodule_search_locations[0], "applications", "__init__.py").read_text("utf-8")
    names = (
        each.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras.src.applications.")
        for each in node.names
    )
    return tuple(sorted(name for name in names if re.match(r"[A-Z]", name)))


def construct(
    architecture: str,
    options: Mapping[str, OptionValue],
    *,
    tag: str = RANDOM,
    tensors: Mapping[str, Tensor] | None = None,
) -> tuple[Any, Any]:
    """A Keras model without softmax and with weights that mean nothing, and its `Colours`.

    Args:
        architecture: a name in `keras.applications`.
        options: arguments for its constructor.
        tag: of the weights that will come; Keras's own may ask for another graph.
        tensors: those weights where they are known: no larger network is allocated for them.

    Raises:
        BackboneError: options that Keras does not take, or that make another or too large a network.
    """
    if options:  # any size could stand in them
        with no_memory_for_weights():
            _require_size(_built(architecture, options, tag), architecture, options, tensors)
    model = _built(architecture, options, tag)
    home = import_module(inspect.unwrap(getattr(keras().applications, architecture)).__module__)
    return model, colours_of(home.preprocess_input)


def _built(architecture: str, options: Mapping[str, OptionValue], tag: str) -> Any:
    own = tag == IMAGENET
    with usual_settings() as package, nothing_loaded() if own else nullcontext():
        builder = getattr(package.applications, architecture)
        try:
            return builder(weights=tag if own else None, classifier_activation=None, **options)
        except tuple(CONSTRUCTOR_FAULTS) as fault:
            raise BackboneError(
                f"{KERAS}:{architecture} can't be built with {dict(options)}: {' '.join(str(fault).split())}"
            ) from fault


def _require_size(
    model: Any,
    architecture: str,
    options: Mapping[str, OptionValue],
    tensors: Mapping[str, Tensor] | None,
) -> None:
    needed = sum(math.prod(each.shape) for each in model.weights)
    name = f"{KERAS}:{architecture} with {dict(options)}"
    if tensors is None and needed > _MOST_NUMBERS:
        raise BackboneError(
            f"{name} would have {needed:,} numbers; networks of at most {_MOST_NUMBERS:,} are built"
        )
    if tensors is not None and needed != (given := sum(each.numel() for each in tensors.values())):
        raise BackboneError(f"{name} has {needed:,} numbers, and the weights for it are {given:,}")


def observe_graph(
    module: torch.nn.Module, pixels: Tensor, *, has_classifier: bool, layer: str | None = None
) -> tuple[Trace, str]:
    """Trace a graph of Keras layers; the last map in it stands for a photo, averaged, where only rows follow.

    Keras names what other frameworks do without a module: the last activation is a layer of its own. A map
    that no layer with parameters has made yet (scaled pixels), or that others with parameters make something
    else of than rows (a transformer's patches), is none of what the network has learned.
    """
    seen = trace(module, pixels)
    if layer is not None:
        return seen, layer
    maps = [each for each in seen.ran() if each.name and each.calls == 1 and seen.is_map(each.given)]
    leaves = [each for each in maps if not any(other is not each and each.holds(other) for other in maps)]
    if leaves and _is_learned(seen, leaves[-1]) and _only_rows_follow(seen, leaves[-1]):
        return seen, f"{leaves[-1].name}:mean"
    return seen, choose_layer(seen, has_classifier=has_classifier)


def _is_learned(seen: Trace, last: Visit) -> bool:
    return any(each.own_parameters and each.left <= last.left for each in seen.ran())


def _only_rows_follow(seen: Trace, last: Visit) -> bool:
    """Whether every layer with parameters that runs after a map takes (n, d), or (n, d, 1, 1)."""
    later = [each for each in seen.ran() if each.own_parameters and each.left > last.left]
    return all(len(each.taken) == 2 or (len(each.taken) == 4 and each.taken[2:] == (1, 1)) for each in later)


def draw_weights(module: torch.nn.Module) -> None:
    """Fill a network with random weights from torch's state: Keras's own would differ between its backends.

    Kernels are uniform as Glorot and Bengio have them (2010, equation 16); what has one axis stays as it is.
    """
    with torch.no_grad():
        for each in module.parameters():
            if each.ndim > 1:
                receptive = math.prod(each.shape[:-2])
                limit = math.sqrt(6 / (receptive * (each.shape[-2] + each.shape[-1])))
                each.uniform_(-limit, limit)


def _classes(tag: str) -> Classes:
    if tag != IMAGENET:
        return Classes()
    from headstart.backbones.imagenet import imagenet_classes

    return imagenet_classes()


ADAPTER = KerasAdapter()
