"""MobileNetV2 (Sandler et al. 2018) with TensorFlow's padding in timm and Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.port import layout
from headstart.backbones.port.member import TIMM, Member
from headstart.backbones.spec import KERAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.backbones.port.layout import Layer
    from headstart.backbones.port.member import Options

_WIDTHS = {"035": 0.35, "050": 0.5, "075": 0.75, "100": 1.0, "140": 1.4}
"""What timm has in the name, and Keras calls alpha."""

_BLOCKS = (1, 2, 3, 4, 3, 3, 1)
_EPSILON = {TIMM: 1e-5, KERAS: 1e-3}


def mobilenet(framework: str, architecture: str, options: Options) -> Member | None:
    """Describe a MobileNetV2 whose strided convolutions pad as TensorFlow's do; None for every other network.

    Args:
        framework: "timm" or "keras".
        architecture: the framework's name of the network.
        options: that it is built with: `bn_eps` and `pad_type` in timm, `alpha` in Keras.

    Example:
        >>> mobilenet("timm", "mobilenetv2_050", {"pad_type": "same"}).network
        'MobileNetV2 of width 0.5'
        >>> mobilenet("keras", "MobileNetV2", {"alpha": 0.5}).network
        'MobileNetV2 of width 0.5'
        >>> mobilenet("timm", "mobilenetv2_050", {}) is None
        True
    """
    if framework == KERAS and architecture == "MobileNetV2":
        width = float(options.get("alpha", 1.0))
        options = {} if width == 1 else {"alpha": width}
        return Member(_name(width), tuple(_keras()), width, options, frozenset({"alpha"}))
    width = _WIDTHS.get(architecture.removeprefix("mobilenetv2_"), 0.0)
    if framework != TIMM or not width or options.get("pad_type") != "same":
        return None
    epsilon = float(options.get("bn_eps", _EPSILON[TIMM]))
    return Member(
        _name(width), tuple(_timm(epsilon)), width, {"pad_type": "same"}, frozenset({"bn_eps", "pad_type"})
    )


def _name(width: float) -> str:
    return f"MobileNetV2 of width {width:g}"


def _timm(epsilon: float) -> Iterator[Layer]:
    def pair(convolution: str, norm: str) -> Iterator[Layer]:
        yield layout.torch_layer(convolution, bias=False)
        yield layout.torch_norm(norm, epsilon)

    yield from pair("conv_stem", "bn1")
    for stage, blocks in enumerate(_BLOCKS):
        steps = ("conv_dw", "conv_pw") if stage == 0 else ("conv_pw", "conv_dw", "conv_pwl")
        for block in range(blocks):
            for number, step in enumerate(steps, 1):
                yield from pair(f"blocks.{stage}.{block}.{step}", f"blocks.{stage}.{block}.bn{number}")
    yield from pair("conv_head", "bn2")
    yield layout.torch_layer("classifier")


def _keras() -> Iterator[Layer]:
    def pair(name: str, norm: str, form: layout.Form = layout.KERAS_CONVOLUTION) -> Iterator[Layer]:
        yield layout.keras_layer(name, form, bias=False)
        yield layout.keras_norm(norm, _EPSILON[KERAS])

    yield from pair("Conv1", "bn_Conv1")
    for block in range(sum(_BLOCKS)):
        start = f"block_{block}" if block else "expanded_conv"
        for step in ("expand", "depthwise", "project") if block else ("depthwise", "project"):
            form = layout.KERAS_DEPTHWISE if step == "depthwise" else layout.KERAS_CONVOLUTION
            yield from pair(f"{start}_{step}", f"{start}_{step}_BN", form)
    yield from pair("Conv_1", "Conv_1_bn")
    yield layout.keras_layer("predictions", layout.KERAS_DENSE)
