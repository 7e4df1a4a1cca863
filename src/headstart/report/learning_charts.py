"""(accuracy at each number of photos) -> inline SVG: a line for each way, the sizes on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log
from typing import TYPE_CHECKING

from markupsafe import Markup

from headstart.report.charts import element
from headstart.report.text import percent

if TYPE_CHECKING:
    from headstart.report.learning import Curve, Level

_LEFT, _TOP, _WIDE, _HIGH, _BELOW, _RIGHT = 44, 14, 330, 270, 46, 92
_APART, _LINE = 28, 15  # between the names of two sizes, of two lines
_SIZE = 4.5
_LARGER = 1.2  # than its own units, where the page has room
_STYLES = ("transfer", "scratch", "pixels")


@dataclass(frozen=True)
class _Axes:
    """Accuracy from `low` to 1; photos a class from `least` to `most`, logarithmic."""

    low: float
    step: float
    least: int
    most: int

    def x(self, size: int) -> float:
        if self.most == self.least:
            return _LEFT + _WIDE / 2
        return round(_LEFT + _WIDE * log(size / self.least) / log(self.most / self.least), 1)

    def y(self, share: float) -> float:
        return round(_TOP + _HIGH * (1 - share) / (1 - self.low), 1)


def learning_picture(curves: Sequence[Curve], levels: Sequence[Level]) -> Markup:
    """Accuracy against photos a class: a line, its interval and its draws for each way of learning.

    Args:
        curves: at least one, each with at least one point, ascending; up to three styles.
        levels: what takes no photos: a line across.
    """
    axes = _axes(curves, levels)
    parts = [
        *_grid(axes, curves),
        *(part for level in levels for part in _level(level, axes)),
        *(_band(curve, axes) for curve in curves if len(curve.points) > 1),
        *(part for curve in reversed(curves) for part in _curve(curve, axes)),
        *_names(curves, levels, axes),
    ]
    width, height = _LEFT + _WIDE + _RIGHT, _TOP + _HIGH + _BELOW
    told = [f"{level.title}: {percent(level.value)}" for level in levels]
    told += [
        f"{curve.title}: " + ", ".join(f"{p.size}: {percent(p.figure.value)}" for p in curve.points)
        for curve in curves
    ]
    return element(
        "svg",
        Markup("").join(parts),
        class_="chart",
        role="img",
        aria_label=f"Accuracy by photos a class. {'; '.join(told)}",
        viewBox=f"0 0 {width} {height}",
        width=round(width * _LARGER),
        height=round(height * _LARGER),
    )


def key(style: str) -> Markup:
    """The mark of a line beside its name."""
    line = element("line", x1=0, y1=8, x2=24, y2=8, class_=f"way {style}")
    mark = _mark(12, 8, style) if style in _STYLES else Markup("")
    return element(
        "svg", line + mark, class_="chart key", aria_hidden="true", viewBox="0 0 24 16", width=24, height=16
    )


def _axes(curves: Sequence[Curve], levels: Sequence[Level]) -> _Axes:
    shares = [level.value for level in levels]
    shares += [min(point.figure.low, *point.draws) for curve in curves for point in curve.points]
    step = 1 if min(shares) >= 0.4 else 2  # tenths
    low = floor(min(shares) * 10 / step) * step / 10
    sizes = [point.size for curve in curves for point in curve.points]
    return _Axes(min(low, 1 - step / 10), step / 10, min(sizes), max(sizes))


def _grid(axes: _Axes, curves: Sequence[Curve]) -> Iterator[Markup]:
    right, bottom = _LEFT + _WIDE, _TOP + _HIGH
    share = 1.0
    while share >= axes.low - 1e-9:
        y = axes.y(share)
        yield element("line", x1=_LEFT, y1=y, x2=right, y2=y, class_="grid")
        yield element("text", f"{share * 100:.0f}", x=_LEFT - 8, y=y + 4, text_anchor="end", class_="label")
        share -= axes.step
    last = float(right + _APART)
    for size in sorted({point.size for curve in curves for point in curve.points}, reverse=True):
        x = axes.x(size)
        yield element("line", x1=x, y1=bottom, x2=x, y2=bottom + 5, class_="grid")
        if last - x >= _APART:
            yield element("text", f"{size:,}", x=x, y=bottom + 20, text_anchor="middle", class_="label")
            last = x
    middle = _LEFT + _WIDE / 2
    yield element(
        "text",
        "photos a class to learn from",
        x=middle,
        y=bottom + 40,
        text_anchor="middle",
        class_="label strong",
    )
    up = _TOP + _HIGH / 2
    turned = f"rotate(-90 11 {up})"
    yield element(
        "text", "right, %", x=11, y=up, text_anchor="middle", transform=turned, class_="label strong"
    )


def _level(level: Level, axes: _Axes) -> Iterator[Markup]:
    y = axes.y(level.value)
    yield element("line", x1=_LEFT, y1=y, x2=_LEFT + _WIDE, y2=y, class_=f"way {level.style}")


def _band(curve: Curve, axes: _Axes) -> Markup:
    edge = [(axes.x(point.size), axes.y(point.figure.high)) for point in curve.points]
    edge += [(axes.x(point.size), axes.y(point.figure.low)) for point in reversed(curve.points)]
    return element("polygon", points=_joined(edge), class_=f"around {curve.style}")


def _curve(curve: Curve, axes: _Axes) -> Iterator[Markup]:
    places = [(axes.x(point.size), axes.y(point.figure.value)) for point in curve.points]
    yield element("polyline", points=_joined(places), class_=f"way {curve.style}")
    for point in curve.points:
        for draw in point.draws if len(point.draws) > 1 else ():
            yield element(
                "circle", cx=axes.x(point.size), cy=axes.y(draw), r=1.9, class_=f"draw {curve.style}"
            )
    for x, y in places:
        yield _mark(x, y, curve.style)


def _mark(x: float, y: float, style: str) -> Markup:
    """Circle, square, diamond: told apart without colour."""
    css, s = f"mark-of {style}", _SIZE
    if style == "transfer":
        return element("circle", cx=x, cy=y, r=s + 0.5, class_=css)
    if style == "scratch":
        return element("rect", x=round(x - s, 1), y=round(y - s, 1), width=2 * s, height=2 * s, class_=css)
    corners = [(x, y - s - 1.5), (x + s + 1.5, y), (x, y + s + 1.5), (x - s - 1.5, y)]
    return element("polygon", points=_joined(corners), class_=css)


def _names(curves: Sequence[Curve], levels: Sequence[Level], axes: _Axes) -> Iterator[Markup]:
    """Each line's name where it ends, moved apart where two would touch."""
    ends = [
        (axes.y(curve.points[-1].figure.value), axes.x(curve.points[-1].size), curve.short)
        for curve in curves
    ]
    ends += [(axes.y(level.value), float(_LEFT + _WIDE), level.short) for level in levels]
    ends.sort()
    at = [y for y, _, _ in ends]
    for number in range(1, len(at)):
        at[number] = max(at[number], at[number - 1] + _LINE)
    over = at[-1] - (_TOP + _HIGH + 2)
    if over > 0:  # too low: all that touch move up again
        at[-1] -= over
        for number in range(len(at) - 2, -1, -1):
            at[number] = min(at[number], at[number + 1] - _LINE)
    for y, (_, _, name) in zip(at, ends, strict=True):
        yield element("text", name, x=_LEFT + _WIDE + 10, y=round(y + 4, 1), class_="label strong")


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
