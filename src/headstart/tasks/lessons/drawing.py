"""(a network, a class) => its ideal image by the lesson's own way: noise, then plain descent."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.images.pixels import to_pictures
from headstart.tasks.ideal import png_of
from headstart.tasks.lessons.elsewhere import answer, opinion
from headstart.tasks.lessons.measured import Measured, in_pixels, normalised

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.network import Network
    from headstart.pixels.optimise import Step
    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.elsewhere import Opinion
    from headstart.tasks.lessons.figures import Figure

_ALONE = 0.1
"""The method descends ten times the cross-entropy at rate 1; the lesson's first 1,000 steps the plain one."""


def ideal(figure: Figure, desk: Desk) -> Measured:
    """The probability of the class when the steps are done, and what is left of it in a file of 8 bits.

    Raises:
        UsageError: the network has no such class.
        NotMeasuredError: it would take too long.
    """
    from headstart.pixels.network import class_index, of_backbone

    chosen = desk.chosen(figure)
    network = of_backbone(chosen.backbone)
    index = class_index(network, figure.target)
    desk.afford(figure, figure.steps * desk.once(("step", chosen.name), lambda: _step(network)))
    made = _draw(network, index, figure, desk)
    file = png_of(to_pictures(made.picture)[0])
    label, sure = answer(network, file)
    heard = opinion(network, figure.target, file, desk.home)
    return Measured(
        value=made.probability,
        network=chosen.name,
        label=figure.target,
        reasons=(*chosen.reasons, normalised(chosen.name)),
        also=(f"as a file, whose numbers end at black and white: {label} {sure:.3f}", *_said(heard)),
        verdict=in_pixels(figure.target, made.label, label),
    )


@dataclass(frozen=True, eq=False)
class _Made:
    """A picture, (1, 3, h, w), and what the network said of it when its last step began."""

    picture: Tensor
    probability: float
    label: str


def _draw(network: Network, index: int, figure: Figure, desk: Desk) -> _Made:
    from headstart.pixels.ideal.draw import Wanted, draw
    from headstart.pixels.ideal.recipes import choose_recipe

    last: dict[str, Tensor] = {}

    def watch(step: Step) -> None:
        last["logits"] = step.logits[0]
        desk.progress.advance()

    recipe = choose_recipe("lesson", steps=figure.steps)
    if not figure.smooth:
        recipe = replace(recipe, tv=0.0, learning_rate=_ALONE)
    desk.progress.start(figure.steps, f"steps to {figure.key}")
    try:
        picture = draw(network, Wanted(index=index), recipe, seed=desk.seed, watch=watch)
    finally:
        desk.progress.stop()
    said = last["logits"].softmax(dim=0)
    return _Made(picture, float(said[index]), network.classes[int(said.argmax())])


def _said(heard: Opinion | None) -> list[str]:
    if heard is None:
        return []
    belief = heard.belief
    return [
        f"{heard.network}, which had no part in it, gives it {belief.probability:.3f}, rank {belief.rank} of "
        f"{belief.classes:,}"
    ]


def _step(network: Network) -> float:
    """Seconds of one step, there and back."""
    import torch

    resize = network.resize
    pixels = torch.full((1, 3, resize.height, resize.width), 0.5, requires_grad=True)
    torch.autograd.grad(network.logits(pixels).sum(), pixels)
    began = time.perf_counter()
    torch.autograd.grad(network.logits(pixels).sum(), pixels)
    return time.perf_counter() - began
