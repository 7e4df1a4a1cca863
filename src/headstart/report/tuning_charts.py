"""(epochs, learning rates) -> inline SVG: losses against epochs, and against the learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from markupsafe import Markup

from headstart.report.charts import element

if TYPE_CHECKING:
    from headstart.report.tuning import TuningFacts

_LEFT, _TOP, _WIDE, _HIGH, _BELOW, _RIGHT = 52, 14, 420, 230, 46, 20
_STEPS = 4
_MOST_TICKS = 10


@dataclass(frozen=True)
class _Axes:
    """Losses from `low` to `high` with a mark each `step`; what is below from `least` to `most`."""

    low: float
    high: float
    step: float
    least: float
    most: float

    def x(self, value: float) -> float:
        return round(_LEFT + _WIDE * (value - self.least) / ((self.most - self.least) or 1), 1)

    def y(self, value: float) -> float:
        return round(_TOP + _HIGH * (self.high - value) / ((self.high - self.low) or 1), 1)


def history_picture(facts: TuningFacts) -> Markup:
    """Validation loss after each epoch, the loss that was trained on, and the linear head's across."""
    validation = [(epoch.number, epoch.loss) for epoch in facts.history]
    training = [(epoch.number, epoch.train_loss) for epoch in facts.history if epoch.train_loss is not None]
    axes = _axes([*validation, *training, (0, facts.probe_loss)])
    best = next((point for point in validation if point[0] == facts.best), validation[-1])
    across = axes.y(facts.probe_loss)
    parts = [
        *_grid(axes, "epoch", "log loss"),
        *_ticks(axes, _whole(len(facts.history) - 1), str),
        element("line", x1=_LEFT, y1=across, x2=_LEFT + _WIDE, y2=across, class_="other"),
        element(
            "text", "linear head", x=_LEFT + _WIDE, y=across - 6, text_anchor="end", class_="label strong"
        ),
        element("polyline", points=_joined(training, axes), class_="other"),
        *(
            element("rect", x=axes.x(x) - 3, y=axes.y(y) - 3, width=6, height=6, class_="before")
            for x, y in training
        ),
        element("polyline", points=_joined(validation, axes), class_="curve"),
        *(element("circle", cx=axes.x(x), cy=axes.y(y), r=3.5, class_="after") for x, y in validation),
        element("circle", cx=axes.x(best[0]), cy=axes.y(best[1]), r=8, class_="before"),
    ]
    told = "; ".join(f"epoch {number}: {loss:.3f}" for number, loss in validation)
    return _svg(parts, f"Validation log loss: {told}; linear head {facts.probe_loss:.3f}")


def rates_picture(rates: Sequence[float], losses: Sequence[float], suggested: float) -> Markup:
    """Smoothed loss against the learning rate, logarithmic, with the suggested rate as an upright line."""
    points = [(log10(rate), loss) for rate, loss in zip(rates, losses, strict=True)]
    axes = _axes([*points, (log10(suggested), losses[0])])
    at = axes.x(log10(suggested))
    whole = [float(power) for power in range(ceil(axes.least), floor(axes.most) + 1)]
    parts = [
        *_grid(axes, "learning rate", "training loss"),
        *_ticks(axes, whole, lambda power: f"1e{int(power)}"),
        element("line", x1=at, y1=_TOP, x2=at, y2=_TOP + _HIGH, class_="other"),
        element("polyline", points=_joined(points, axes), class_="curve"),
    ]
    return _svg(parts, f"Loss of the range test; suggested learning rate {suggested:.2g}")


def _axes(points: Sequence[tuple[float, float]]) -> _Axes:
    """Axes whose marks are round numbers, with room for every point."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    span = (max(ys) - min(ys)) or 0.1
    step = _round_up(span / _STEPS)
    low = floor(min(ys) / step) * step
    return _Axes(low, low + step * max(1, ceil((max(ys) - low) / step)), step, min(xs), max(xs))


def _round_up(step: float) -> float:
    """The next of 1, 2 and 5 times a power of ten.

    Example:
        >>> _round_up(0.03), _round_up(0.2)
        (0.05, 0.2)
    """
    power = 10.0 ** floor(log10(step))
    return next(round(times * power, 12) for times in (1, 2, 5, 10) if times * power >= 0.999 * step)


def _grid(axes: _Axes, below: str, beside: str) -> Iterator[Markup]:
    right = _LEFT + _WIDE
    digits = max(0, -floor(log10(axes.step)))
    for number in range(round((axes.high - axes.low) / axes.step) + 1):
        value = axes.low + axes.step * number
        y = axes.y(value)
        yield element("line", x1=_LEFT, y1=y, x2=right, y2=y, class_="grid")
        yield element("text", f"{value:.{digits}f}", x=_LEFT - 8, y=y + 4, text_anchor="end", class_="label")
    middle = _TOP + _HIGH / 2
    yield element(
        "text", below, x=_LEFT + _WIDE / 2, y=_TOP + _HIGH + 40, text_anchor="middle", class_="label strong"
    )
    turned = f"rotate(-90 11 {middle})"
    yield element(
        "text", beside, x=11, y=middle, text_anchor="middle", transform=turned, class_="label strong"
    )


def _ticks(axes: _Axes, values: Sequence[float], written: object) -> Iterator[Markup]:
    bottom = _TOP + _HIGH
    for value in values:
        x = axes.x(value)
        yield element("line", x1=x, y1=bottom, x2=x, y2=bottom + 5, class_="grid")
        yield element("text", written(value), x=x, y=bottom + 20, text_anchor="middle", class_="label")  # type: ignore[operator]


def _whole(most: int) -> list[int]:
    step = max(1, ceil(most / _MOST_TICKS))
    return list(range(0, most + 1, step))


def _joined(points: Sequence[tuple[float, float]], axes: _Axes) -> str:
    return " ".join(f"{axes.x(x)},{axes.y(y)}" for x, y in points)


def _svg(parts: Sequence[Markup], told: str) -> Markup:
    width, height = _LEFT + _WIDE + _RIGHT, _TOP + _HIGH + _BELOW
    return element(
        "svg",
        Markup("").join(parts),
        class_="chart",
        role="img",
        aria_label=told,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )
