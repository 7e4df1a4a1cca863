"""What fine-tuning gains over its own linear head, what the gate refuses, and what a start is worth.

For each data set every photo is held out once (five folds): fine-tuning with its defaults and without the
gate, beside the linear head that learned from the same photos, and their difference photo by photo with its
95 % interval. Then learning rates that nobody should choose, and held-out accuracy after each epoch for a
linear head first or an untrained one, the last part or the whole network. It is evidence rather than speed:
about twenty minutes on two cores for MobileNetV2.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError
from headstart.finetune.settings import Tuning
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.rows import open_store
from headstart.tasks.weights import add_weights
from tables import show
from tuning_plot import write_plot
from tuning_sides import FOLDS, Ground, gains, refusals, starts

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKBONE = "timm:mobilenetv2_100@slim"
DATA_SETS = ("pets-37", "ants-bees/train", "aerial", "styles/sketch")
ABSURD = (1e9, 1e3, 1.0, 0.1)


def gains_table(rows: Sequence[tuple[str, dict[str, Any]]], backbone: str) -> Table:
    """Each data set in a line."""
    title = f"{backbone}: defaults, gate off; each photo held out once"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("photos")
    for heading in (
        "linear head",
        "fine-tuned",
        "difference",
        "95 % interval",
        "with gate",
        "passed",
        "a fold",
    ):
        table.add_column(heading, justify="right")
    for name, row in rows:
        gap = row["difference"]
        table.add_row(
            f"{name}, {row['photos']}",
            f"{row['probe']:.3f}",
            f"{row['tuned']:.3f}",
            f"{gap['value']:+.3f}",
            f"{gap['low']:+.3f} to {gap['high']:+.3f}",
            f"{row['gated']:.3f}",
            f"{row['passed']} of {row['folds']}",
            f"{row['seconds']:.0f} s",
        )
    return table


def refusals_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Each learning rate in a line."""
    table = Table(box=box.SIMPLE_HEAD, title="absurd learning rates", title_justify="left")
    for heading in ("learning rate", "validation loss", "linear head's", "accuracy", "gate", "why it ended"):
        table.add_column(heading, justify="right")
    for row in rows:
        verdict = "refused" if row["refused"] else "passed"
        table.add_row(
            f"{row['learning_rate']:g}",
            f"{row['loss']:.3f}",
            f"{row['probe_loss']:.3f}",
            f"{row['accuracy']:.3f}",
            verdict,
            row["stopped"],
        )
    return table


def starts_table(curves: dict[str, list[float]]) -> Table:
    """Each epoch in a column."""
    table = Table(box=box.SIMPLE_HEAD, title="held-out accuracy after each epoch", title_justify="left")
    table.add_column("")
    for epoch in range(max(map(len, curves.values()))):
        table.add_column(str(epoch), justify="right")
    for name, values in curves.items():
        table.add_row(name, *(f"{100 * value:.0f}" for value in values))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        found = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"tuning.py: {explain(error)}\n")
        return UNUSABLE
    if options.plot and found["starts"]:
        title = f"{options.backbone} on {options.starts_on}: right after each epoch"
        write_plot(options.plot, found["starts"], title)
    if options.json:
        print_json(found)
        return 0
    tables = [gains_table(list(found["gains"].items()), options.backbone)] if found["gains"] else []
    tables += [refusals_table(found["refusals"])] if found["refusals"] else []
    tables += [starts_table(found["starts"])] if found["starts"] else []
    show(*tables)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    assets = Path(os.environ.get("HEADSTART_ASSETS", ""))
    parser.add_argument("--data", type=Path, default=assets / "data")
    parser.add_argument("--weights", type=Path, default=assets / "weights" / "manifest.json")
    parser.add_argument("--backbone", default=BACKBONE)
    parser.add_argument("--data-sets", nargs="*", default=list(DATA_SETS))
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--rates-on", default="aerial", help="the data set of the absurd learning rates")
    parser.add_argument("--starts-on", default="aerial", help="the data set of the starts")
    parser.add_argument("--starts-epochs", type=int, default=8)
    parser.add_argument("--plot", type=Path, help="write the starts as one picture to this HTML file")
    parser.add_argument("--json", action="store_true")
    return parser


def _run(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"gains": {}, "refusals": [], "starts": {}}
    with tempfile.TemporaryDirectory() as folder, PhotoReader() as reader:
        home = Home.find(folder)
        if options.weights.is_file():
            add_weights(options.weights, home=home.root)
        with open_store(home) as store:

            def ground(name: str) -> Ground:
                note(name)
                photos = str(options.data / name)
                return Ground.of(photos, options.backbone, Tuning(), home, reader, store)

            for name in options.data_sets:
                found["gains"][name] = gains(ground(name), options.folds)
            if options.rates_on:
                found["refusals"] = refusals(ground(options.rates_on), ABSURD)
            if options.starts_on:
                found["starts"] = starts(ground(options.starts_on), options.starts_epochs)
    return found


if __name__ == "__main__":
    sys.exit(main())
