"""(curves with their spread, effects with their interval) -> inline SVG: shapes and numbers, names beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from markupsafe import Markup

from headstart.report.charts import element

if TYPE_CHECKING:
    from headstart.report.tricks import Line

ARMS = 5
"""Colours, dashes and marks that can be told apart, without colour too."""

_LEFT, _TOP, _RIGHT, _BELOW = 52, 10, 14, 40
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class _Frame:
    """From numbers to places."""

    wide: int
    high: int
    first: int
    last: int
    low: float
    top: float

    def x(self, at: float) -> float:
        return round(_LEFT + self.wide * (at - self.first) / max(1, self.last - self.first), 1)

    def y(self, value: float) -> float:
        return round(_TOP + self.high * (1 - (value - self.low) / (self.top - self.low)), 1)


def accuracy_picture(lines: Sequence[Line], first: int = 0) -> Markup:
    """Share of held-out photos named right, after each epoch: mean over seeds, and from least to most.

    Args:
        lines: one for each arm, at most `ARMS`.
        first: the number of their first place, an epoch.
    """
    values = [
        value for line in lines for part in (line.low, line.high) for value in part if value is not None
    ]
    low, top = floor(10 * min(values)) / 10, ceil(10 * max(values)) / 10
    low, top = (low, top) if top > low else (low, low + 0.1)
    last = first + max(len(line.mean) for line in lines) - 1
    frame = _Frame(280, 150, first, last, low, top)
    steps = round(10 * (top - low))
    every = 1 if steps <= 5 else 2
    ticks = [(low + step / 10, f"{100 * low + 10 * step:.0f}") for step in range(0, steps + 1, every)]
    told = "; ".join(f"{line.name}: {100 * _last(line):.0f} %" for line in lines)
    return _picture(lines, frame, ticks, ("epoch", "right, %"), f"Accuracy after the last epoch: {told}")


def gradient_picture(lines: Sequence[Line]) -> Markup:
    """Length of the gradient for each layer's weights, as a power of ten, the first layer on the left.

    Args:
        lines: one for each arm, values log10.
    """
    values = [value for line in lines for value in line.mean if value is not None]
    low, top = floor(min(values, default=0.0)), ceil(max(values, default=1.0))
    top = max(top, low + 1)
    every = max(1, ceil((top - low) / _MOST_TICKS))
    ticks = [(float(power), _power(power)) for power in range(low, top + 1, every)]
    frame = _Frame(400, 220, 1, max(2, *(len(line.mean) for line in lines)), low, top)
    return _picture(
        lines,
        frame,
        ticks,
        ("layer, from the photo to the answer", "length of the gradient"),
        _gradients(lines),
    )


def effect_strip(value: float, low: float, high: float, span: float) -> Markup:
    """An effect and its interval on a line from -span to span, with a mark at 0; the text says the same."""

    def across(effect: float) -> str:
        return f"{50 + 50 * max(-1.0, min(1.0, effect / span)):.2f}%"

    length = 50 * (min(span, high) - max(-span, low)) / span
    parts = [
        element("line", x1="0%", y1=9, x2="100%", y2=9, class_="grid"),
        element("rect", x=across(low), y=5, width=f"{max(length, 0.4):.2f}%", height=8, rx=4, class_="range"),
        element("line", x1="50%", y1=0, x2="50%", y2=18, class_="mark"),
        element("circle", cx=across(value), cy=9, r=4.5, class_="dot"),
    ]
    return element(
        "svg", Markup("").join(parts), class_="strip effect", aria_hidden="true", width="100%", height=18
    )


def key(number: int) -> Markup:
    """The line and mark of an arm, beside its name."""
    stroke = element("line", x1=0, y1=8, x2=28, y2=8, class_=f"line arm-{number % ARMS}")
    return element(
        "svg",
        stroke + _mark(14, 8, number),
        class_="chart key",
        aria_hidden="true",
        viewBox="0 0 28 16",
        width=28,
        height=16,
    )


def _picture(
    lines: Sequence[Line],
    frame: _Frame,
    ticks: Sequence[tuple[float, str]],
    words: tuple[str, str],
    label: str,
) -> Markup:
    parts = [*_axes(frame, ticks, words)]
    for number, line in enumerate(lines):
        parts += _band(line, frame, number)
    for number, line in enumerate(lines):
        parts += _line(line, frame, number)
    width, height = _LEFT + frame.wide + _RIGHT, _TOP + frame.high + _BELOW
    return element(
        "svg",
        Markup("").join(parts),
        class_="chart lines",
        role="img",
        aria_label=label,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _axes(frame: _Frame, ticks: Sequence[tuple[float, str]], words: tuple[str, str]) -> Iterator[Markup]:
    right, bottom = _LEFT + frame.wide, _TOP + frame.high
    for value, written in ticks:
        y = frame.y(value)
        yield element("line", x1=_LEFT, y1=y, x2=right, y2=y, class_="grid")
        yield element("text", written, x=_LEFT - 7, y=y + 4, text_anchor="end", class_="label")
    every = max(1, ceil((frame.last - frame.first) / 5))
    for at in range(frame.first, frame.last + 1, every):
        yield element("text", str(at), x=frame.x(at), y=bottom + 17, text_anchor="middle", class_="label")
    yield element(
        "text", words[0], x=_LEFT + frame.wide / 2, y=bottom + 34, text_anchor="middle", class_="label strong"
    )
    middle = _TOP + frame.high / 2
    turned = f"rotate(-90 10 {middle})"
    yield element(
        "text", words[1], x=10, y=middle, text_anchor="middle", transform=turned, class_="label strong"
    )


def _band(line: Line, frame: _Frame, number: int) -> Iterator[Markup]:
    places = [at for at, value in enumerate(line.low) if value is not None]
    if len(places) < 2:
        return
    edge = [(frame.x(frame.first + at), frame.y(line.high[at] or 0.0)) for at in places]
    edge += [(frame.x(frame.first + at), frame.y(line.low[at] or 0.0)) for at in reversed(places)]
    yield element("polygon", points=_joined(edge), class_=f"spread arm-{number % ARMS}")


def _line(line: Line, frame: _Frame, number: int) -> Iterator[Markup]:
    places = [
        (frame.x(frame.first + at), frame.y(value)) for at, value in enumerate(line.mean) if value is not None
    ]
    if not places:
        return
    yield element("polyline", points=_joined(places), class_=f"line arm-{number % ARMS}")
    # Each arm's marks begin elsewhere: lines that lie on each other can be told apart.
    every = max(1, len(places) // 4)
    marked = places[(number % ARMS) % every :: every] if len(places) > 1 else places
    for x, y in marked:
        yield _mark(x, y, number)


def _mark(x: float, y: float, number: int) -> Markup:
    """Circle, square, diamond, two triangles."""
    css, s = f"point arm-{number % ARMS}", 3.6
    corners = (
        None,
        [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)],
        [(x, y - s - 1.2), (x + s + 1.2, y), (x, y + s + 1.2), (x - s - 1.2, y)],
        [(x, y - s - 1), (x + s + 0.6, y + s), (x - s - 0.6, y + s)],
        [(x, y + s + 1), (x + s + 0.6, y - s), (x - s - 0.6, y - s)],
    )[number % ARMS]
    if corners is None:
        return element("circle", cx=x, cy=y, r=s + 0.4, class_=css)
    return element("polygon", points=_joined(corners), class_=css)


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _power(power: int) -> str:
    """Ten to a power, as people read it: 0.01, 1, 100, and 1e5 where noughts would have to be counted."""
    return f"{10.0**power:g}" if -3 <= power <= 3 else f"1e{power}"


def _last(line: Line) -> float:
    return next((value for value in reversed(line.mean) if value is not None), 0.0)


def _gradients(lines: Sequence[Line]) -> str:
    def ends(line: Line) -> str:
        seen = [value for value in line.mean if value is not None]
        return f"{line.name}: first layer 1e{seen[0]:.1f}, last 1e{seen[-1]:.1f}" if seen else line.name

    return "Length of the gradient: " + "; ".join(ends(line) for line in lines)
