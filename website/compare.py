"""(what a page says that a cell printed, what it prints now) => the first difference that matters.

Words must be equal. Figures may differ a little from machine to machine: a share of photos or a probability
by a few photos, a duration or a number of steps by any amount.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FREE = "# depends on the machine"
"""At the end of a cell: what it prints hangs on near ties or verdicts, so that it only has to print."""

TOLERANCE = 0.06  # of a share: a few photos of the hundreds that a page measures
_NUMBER = re.compile(r"(?<!\w)[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")
_MASK = "\0"  # no page prints it
_PERCENT = re.compile(r"\s?%")
_SHARE = re.compile(r"[+-]?(?:0\.\d{2,}|1\.0{2,})")
_TIMED = re.compile(r"\d\s*(?:[nmµ]?s|min|h|seconds?|minutes?|hours?|\w+/s|\w+ (?:a|per) second)\b")
_PRINTED_SHARE = re.compile(r"(?<![\w.])(?:(0\.\d{3,})|(\d{1,3}\.\d)(?=\s?%))")


@dataclass(frozen=True, slots=True)
class _Figure:
    value: float
    share: bool


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, its figures masked, and the line in which it stands."""

    text: str
    figures: tuple[_Figure, ...]
    line: str


def difference(told: str, found: str) -> str:
    """Say where two outputs differ in more than what a machine may change.

    Shares (`97.5 %`, `0.975`) may be 6 points apart, but not in a line with a duration or a speed; other
    figures are not compared. Where lines break is not either: a longer figure moves a word to the next.

    Args:
        told: what the page says.
        found: what is printed now.

    Returns:
        One line; "" where nothing differs.

    Example:
        >>> difference("right: 97.5 % of 400, 12 steps", "right: 96 % of 398, 9 steps")
        ''
        >>> print(difference("right: 0.988 of 400", "right: 0.488 of 400"))
        'right: 0.988 of 400' is now 'right: 0.488 of 400': 0.988 against 0.488
        >>> difference("right: 0.98 in 12 s", "right: 0.48 in 9 s")
        ''
    """
    first, second = _words(told), _words(found)
    for one, other in zip(first, second, strict=False):
        apart = _apart(one, other)
        if apart:
            return f"{one.line!r} is now {other.line!r}: {apart}"
    both = min(len(first), len(second))
    gone, new = first[both:], second[both:]
    return f"{gone[0].line!r} is gone" if gone else f"{new[0].line!r} is new" if new else ""


def differences(cells: list[str], told: list[str], found: list[str]) -> list[str]:
    """Say where what the cells of a page print differs; of a cell that ends with FREE, whether it prints.

    Args:
        cells: the code of each.
        told: what the page says behind each.
        found: what each prints now.

    Example:
        >>> differences(["print(1)", "print('a')  # depends on the machine"], ["1", "a"], ["2", "b"])
        []
    """
    said = []
    for code, one, other in zip(cells, told, found, strict=True):
        if not code.rstrip().endswith(FREE):
            said.append(difference(one, other))
        elif bool(one.strip()) != bool(other.strip()):
            said.append(f"{one[:60]!r} is now {other[:60]!r}")
    return [each for each in said if each]


def printed_shares(text: str) -> set[float]:
    """Find what looks like a measured share, `0.ddd` or `dd.d %`, each as a number from 0 to 1.

    Example:
        >>> sorted(printed_shares("0.988 of 400, 97.5 % before; 2.5 points, 90 % and 0.5"))
        [0.975, 0.988]
    """
    found = _PRINTED_SHARE.findall(text)
    return {round(float(share) if share else float(percent) / 100, 4) for share, percent in found}


def _apart(one: _Word, other: _Word) -> str:
    """Say how two words differ; "" if they do not."""
    if one.text != other.text:
        return f"{one.text} against {other.text}".replace(_MASK, "#")
    for first, second in zip(one.figures, other.figures, strict=True):
        if first.share and second.share and abs(first.value - second.value) > TOLERANCE + 1e-9:
            return f"{first.value:g} against {second.value:g}"
    return ""


def _words(printed: str) -> list[_Word]:
    return [word for line in printed.splitlines() for word in _words_of(line)]


def _words_of(line: str) -> list[_Word]:
    timed = _TIMED.search(line) is not None
    found = []
    for each in re.finditer(r"\S+", line):
        numbers = _NUMBER.finditer(each.group())
        figures = [_figure(number.group(), line[each.start() + number.end() :], timed) for number in numbers]
        found.append(_Word(_NUMBER.sub(_MASK, each.group()), tuple(figures), line.strip()))
    return found


def _figure(number: str, behind: str, timed: bool) -> _Figure:  # noqa: FBT001 - of the line
    """A share is a number from 0 to 1; whether it is one is written in it or behind it."""
    value = float(number.replace(",", ""))
    if not timed and _PERCENT.match(behind):
        return _Figure(value / 100, share=True)
    return _Figure(value, share=not timed and _SHARE.fullmatch(number) is not None)
