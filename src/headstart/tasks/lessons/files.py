"""(a data set's folder) => its broken files; its breeds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headstart.backbones.source import FeatureSource
from headstart.images.datasets.known import KNOWN
from headstart.images.names import some
from headstart.images.photo import Reason
from headstart.tasks.baselines import raw_pixels
from headstart.tasks.gather import reasons
from headstart.tasks.lessons.draw import extraction
from headstart.tasks.lessons.figures import CATS, PETS
from headstart.tasks.lessons.measured import Measured

if TYPE_CHECKING:
    from headstart.images.photo import Skipped
    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.figures import Figure

_WHOLE = {Reason.IN_TWO_CLASSES}
"""Reasons that say nothing against the file."""
_TRIED = 8


def broken(figure: Figure, desk: Desk) -> Measured:
    """Decode every file to the end, and count those that can't be.

    Raises:
        NotMeasuredError: it would take too long.
    """
    files, gathered = len(desk.scanned(CATS).photos) + len(desk.scanned(CATS).skipped), desk.gathered(CATS)
    desk.afford(figure, files * desk.once("reading", lambda: _reading(desk)))
    table = extraction(FeatureSource.of(raw_pixels()), desk).rows(gathered, desk.store)
    bad = [each for each in (*gathered.skipped, *table.skipped) if each.reason not in _WHOLE]
    fewer = () if files == figure.of else (f"{files:,} files looked at instead of {figure.of:,}",)
    return Measured(
        value=len(bad),
        of=files,
        reasons=(*fewer, *_stricter(bad)),
        also=_named(bad),
        verdict="other files" if fewer else "",
    )


def _stricter(bad: list[Skipped]) -> list[str]:
    if not bad:
        return []
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons(bad).items())
    return [f"every file is decoded to its end here: {counts}"]


def _named(bad: list[Skipped]) -> tuple[str, ...]:
    return (some([each.name for each in bad], at_most=5),) if bad else ()


def _reading(desk: Desk) -> float:
    """Seconds that a file takes, from the first few."""
    photos = desk.gathered(CATS).hashed[:_TRIED]
    began = time.perf_counter()
    for _ in desk.reader.decode(photos, raw_pixels().spec.preprocessing.resize):
        pass
    return (time.perf_counter() - began) / max(1, len(photos))


def breeds(figure: Figure, desk: Desk) -> Measured:
    """How many folders of a breed there are, or of anything where other photos were given."""
    found, known = desk.scanned(figure.data), KNOWN[PETS].classes
    says = f"its makers publish {known} breeds (Parkhi et al. 2012)"
    if desk.instead(figure.data):
        says = f"the classes of that folder are counted; of {PETS}, {says}"
    return Measured(value=len(found.classes), reasons=(says,))
