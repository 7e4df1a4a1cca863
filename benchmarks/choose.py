"""`choose` with twenty networks beside five: photos through networks, and seconds.

The five are those whose weights are there and random ones; the twenty are the five and fifteen more random
networks of small architectures, which have learned nothing and ought to drop out early. Each side has a home
of its own and runs twice: the first time every network is converted and its engine chosen by trial; for the
second, kept features are thrown away, so that it costs what the photos cost.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from headstart.cli.output import UNUSABLE, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.storage.home import Home
from headstart.tasks.choose import choose
from headstart.tasks.weights import add_weights
from tables import show

if TYPE_CHECKING:
    from collections.abc import Sequence

RANDOM = (
    "squeezenet1_0",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "mobilenet_v2",
    "mnasnet0_5",
    "mnasnet0_75",
    "mnasnet1_0",
    "squeezenet1_1",
    "resnet18",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "efficientnet_b0",
    "timm:mobilenetv3_small_050",
    "timm:lcnet_050",
    "timm:tinynet_e",
    "timm:mobilenetv3_small_100",
    "timm:tf_efficientnet_lite0",
)
FEW, MANY = 5, 20
_FEATURES = "features.sqlite*"


def networks(learned: Sequence[str], count: int) -> list[str]:
    """So many networks, those that have learned something first.

    Example:
        >>> networks(["pocket"], 3)
        ['pocket', 'squeezenet1_0@random', 'shufflenet_v2_x0_5@random']
    """
    return [*learned, *(f"{name}@random" for name in RANDOM)][:count]


def compare(photos: Path, count: int, manifest: Path | None) -> dict[str, Any]:
    """Choose among so many networks, twice, in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        learned = ["pocket"]
        if manifest is not None:
            learned += add_weights(manifest, home=home.root).added
        names = networks(learned, count)
        runs = []
        for _ in range(2):
            for file in home.features.glob(_FEATURES):
                file.unlink()
            began = time.perf_counter()
            facts = choose(photos, backbones=names, home=home.root).to_json()
            runs.append(time.perf_counter() - began)
    return {
        "photos": facts["photos"]["used"],
        "networks": len(names),
        "learned": len(learned),
        "stages": facts["halving"]["stages"],
        "photos_through_networks": facts["halving"]["photos_through_networks"],
        "without_halving": facts["halving"]["without_halving"],
        "on_all_photos": sum(row["all_photos"] for row in facts["ranking"]) - 1,
        "chosen": facts["chosen"],
        "seconds": {"first": runs[0], "known": runs[1]},
        "scores": facts["scores"],
        "ranking": [(row["backbone"], row["accuracy"]["value"]) for row in facts["ranking"]],
    }


def halving_table(results: Sequence[tuple[str, dict[str, Any], dict[str, Any]]]) -> Table:
    """Both sides of each data set, the larger as a multiple of the smaller."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("photos")
    for heading in ("networks", "through networks", "without halving", "first, s", "networks known, s"):
        table.add_column(heading, justify="right")
    for name, few, many in results:
        for side in (few, many):
            table.add_row(
                f"{name}, {side['photos']}",
                str(side["networks"]),
                f"{side['photos_through_networks']:,}",
                f"{side['without_halving']:,}",
                *(f"{side['seconds'][run]:.1f}" for run in ("first", "known")),
            )
        table.add_row(
            "ratio",
            "",
            f"{many['photos_through_networks'] / few['photos_through_networks']:.2f}",
            f"{many['without_halving'] / few['without_halving']:.2f}",
            *(f"{many['seconds'][run] / few['seconds'][run]:.2f}" for run in ("first", "known")),
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        results = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"choose.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json({"results": [{"name": name, "few": few, "many": many} for name, few, many in results]})
        return 0
    show(halving_table(results))
    for name, few, many in results:
        say(f"{name}: of {few['networks']} chosen {few['chosen']}, of {many['networks']} {many['chosen']}")
        for score in many["scores"]:
            say(f"  {score['score']}: tau {score['tau']:.2f} over {score['networks']} networks")
    return 0


def _run(options: argparse.Namespace) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    if options.data is None:
        raise UsageError("there are no photos; give --data FOLDER, or set HEADSTART_ASSETS")
    if not 1 <= options.few < options.many <= len(RANDOM) + 1:
        raise UsageError(
            f"--few {options.few} --many {options.many}; expected fewer than many, at most {len(RANDOM) + 1}"
        )
    manifest = options.data.parent / "weights" / "manifest.json"
    weights = manifest if manifest.is_file() else None
    return [
        (name, *(compare(options.data / name, count, weights) for count in (options.few, options.many)))
        for name in options.photos
    ]


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    parser = argparse.ArgumentParser(prog="choose.py", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(assets, "data") if assets else None, help="folder of data sets"
    )
    parser.add_argument(
        "--photos", nargs="+", default=["cats-vs-dogs/train", "pets-37"], help="data sets in it"
    )
    parser.add_argument("--few", type=int, default=FEW, help="networks of the one side")
    parser.add_argument("--many", type=int, default=MANY, help="networks of the other")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
