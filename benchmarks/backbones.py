"""The networks at hand, side by side: how good our linear head is on each, and how fast each runs.

Accuracy is that of a linear head, on test photos where the data set has some and by five folds otherwise.
Speed is the median of rounds in which the networks take turns, each in f32 on the engine that is best for
it: on a busy machine the ratios to the reference mean more than the figures. Rows are kept in the home's
store, so that a second run is quick.
"""

from __future__ import annotations

import argparse
import os
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accuracy import accuracy_on, archive_accuracy, fold_accuracy, folder_accuracy
from at_hand import load_all, names_at_hand
from headstart.backbones.engines.engine import EngineChoice
from headstart.backbones.engines.processor import cpu_kind
from headstart.backbones.registry import parse_name
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.progress import progress_for_stderr
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.features.choosing import ByTrial
from headstart.features.extract import extract
from headstart.images.names import counted
from headstart.images.reader import PhotoReader, available_cpus
from headstart.storage.home import Home
from headstart.tasks.rows import open_store
from labelled import DATA_SETS, find_labelled
from speed import PHOTOS, photos_per_second
from tables import heads_table, networks_table, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accuracy import Accuracy
    from headstart.backbones.base import Backbone
    from headstart.features.choosing import Choosing
    from headstart.features.extract import FeatureTable
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed
    from labelled import Labelled

REFERENCE = "timm:mobilenetv2_100@slim"
IMAGENET, TINY_IMAGENET = "imagenet-sample", "tiny-imagenet/val.zip"
ROUNDS = 9


@dataclass(frozen=True)
class Bench:
    """What the accuracies rest on.

    Attributes:
        data: the data folder.
        sets: the labelled photos in it.
        reader: decodes them.
        store: keeps their rows.
        choosing: finds the engine of each network.
    """

    data: Path
    sets: Sequence[Labelled]
    reader: PhotoReader
    store: FeatureStore
    choosing: Choosing

    def heads(self, backbone: Backbone) -> dict[str, Accuracy]:
        """Measure a linear head on each data set."""
        found = {}
        for each in self.sets:
            learn, test = self._rows(backbone, each.learn), each.test
            found[each.name] = (
                accuracy_on(learn, self._rows(backbone, test)) if test else fold_accuracy(learn)
            )
        return found

    def own_classes(self, backbone: Backbone) -> dict[str, Accuracy]:
        """Measure the network's own answers, where there are photos of exactly its classes."""
        folder, archive = self.data / IMAGENET, self.data / TINY_IMAGENET
        found: dict[str, Accuracy | None] = {}
        if folder.is_dir():
            found[IMAGENET] = folder_accuracy(backbone, folder, store=self.store, reader=self.reader)
        if zipfile.is_zipfile(archive):
            found[TINY_IMAGENET] = archive_accuracy(backbone, archive)
        return {name: each for name, each in found.items() if each is not None}

    def describe(self, backbone: Backbone) -> dict[str, Any]:
        """Give what a network is and how often it is right, as JSON values."""
        spec, resize = backbone.spec, backbone.spec.preprocessing.resize
        note(f"{spec.name}: features and heads")
        return {
            "backbone": spec.name,
            "parameters": spec.parameters,
            "megabytes": len(backbone.weights()) / 1e6,
            "input": [resize.height, resize.width],
            "accuracy": {name: asdict(each) for name, each in self.heads(backbone).items()},
            "own_classes": {name: asdict(each) for name, each in self.own_classes(backbone).items()},
        }

    def _rows(self, backbone: Backbone, photos: Sequence[Hashed]) -> FeatureTable:
        progress = progress_for_stderr()
        return extract(
            photos, backbone, store=self.store, reader=self.reader, engine=self.choosing, progress=progress
        )


