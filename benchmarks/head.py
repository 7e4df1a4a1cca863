"""Our linear head beside scikit-learn's LogisticRegressionCV and a loop of torch: seconds at equal loss.

Each fit runs in a process of its own, the sides take turns, and the median of the rounds counts.
Scikit-learn chooses among the same strengths on the same folds. `equal loss` is how long a peer took to come
within 1 % of our loss on rows that nobody learned from; `never` where it did not. A peer that takes longer
than --cap is ended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from at_hand import load_all
from head_rows import Problem, real, synthetic
from head_sides import SIDES
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.images.names import counted
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.rows import open_store
from tables import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BACKBONE = "timm:mobilenetv2_100@slim"
DATA_SETS = ("cats-vs-dogs", "pets-37")
SIZES = ("600x1280x2", "3000x1280x37", "25000x1280x37")
OURS = "headstart"
ROUNDS, CAP = 3, 120.0


def parse_size(text: str) -> tuple[int, int, int]:
    """Read `photos x features x classes`.

    Example:
        >>> parse_size("600x1280x2")
        (600, 1280, 2)
    """
    parts = text.split("x")
    if len(parts) != 3 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"--sizes has {text!r}; expected photos x features x classes, such as {SIZES[0]}")
    photos, width, classes = (int(part) for part in parts)
    if classes < 2 or photos < 10 * classes:
        raise UsageError(f"--sizes has {text!r}; expected 2 classes or more, and 10 photos or more of each")
    return photos, width, classes


def run_side(side: str, file: Path, target: float | None, cap: float) -> dict[str, Any] | None:
    """Fit in a process of its own; None where it took longer than `cap` seconds."""
    command = [sys.executable, str(Path(__file__).with_name("head_sides.py")), side, str(file)]
    try:
        done = subprocess.run(
            [*command, *([] if target is None else [repr(target)])],
            capture_output=True,
            check=True,
            text=True,
            timeout=cap,
        )
    except subprocess.TimeoutExpired:
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(
    problem: Problem, folder: Path, *, sides: Sequence[str], rounds: int, cap: float
) -> dict[str, Any]:
    """Let the sides take turns on a problem; JSON values, the first side ours."""
    file = folder / "problem.npz"
    problem.save(file)
    runs: dict[str, list[dict[str, Any] | None]] = {side: [] for side in sides}
    target = None
    for _ in range(rounds):
        for side, found in runs.items():
            if None in found:  # too slow once is too slow
                continue
            note(f"{problem.name} {problem.size}: {side}")
            found.append(run_side(side, file, target, cap))
            if side == OURS and found[-1] is not None:
                target = found[-1]["loss"]
    return {
        "problem": problem.name,
        "size": problem.size,
        "sides": with_ratios({side: summary(found, cap) for side, found in runs.items()}),
    }


def summary(runs: Sequence[dict[str, Any] | None], cap: float) -> dict[str, Any]:
    """The median round; without figures where the cap ended one.

    Example:
        >>> summary([{"seconds": 3.0, "loss": 0.5, "accuracy": 0.9, "reached": 2.0}, None], cap=10)
        {'more_than': 10}
    """
    done = [run for run in runs if run is not None]
    if len(done) < len(runs) or not done:
        return {"more_than": cap}
    reached = [run["reached"] for run in done if run.get("reached") is not None]
    return {
        "seconds": median(run["seconds"] for run in done),
        "loss": median(run["loss"] for run in done),
        "accuracy": median(run["accuracy"] for run in done),
        "reached": median(reached) if len(reached) == len(done) else None,
    }


def with_ratios(sides: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add how many times our seconds each peer took; for an ended one, at least how many."""
    ours = sides[OURS].get("seconds")
    return {
        side: {**each, "ratio": each.get("seconds", each.get("more_than")) / ours if ours else None}
        for side, each in sides.items()
    }


def head_table(results: Sequence[dict[str, Any]]) -> Table:
    """A line for each side of each problem."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rows")
    table.add_column("side")
    for heading in ("seconds", "x ours", "loss", "accuracy", "equal loss"):
        table.add_column(heading, justify="right")
    for result in results:
        for side, each in result["sides"].items():
            table.add_row(f"{result['problem']} {result['size']}", side, *_cells(side, each))
    return table


def _cells(side: str, each: dict[str, Any]) -> list[str]:
    ratio = "-" if each["ratio"] is None else f"{each['ratio']:.1f}"
    if "more_than" in each:
        return [f"> {each['more_than']:g}", f"> {ratio}", "-", "-", "-"]
    reached = "never" if each["reached"] is None else f"{each['reached']:.2f}"
    equal = "" if side == OURS else reached
    return [f"{each['seconds']:.2f}", ratio, f"{each['loss']:.4f}", f"{each['accuracy']:.3f}", equal]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        results = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"head.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json({"results": results, "cap": options.cap, "rounds": options.rounds})
        return 0
    show(head_table(results))
    cores = counted(os.cpu_count() or 1, "core")
    say(f"median of {counted(options.rounds, 'round')} in turns; {cores}; a fit may take {options.cap:g} s")
    return 0


def _run(options: argparse.Namespace) -> list[dict[str, Any]]:
    if options.rounds < 1 or options.cap <= 0:
        raise UsageError(f"--rounds {options.rounds} --cap {options.cap:g}; expected 1 or more, above 0")
    sizes = [parse_size(text) for text in options.sizes]
    sides = dict.fromkeys((OURS, *options.sides))
    with tempfile.TemporaryDirectory() as folder:
        return [
            compare(problem, Path(folder), sides=list(sides), rounds=options.rounds, cap=options.cap)
            for problem in _problems(options, sizes)
        ]


def _problems(options: argparse.Namespace, sizes: Sequence[tuple[int, int, int]]) -> Iterator[Problem]:
    """Real rows where photos and weights are there, then those of the sizes asked for."""
    if options.data is not None:
        home = Home.find(options.home)
        backbones, left_out = load_all([BACKBONE], home)
        note(*(f"left out: {line}" for line in left_out))
        for backbone in backbones.values():
            with PhotoReader() as reader, open_store(home) as store:
                yield from real(options.data, backbone, store=store, reader=reader, names=DATA_SETS)
    for size in sizes:
        yield synthetic(*size)


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    parser = argparse.ArgumentParser(prog="head.py", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(assets, "data") if assets else None, help="the photos"
    )
    parser.add_argument(
        "--home", type=Path, help="weights and rows (else HEADSTART_HOME, else the platform's)"
    )
    parser.add_argument("--sizes", nargs="*", default=SIZES, metavar="NxDxC", help="of synthetic rows")
    parser.add_argument(
        "--sides", nargs="+", default=["scikit-learn", "torch"], choices=list(SIDES), help="beside ours"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the median counts")
    parser.add_argument("--cap", type=float, default=CAP, help="seconds after which a fit is ended")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
