"""Photos a second from JPEG files to features: headstart beside what people use, and beside its own limit.

Every peer runs in the peers' own environment (`make peers`) as its users run it, reads the same files, and
ends at pooled features. In each round all sides have a turn; medians count, and the ratios of this run. A
peer's clock runs over its steady loop only; ours is the speed that `embed` tells, and the whole call, with
opening the network, stands beside it. The limit is what decoding alone and the engine alone, measured in the
same rounds, leave when they share the processors.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accuracy import fold_accuracy
from embed_rows import limits, medians, parts, rows
from embed_tables import parts_table, sides_table
from headstart.backbones.engines.agreement import agreement
from headstart.backbones.engines.processor import cpu_kind
from headstart.backbones.spec import RANDOM
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.images.names import counted
from headstart.images.reader import PhotoReader, available_cpus
from headstart.storage.home import Home
from headstart.tasks.weights import add_weights
from jpegs import copy_photos
from networks import NETWORKS
from ours import WAYS
from peer import peers_python
from sides import ALONE, Sides, ours, request_for
from tables import show
from turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.features.extract import FeatureTable
    from networks import Network

PHOTOS, ROUNDS = 300, 3
NO_PEERS = "peers: there is no environment for them; make peers"


def compare(
    network: Network, photos: Path, *, home: Home, python: Path | None, peers: Sequence[str], rounds: int
) -> dict[str, Any]:
    """Measure one network on every side, as JSON values.

    Args:
        network: which.
        photos: a folder with a folder of JPEG files for each class.
        home: has the weights, where there are any.
        python: the peers' interpreter; None: ours alone.
        peers: which of `ALONE`.
        rounds: at least 1.
    """
    backbone, entry = network.chosen(home)
    files = sorted(photos.rglob("*.jpg"))
    sides = Sides()
    if python is not None:
        sides.add_peers(python, peers, network, request_for(files, entry, home))
    sides.add_ours(photos, backbone, home)
    with PhotoReader() as reader:
        sides.add_parts(photos, backbone, home, reader)
        turns = in_turns(sides.jobs, rounds, lambda line: note(f"{network.name}, {line}"))
    figures = {name: medians(results) for name, results in turns.results.items()}
    left_out = {**sides.left_out, **turns.failed}
    return {
        "network": network.name,
        "backbone": backbone,
        "photos": len(files),
        "sides": with_quality(rows(figures), sides.tables, learned=not backbone.endswith(f"@{RANDOM}")),
        "limits": limits(figures),
        "parts": parts(figures),
        "left_out": [f"{network.name}, {name}: {why}" for name, why in left_out.items()],
    }


def with_quality(
    found: Sequence[dict[str, Any]], tables: Mapping[str, FeatureTable], *, learned: bool
) -> list[dict[str, Any]]:
    """Add to our rows how good they are: a linear head's accuracy, and the agreement with the first way.

    Args:
        found: from `rows`.
        tables: of our ways.
        learned: whether the weights mean anything; of random ones no accuracy is told.
    """
    reference = next((tables[ours(way)] for way in WAYS if ours(way) in tables), None)
    return [
        {**row, **_quality(tables[row["side"]], reference, learned=learned)}
        if row["side"] in tables and reference is not None
        else row
        for row in found
    ]


def _quality(table: FeatureTable, reference: FeatureTable, *, learned: bool) -> dict[str, Any]:
    cosine = agreement(table.rows, reference.rows).least
    accuracy = asdict(fold_accuracy(table)) if learned and _classes(table) > 1 else None
    return {"cosine": cosine, "accuracy": accuracy}


def _classes(table: FeatureTable) -> int:
    return len({photo.label for photo in table.photos})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        result = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"embed.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json(result)
        return 0
    for network in result["networks"]:
        show(sides_table(network), parts_table(network))
    say(result["conditions"], *(f"left out: {line}" for line in result["left_out"]))
    return 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.data is None:
        raise UsageError("no photos: give --data DIR, or set HEADSTART_ASSETS to the folder that holds data/")
    for name in ("photos", "rounds"):
        if getattr(options, name) < 1:
            raise UsageError(f"--{name} is {getattr(options, name)}; expected 1 or more")
    python = peers_python() if options.peers else None
    found, source = [], options.data
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        home = Home.find(Path(folder, "home"))
        if options.weights is not None:
            add_weights(options.weights, home=home.root)
        for name in options.networks:
            photos = Path(folder, f"photos-{name}")
            _, source = copy_photos(options.data, photos, NETWORKS[name].photos(options.photos))
            found.append(
                compare(
                    NETWORKS[name],
                    photos,
                    home=home,
                    python=python,
                    peers=options.peers,
                    rounds=options.rounds,
                )
            )
    missing = [NO_PEERS] if options.peers and python is None else []
    return {
        "networks": found,
        "left_out": [*missing, *(line for each in found for line in each["left_out"])],
        "conditions": conditions(options.rounds, source),
    }


def conditions(rounds: int, source: Path) -> str:
    """What the figures depend on, in one line."""
    return (
        f"medians of {counted(rounds, 'round')} in turns, photos of {'/'.join(source.parts[-2:])}; "
        f"{cpu_kind()}, {counted(available_cpus(), 'processor')}"
    )


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    manifest = Path(assets, "weights", "manifest.json") if assets else None
    parser = argparse.ArgumentParser(prog="embed.py", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(assets, "data") if assets else None, help="a folder of JPEG photos"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        default=manifest if manifest is not None and manifest.exists() else None,
        help="a manifest of weights; networks without are random",
    )
    parser.add_argument("--photos", type=int, default=PHOTOS, help="at most; heavy networks get a share")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the medians count")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--peers", nargs="*", choices=ALONE, default=list(ALONE), help="none: ours alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
