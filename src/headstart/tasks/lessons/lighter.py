"""(a lighter network, VGG-16, photos) => how far the lighter one is behind on the same photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.heads.paired import paired_difference
from headstart.tasks.lessons.figures import FIGURES
from headstart.tasks.lessons.linear import layer_of
from headstart.tasks.lessons.measured import Measured
from headstart.tasks.newkinds.verdict import points

if TYPE_CHECKING:
    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.figures import Figure

_BESIDE = next(each for each in FIGURES if each.key == "linear-torch")


def lighter(figure: Figure, desk: Desk) -> Measured:
    """The accuracy of the lighter network, and how far it is behind VGG-16 where that is at hand."""
    chosen = desk.chosen(figure)
    heavy = desk.network(_BESIDE)
    found = layer_of(figure, chosen, desk)
    size = f"{chosen.name} has {_millions(chosen)}"
    reasons = (*chosen.reasons, *found.drawn.reasons)
    if heavy is None or heavy.name == chosen.name:
        why = "VGG-16 is not at hand" if heavy is None else f"{chosen.name} stands in for VGG-16 itself"
        verdict, also = "alone", (f"beside nothing: {why}", size)
    else:
        beside = layer_of(_BESIDE, heavy, desk)
        apart = paired_difference(found.right, beside.right)
        within = apart.low <= 0 <= apart.high
        verdict = "within noise" if within else "ahead" if apart.low > 0 else "behind"
        also = (
            f"{points(apart)}; {heavy.name} names {beside.right.mean():.3f} of the same photos right",
            f"{size}, {heavy.name} {_millions(heavy)}",
        )
    return Measured(
        value=float(found.right.mean()),
        photos=len(found.right),
        network=chosen.name,
        learned_from=len(found.rows.learn),
        reasons=reasons,
        also=also,
        verdict=verdict,
    )


def _millions(chosen: Chosen) -> str:
    return f"{chosen.backbone.parameters_until() / 1e6:.1f} million weights"
