"""(figures) -> inline SVG. Pictures hold shapes and numbers only: names stand in the text beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from headstart.report.facts import ReliabilityBin
from headstart.report.text import interval, percent

_SIDE = 280  # of the reliability square
_LEFT, _TOP, _BELOW = 44, 12, 44


def element(name: str, content: str | Markup = "", **attributes: object) -> Markup:
    """One SVG element; `_` in attribute names stands for `-`, a trailing one is dropped.

    Example:
        >>> element("text", "a < b", class_="label", text_anchor="end")
        Markup('<text class="label" text-anchor="end">a &lt; b</text>')
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{escape(content)}</{name}>")  # noqa: S704 - every part is escaped above


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _across(share: float) -> str:
    return f"{100 * share:.2f}%"


def interval_strip(value: float, low: float, high: float, always: float | None) -> Markup:
    """The accuracy and its interval on a line from 0 to 100 %, with the mark of the simplest guess.

    It has no view box: lengths follow the page's width, and letters keep their size on a phone.
    """
    parts = [
        element("rect", x=0, y=26, width="100%", height=10, rx=5, class_="track"),
        element("rect", x=_across(low), y=26, width=_across(high - low), height=10, class_="range"),
        element("circle", cx=_across(value), cy=31, r=7, class_="dot"),
        _text(interval(low, high), (low + high) / 2, 14, "strong"),
    ]
    parts += [_text(percent(end), end, 56) for end in (0.0, 1.0) if always is None or abs(end - always) > 0.3]
    if always is not None:
        x = _across(always)
        parts.append(element("line", x1=x, y1=21, x2=x, y2=42, class_="mark"))
        parts.append(_text(percent(always), always, 56))
    label = f"Accuracy {percent(value)}, 95 % interval {interval(low, high)}"
    if always is not None:
        label += f"; always giving the largest class would score {percent(always)}"
    return element(
        "svg", _joined(parts), class_="strip", role="img", aria_label=label, width="100%", height=62
    )


def _text(words: str, share: float, y: int, css: str = "") -> Markup:
    anchor = "start" if share < 0.12 else "end" if share > 0.88 else "middle"
    return element("text", words, x=_across(share), y=y, text_anchor=anchor, class_=f"label {css}".strip())


def bar(share: float) -> Markup:
    """A small bar beside the number that it repeats."""
    parts = [
        element("rect", width="100%", height="100%", class_="track"),
        element("rect", width=_across(share), height="100%", class_="fill"),
    ]
    return element("svg", _joined(parts), class_="bar", aria_hidden="true", width="100%", height=6)


def reliability_picture(after: Sequence[ReliabilityBin], before: Sequence[ReliabilityBin] = ()) -> Markup:
    """Stated probability against share of right answers; on the diagonal they agree.

    After calibration: filled circles with a line. Before: open diamonds.
    """
    width, height = _LEFT + _SIDE + 14, _TOP + _SIDE + _BELOW
    largest = max((entry.photos for entry in (*after, *before)), default=1)
    parts = [
        *_axes(),
        element(
            "polyline", points=" ".join(f"{_x(b.confidence)},{_y(b.right)}" for b in after), class_="curve"
        ),
        *(_diamond(entry, largest) for entry in before),
        *(_circle(entry, largest) for entry in after),
    ]
    return element(
        "svg",
        _joined(parts),
        class_="reliability",
        role="img",
        aria_label=_summary(after),
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _summary(bins: Sequence[ReliabilityBin]) -> str:
    told = "; ".join(
        f"said {percent(b.confidence, digits=0)}, right {percent(b.right, digits=0)}, {b.photos} photos"
        for b in bins
    )
    return f"Reliability after calibration: {told}"


def _x(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)


def _axes() -> Iterable[Markup]:
    for step in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield element("line", x1=_x(0), y1=_y(step), x2=_x(1), y2=_y(step), class_="grid")
        yield element("line", x1=_x(step), y1=_y(0), x2=_x(step), y2=_y(1), class_="grid")
        number = f"{step * 100:.0f}"
        yield element("text", number, x=_x(0) - 8, y=_y(step) + 4, text_anchor="end", class_="label")
        yield element("text", number, x=_x(step), y=_y(0) + 18, text_anchor="middle", class_="label")
    yield element("line", x1=_x(0), y1=_y(0), x2=_x(1), y2=_y(1), class_="ideal")
    yield element("text", "said, %", x=_x(0.5), y=_y(0) + 38, text_anchor="middle", class_="label strong")
    turned = f"rotate(-90 11 {_y(0.5)})"
    yield element(
        "text", "right, %", x=11, y=_y(0.5), text_anchor="middle", transform=turned, class_="label strong"
    )


def _radius(photos: int, largest: int) -> float:
    return round(3.5 + 6 * math.sqrt(photos / largest), 1)


def _circle(entry: ReliabilityBin, largest: int) -> Markup:
    r = _radius(entry.photos, largest)
    return element("circle", cx=_x(entry.confidence), cy=_y(entry.right), r=r, class_="after")


def _diamond(entry: ReliabilityBin, largest: int) -> Markup:
    x, y, r = _x(entry.confidence), _y(entry.right), _radius(entry.photos, largest)
    corners = f"{x},{y - r:.1f} {x + r:.1f},{y} {x},{y + r:.1f} {x - r:.1f},{y}"
    return element("polygon", points=corners, class_="before")
