"""Networks of one number, the mean brightness, whose gradients are what a test wants them to be."""

from dataclasses import dataclass
from typing import Any

import torch

from headstart.images.resize import Resize
from headstart.pixels.network import Seen


@dataclass(frozen=True)
class Planted:
    """A `Differentiable` of two classes: "bright" and "dark"."""

    function: Any
    name: str = "planted"
    classes: tuple[str, ...] = ("bright", "dark")
    ids: tuple[str, ...] = ()
    side: int = 8

    @property
    def resize(self):
        return Resize(self.side, self.side, self.side)

    def see(self, pixels, layers=()):
        return Seen(pixels, self.function(pixels), {})

    def logits(self, pixels):
        return self.see(pixels).logits

    def probabilities(self, pixels):
        with torch.no_grad():
            return torch.softmax(self.logits(pixels), dim=1)


def two(margin):
    """(n,) => (n, 2) logits that far apart."""
    return torch.stack([margin, -margin], dim=1)


def brightness(pixels):
    return pixels.flatten(1).mean(dim=1) - 0.5


def honest():
    return Planted(lambda pixels: two(20 * brightness(pixels)))


def random(size=0.01):
    chance = torch.Generator().manual_seed(0)
    return Planted(
        lambda pixels: two(20 * brightness(pixels) + size * torch.randn(len(pixels), generator=chance))
    )


def softmaxed():
    return Planted(lambda pixels: torch.softmax(two(20 * brightness(pixels)), dim=1))


def shattered():
    """Rounds the pixels down to quarters first: no gradient comes through, a blind search does."""
    return Planted(lambda pixels: two(20 * (brightness((pixels * 4).floor() / 4 + 0 * pixels) + 0.1)))


def stubborn():
    """Says the same of everything."""
    return Planted(lambda pixels: two(1 + 0 * brightness(pixels)))


def hilly(photo, epsilon):
    """A hill stands on the way to the other class: small steps are caught before it, one leap is not."""
    start = brightness(photo)

    def function(pixels):
        way = (start - brightness(pixels)) / epsilon
        return two(1 - 2 * way + 3 * torch.exp(-(((way - 0.4) / 0.15) ** 2)))

    return Planted(function)


def photos(count=4, level=133):
    """Pictures a little brighter than the middle, whole 255ths, each with its own noise."""
    noise = torch.randint(-3, 4, (count, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    return ((level + noise).float() / 255).numpy()
