"""(network, what is wanted, recipe, seed) => the picture that has most of it.

Four ways to the same end; they differ in how the picture is written down and what it must survive. What
comes out is as large as a photo is when the network's own resizing has brought it to its scale and before
its middle is cut out: so the saved picture, asked about, is seen pixel for pixel as it was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from headstart.errors import UsageError
from headstart.pixels.ideal.recipes import OPTIMISERS, Recipe
from headstart.pixels.images import Normalised, Phases, Waves
from headstart.pixels.maps.layout import Layout, layout_of
from headstart.pixels.objectives import Objective, channel, log_probability, logit, total_variation
from headstart.pixels.optimise import Image, Pixels, optimise
from headstart.pixels.spectrum import Spectrum, default_spectrum
from headstart.pixels.transforms import Crops, Jitter, Views

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from headstart.images.resize import Resize
    from headstart.pixels.network import Network
    from headstart.pixels.optimise import Step

Transform = Callable[["Tensor", "Generator"], "Tensor"]
Penalty = Callable[["Tensor"], "Tensor"]
Size = tuple[int, int]

_L1 = 0.3  # tf-keras-vis


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a picture should have most of: a class, or a channel of a layer.

    Attributes:
        index: of the class; None where a channel is wanted.
        layer: a layer reference; None where a class is wanted.
        channel: of the layer.
        layout: where the layer's channels are, if they do not come first.
    """

    index: int | None = None
    layer: str | None = None
    channel: int = 0
    layout: Layout | None = None

    def objective(self) -> Objective:
        """The class's logit (never its probability, which other classes pull at), or the mean activation."""
        if self.index is not None:
            return logit(self.index)
        if self.layer is None:
            raise UsageError("neither a class nor a layer is wanted; name one")
        return channel(self.layer, self.channel, None if self.layout is None else self.layout.maps)


@dataclass(frozen=True)
class _Plan:
    image: Image
    objective: Objective
    transform: Transform | None = None
    penalty: Penalty | None = None
    constrain: Callable[[], None] | None = None


def draw(
    network: Network,
    wanted: Wanted,
    recipe: Recipe,
    *,
    seed: int = 0,
    spectrum: Spectrum | None = None,
    watch: Callable[[Step], bool | None] | None = None,
) -> Tensor:
    """Make one picture; the same seed gives the same numbers.

    Args:
        network: whose ideal it is; it stays as it is.
        wanted: a class or a channel.
        recipe: from `choose_recipe`.
        seed: of the start and of what the picture must survive.
        spectrum: for the method "maco"; None: `default_spectrum`.
        watch: as of `optimise`; `framed` brings its pixels to the size of the result.

    Returns:
        (1, 3, height, width) in [0, 1], of the size `canvas` says.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.pixels.ideal.recipes import choose_recipe
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> draw(network, Wanted(index=1), choose_recipe(steps=3)).shape
        torch.Size([1, 3, 32, 32])
    """
    generator = torch.Generator().manual_seed(seed)
    plan = _plan(network, wanted, recipe, generator, spectrum)
    made = optimise(
        network,
        plan.image,
        plan.objective,
        optimiser=OPTIMISERS[recipe.optimiser](plan.image.parameters(), recipe.learning_rate),
        steps=recipe.steps,
        transform=plan.transform,
        penalty=plan.penalty,
        constrain=plan.constrain,
        generator=generator,
        watch=watch,
    )
    if not bool(torch.isfinite(made).all()):
        raise UsageError(
            f"the picture grew beyond all numbers with --learning-rate {recipe.learning_rate:g}; "
            "give a smaller one"
        )
    return framed(made, network.resize)


def canvas(resize: Resize) -> Size:
    """Height and width of a picture that the network's resizing leaves as it is, but for the cut.

    Example:
        >>> from headstart.images.resize import Resize
        >>> canvas(Resize(224, 224, 256))
        (256, 256)
    """
    scale = max(1.0, resize.short_side / min(resize.height, resize.width))
    return round(resize.height * scale), round(resize.width * scale)


