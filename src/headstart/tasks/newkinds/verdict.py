"""(how good each way is) => whether what the network learned before carries over, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from headstart.heads.paired import paired_difference
from headstart.tasks.newkinds.ways import EARLIER, LATE, PIXELS, UNLEARNED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.heads.paired import PairedDifference
    from headstart.tasks.newkinds.judged import Judged

NEAR = 0.05
"""Five points: where the late layers are at most so far ahead, early ones are called as good. A smaller gain
changes nobody's choice of a layer, and one or two hundred photos can't show it: their paired intervals are
about so wide."""

_UNLIKE = "this kind is unlike what the network learned"

Carries = Literal["late", "late or earlier", "as early", "early", "shape", "not"]


@dataclass(frozen=True)
class Verdict:
    """What the comparison comes to.

    Attributes:
        carries: "late": the late layers are better than the earlier ones, than random weights and than raw
            pixels; "as early": earlier ones are as good; "late or earlier": these photos
            can't tell; "early": earlier ones are better; "shape": random weights are as good, so that it is
            not what the network learned; "not": no layer is better than raw pixels.
        sentence: for people.
    """

    carries: Carries
    sentence: str


def against_late(ways: Sequence[Judged]) -> list[Judged]:
    """The same ways, each with how far the late layers are ahead of it on the same photos."""
    late = by_key(ways)[LATE]
    return [
        way if way is late else replace(way, behind=paired_difference(late.right, way.right)) for way in ways
    ]


def by_key(ways: Sequence[Judged]) -> dict[str, Judged]:
    """The ways by their keys."""
    return {way.key: way for way in ways}


def decide(ways: Sequence[Judged]) -> Verdict:
    """Say how well the network carries over; a difference counts where its 95 % interval leaves 0 out.

    Args:
        ways: raw pixels and late layers at least.

    Example:
        >>> import numpy as np
        >>> from headstart.tasks.newkinds.judged import Judged
        >>> def way(key, right):
        ...     return Judged(key, key, "", 1, np.arange(100) < right)
        >>> decide([way("pixels", 60), way("early", 70), way("late", 90)]).carries
        'late'
        >>> decide([way("pixels", 60), way("early", 59), way("late", 61)]).carries
        'not'
    """
    found = by_key(ways)
    late, pixels = found[LATE], found[PIXELS]
    earlier = [found[key] for key in EARLIER if key in found]
    best = max(earlier, key=lambda way: way.accuracy, default=None)
    if _ahead(late, pixels).low <= 0:
        return _not_late(late, pixels, best)
    unlearned = found.get(UNLEARNED)
    if unlearned is not None and _ahead(late, unlearned).low <= 0:
        return Verdict(
            "shape",
            f"the network's late layers are better than raw pixels ({_both(late, pixels)}), but not than the "
            f"same network with random weights ({percent(unlearned.accuracy)}): what helps is how the "
            "network is built, not what it learned",
        )
    return _late(late, pixels, best)


def _not_late(late: Judged, pixels: Judged, best: Judged | None) -> Verdict:
    if best is not None and _ahead(best, pixels).low > 0:
        return Verdict(
            "early",
            f"only the network's {best.title} carry over ({_both(best, pixels)}); its late layers are "
            f"no better than raw pixels ({percent(late.accuracy)}): {_UNLIKE}",
        )
    doubt = "" if _ahead(late, pixels).high <= NEAR else ", or there are too few photos to see it"
    return Verdict(
        "not",
        f"no better than raw pixels, beyond chance ({_both(late, pixels)}): transfer does not help "
        f"here{doubt}",
    )


def _late(late: Judged, pixels: Judged, best: Judged | None) -> Verdict:
    carries = f"the network's late layers carry over: {_both(late, pixels)}"
    if best is None:
        return Verdict("late", carries)
    ahead = _ahead(late, best)
    if ahead.high < 0:
        return Verdict(
            "early",
            f"the network's {best.title} carry over better than its late ones: {percent(best.accuracy)} "
            f"against {percent(late.accuracy)}, and {percent(pixels.accuracy)} from raw pixels: {_UNLIKE}",
        )
    if ahead.low > 0:
        return Verdict("late", f"{carries}; its {best.title} alone get {percent(best.accuracy)}")
    if ahead.high <= NEAR:
        return Verdict(
            "as early",
            f"the network's {best.title} are as good as its late ones ({percent(best.accuracy)} and "
            f"{percent(late.accuracy)}, against {percent(pixels.accuracy)} from raw pixels): {_UNLIKE}, or "
            "its classes are so simple that the later layers add nothing",
        )
    return Verdict(
        "late or earlier",
        f"{carries}; whether more than its {best.title} ({percent(best.accuracy)}) these photos can't tell "
        f"({points(ahead)})",
    )


def _ahead(first: Judged, second: Judged) -> PairedDifference:
    return paired_difference(first.right, second.right)


def _both(way: Judged, pixels: Judged) -> str:
    return f"{percent(way.accuracy)} against {percent(pixels.accuracy)} from raw pixels"


def points(found: PairedDifference) -> str:
    """A difference in words.

    Example:
        >>> from headstart.heads.paired import PairedDifference
        >>> points(PairedDifference(0.02, -0.031, 0.07, 100))
        '2.0 points ahead, 95 % interval -3.1 to 7.0'
    """
    value = 100 * found.value
    word = f"{abs(value):.1f} points {'ahead' if value >= 0 else 'behind'}"
    return f"{word}, 95 % interval {100 * found.low:.1f} to {100 * found.high:.1f}"


def percent(share: float) -> str:
    """A share in percent, for a sentence."""
    return f"{100 * share:.1f} %"
