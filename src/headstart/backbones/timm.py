"""(timm's name, tag) => network, with the preprocessing, classes and pooling that timm states for it."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from headstart.backbones.adapter import CONSTRUCTOR_FAULTS, Classes, Network, check_options
from headstart.backbones.choose import choose_layer, readable
from headstart.backbones.layers import averaged, first_tensor
from headstart.backbones.spec import RANDOM, Preprocessing
from headstart.backbones.state import load_tensors, misfits
from headstart.backbones.trace import trace
from headstart.errors import BackboneError, WeightsRefusedError
from headstart.images.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from headstart.backbones.spec import OptionValue
    from headstart.backbones.trace import Trace
    from headstart.images.resize import Interpolation

    Kept = tuple[tuple[int, ...], Tensor]

_MODES = {"center": "crop", "squash": "squash", "border": "pad"}
_FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")


class TimmAdapter:
    """Every network that timm can build for photos of three channels."""

    framework = "timm"

    def architectures(self) -> tuple[str, ...]:
        """The names of all its networks, sorted."""
        return _architectures()

    def tags(self, architecture: str) -> tuple[str, ...]:
        """Tags of timm's own weights, its default first."""
        from timm.models import get_arch_pretrained_cfgs

        return tuple(name.partition(".")[2] for name in get_arch_pretrained_cfgs(architecture))

    def build(
        self,
        architecture: str,
        *,
        tag: str,
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build a network as timm describes it; see `Adapter.build`.

        Example:
            >>> network = TimmAdapter().build("mobilenetv2_100", tag="random", options={}, tensors=None)
            >>> network.preprocessing.resize.interpolation, network.preprocessing.resize.short_side
            ('bicubic', 256)
        """
        check_options(options)
        published = tag in self.tags(architecture) and tag != ""
        name = f"{architecture}.{tag}" if published else architecture
        module = _construct(name, options)
        if tensors is not None:
            module = _load(module, name, tensors, options=options, published=published)
        cfg = module.pretrained_cfg
        outputs = getattr(module, "num_classes", 0)
        classes = _classes(cfg)
        # The outputs of CLIP's image towers (and of what else has no known labels) are an embedding.
        embeds = not classes.names and (published or _is_clip(architecture, tag, cfg))
        has_logits = bool(outputs) and not (embeds and outputs == cfg.get("num_classes") and tag != RANDOM)
        return Network(
            module=module,
            preprocessing=_preprocessing(name, cfg, options),
            has_logits=has_logits,
            classes=classes if published and has_logits else Classes(),
            options=dict(options),
            observe=lambda pixels: _observe(module, pixels),
            licence=str(cfg.get("license") or "unknown") if published else "unknown",
        )


@cache
def _architectures() -> tuple[str, ...]:
    import timm

    return tuple(sorted(timm.list_models()))


def _construct(name: str, options: Mapping[str, OptionValue], **loading: Any) -> Any:
    import timm

    create: Any = timm.create_model
    # While timm loads tensors, these two are the tensors' fault: see _load.
    faults = CONSTRUCTOR_FAULTS if not loading else CONSTRUCTOR_FAULTS - {RuntimeError, LookupError}
    try:
        return create(name, pretrained=bool(loading), **loading, **options)
    except tuple(faults) as fault:
        raise BackboneError(
            f"timm:{name} can't be built with {dict(options)}: {' '.join(str(fault).split())}"
        ) from fault


def _load(
    module: Any,
    name: str,
    tensors: Mapping[str, Tensor],
    *,
    options: Mapping[str, OptionValue],
    published: bool,
) -> Any:
    """Load tensors under the network's own names, or let timm convert a file that it publishes itself."""
    if not published or not misfits(module.state_dict(), tensors):
        load_tensors(module, tensors, name=f"timm:{name}")
        return module
    try:
        return _construct(name, options, pretrained_cfg_overlay={"state_dict": dict(tensors)})
    except (RuntimeError, LookupError) as fault:
        faults = "; ".join(misfits(module.state_dict(), tensors))
        raise WeightsRefusedError(f"these weights do not fit timm:{name}: {faults}") from fault


def _preprocessing(name: str, cfg: Mapping[str, Any], options: Mapping[str, OptionValue]) -> Preprocessing:
    from timm.data import config as timm_config

    resolve: Any = timm_config.resolve_data_config
    config = resolve({"img_size": options.get("img_size")}, pretrained_cfg=dict(cfg))
    channels, height, width = config["input_size"]
    if channels != 3 or config["interpolation"] not in _FILTERS or config["crop_mode"] not in _MODES:
        raise BackboneError(
            f"timm:{name} wants {channels} channels, {config['interpolation']!r}, {config['crop_mode']!r}; "
            "expected a network for photos of three channels"
        )
    return Preprocessing(
        Resize(
            height,
            width,
            math.floor(min(height, width) / config["crop_pct"]),
            interpolation=cast("Interpolation", config["interpolation"]),
            mode=cast("Any", _MODES[config["crop_mode"]]),
            fill=_border(config),
        ),
        tuple(config["mean"]),
        tuple(config["std"]),
    )


def _border(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Timm pads with the mean colour in mode "border", with black where a crop exceeds the photo."""
    if config["crop_mode"] != "border":
        return (0, 0, 0)
    red, green, blue = (round(255 * value) for value in config["mean"])
    return (red, green, blue)


def _classes(cfg: Mapping[str, Any]) -> Classes:
    """The classes that timm states, or the ImageNet subset that it infers from their number."""
    from timm.data.imagenet_info import infer_imagenet_subset

    from headstart.backbones.imagenet import imagenet_classes

    if cfg.get("label_names"):
        return Classes(tuple(cfg["label_names"]))
    subset = infer_imagenet_subset(dict(cfg))
    return imagenet_classes(subset) if subset else Classes()


def _is_clip(architecture: str, tag: str, cfg: Mapping[str, Any]) -> bool:
    """Whether weights without a published tag are those of an image tower that was trained with captions."""
    said = (architecture, tag, cfg.get("hf_hub_id") or "", cfg.get("tag") or "")
    return any("clip" in each.lower() for each in said)


def _observe(module: Any, pixels: Tensor) -> tuple[Trace, str]:
    """Trace a network; a map from `forward_features` is averaged, otherwise the network pools by itself."""
    kept: list[Kept] = []
    aspect = pixels.shape[2] / pixels.shape[3]
    body = getattr(module, "forward_features", None)
    if body is not None:

        def listen(*args: Any, **kwargs: Any) -> Any:
            result = body(*args, **kwargs)
            tensor = first_tensor(result)
            if tensor is not None:
                kept.append((tuple(tensor.shape), averaged(tensor.float(), aspect).clone()))
            return result

        module.forward_features = listen
    try:
        seen = trace(module, pixels)
    finally:
        if body is not None:
            del module.forward_features
    return seen, _layer(module, seen, kept)


def _layer(module: Any, seen: Trace, kept: list[Kept]) -> str:
    classifier = _classifier(module, seen)
    if kept and seen.is_map(kept[0][0]):
        until = seen.visits[classifier].entered if classifier else None
        found = readable(seen, kept[0][1], until=until)
        if found:
            return f"{found}:mean"
    if not classifier:
        return choose_layer(seen, has_classifier=bool(getattr(module, "num_classes", 0)))
    visit = seen.visits[classifier]
    return (
        f"{classifier}:in:mean" if len(visit.taken) == 3 or seen.is_map(visit.taken) else f"{classifier}:in"
    )


def _classifier(module: Any, seen: Trace) -> str | None:
    """The name of the module that timm calls the classifier, if it runs once; of several the first."""
    found = module.get_classifier() if hasattr(module, "get_classifier") else None
    if isinstance(found, tuple | list):
        found = found[0]
    names = [name for name, each in cast("nn.Module", module).named_modules() if name and each is found]
    return next((name for name in names if seen.visits[name].calls == 1), None)


ADAPTER = TimmAdapter()