def framed(pixels: Tensor, resize: Resize) -> Tensor:
    """Bring a picture of the network's own size to `canvas` by mirroring its borders, and into [0, 1].

    The network's resizing cuts the frame away again.
    """
    height, width = canvas(resize)
    down, right = height - pixels.shape[2], width - pixels.shape[3]
    if down or right:
        margins = (right // 2, right - right // 2, down // 2, down - down // 2)
        mirrored = max(margins) < min(pixels.shape[2:])
        pixels = functional.pad(pixels, margins, mode="reflect" if mirrored else "replicate")
    return pixels.clamp(0.0, 1.0)


def channels(network: Network, layer: str) -> tuple[int, Layout | None]:
    """How many channels a layer has (of a row: numbers), and where they are if they do not come first.

    Raises:
        BackboneError: no such layer.
    """
    height, width = _input(network)
    with torch.no_grad():
        found = network.see(torch.full((1, 3, height, width), 0.5), [layer])
    shape = found.activations[layer].shape
    layout = layout_of(shape, height / width)
    return (int(shape[1]), None) if layout is None else (layout.channels, layout)


def _plan(
    network: Network, wanted: Wanted, recipe: Recipe, generator: Generator, spectrum: Spectrum | None
) -> _Plan:
    if recipe.method == "lesson":
        return _lesson(network, wanted, recipe, generator)
    if recipe.method == "pixel":
        return _pixel(network, wanted, recipe, generator)
    if recipe.method == "fourier":
        return _fourier(network, wanted, recipe, generator)
    return _maco(network, wanted, recipe, generator, default_spectrum() if spectrum is None else spectrum)


def _lesson(network: Network, wanted: Wanted, recipe: Recipe, generator: Generator) -> _Plan:
    """Noise straight into the network, plain descent, nothing that bounds it."""
    prepared = network.backbone.spec.preprocessing
    start = torch.randn((1, 3, *_input(network)), generator=generator)
    objective = wanted.objective() if wanted.index is None else log_probability(wanted.index)
    return _Plan(
        Normalised(start, prepared.mean, prepared.std),
        10.0 * objective,
        penalty=lambda pixels: recipe.tv * total_variation(network.backbone.normalise(pixels)),
    )


def _pixel(network: Network, wanted: Wanted, recipe: Recipe, generator: Generator) -> _Plan:
    """tf-keras-vis's numbers, which are of values from 0 to 255."""
    size = _input(network)
    image = Pixels(torch.rand((1, 3, *size), generator=generator))
    jitter, turn = Jitter(size, 4), Views(size, turn=1.0)

    def survive(pixels: Tensor, chance: Generator) -> Tensor:
        return turn(jitter(pixels, chance), chance)

    def penalty(pixels: Tensor) -> Tensor:
        brightness = 255 * pixels.abs().flatten(1).mean(dim=1)
        return recipe.tv * _each_value(pixels) + _L1 * brightness

    return _Plan(image, wanted.objective(), survive, penalty, constrain=lambda: _into_bounds(image.values))


def _fourier(network: Network, wanted: Wanted, recipe: Recipe, generator: Generator) -> _Plan:
    size, out = canvas(network.resize), _input(network)
    move = max((size[0] - out[0]) / 2, out[0] / 14)
    views = Views(out, recipe.views, move, scale=(0.7, 1.4), turn=10.0, noise=0.03)
    return _Plan(
        Waves(size, generator), wanted.objective() * (1 / recipe.views), views, _smoothness(recipe.tv)
    )


def _maco(
    network: Network, wanted: Wanted, recipe: Recipe, generator: Generator, spectrum: Spectrum
) -> _Plan:
    size = canvas(network.resize)
    crops = Crops(_input(network), steps=recipe.steps, count=recipe.views)
    image = Phases(spectrum.of_size(size), size, generator)
    return _Plan(image, wanted.objective() * (1 / recipe.views), crops, _smoothness(recipe.tv))


def _smoothness(weight: float) -> Penalty | None:
    return (lambda pixels: weight * _each_value(pixels)) if weight else None


def _each_value(pixels: Tensor) -> Tensor:
    """Total variation of values from 0 to 255, divided by how many there are."""
    return 255 * total_variation(pixels) / pixels[0].numel()


def _into_bounds(values: Tensor) -> None:
    values.clamp_(0.0, 1.0)


def _input(network: Network) -> Size:
    return network.resize.height, network.resize.width
