"""(held-out accuracy after each epoch) => one page with every start in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.report.page import style
from headstart.report.tricks import Line
from headstart.report.tricks_charts import accuracy_picture, key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


LEAST = 0.7
"""Shares below this are left out: an untrained head begins at chance, which would press all else together."""


def write_plot(path: Path, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """Write the page.

    Args:
        path: of the HTML file.
        curves: up to five, from epoch 0 on.
        title: what was trained on what.
    """
    shown = {name: [value if value >= LEAST else None for value in curves[name]] for name in curves}
    lines = [Line(name, values, values, values) for name, values in shown.items()]
    legend = "".join(f"<li>{key(number)} {line.name}</li>" for number, line in enumerate(lines))
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>How a network starts</title>'
        f"<style>{style()['css']}</style><main><section><h2>{title}</h2><figure>{accuracy_picture(lines)}"
        f'<ul class="legend">{legend}</ul><figcaption>Below {LEAST:.0%} nothing is drawn: an untrained head '
        "begins at chance.</figcaption></figure></section></main></html>"
    )
    path.write_text(page, encoding="utf-8")
