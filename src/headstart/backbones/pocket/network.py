"""pixels (n, 3, h, w) => answers (n, 200): convolutions and ReLU, small enough for the package.

    stem      two convolutions of stride 2
    stages    residual blocks at strides 4, 8 and 16: first plain ones (two 3 x 3), then bottlenecks
    top       1 x 1 to the width of the features, which stays below 4 MB in all
    pool      the mean over height and width: the features
    classifier

In training every convolution is followed by batch normalisation. It folds away into the convolution, and what
headstart carries is the folded network, `PocketNet()`. Blocks after He et al. 2015 (arXiv:1512.03385).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

FEATURES = 736
CLASSES = 200
_WIDTHS = (64, 128, 256)
_PLAIN = (1, 1, 0)
_BOTTLENECKS = (0, 0, 4)


class Unit(nn.Sequential):
    """A convolution, then batch normalisation if asked for, then ReLU unless a sum follows.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: side, pixels.
        stride: pixels.
        normalised: as `PocketNet`.
        activated: ends in ReLU.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        *,
        normalised: bool,
        activated: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not normalised)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        if normalised:
            self.norm = nn.BatchNorm2d(outputs)
        if activated:
            self.relu = nn.ReLU(inplace=True)


class Residual(nn.Module):
    """x + units(x), then ReLU.

    Args:
        units: keep the shape; the last one has no ReLU of its own.
    """

    def __init__(self, *units: Unit) -> None:
        super().__init__()
        self.units = nn.Sequential(*units)
        self.relu = nn.ReLU(inplace=True)
        # A block begins as nothing but its input, which lets deep networks start to learn (arXiv:1706.02677).
        last = units[-1]
        nn.init.zeros_(last.norm.weight if hasattr(last, "norm") else last.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) => (n, c, h, w)."""
        result: Tensor = self.relu(x + self.units(x))
        return result


class PocketNet(nn.Module):
    """The network behind the name "pocket".

    Args:
        normalised: with batch normalisation, for training.

    Example:
        >>> import torch
        >>> network = PocketNet().eval()
        >>> network(torch.zeros(1, 3, 96, 96)).shape
        torch.Size([1, 200])
    """

    def __init__(self, *, normalised: bool = False) -> None:
        super().__init__()
        half = _WIDTHS[0] // 2
        self.stem = nn.Sequential(
            Unit(3, half, 3, 2, normalised=normalised), Unit(half, _WIDTHS[0], 3, 2, normalised=normalised)
        )
        stages = [_stage(number, normalised=normalised) for number in range(len(_WIDTHS))]
        self.stages = nn.Sequential(*stages)
        self.top = Unit(_WIDTHS[-1], FEATURES, 1, normalised=normalised)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def maps(self, pixels: Tensor) -> Tensor:
        """The features before the mean.

        Args:
            pixels: (n, 3, h, w), normalised.

        Returns:
            (n, 736, h / 16, w / 16), rounded up.
        """
        found: Tensor = self.top(self.stages(self.stem(pixels)))
        return found

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) normalised => (n, 200) logits."""
        logits: Tensor = self.classifier(self.pool(self.maps(pixels)).flatten(1))
        return logits


def _stage(number: int, *, normalised: bool) -> nn.Sequential:
    width = _WIDTHS[number]
    blocks: list[nn.Module] = []
    if number:
        blocks.append(Unit(_WIDTHS[number - 1], width, 3, 2, normalised=normalised))
    blocks += [_plain(width, normalised=normalised) for _ in range(_PLAIN[number])]
    blocks += [_bottleneck(width, normalised=normalised) for _ in range(_BOTTLENECKS[number])]
    return nn.Sequential(*blocks)


def _plain(width: int, *, normalised: bool) -> Residual:
    return Residual(
        Unit(width, width, 3, normalised=normalised),
        Unit(width, width, 3, normalised=normalised, activated=False),
    )


def _bottleneck(width: int, *, normalised: bool) -> Residual:
    half = width // 2
    return Residual(
        Unit(width, half, 1, normalised=normalised),
        Unit(half, half, 3, normalised=normalised),
        Unit(half, width, 1, normalised=normalised, activated=False),
    )
