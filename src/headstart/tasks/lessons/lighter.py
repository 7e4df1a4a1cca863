"""(a lighter network, VGG-16, photos) => how far the lighter one is behind on the same photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.heads.paired import paired_difference
from headstart.tasks.lessons.figures import FIGURES, TORCH_VGG
from headstart.tasks.lessons.linear import fewer_steps, layer_of, width
from headstart.tasks.lessons.measured import Measured
from headstart.tasks.newkinds.verdict import points

if TYPE_CHECKING:
    from headstart.heads.paired import PairedDifference
    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.figures import Figure
    from headstart.tasks.lessons.linear import Layer

_BESIDE = next(each for each in FIGURES if each.key == "linear-torch")


def lighter(figure: Figure, desk: Desk) -> Measured:
    """The accuracy of the lighter network, and how far it is behind VGG-16 where that is at hand."""
    chosen = desk.chosen(figure)
    heavy = desk.network(_BESIDE)
    found = layer_of(figure, chosen, desk)
    verdict, also, more = _beside(chosen, heavy, found, desk)
    learned = len(found.rows.learn)
    return Measured(
        value=float(found.right.mean()),
        photos=len(found.right),
        network=chosen.name,
        learned_from=learned,
        reasons=(
            *chosen.reasons, *more, *found.drawn.reasons, *width(found.rows), *fewer_steps(figure, learned)
        ),
        also=also,
        verdict=verdict,
    )  # fmt: skip


def _beside(
    chosen: Chosen, heavy: Chosen | None, found: Layer, desk: Desk
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The verdict, what is told of the two, and why the lesson's two may differ otherwise."""
    size = f"{chosen.name} has {_millions(chosen)}"
    if heavy is None or heavy.name == chosen.name:
        why = "VGG-16 is not at hand" if heavy is None else f"{chosen.name} stands in for VGG-16 itself"
        return "alone", (f"beside nothing: {why}", size), ()
    beside = layer_of(_BESIDE, heavy, desk)
    apart = paired_difference(found.right, beside.right)
    also = (
        f"{points(apart)}; {heavy.name} names {beside.right.mean():.3f} of the same photos right",
        f"{size}, {heavy.name} {_millions(heavy)}",
    )
    return judged(heavy, apart), also, reasons_beside(heavy)


def judged(heavy: Chosen, apart: PairedDifference) -> str:
    """Whether the lesson's claim holds; of another network than VGG-16 it says nothing."""
    if not _is_vgg(heavy):
        return "not comparable"
    if apart.low <= 0 <= apart.high:
        return "within noise"
    return "ahead" if apart.low > 0 else "behind"


def reasons_beside(heavy: Chosen) -> tuple[str, ...]:
    """Why the network that it stands beside is not the lesson's; () where it is."""
    if _is_vgg(heavy):
        return tuple(f"beside it {each}" for each in heavy.reasons)
    return (f"beside it {heavy.name}, no VGG-16: the lesson's sentence is of a lighter network than VGG-16",)


def _is_vgg(heavy: Chosen) -> bool:
    return heavy.name.partition("@")[0] in TORCH_VGG


def _millions(chosen: Chosen) -> str:
    return f"{chosen.backbone.parameters_until() / 1e6:.1f} million weights"
