"""Labels that `headstart ask` saves against random choice, and what other published rules do.

Each run begins with a label or two a class at random, asks for a batch, learns headstart's linear head again,
and so on; accuracy is that on photos held out from all of it. Every rule begins with the same labels, several
times over. Labels saved: the share of the budget that a rule does not need for the accuracy that random
choice reaches with all of it; where curves are flat random choice itself saves some, as its row says.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table

from ask_rules import RULES
from ask_sides import Ground, beside_random, counts, curve, ground_of
from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.rows import open_store
from headstart.tasks.weights import add_weights
from labelled import find_labelled
from tables import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BACKBONES = ("timm:mobilenetv2_100@slim", "pocket")
DATA_SETS = ("cats-vs-dogs", "pets-37", "aerial")
USUAL = ("headstart", "random", "margin", "BADGE")
SEEDS = 10
_SHOWN = 6  # points of a curve in a table
_MOST = 20  # labels a class
_POOL = 0.75  # of the photos that may be asked about: with all of them every rule ends the same


def plan(photos: int, classes: int, start: int) -> tuple[int, int]:
    """Labels a batch and in the end: 20 a class in ten batches, or fewer where photos are few.

    Example:
        >>> plan(400, 2, 1), plan(294, 7, 1), plan(259, 37, 1)
        ((4, 40), (14, 140), (37, 194))
    """
    budget = min(_MOST * classes, int(_POOL * photos))
    if budget <= start * classes:
        raise UsageError(f"{photos} photos of {classes} classes are too few to ask about")
    return max(classes, budget // 10), budget


def measure(ground: Ground, rules: Sequence[str], *, start: int, seeds: int) -> dict[str, Any]:
    """Run every rule with every seed on one data set and network."""
    batch, budget = plan(len(ground.keys), ground.classes, start)
    curves: dict[str, NDArray[np.floating]] = {
        name: np.array(
            [
                curve(ground, RULES[name], start=start, batch=batch, budget=budget, seed=seed)
                for seed in range(seeds)
            ]
        )
        for name in rules
    }
    labels = counts(ground.classes, start, batch, budget)
    found = beside_random(labels, curves)
    size = {"photos": len(ground.keys), "test": len(ground.test_codes), "classes": ground.classes}
    return {**size, "labels": labels, "batch": batch, "seeds": seeds, "rules": found}


def verdict(found: dict[str, Any]) -> str:
    """What a data set shows of our own rule, in a sentence.

    Example:
        >>> lead = {"value": 0.01, "low": -0.01, "high": 0.02}
        >>> verdict({"rules": {"headstart": {"lead": lead, "saved": {}}}})
        'no gain over random choice beyond the noise'
    """
    ours = found["rules"]["headstart"]
    if ours["lead"]["low"] > 0:
        points = f"{100 * ours['lead']['value']:+.1f} points"
        return f"a gain: {points} over random choice, labels saved {_saved(ours)}"
    if ours["lead"]["high"] < 0:
        return f"a loss: {100 * ours['lead']['value']:+.1f} points against random choice"
    return "no gain over random choice beyond the noise"


def curves_table(name: str, backbone: str, found: dict[str, Any]) -> Table:
    """Each rule in a line, the best lead first."""
    title = (
        f"{name}, {backbone}: {found['photos']} photos to ask about in batches of {found['batch']}, "
        f"{found['test']} to judge, {found['seeds']} seeds; {verdict(found)}"
    )
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("accuracy, % with so many labels")
    labels = found["labels"]
    shown = sorted({round(at) for at in np.linspace(0, len(labels) - 1, _SHOWN)})
    for heading in (*(str(labels[at]) for at in shown), "lead, points", "labels saved"):
        table.add_column(heading, justify="right")
    for rule, row in sorted(found["rules"].items(), key=lambda pair: -pair[1]["lead"]["value"]):
        lead = row["lead"]
        gap = f"{100 * lead['value']:+.1f} ({100 * lead['low']:+.1f} to {100 * lead['high']:+.1f})"
        points = (f"{100 * row['accuracy'][at]:.1f}" for at in shown)
        table.add_row(rule, *points, "" if rule == "random" else gap, _saved(row))
    return table


def _saved(row: dict[str, Any]) -> str:
    saved = row["saved"]
    low = "none" if saved["low"] is None or saved["low"] < 0 else f"{100 * saved['low']:.0f}"
    high = "none" if saved["high"] is None else f"{100 * saved['high']:.0f}"
    value = "none" if saved["value"] is None else f"{100 * saved['value']:.0f} %"
    return f"{value} ({low} to {high})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        found = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"ask.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json({"backbones": found})
        return 0
    show(
        *(curves_table(name, backbone, row) for backbone, sets in found.items() for name, row in sets.items())
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    assets = Path(os.environ.get("HEADSTART_ASSETS", ""))
    parser.add_argument("--data", type=Path, default=assets / "data")
    parser.add_argument("--weights", type=Path, default=assets / "weights" / "manifest.json")
    parser.add_argument("--home", type=Path, help="keeps features; else a folder that is removed")
    parser.add_argument("--backbones", nargs="*", default=list(BACKBONES))
    parser.add_argument("--data-sets", nargs="*", default=list(DATA_SETS))
    parser.add_argument("--rules", nargs="*", default=list(USUAL), help=f'"all", or of: {", ".join(RULES)}')
    parser.add_argument("--start", type=int, default=1, help="labels a class to begin with")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", action="store_true")
    return parser


def _rules(options: argparse.Namespace) -> list[str]:
    asked = list(RULES) if options.rules == ["all"] else options.rules
    if strange := set(asked) - set(RULES):
        raise UsageError(f"--rules has {min(strange)!r}; expected all, or of: {', '.join(RULES)}")
    if options.seeds < 2 or options.start < 1:
        raise UsageError(
            f"--seeds {options.seeds} --start {options.start}: at least 2 seeds and 1 label are needed"
        )
    return list(dict.fromkeys(["headstart", "random", *asked]))


def _run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    rules = _rules(options)
    with tempfile.TemporaryDirectory() as folder, PhotoReader() as reader:
        every, missing = find_labelled(options.data, reader)
        data = [each for each in every if each.name in options.data_sets]
        note(*(line for line in missing if line.split(":")[0] in options.data_sets))
        if not data:
            raise UsageError(f"--data {str(options.data)!r} has none of {', '.join(options.data_sets)}")
        home = Home.find(options.home or folder)
        if options.weights.is_file():
            add_weights(options.weights, home=home.root)
        found: dict[str, dict[str, Any]] = {}
        with open_store(home) as store:
            for backbone in options.backbones:
                found[backbone] = {}
                for each in data:
                    note(f"{each.name}, {backbone}")
                    ground = ground_of(each, backbone, home, reader, store)
                    found[backbone][each.name] = measure(
                        ground, rules, start=options.start, seeds=options.seeds
                    )
    return found


if __name__ == "__main__":
    sys.exit(main())
