"""(a user's SavedModel, its preprocessing) => backbone: TensorFlow's graph with torch's numbers in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from headstart.backbones.keras.bridge import Bridge, Views
from headstart.backbones.keras.layer import channels_first, channels_last
from headstart.backbones.keras.runtime import tensorflow
from headstart.backbones.keras.savedmodel_ops import read_checked
from headstart.backbones.module import module_backbone
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.backbones.base import Backbone
    from headstart.images.resize import Resize

SERVING = "serving_default"


def savedmodel_backbone(
    path: str | Path,
    *,
    name: str,
    mean: Sequence[float],
    std: Sequence[float],
    input_size: int | tuple[int, int] | None = None,
    resize: Resize | None = None,
    signature: str = SERVING,
    output: str | None = None,
    feature_layer: str | None = None,
    classes: Sequence[str] = (),
    class_ids: Sequence[str] = (),
    licence: str = "unknown",
    source: str = "unknown",
) -> Backbone:
    """Make a backbone of a SavedModel: TensorFlow computes it, gradients reach the pixels.

    Each output of the signature is a layer. Keras itself may run on torch in the same process.

    Args:
        path: the folder that `tf.saved_model.save` or `model.export` wrote. Operations in it that do more
            than compute are refused before anything of it runs.
        name: what to call it; the backbone's full name becomes "module:NAME".
        mean: three numbers, subtracted per RGB channel from pixels in [0, 1]; (0, 0, 0) for a model that
            takes pixels from 0 to 255.
        std: three numbers above 0, divided by per RGB channel; (1/255, 1/255, 1/255) for such a model.
        input_size: side, or (height, width), in pixels: the whole centre of the photo at that size.
        resize: instead of `input_size`, where the photo's way there is another.
        signature: its function that takes photos (n, height, width, 3).
        output: which of the signature's outputs the network gives; None: its only one.
        feature_layer: a layer reference: "outputs.NAME", averaged with ":mean"; None: that of `output`.
        classes: its own classes in the order of that output, unique; a softmax at its end is taken off.
        class_ids: an identifier for each class, or ().
        licence: of its weights.
        source: where its weights came from.

    Raises:
        BackboneError: TensorFlow is not installed; no such signature or output, or one that takes no photos;
            what `module_backbone` refuses.
        WeightsRefusedError: no SavedModel, or one that does more than compute; the operation is named.
    """
    module = SavedModelNetwork(Path(path), signature=signature, output=output, logits=bool(classes))
    return module_backbone(
        module,
        name=name,
        mean=mean,
        std=std,
        input_size=input_size,
        resize=resize,
        feature_layer=feature_layer or module.usual_layer,
        classes=classes,
        class_ids=class_ids,
        licence=licence,
        source=source,
    )


class SavedModelNetwork(nn.Module):
    """A signature of a SavedModel as a torch module: (n, 3, h, w) => one of its outputs.

    Args:
        folder: the SavedModel.
        signature: which of its functions.
        output: which of its outputs; None: the only one.
        logits: take a softmax off that output.

    Attributes:
        usual_layer: the layer reference of the output.
    """

    def __init__(
        self, folder: Path, *, signature: str = SERVING, output: str | None = None, logits: bool
    ) -> None:
        super().__init__()
        read = _Graph(folder, signature)
        self._output = _chosen(output, list(read.outputs), folder.name)
        if logits:
            read.take_softmax_off(self._output)
        self._names = [self._hold(name, variable) for name, variable in read.variables.items()]
        self._views = Views()
        self._bridge = _SharedBridge(read.run)
        # Each output is a module that passes it on: something to listen to.
        self.outputs = nn.ModuleDict({_plain(name): nn.Identity() for name in read.outputs})
        maps = len(read.shapes[self._output]) == 4
        self.usual_layer = f"outputs.{_plain(self._output)}" + (":mean" if maps else "")

    def _hold(self, name: str, variable: Any) -> str:
        plain = _plain(name)
        while hasattr(self, plain):
            plain += "_"
        tensor = torch.tensor(variable.numpy())
        if variable.trainable and tensor.is_floating_point():
            self.register_parameter(plain, nn.Parameter(tensor))
        else:
            self.register_buffer(plain, tensor)
        return plain

    def forward(self, pixels: Tensor) -> Tensor:
        """Run the graph."""
        numbers = [getattr(self, name) for name in self._names]
        views = [self._views.of(name, each) for name, each in zip(self._names, numbers, strict=True)]
        found = self._bridge.bridge([channels_last(pixels)], numbers, views)
        passed = {
            name: child(channels_first(each))
            for (name, child), each in zip(self.outputs.items(), found, strict=True)
        }
        chosen: Tensor = passed[_plain(self._output)]
        return chosen


class _SharedBridge:
    """A bridge that copies of a network share."""

    def __init__(self, run: Any) -> None:
        self.bridge = Bridge(run)

    def __deepcopy__(self, memo: object) -> _SharedBridge:
        return self


class _Graph:
    """A signature's graph without its numbers.

    Attributes:
        variables: what it reads, by name.
        outputs: names of its results => tensors in the graph.
        shapes: of its results.
    """

    def __init__(self, folder: Path, signature: str) -> None:
        function = _signature(folder, signature)
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        handles = {id(variable.handle): variable for variable in function.graph.variables}
        held = {
            inner.op.name: handles[id(outer)]
            for outer, inner in function.graph.captures
            if id(outer) in handles
        }
        frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
        self._held = list(held)
        self.variables = _unique(held)
        self._input = _photos(frozen.inputs, f"{folder.name}, {signature}")
        self._nodes = frozen.graph.as_graph_def()
        for node in self._nodes.node:
            if node.name in held:  # the numbers are given with each call
                node.op = "Placeholder"
                del node.attr["value"]
        names = sorted(function.structured_outputs)  # the order in which a graph has them
        self.outputs = {name: each.name for name, each in zip(names, frozen.outputs, strict=True)}
        self.shapes = {name: each.shape for name, each in zip(names, frozen.outputs, strict=True)}
        self._function: Any = None

    def run(self, given: list[Any], numbers: list[Any]) -> list[Any]:
        """(photos), the numbers => results, as `Bridge` asks."""
        tf = tensorflow()
        if self._function is None:
            # A function, not the imported operations themselves: those leave nothing for a tape to follow.
            specs = [tf.TensorSpec(each.shape, each.dtype) for each in (*given, *numbers)]
            self._function = tf.compat.v1.wrap_function(self._imported, specs)
        return list(self._function(*given, *numbers))

    def _imported(self, *tensors: Any) -> list[Any]:
        places = (self._input, *(f"{name}:0" for name in self._held))
        found: list[Any] = tensorflow().graph_util.import_graph_def(
            self._nodes,
            input_map=dict(zip(places, tensors, strict=True)),
            return_elements=list(self.outputs.values()),
            name="",
        )
        return found

    def take_softmax_off(self, output: str) -> None:
        """Let an output that ends in a softmax be what enters it."""
        nodes = {node.name: node for node in self._nodes.node}
        name = self.outputs[output]
        while (node := nodes[name.split(":")[0]]).op in ("Identity", "IdentityN"):
            name = node.input[int(name.split(":")[1]) if ":" in name else 0]
        if node.op == "Softmax":
            before = node.input[0]
            self.outputs[output] = before if ":" in before else f"{before}:0"


def _signature(folder: Path, signature: str) -> Any:
    tf = tensorflow()
    read_checked(folder)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (tf.errors.OpError, OSError, ValueError, KeyError, AttributeError, TypeError) as fault:
        said = " ".join(str(fault).split())[:200]
        raise BackboneError(f"{folder.name} can't be loaded by this release of TensorFlow: {said}") from fault
    known = dict(loaded.signatures)
    if signature not in known:
        raise BackboneError(
            f"{folder.name} has no signature {signature!r}; it has {', '.join(known) or 'none'}"
        )
    function = known[signature]
    function.owner = loaded  # its variables live as long as what was loaded
    return function


def _photos(inputs: Sequence[Any], what: str) -> str:
    """The name of the input that takes photos."""
    taken = [each for each in inputs if each.dtype != tensorflow().resource]
    shapes = [f"{tuple(each.shape)} {each.dtype.name}" for each in taken]
    if len(taken) != 1 or len(taken[0].shape) != 4 or taken[0].shape[3] not in (3, None):
        raise BackboneError(f"{what} takes {' and '.join(shapes)}; expected one tensor (n, height, width, 3)")
    if taken[0].shape[0] is not None or taken[0].dtype != tensorflow().float32:
        raise BackboneError(f"{what} takes {shapes[0]}; expected float32 and any number of photos at a time")
    name: str = taken[0].name
    return name


def _chosen(output: str | None, known: list[str], name: str) -> str:
    if output is None and len(known) == 1:
        return known[0]
    if output not in known:
        which = "several outputs" if output is None else f"no output {output!r}"
        raise BackboneError(f"{name} has {which}; expected output to be one of: {', '.join(known)}")
    return output


def _unique(held: dict[str, Any]) -> dict[str, Any]:
    """Variables by their own names; a second one of the same name gets a number."""
    found: dict[str, Any] = {}
    for variable in held.values():
        name = own = variable.name.split(":")[0] or "variable"
        number = 0
        while name in found:
            number += 1
            name = f"{own}_{number}"
        found[name] = variable
    return found


def _plain(name: str) -> str:
    """A name that torch accepts for a parameter or a module."""
    return re.sub(r"\W", "_", name)
