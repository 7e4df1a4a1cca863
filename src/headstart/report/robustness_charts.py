"""(accuracy at each epsilon) -> inline SVG: the curve with its interval, and a line for each defence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from headstart.report.charts import element
from headstart.report.text import percent

if TYPE_CHECKING:
    from headstart.report.robustness import CurvePoint

_LEFT, _TOP, _WIDE, _HIGH, _BELOW, _RIGHT = 44, 12, 400, 240, 46, 20
_APART = 46  # between the names of two epsilons
_SIZE = 4.5


def curve_picture(points: Sequence[CurvePoint], unit: str) -> Markup:
    """Accuracy against epsilon: dots and a band for the plain network, open shapes for each defence.

    Args:
        points: ascending, at least two.
        unit: what epsilon is measured in, for the axis.
    """
    most = points[-1].epsilon
    xs = [round(_LEFT + _WIDE * point.epsilon / most, 1) for point in points]
    defences = range(len(points[0].defended))
    edge = [*((x, point.figure.high) for x, point in zip(xs, points, strict=True))]
    edge += reversed([(x, point.figure.low) for x, point in zip(xs, points, strict=True)])
    parts = [
        *_axes(points, xs, unit),
        element("polygon", points=_joined(edge), class_="band"),
        *(
            part
            for number in defences
            for part in _line([point.defended[number].value for point in points], xs, number)
        ),
        element(
            "polyline",
            points=_joined((x, point.figure.value) for x, point in zip(xs, points, strict=True)),
            class_="curve",
        ),
        *(
            element("circle", cx=x, cy=_y(point.figure.value), r=_SIZE + 0.5, class_="after")
            for x, point in zip(xs, points, strict=True)
        ),
    ]
    width, height = _LEFT + _WIDE + _RIGHT, _TOP + _HIGH + _BELOW
    told = "; ".join(f"{point.written}: {percent(point.figure.value)}" for point in points)
    return element(
        "svg",
        Markup("").join(parts),
        class_="chart",
        role="img",
        aria_label=f"Accuracy at each epsilon: {told}",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def key(number: int | None) -> Markup:
    """The mark of a defence, or of the plain network (None), beside its name."""
    mark = (
        element("circle", cx=12, cy=8, r=_SIZE + 0.5, class_="after")
        if number is None
        else _mark(12, 8, number)
    )
    stroke = element("line", x1=0, y1=8, x2=24, y2=8, class_="curve" if number is None else "other")
    return element(
        "svg", stroke + mark, class_="chart key", aria_hidden="true", viewBox="0 0 24 16", width=24, height=16
    )


def _line(values: Sequence[float], xs: Sequence[float], number: int) -> Iterator[Markup]:
    yield element("polyline", points=_joined(zip(xs, values, strict=True)), class_="other")
    for x, value in zip(xs, values, strict=True):
        yield _mark(x, _y(value), number)


def _mark(x: float, y: float, number: int) -> Markup:
    """Square, diamond, triangle: told apart without colour."""
    s = _SIZE
    corners = (
        [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)],
        [(x, y - s - 1.5), (x + s + 1.5, y), (x, y + s + 1.5), (x - s - 1.5, y)],
        [(x, y - s - 1), (x + s + 1, y + s), (x - s - 1, y + s)],
    )[number % 3]
    return element("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), class_="before")


def _joined(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{_y(value)}" for x, value in places)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _HIGH, 1)


def _axes(points: Sequence[CurvePoint], xs: Sequence[float], unit: str) -> Iterator[Markup]:
    right = _LEFT + _WIDE
    for step in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield element("line", x1=_LEFT, y1=_y(step), x2=right, y2=_y(step), class_="grid")
        yield element(
            "text", f"{step * 100:.0f}", x=_LEFT - 8, y=_y(step) + 4, text_anchor="end", class_="label"
        )
    last = -float(_APART)
    for x, point in zip(xs, points, strict=True):
        yield element("line", x1=x, y1=_y(0), x2=x, y2=_y(0) + 5, class_="grid")
        if x - last >= _APART:
            yield element("text", point.written, x=x, y=_y(0) + 20, text_anchor="middle", class_="label")
            last = x
    yield element(
        "text", unit, x=_LEFT + _WIDE / 2, y=_y(0) + 40, text_anchor="middle", class_="label strong"
    )
    turned = f"rotate(-90 11 {_y(0.5)})"
    yield element(
        "text", "right, %", x=11, y=_y(0.5), text_anchor="middle", transform=turned, class_="label strong"
    )
