"""Corrections taken in by a model of many photos: seconds of the whole command, and of its parts.

Each round corrects twenty photos, one of them to a class that is new, and undoes that again, as processes of
their own; the median of the rounds counts. Rows are made up, and the photos that are corrected had learned
classes that are wrong. `--photos` names a folder with a folder for each class: there, right classes are made
wrong, which takes more steps to be taken in.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from rich import box
from rich.table import Table

from headstart.backbones.spec import BackboneSpec, Preprocessing
from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.heads.fitted import Head
from headstart.heads.unknown import fit_novelty
from headstart.images.resize import Resize
from headstart.model.answers import TrainingPhoto
from headstart.model.facts import FeaturesFacts, PhotosFacts, TrainingFacts
from headstart.model.model import Model
from tables import show

SIZES = ("1000x1280x37", "10000x1280x2", "10000x1280x37")
HEADS = ("linear", "prototypes", "neighbours")
CORRECTIONS = 20


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


def wrong_places(photos: int) -> list[int]:
    """Which photos of a made-up model have a wrong class.

    Example:
        >>> wrong_places(1000)[:3]
        [0, 50, 100]
    """
    return list(range(0, photos, max(1, photos // CORRECTIONS)))[:CORRECTIONS]


def make_model(folder: Path, size: tuple[int, int, int], kind: str) -> None:
    """Save a model of made-up rows."""
    photos, width, classes = size
    rng = np.random.default_rng(0)
    codes = rng.integers(classes, size=photos)
    hidden = rng.normal(size=(classes, 64))[codes] * 0.8 + rng.normal(size=(photos, 64))
    rows = np.maximum(hidden @ rng.normal(size=(64, width)) / 8 + rng.normal(size=(photos, width)) * 0.5, 0)
    rows = rows.astype(np.float16).astype(np.float32)
    labels = [f"class-{code:03d}" for code in codes]
    for at in wrong_places(photos):  # what corrections put right
        labels[at] = f"class-{(codes[at] + 1) % classes:03d}"
    head, settings = _fitted(kind, rows, labels)
    spec = BackboneSpec(
        "module:made-up", "module", "made-up", "own",
        Preprocessing(Resize(64, 64, 64), (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)), "map", width, "0" * 64, 1,
    )  # fmt: skip
    named = [TrainingPhoto(f"{label}/{at}.jpg", label, f"{at:064x}") for at, label in enumerate(labels)]
    training = TrainingFacts(
        accuracy=None,
        photos=PhotosFacts(used=photos, skipped=0),
        features=FeaturesFacts(computed=photos, reused=0),
        seconds={},
        seed=0,
        head=kind,
        settings=settings,
    )
    novelty = fit_novelty(rows, np.array([0.5]))
    model = Model(
        backbone_spec=spec, layer="map", head=head, novelty=novelty, photos=named, training=training
    )
    model.save(folder, weights=False)


def _fitted(
    kind: str, rows: np.ndarray, labels: list[str]
) -> tuple[Head, dict[str, str | int | float | bool | None]]:
    from headstart.heads.make import make_head

    estimator = make_head(kind)
    estimator.fit(rows, labels)
    names = {"L2 strength": "strength_", "temperature": "temperature_", "neighbours": "k_"}
    settings = {name: getattr(estimator, at) for name, at in names.items() if hasattr(estimator, at)}
    return estimator.head_, settings


def train_model(folder: Path, photos: Path, backbone: str, kind: str) -> None:
    """Train a model of real photos; their features are kept in the home."""
    command = ["train", str(photos), "-o", str(folder), "--backbone", backbone, "--head", kind, "--refit"]
    _run(command)


def _run(arguments: list[str]) -> dict[str, float]:
    command = [sys.executable, "-m", "headstart", *arguments, "--json"]
    began, busy = time.perf_counter(), _busy()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    if done.returncode:
        raise UsageError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout)
    return {
        "command": wall,
        "busy": _busy() - busy,
        "inside": float(found.get("seconds", {}).get("total", 0.0)),
    }


def _busy() -> float:
    """Seconds of processor time of the commands so far: a busy machine changes them less than the clock's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def corrections(model: Path, table: Path) -> None:
    """Write a table in which photos get another class, and one a class that is new."""
    record = json.loads((model / "model.json").read_bytes())
    photos, classes = record["photos"], record["head"]["classes"]
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "label", "sha256"))
        for number, at in enumerate(wrong_places(len(photos))):
            photo = photos[at]
            other = classes[classes.index(photo["label"]) - 1]
            rows.writerow((photo["name"], other if number else "quite new", photo["sha256"]))


def measure(model: Path, rounds: int, home: Path | None) -> dict[str, float]:
    """Seconds of `learn`, of processors in it, without the start of the process, and of undoing: medians."""
    table = model.with_suffix(".csv")
    corrections(model, table)
    where = [] if home is None else ["--home", str(home)]
    learned, undone = [], []
    for _ in range(rounds):
        learned.append(_run(["learn", str(model), str(table), *where]))
        undone.append(_run(["learn", str(model), "--undo", *where]))
    return {
        "command": median(each["command"] for each in learned),
        "busy": median(each["busy"] for each in learned),
        "inside": median(each["inside"] for each in learned),
        "undo": median(each["command"] for each in undone),
    }


def main() -> int:
    """Measure every size with every head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--heads", nargs="*", default=list(HEADS), choices=HEADS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=Path, help="a folder of photos whose rows are measured too")
    parser.add_argument("--backbone", default="mobilenet_v2")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        results = _all(options)
    except HeadstartError as error:
        note(f"benchmark: {explain(error)}")
        return UNUSABLE
    if options.json:
        print_json({"learn": results})
    else:
        table = Table(
            "rows", "head", "learn, s", "of processors, s", "without start, s", "undo, s", box=box.SIMPLE_HEAD
        )
        for each in results:
            table.add_row(
                *(f"{value:.2f}" if isinstance(value, float) else str(value) for value in each.values())
            )
        show(table)
    return 0


def _all(options: argparse.Namespace) -> list[dict[str, str | float]]:
    results: list[dict[str, str | float]] = []
    sizes = [parse_size(text) for text in options.sizes]
    with tempfile.TemporaryDirectory() as place:
        for kind in options.heads:
            for number, size in enumerate(sizes):
                folder = Path(place, f"{kind}-{number}")
                make_model(folder, size, kind)
                found = measure(folder, options.rounds, Path(place, "home"))
                results.append({"rows": "x".join(map(str, size)), "head": kind, **found})
            if options.photos is not None:
                folder = Path(place, f"{kind}-photos")
                train_model(folder, options.photos, options.backbone, kind)
                found = measure(folder, options.rounds, None)
                results.append({"rows": str(options.photos.name), "head": kind, **found})
    return results


if __name__ == "__main__":
    sys.exit(main())
