"""Keras's networks as headstart runs them, on torch and on TensorFlow, beside Keras itself on each.

Each backend has a process of its own, and both take turns; in a process ours and Keras's own take turns too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from tables import show
from turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BACKENDS = ("torch", "tensorflow")
NETWORKS = ("MobileNetV2", "ResNet50", "VGG16")
WHAT = ("pass", "gradient")


def side(backend: str, network: str, passes: int) -> Callable[[], dict[str, float]]:
    """A process that measures one network on one backend."""

    def run() -> dict[str, float]:
        script = Path(__file__).with_name("keras_side.py")
        done = subprocess.run(
            [sys.executable, str(script), network, str(passes)],
            env={**os.environ, "KERAS_BACKEND": backend},
            check=True,
            capture_output=True,
            text=True,
        )
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run


def rows_of(results: dict[tuple[str, str], list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians over the rounds, and how many times longer ours takes than Keras's own.

    Example:
        >>> given = {"ours, pass": 3.0, "Keras, pass": 2.0, "ours, gradient": 8.0, "Keras, gradient": 4.0}
        >>> rows_of({("VGG16", "torch"): [given]})[0]["ratio"]
        {'pass': 1.5, 'gradient': 2.0}
    """
    rows = []
    for (network, backend), rounds in results.items():
        ours, theirs = (
            {what: median(each[f"{who}, {what}"] for each in rounds) for what in WHAT}
            for who in ("ours", "Keras")
        )
        rows.append(
            {
                "network": network,
                "backend": backend,
                "ours_ms": ours,
                "keras_ms": theirs,
                "ratio": {what: ours[what] / theirs[what] for what in WHAT},
            }
        )
    return rows


def table_of(rows: Sequence[dict[str, Any]]) -> Table:
    """For people."""
    table = Table(box=box.SIMPLE_HEAD, title="one photo of 224 px, milliseconds (ratio: ours / Keras's own)")
    for heading in ("network", "backend", *(f"{what}, {who}" for what in WHAT for who in ("ours", "Keras"))):
        table.add_column(heading, justify="left" if heading in ("network", "backend") else "right")
    for row in rows:
        cells = [
            cell
            for what in WHAT
            for cell in (
                f"{row['ours_ms'][what]:.0f} (x {row['ratio'][what]:.2f})",
                f"{row['keras_ms'][what]:.0f}",
            )
        ]
        table.add_row(row["network"], row["backend"], *cells)
    return table


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=3, help="processes for each network and backend")
    parser.add_argument("--passes", type=int, default=9, help="of each kind in a process")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    jobs = {
        f"{network} {backend}": side(backend, network, given.passes)
        for network in given.networks
        for backend in BACKENDS
    }
    turns = in_turns(jobs, given.rounds, told=lambda line: print(line, file=sys.stderr))
    rows = rows_of({(name.split()[0], name.split()[1]): found for name, found in turns.results.items()})
    print(json.dumps(rows)) if given.json else show(table_of(rows))


if __name__ == "__main__":
    main()
