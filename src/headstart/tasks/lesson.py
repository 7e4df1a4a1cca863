"""(what is at hand) => each figure that the lesson reports, with ours beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.features.progress import NoProgress
from headstart.report.text import shell_word
from headstart.storage.home import Home
from headstart.tasks.lessons.desk import MINUTES, Desk
from headstart.tasks.lessons.dropout import pictures_name
from headstart.tasks.lessons.figures import CATS, DIGITS, FIGURES, PETS, SOURCE
from headstart.tasks.lessons.ways import measure
from headstart.tasks.paths import given_path
from headstart.tasks.rows import open_backbone
from headstart.tasks.seeds import check_seed_option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.tasks.lessons.figures import Figure
    from headstart.tasks.lessons.measured import Row

DATA = (CATS, PETS, DIGITS)


@dataclass(frozen=True, slots=True)
class Lesson:
    """The lesson's figures beside ours.

    Attributes:
        rows: in the lesson's order.
        backbone: what stood in for the lesson's networks; "" for none.
        stand_ins: networks at hand that could.
        options: of the command, but for the rows.
        seed: of every choice.
        seconds: wall time in all.
    """

    rows: tuple[Row, ...]
    backbone: str
    stand_ins: tuple[str, ...]
    options: tuple[str, ...]
    seed: int
    seconds: float

    @property
    def measured(self) -> int:
        """How many rows were measured."""
        return sum(row.ours is not None for row in self.rows)

    @property
    def fetch(self) -> tuple[str, ...]:
        """Commands that bring what is missing, each once, and one that measures what takes long."""
        commands = dict.fromkeys(each for row in self.rows for each in row.fetch)
        slow = ",".join(row.figure.key for row in self.rows if row.slow)
        words = ("headstart", "lesson", "--only", slow, *self.options)
        return (*commands, *([" ".join(shell_word(word) for word in words)] if slow else []))

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "source": SOURCE,
            "rows": [row.to_json() for row in self.rows],
            "measured": self.measured,
            "fetch": list(self.fetch),
            "backbone": self.backbone or None,
            "stand_ins": list(self.stand_ins),
            "seed": self.seed,
            "seconds": {"total": round(self.seconds, 3)},
        }


def lesson(
    *,
    only: Sequence[str] = (),
    photos: Mapping[str, str | Path] | None = None,
    backbone: str | Backbone | None = None,
    minutes: float = MINUTES,
    seed: int = 0,
    home: str | Path | None = None,
    progress: Progress | None = None,
    told: Callable[[Row], None] | None = None,
) -> Lesson:
    """Measure what the lesson reports, by its own protocol, with the networks and photos that are at hand.

    Nothing is fetched but the weights of `backbone`. A row whose weights or photos are missing says so, and
    what fetches them; so does one that would take longer than `minutes`, unless `only` names it.

    Args:
        only: ids of rows; () for all.
        photos: folders that stand for data sets, by their name: "cats-vs-dogs" and "oxford-pets"; "mnist"
            may be "digits". Fewer photos than the lesson's are parted in the same proportion.
        backbone: a network that stands in for VGG-16 and ResNet-50; None: nothing does.
        minutes: what each row may take, about; above 0.
        seed: of the photos that are drawn, first weights, noise.
        home: the folder for weights, data sets and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.
        told: called with each row as it is done.

    Raises:
        UsageError: an unknown row or data set, or a number that can't be right.
        PhotosError: photos that were given and can't be used.
        BackboneError: an unknown `backbone`.
        WeightsMissingError: its weights are not at hand and can't be fetched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as home:
        ...     found = lesson(only=["count-torch", "linear-torch"], home=home)
        >>> [(row.ours and int(row.ours.value), row.verdict) for row in found.rows]
        [(50178, 'the same'), (None, 'not measured')]
    """
    began = time.monotonic()
    wanted = _rows(only)
    if not 0 < minutes < float("inf"):
        raise UsageError(f"--minutes is {minutes:g}; expected a number above 0")
    check_seed_option(seed)
    place, show = Home.find(home), NoProgress() if progress is None else progress
    given = _given(photos or {})
    stands_in = open_backbone(backbone, place, show) if isinstance(backbone, str) else backbone
    with Desk(place, given, stands_in, tuple(only), minutes, seed, show) as desk:
        _check_photos(desk)
        rows = []
        for figure in wanted:
            rows.append(measure(figure, desk))
            if told is not None:
                told(rows[-1])
    return Lesson(
        rows=tuple(rows),
        backbone="" if stands_in is None else stands_in.spec.name,
        stand_ins=_stand_ins(place),
        options=_options(given, stands_in, seed),
        seed=seed,
        seconds=time.monotonic() - began,
    )


def _rows(only: Sequence[str]) -> list[Figure]:
    known = [figure.key for figure in FIGURES]
    strange = [each for each in only if each not in known]
    if strange:
        raise UsageError(f"--only has {strange[0]!r}; expected one or more of {', '.join(known)}")
    return [figure for figure in FIGURES if not only or figure.key in only]


def _given(photos: Mapping[str, str | Path]) -> dict[str, str]:
    for name in photos:
        if name not in DATA:
            raise UsageError(f"--photos has {name!r}; expected one of {', '.join(DATA)}, as NAME=FOLDER")
    return {name: given_path(path, f"--photos {name}") for name, path in photos.items()}


def _options(given: Mapping[str, str], backbone: Backbone | None, seed: int) -> tuple[str, ...]:
    photos = [word for name, path in given.items() for word in ("--photos", f"{name}={path}")]
    stands_in = [] if backbone is None else ["--backbone", backbone.spec.name]
    return (*photos, *stands_in, *(["--seed", str(seed)] if seed else []))


def _check_photos(desk: Desk) -> None:
    """Refuse photos that were given and can't be used, before any work."""
    for name in desk.given:
        if name == DIGITS:
            pictures_name(desk)
        else:
            desk.scanned(name)


def _stand_ins(home: Home) -> tuple[str, ...]:
    from headstart.backbones.weights import WeightsStore

    return (*(entry.backbone for entry in WeightsStore(home).readable_entries()), POCKET)
