"""How many labels that `headstart doctor` names were changed on purpose, and how many it names of clean sets.

Labels of photos that are drawn at random are changed to another class, in memory; the rows stay. Each network
and set is judged without changes and then several times with others; a set that a network is right on too
rarely (`LEAST_RIGHT`) is left out. Without cleanlab there is nothing to measure.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table

from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.features.extract import extract
from headstart.features.hashing import hash_photos
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.doctoring.labels import Rows, wrong_labels
from headstart.tasks.doctoring.material import scan
from headstart.tasks.rows import Wanted, best_engine, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KINDS = ("wrong_label", "doubtful_label")
SETS = (
    "cats-vs-dogs",
    "cats-vs-dogs/train",
    "ants-bees",
    "aerial",
    "pets-37",
    "styles/photo",
    "styles/cartoon",
    "styles/sketch",
)


def rows_of(folder: Path, backbone: str, home: Home) -> Rows:
    """The rows of all photos of a folder, one for each different content that has one class."""
    source = Wanted.checked(backbone, None, home).open()
    with PhotoReader() as reader, open_store(home) as store:
        hashed, _ = hash_photos(scan(str(folder)).photos, reader, files=store.files)
        classes = Counter(sha for sha, _ in {(each.sha256, each.photo.label) for each in hashed})
        single = [each for each in hashed if classes[each.sha256] == 1]
        engine = best_engine(home, None, None)
        table = extract(single, source, store=store, reader=reader, engine=engine)
    return Rows.of(table, {each.sha256: each.sha256 for each in single})


def changed(rows: Rows, count: int, seed: int) -> tuple[Rows, set[str]]:
    """Give some photos another class; returns their names too."""
    draw = np.random.default_rng(seed)
    classes = sorted({str(label) for label in rows.labels})
    labels = [str(label) for label in rows.labels]
    chosen = [int(at) for at in draw.choice(len(labels), count, replace=False)]
    for at in chosen:
        labels[at] = str(draw.choice([each for each in classes if each != labels[at]]))
    return replace(rows, labels=tuple(labels)), {rows.names[at] for at in chosen}


def measured(rows: Rows, count: int, times: int) -> dict[str, dict[str, int]] | None:
    """For each kind: findings that were changed on purpose, all findings, and those of the clean set."""
    result = {kind: {"right": 0, "listed": 0, "clean": 0} for kind in KINDS}
    for seed in range(-1, times):
        given, wrong = (rows, set[str]()) if seed < 0 else changed(rows, count, seed)
        found, why_not = wrong_labels(given, seed=0)
        if why_not:
            note(why_not)
            return None
        for each in found:
            result[each.kind]["clean" if seed < 0 else "listed"] += 1
            result[each.kind]["right"] += each.files[0] in wrong
    return result


def lines(
    data: Path, backbones: Sequence[str], home: Home, count: int, times: int
) -> Iterator[dict[str, Any]]:
    """One line for each network and set."""
    for backbone in backbones:
        for name in SETS:
            if not (data / name).is_dir():
                note(f"{name} is not there: left out")
                continue
            note(f"{backbone} on {name}")
            found = measured(rows_of(data / name, backbone, home), count, times)
            if found is not None:
                yield {"backbone": backbone, "set": name, "changed": count * times, **found}


def table_of(found: Sequence[dict[str, Any]]) -> Table:
    """The lines as a table, a sum for each network at its end."""
    table = Table(box=box.SIMPLE_HEAD, caption="changed ones / all that were named; named without changes")
    for head in ("network", "photos", "changed", "wrong", "clean", "doubtful", "clean"):
        table.add_column(head, no_wrap=True)
    for backbone in dict.fromkeys(each["backbone"] for each in found):
        own = [each for each in found if each["backbone"] == backbone]
        total: dict[str, Any] = {"set": "all", "changed": sum(each["changed"] for each in own)}
        for kind in KINDS:
            total[kind] = {key: sum(each[kind][key] for each in own) for key in own[0][kind]}
        for each in (*own, total):
            cells = [
                cell
                for kind in KINDS
                for cell in (f"{each[kind]['right']}/{each[kind]['listed']}", str(each[kind]["clean"]))
            ]
            table.add_row(backbone, each["set"], str(each["changed"]), *cells)
    return table


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    assets = os.environ.get("HEADSTART_ASSETS")
    parser.add_argument("--data", type=Path, default=Path(assets, "data") if assets else None)
    parser.add_argument("--backbone", action="append", help="repeat it for several")
    parser.add_argument("--changed", type=int, default=10)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--home", default=None)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    try:
        if asked.data is None:
            raise UsageError("give --data DIR, or set HEADSTART_ASSETS")
        backbones = asked.backbone or ["pocket", "timm:mobilenetv2_100"]
        found = list(lines(asked.data, backbones, Home.find(asked.home), asked.changed, asked.times))
    except HeadstartError as error:
        note(explain(error))
        return UNUSABLE
    if asked.json:
        print_json({"measured": found})
    else:
        from rich.console import Console

        Console().print(table_of(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
