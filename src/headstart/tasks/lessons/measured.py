"""(the lesson's figure, ours) => how the two stand beside each other, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.errors import HeadstartError
from headstart.heads.metrics import wilson
from headstart.tasks.newkinds.apart import Counted, fall

if TYPE_CHECKING:
    from headstart.tasks.lessons.figures import Figure

NOT_MEASURED = "not measured"


class NotMeasuredError(HeadstartError):
    """A row that can't be measured here and now.

    Args:
        why: in words, without a capital or a full stop.
        fetch: commands that bring what is missing.
        slow: nothing is missing but time.
    """

    def __init__(self, why: str, *fetch: str, slow: bool = False) -> None:
        super().__init__(why)
        self.fetch = fetch
        self.slow = slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came out here.

    Attributes:
        value: a count, a share, or a probability.
        of: what a count is a part of.
        photos: how many photos a share rests on.
        label: what a network called a picture; "" for other rows.
        network: that was measured; "" for none.
        learned_from: how many photos.
        reasons: why it may differ from the lesson's figure.
        also: what else was seen on the way.
        verdict: in two or three words, where the numbers alone do not give it.
    """

    value: float
    of: int | None = None
    photos: int | None = None
    label: str = ""
    network: str = ""
    learned_from: int | None = None
    reasons: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % (Wilson 1927) of a share; None for a count or a single picture."""
        return None if self.photos is None else wilson(round(self.value * self.photos), self.photos)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        low, high = self.interval or (None, None)
        return {
            "value": self.value,
            "of": self.of,
            "low": low,
            "high": high,
            "photos": self.photos,
            "label": self.label,
            "network": self.network,
            "learned_from": self.learned_from,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of the lesson with ours beside it.

    Attributes:
        figure: the lesson's.
        ours: None where it was not measured.
        missing: why not; "" where it was.
        fetch: commands that bring what is missing.
        slow: whether nothing but time was missing.
        seconds: that it took.
    """

    figure: Figure
    ours: Measured | None
    missing: str = ""
    fetch: tuple[str, ...] = ()
    slow: bool = False
    seconds: float = 0.0

    @property
    def lesson_interval(self) -> tuple[float, float] | None:
        """95 % (Wilson 1927) of the lesson's accuracy, from its number of photos."""
        figure = self.figure
        if figure.value is None or figure.photos is None:
            return None
        return wilson(round(figure.value * figure.photos), figure.photos)

    @property
    def verdict(self) -> str:
        """Whether the two agree, in two or three words."""
        if self.ours is None:
            return NOT_MEASURED
        return self.ours.verdict or compared(self.figure, self.ours)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the two may differ; () where nothing was measured."""
        return () if self.ours is None else (*self.ours.reasons, *self.figure.differs)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        figure, ours = self.figure, self.ours
        low, high = self.lesson_interval or (None, None)
        return {
            "id": figure.key,
            "what": figure.what,
            "notebook": figure.where,
            "kind": figure.kind,
            "lesson": {
                "value": figure.value,
                "of": figure.of,
                "low": low,
                "high": high,
                "photos": figure.photos,
                "says": figure.says,
                "network": figure.networks[0] if figure.networks else "",
                "learned_from": figure.learn or None,
            },
            "ours": None if ours is None else ours.to_json(),
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "also": [] if ours is None else list(ours.also),
            "missing": self.missing,
            "fetch": list(self.fetch),
            "slow": self.slow,
            "seconds": round(self.seconds, 3),
        }


def in_pixels(wanted: str, picture: str, file: str) -> str:
    """Whether a picture is what it was made for: the lesson asks about its pixels, a file has rounded ones.

    Args:
        wanted: the class.
        picture: what the network calls the pixels.
        file: what it calls the file.

    Example:
        >>> in_pixels("cat", "cat", "cat"), in_pixels("cat", "cat", "wool"), in_pixels("cat", "elk", "cat")
        ('holds', 'holds in pixels', 'fails')
    """
    if picture != wanted:
        return "fails"
    return "holds" if file == wanted else "holds in pixels"


def normalised(*networks: str) -> str:
    """The reason that stands at every picture which a network is shown.

    Example:
        >>> normalised("pocket")
        'inputs are normalised as pocket was trained; the lesson feeds its pictures as they are'
    """
    names = " and ".join(networks)
    verb = "was" if len(networks) == 1 else "were"
    return f"inputs are normalised as {names} {verb} trained; the lesson feeds its pictures as they are"


def compared(figure: Figure, ours: Measured) -> str:
    """Whether a figure is the lesson's, up to the chance in which photos judged.

    Example:
        >>> from headstart.tasks.lessons.figures import FIGURES
        >>> linear = next(each for each in FIGURES if each.key == "linear-torch")
        >>> [compared(linear, Measured(value=value, photos=100)) for value in (0.95, 0.80)]
        ['within noise', 'beyond noise']
    """
    if figure.photos is None or ours.photos is None or figure.value is None:
        return "the same" if (ours.value, ours.of or figure.of) == (figure.value, figure.of) else "differs"
    theirs = Counted(round(figure.value * figure.photos), figure.photos)
    _, low, high = fall(theirs, Counted(round(ours.value * ours.photos), ours.photos))
    return "within noise" if low <= 0 <= high else "beyond noise"