def compare(
    data: Path, backbones: Mapping[str, Backbone], *, reference: str, home: Home, rounds: int = ROUNDS
) -> dict[str, Any]:
    """Measure networks on everything that is there, as JSON values.

    Args:
        data: the data folder.
        backbones: by full name, at least one.
        reference: the name of the one that ratios are to; without it there are none.
        home: where rows are kept.
        rounds: of the speeds.

    Raises:
        UsageError: the folder has none of the data sets.
    """
    with PhotoReader() as reader, open_store(home) as store:
        sets, left_out = find_labelled(data, reader, progress_for_stderr())
        if not sets:
            known = ", ".join(each.name for each in DATA_SETS)
            raise UsageError(
                f"{str(data)!r} has no data set; expected one or more of {known}: give --data DIR"
            )
        choosing = ByTrial(home, EngineChoice(precision="f32"))
        bench = Bench(data, sets, reader, store, choosing)
        rows = [bench.describe(each) for each in backbones.values()]
        note("photos a second, in turns")
        speeds = photos_per_second(backbones, sets[0].learn, reader, choosing, rounds=rounds)
    left_out += [
        f"{name}: it is not in {data}" for name in (IMAGENET, TINY_IMAGENET) if not (data / name).exists()
    ]
    return {
        "reference": reference,
        "rows": with_ratios(
            [{**row, "photos_per_second": speeds[row["backbone"]]} for row in rows], reference
        ),
        "left_out": left_out,
        "conditions": conditions(rounds),
    }


def with_ratios(rows: Sequence[dict[str, Any]], reference: str) -> list[dict[str, Any]]:
    """Add to each row its accuracies and speeds by those of the reference's row, where there is one."""
    base = next((row for row in rows if row["backbone"] == reference), None)
    if base is None:
        return [{**row, "accuracy_ratio": {}, "speed_ratio": {}} for row in rows]
    return [
        {
            **row,
            "accuracy_ratio": ratios(_values(row), _values(base)),
            "speed_ratio": ratios(row["photos_per_second"], base["photos_per_second"]),
        }
        for row in rows
    ]


def _values(row: dict[str, Any]) -> dict[str, float]:
    return {name: each["value"] for name, each in row["accuracy"].items()}


def ratios(values: Mapping[str, float], base: Mapping[str, float]) -> dict[str, float]:
    """Each value by the one of the same name in `base`, where that is there and not 0."""
    return {name: value / base[name] for name, value in values.items() if base.get(name)}


def conditions(rounds: int) -> str:
    """What the speeds depend on, in one line."""
    return (
        f"median of {rounds} rounds in turns, {PHOTOS} photos each; {cpu_kind()}, "
        f"{counted(available_cpus(), 'thread')}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        result = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"backbones.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json(result)
        return 0
    show(networks_table(result["rows"]), heads_table(result["rows"]))
    say(f"x: by {result['reference']}; speed: {result['conditions']}")
    say(*(f"left out: {line}" for line in result["left_out"]))
    return 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.data is None:
        raise UsageError(
            "no data folder: give --data DIR, or set HEADSTART_ASSETS to the folder that holds data/"
        )
    if options.rounds < 1:
        raise UsageError(f"--rounds is {options.rounds}; expected 1 or more")
    home = Home.find(options.home)
    for name in (*(options.backbones or ()), options.reference):
        parse_name(name)
    peer, _ = load_all([options.reference], home)
    names = names_at_hand(home) if options.backbones is None else options.backbones
    backbones, left_out = load_all([options.reference, *names], home)
    if not backbones:
        raise UsageError(
            f"{str(home.root)!r} has no weights; expected those of a network: headstart weights add"
        )
    reference = next(iter(peer), options.reference)
    result = compare(options.data, backbones, reference=reference, home=home, rounds=options.rounds)
    return {**result, "left_out": [*left_out, *result["left_out"]]}


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    parser = argparse.ArgumentParser(prog="backbones.py", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(assets, "data") if assets else None, help="the photos"
    )
    parser.add_argument(
        "--backbones", nargs="+", metavar="NAME", help="instead of all whose weights are there"
    )
    parser.add_argument(
        "--reference", default=REFERENCE, metavar="NAME", help="what the others are compared with"
    )
    parser.add_argument(
        "--home", type=Path, help="weights and rows (else HEADSTART_HOME, else the platform's)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the median speed counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
