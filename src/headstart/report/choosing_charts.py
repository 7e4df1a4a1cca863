"""(networks with accuracy and a cost) -> inline SVG: which of them nothing cheaper equals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from markupsafe import Markup

from headstart.report.charts import element
from headstart.report.text import percent

if TYPE_CHECKING:
    from headstart.report.robustness import Figure

_LEFT, _TOP, _WIDE, _HIGH, _BELOW, _RIGHT = 44, 14, 340, 250, 46, 16
_SIZE = 5.0
_LETTER, _LINE = 8.0, 13.0  # of the numbers, in pixels
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25)


@dataclass(frozen=True, slots=True)
class Place:
    """A network in the picture.

    Attributes:
        number: of its row in the table.
        cost: above 0.
        figure: its accuracy.
        on_front: nothing as cheap is as good.
        partly: judged on a part of the photos, so that it can't be compared.
    """

    number: int
    cost: float
    figure: Figure
    on_front: bool
    partly: bool


@dataclass(frozen=True)
class _Axes:
    """Accuracy from `low` to `high`; cost on a logarithmic axis from `least` to `most`."""

    low: float
    high: float
    step: float
    least: float
    most: float

    def x(self, cost: float) -> float:
        span = log10(self.most) - log10(self.least)
        return round(_LEFT + _WIDE * (log10(cost) - log10(self.least)) / span, 1)

    def y(self, accuracy: float) -> float:
        return round(_TOP + _HIGH * (self.high - accuracy) / (self.high - self.low), 1)


def cost_picture(places: Sequence[Place], below: float, unit: str) -> Markup:
    """Accuracy against cost: filled circles joined by steps are the front, open ones are not on it.

    Args:
        places: at least one.
        below: the accuracy of the raw pixels: a dashed line.
        unit: of the cost, for the axis.
    """
    axes = _axes(places, below)
    whole = sorted((place for place in places if place.on_front), key=lambda place: place.cost)
    parts = [
        *_grid(axes, unit),
        element("line", x1=_LEFT, y1=axes.y(below), x2=_LEFT + _WIDE, y2=axes.y(below), class_="other"),
        *([_steps(whole, axes)] if len(whole) > 1 else []),
        *(_span(place, axes) for place in places),
        *(mark(axes.x(place.cost), axes.y(place.figure.value), place) for place in places),
        *_numbers(places, axes),
    ]
    width, height = _LEFT + _WIDE + _RIGHT, _TOP + _HIGH + _BELOW
    told = "; ".join(f"{p.number}: {percent(p.figure.value)} at {written(p.cost)}" for p in places)
    return element(
        "svg",
        Markup("").join(parts),
        class_="chart",
        role="img",
        aria_label=f"Accuracy against {unit}: {told}; raw pixels {percent(below)}",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def key(kind: str) -> Markup:
    """The mark of "front", "other", "partly" or "floor" beside its name."""
    if kind == "floor":
        drawn = element("line", x1=0, y1=8, x2=24, y2=8, class_="other")
    else:
        drawn = _shape(12, 8, on_front=kind == "front", partly=kind == "partly")
    return element(
        "svg", drawn, class_="chart key", aria_hidden="true", viewBox="0 0 24 16", width=24, height=16
    )


def mark(x: float, y: float, place: Place) -> Markup:
    """Circle, open circle or diamond: told apart without colour."""
    return _shape(x, y, on_front=place.on_front, partly=place.partly)


def written(cost: float) -> str:
    """A cost with as many digits as say something.

    Example:
        >>> [written(cost) for cost in (0.0123, 0.8, 3.251, 14.18, 553.4)]
        ['0.01', '0.80', '3.3', '14', '553']
    """
    return f"{cost:.{2 if cost < 1 else 1 if cost < 10 else 0}f}"


def _shape(x: float, y: float, *, on_front: bool, partly: bool) -> Markup:
    if partly:
        s = _SIZE
        corners = f"{x:.1f},{y - s:.1f} {x + s:.1f},{y:.1f} {x:.1f},{y + s:.1f} {x - s:.1f},{y:.1f}"
        return element("polygon", points=corners, class_="before")
    radius = _SIZE + 0.5 if on_front else _SIZE - 0.5
    return element("circle", cx=x, cy=y, r=radius, class_="after" if on_front else "before")


def _axes(places: Sequence[Place], below: float) -> _Axes:
    lowest = min(below, *(place.figure.low for place in places))
    highest = max(below, *(place.figure.high for place in places))
    step = next((step for step in _STEPS if (highest - lowest) / step <= 6), _STEPS[-1])
    low, high = floor(lowest / step) * step, min(1.0, ceil(highest / step - 1e-9) * step)
    costs = [place.cost for place in places]
    least, most = min(costs) / 1.5, max(costs) * 1.5
    if most / least < 10:  # a decade at least, or the axis would have no numbers
        middle = (least * most) ** 0.5
        least, most = middle / 10**0.5, middle * 10**0.5
    return _Axes(max(0.0, low), high if high > low else low + step, step, least, most)


def _grid(axes: _Axes, unit: str) -> Iterator[Markup]:
    right, bottom = _LEFT + _WIDE, _TOP + _HIGH
    for number in range(round((axes.high - axes.low) / axes.step + 0.499) + 1):
        share = axes.low + number * axes.step
        if share <= axes.high + 1e-9:
            y = axes.y(share)
            yield element("line", x1=_LEFT, y1=y, x2=right, y2=y, class_="grid")
            yield element(
                "text", f"{share * 100:.0f}", x=_LEFT - 8, y=y + 4, text_anchor="end", class_="label"
            )
    for cost in _ticks(axes):
        x = axes.x(cost)
        yield element("line", x1=x, y1=bottom, x2=x, y2=bottom + 5, class_="grid")
        yield element("text", f"{cost:g}", x=x, y=bottom + 20, text_anchor="middle", class_="label")
    yield element(
        "text", unit, x=_LEFT + _WIDE / 2, y=bottom + 40, text_anchor="middle", class_="label strong"
    )
    middle = _TOP + _HIGH / 2
    turned = f"rotate(-90 11 {middle})"
    yield element(
        "text", "right, %", x=11, y=middle, text_anchor="middle", transform=turned, class_="label strong"
    )


def _ticks(axes: _Axes) -> list[float]:
    """1, 2, 5, 10, … within the axis; with more than two decades 1, 10, 100 alone."""
    many = axes.most / axes.least > 10**2.3
    decades = range(floor(log10(axes.least)), ceil(log10(axes.most)) + 1)
    ticks = [digit * 10.0**decade for decade in decades for digit in ((1,) if many else (1, 2, 5))]
    return [tick for tick in ticks if axes.least <= tick <= axes.most]


def _span(place: Place, axes: _Axes) -> Markup:
    x = axes.x(place.cost)
    return element(
        "line",
        x1=x,
        y1=axes.y(max(place.figure.low, axes.low)),
        x2=x,
        y2=axes.y(min(place.figure.high, axes.high)),
        class_="span",
    )


def _steps(front: Sequence[Place], axes: _Axes) -> Markup:
    """From each network level to the next dearer one, then up: what can be had for a budget in between."""
    corners = [(axes.x(front[0].cost), axes.y(front[0].figure.value))]
    for place in front[1:]:
        x, y = axes.x(place.cost), axes.y(place.figure.value)
        corners += [(x, corners[-1][1]), (x, y)]
    return element("polyline", points=" ".join(f"{x},{y}" for x, y in corners), class_="curve")


def _numbers(places: Sequence[Place], axes: _Axes) -> Iterator[Markup]:
    """The number of each that is still in the race, where it covers no mark and no other number."""
    marks = [(axes.x(place.cost), axes.y(place.figure.value)) for place in places]
    taken = [(x - _SIZE, y - _SIZE, x + _SIZE, y + _SIZE) for x, y in marks]
    for place, (x, y) in zip(places, marks, strict=True):
        if place.partly:
            continue
        wide = _LETTER * len(str(place.number))
        box = _free_box(x, y, wide, taken)
        taken.append(box)
        yield element(
            "text", str(place.number), x=round(box[0], 1), y=round(box[3] - 2, 1), class_="label strong"
        )


_Box = tuple[float, float, float, float]


def _free_box(x: float, y: float, wide: float, taken: Sequence[_Box]) -> _Box:
    """Above on the right if that is free: steps leave a mark to its right and reach it from below."""
    right, left = x + _SIZE, x - _SIZE - wide
    higher, level, lower = y - _SIZE - _LINE + 2, y - _LINE / 2, y + _SIZE - 2
    corners = [(across, up) for up in (higher, lower, level) for across in (right, left)]
    corners += [(across, higher - _LINE) for across in (right, left)]
    boxes = [(across, up, across + wide, up + _LINE) for across, up in corners]
    return next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
