"""A network's last part, trained on activations that were kept at the cut, beside the plain loop.

Both sides have the same network, settings and loop, and start from the same untrained linear layer; the plain
loop decodes a new view of each photo in each epoch and runs the whole network, the other computes the
activations of a few views once, in the engine that a trial finds. Each side has a home of its own and starts
with nothing known. Held-out photos are measured after each epoch, off the clock; `to TARGET` is how long a
side took to the accuracy that both reach.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from finetune_sides import KEPT, PLAIN, Photos, run
from headstart.backbones.load import load_backbone
from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError
from headstart.finetune.settings import Tuning
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.weights import add_weights
from tables import show
from turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKBONE = "timm:mobilenetv2_100@slim"


def seconds_to(target: float, side: dict[str, Any]) -> float:
    """How long a side took until its held-out accuracy was `target`, on its way through the epochs.

    Example:
        >>> seconds_to(0.9, {"seconds": [1.0, 3.0, 5.0], "accuracy": [0.5, 0.8, 0.95]})
        5.0
    """
    reached = zip(side["seconds"], side["accuracy"], strict=False)
    return next(float(seconds) for seconds, accuracy in reached if accuracy >= target)


def measured(results: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One row for each side: medians over the rounds, and how many times longer than ours."""
    rows = []
    target = min(max(side["accuracy"]) for sides in results.values() for side in sides)
    for name, sides in results.items():
        rows.append(
            {
                "side": name,
                "before": median(side["seconds"][0] for side in sides),
                "epoch": median(
                    (side["seconds"][-1] - side["seconds"][0]) / (len(side["seconds"]) - 1) for side in sides
                ),
                "all": median(side["seconds"][-1] for side in sides),
                "target": target,
                "to_target": median(seconds_to(target, side) for side in sides),
                "best": median(max(side["accuracy"]) for side in sides),
                "last": median(side["accuracy"][-1] for side in sides),
            }
        )
    ours = next(row for row in rows if row["side"] == KEPT)
    return [
        {**row, "ratio": row["all"] / ours["all"], "ratio_to_target": row["to_target"] / ours["to_target"]}
        for row in rows
    ]


def table_of(rows: Sequence[dict[str, Any]], title: str) -> Table:
    """The rows for people."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    target = rows[0]["target"]
    headings = ("before", "an epoch", "in all", "ratio", f"to {target:.3f}", "ratio", "best", "last")
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["side"],
            f"{row['before']:.1f} s",
            f"{row['epoch']:.2f} s",
            f"{row['all']:.1f} s",
            f"x {row['ratio']:.2f}",
            f"{row['to_target']:.1f} s",
            f"x {row['ratio_to_target']:.2f}",
            f"{row['best']:.3f}",
            f"{row['last']:.3f}",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    assets = os.environ.get("HEADSTART_ASSETS", "")
    parser.add_argument("--data", default=str(Path(assets, "data", "cats-vs-dogs")), help="train/ and test/")
    parser.add_argument("--weights", default=str(Path(assets, "weights", "manifest.json")))
    parser.add_argument("--backbone", default=BACKBONE, help="one of the manifest, pocket, or …@random")
    parser.add_argument("--epochs", type=int, default=Tuning().epochs)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        results = _run(asked)
    except HeadstartError as error:
        sys.stderr.write(f"finetune.py: {explain(error)}\n")
        return UNUSABLE
    rows = measured(results)
    if asked.json:
        print_json({"backbone": asked.backbone, "epochs": asked.epochs, "sides": rows})
        return 0
    part = next(iter(results.values()))[0]
    title = f"{asked.backbone}, from {part['part']} on ({part['share']:.0%}), {asked.epochs} epochs"
    show(table_of(rows, title))
    return 0


def _run(asked: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    tuning = Tuning(epochs=asked.epochs, patience=None, learning_rate=1e-3)
    with tempfile.TemporaryDirectory() as folder, PhotoReader() as reader:
        known = Home.find(Path(folder, "known"))
        if Path(asked.weights).is_file():
            add_weights(asked.weights, home=known.root)
        backbone = load_backbone(asked.backbone, home=known, offline=True)
        photos = Photos.read(str(Path(asked.data, "train")), str(Path(asked.data, "test")), reader)
        places = iter(Home.find(Path(folder, f"home-{number}")) for number in range(2 * asked.rounds))
        jobs = {
            side: lambda side=side: run(side, photos, backbone, tuning, reader, next(places))
            for side in (KEPT, PLAIN)
        }
        turns = in_turns(jobs, asked.rounds, note)
    for name, why in turns.failed.items():
        note(f"{name}: {why}")
    return turns.results


if __name__ == "__main__":
    sys.exit(main())
