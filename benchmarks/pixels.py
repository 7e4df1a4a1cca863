"""Walks along the gradient to the pixels: steps a second beside secml-torch, Foolbox and a loop of torch.

The sides take turns on the same network, photos and number of steps; the median of the rounds counts. A step
of an attack is one gradient of one photo. Ours works on photos one by one, a thread each, so that no result
depends on the others; the peers take them as one batch, with all threads. `loss` shows that the sides came
equally far.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from alternating import alternating
from at_hand import load_all
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.images.names import counted
from headstart.storage.home import Home
from pixel_sides import ATTACKS, IDEALS, problem
from tables import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from headstart.backbones.base import Backbone
    from pixel_sides import Problem

# Random weights cost what trained ones do, and are there everywhere.
NETWORKS = ("torchvision:squeezenet1_1@random", "timm:mobilenetv2_100@random")
OURS = "headstart"
ROUNDS, STEPS, PHOTOS = 5, 10, 8


def compare(
    backbone: Backbone, *, sides: Sequence[str], photos: int, steps: int, rounds: int
) -> list[dict[str, Any]]:
    """Let the sides take turns on a network; JSON values, an entry for each side of each job."""
    asked = problem(backbone, photos, steps)
    chosen = {name: ATTACKS[name] for name in ATTACKS if name in (OURS, *sides)}
    drawn = {name: IDEALS[name] for name in IDEALS if name in (OURS, *sides)}
    return [
        *_timed(backbone.spec.name, "PGD", asked, chosen, rounds=rounds, walks=photos),
        *_timed(backbone.spec.name, "ideal", asked, drawn, rounds=rounds, walks=1),
    ]


def _timed(
    network: str,
    job: str,
    asked: Problem,
    sides: Mapping[str, Callable[[Problem], Tensor]],
    *,
    rounds: int,
    walks: int,
) -> list[dict[str, Any]]:
    found: dict[str, Tensor] = {}

    def keep(name: str) -> None:
        found[name] = sides[name](asked)

    note(f"{network}: {job}")
    seconds = alternating({name: partial(keep, name) for name in sides}, rounds)
    speeds = {name: walks * asked.steps / each for name, each in seconds.items()}
    return [
        {
            "network": network,
            "job": job,
            "side": name,
            "steps_per_second": speed,
            "ratio": speeds[OURS] / speed,
            "loss": asked.loss(found[name]) if job == "PGD" else None,
        }
        for name, speed in speeds.items()
    ]


def speed_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each side of each job.

    Example:
        >>> row = {"network": "n", "job": "PGD", "side": "s"}
        >>> row |= {"steps_per_second": 3.0, "ratio": 2.0, "loss": None}
        >>> [list(column.cells) for column in speed_table([row]).columns][3:]
        [['3.0'], ['2.00'], ['']]
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("network", "walk", "side"):
        table.add_column(heading)
    for heading in ("steps/s", "ours / its", "loss"):
        table.add_column(heading, justify="right")
    for row in rows:
        loss = "" if row["loss"] is None else f"{row['loss']:.3f}"
        cells = f"{row['steps_per_second']:.1f}", f"{row['ratio']:.2f}", loss
        table.add_row(row["network"], row["job"], row["side"], *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        rows = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"pixels.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json(
            {"results": rows, "rounds": options.rounds, "steps": options.steps, "photos": options.photos}
        )
        return 0
    show(speed_table(rows))
    cores = counted(os.cpu_count() or 1, "core")
    say(
        f"median of {counted(options.rounds, 'round')} in turns, {counted(options.photos, 'photo')}, "
        f"{counted(options.steps, 'step')}; {cores}"
    )
    return 0


def _run(options: argparse.Namespace) -> list[dict[str, Any]]:
    for name in ("rounds", "steps", "photos"):
        if getattr(options, name) < 1:
            raise UsageError(f"--{name} is {getattr(options, name)}; expected 1 or more")
    backbones, left_out = load_all(options.networks, Home.find(options.home))
    note(*(f"left out: {line}" for line in left_out))
    if not backbones:
        raise UsageError(f"none of {', '.join(options.networks)} can be loaded")
    return [
        row
        for backbone in backbones.values()
        for row in compare(
            backbone,
            sides=options.sides,
            photos=options.photos,
            steps=options.steps,
            rounds=options.rounds,
        )
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pixels.py", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), help="with classes of their own")
    parser.add_argument("--home", type=Path, help="weights (else HEADSTART_HOME, else the platform's)")
    parser.add_argument(
        "--sides", nargs="+", default=list(ATTACKS), choices=list(ATTACKS), help="beside ours"
    )
    parser.add_argument("--photos", type=int, default=PHOTOS, help="attacked in one go")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each walk")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
