"""Which score tells photos of nothing learned from photos of the classes: eight scores, near and far kinds.

Some classes are held out (near kinds; several choices of them), the other classes are cut into five folds.
Each time everything is learned from four folds, the threshold is set on photos of these four that were held
out inside, and judged are the photos of the fifth fold (false alarms), of the classes held out, and of other
data sets (far kinds). No photo is judged by anything that saw it. Some ten minutes a network on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from headstart.cli.output import UNUSABLE, note, print_json
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.heads.detection import share_of
from headstart.heads.folds import inner_folds
from headstart.heads.unknown import FALSE_ALARMS, false_alarm_threshold
from headstart.tasks.embed import embed
from headstart.tasks.weights import add_weights
from tables import show
from unknown_scores import fused, scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unknown_scores import Scores

BACKBONES = ("timm:mobilenetv2_100@slim", "torchvision:squeezenet1_1@zoo")
KNOWN = (("pets-37", 7, 5), ("aerial", 1, 7), ("styles/sketch", 1, 7))
FAR = ("aerial", "styles/sketch", "pets-37", "ants-bees/train")
FOLDS = 5


class Photos(NamedTuple):
    """Rows (n, d) of a data set, with the class and the SHA-256 of each."""

    rows: NDArray[np.float32]
    labels: NDArray[np.str_]
    contents: NDArray[np.str_]

    def part(self, where: NDArray[Any]) -> Photos:
        """Some of them."""
        return Photos(self.rows[where], self.labels[where], self.contents[where])


class Tally:
    """Values by score, sort of photo and photo: a photo that is judged several times counts once."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[tuple[str, str], list[tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, score: str, sort: str, photos: Photos, above: NDArray[Any], caught: NDArray[Any]) -> None:
        """Note where photos lie among the known ones, and whether they are above the threshold."""
        for label, content, high, flag in zip(photos.labels, photos.contents, above, caught, strict=True):
            self._values[score, sort][str(label), str(content)].append((float(high), float(flag)))

    def figures(self) -> dict[str, dict[str, Any]]:
        """Score => sort => AUROC and share above the threshold, each (value, low, high), and photos."""
        table: dict[str, dict[str, Any]] = defaultdict(dict)
        for (score, sort), photos in self._values.items():
            means = np.array([np.mean(values, axis=0) for values in photos.values()])
            kinds = [label if sort == "near" else content for label, content in photos]
            auroc, caught = (share_of(means[:, at], kinds, most=len(means)) for at in (0, 1))
            table[score][sort] = {
                "auroc": [auroc.value, auroc.low, auroc.high],
                "caught": [caught.value, caught.low, caught.high],
                "photos": len(means),
            }
        return dict(table)


def measure(
    known: Photos, far: dict[str, Photos], *, held_out: int, choices: int, seed: int = 0
) -> dict[str, Any]:
    """Every score's figures on one data set.

    Args:
        known: its photos; each choice of classes is held out of them.
        far: photos of other data sets.
        held_out: classes in a choice.
        choices: how many; with one class each, they go through the classes.
        seed: of choices and folds.
    """
    classes = np.unique(known.labels)
    if len(classes) < held_out + 2:
        raise UsageError(f"{len(classes)} classes are too few to hold {held_out} out")
    tally = Tally()
    for choice in range(choices):
        order = np.random.default_rng([seed, choice]).permutation(classes)
        group = order[:held_out] if held_out > 1 else classes[[choice % len(classes)]]
        strange = np.isin(known.labels, group)
        sorts = {"near": known.part(strange), **far}
        _fold_by_fold(known.part(~strange), sorts, tally, seed)
    return tally.figures()


def _fold_by_fold(known: Photos, strange: dict[str, Photos], tally: Tally, seed: int) -> None:
    fold = _folds(known, seed)
    for number in range(FOLDS):
        train, held = known.part(fold != number), known.part(fold == number)
        usual = _inside(train, seed)
        limits = {
            name: false_alarm_threshold(values, FALSE_ALARMS) for name, values in fused(usual, usual).items()
        }
        sorts = {"false alarms": held, **strange}
        asked = np.concatenate([photos.rows for photos in sorts.values()])
        ends = np.cumsum([len(photos.rows) for photos in sorts.values()])[:-1]
        for name, values in fused(scores(*_learned(train), asked), usual).items():
            parts = np.split(values, ends)
            rising = np.sort(parts[0])
            for (sort, photos), part in zip(sorts.items(), parts, strict=True):
                below, up_to = (np.searchsorted(rising, part, side=side) for side in ("left", "right"))
                tally.add(name, sort, photos, (below + up_to) / (2 * len(rising)), part > limits[name])


def _learned(photos: Photos) -> tuple[NDArray[np.float32], NDArray[np.str_], NDArray[np.str_]]:
    return photos.rows, photos.labels, photos.contents


def _inside(train: Photos, seed: int) -> Scores:
    """Scores of the training photos, each by what was learned without its fold."""
    fold, found = _folds(train, seed + 1), dict[str, NDArray[np.float64]]()
    for number in range(FOLDS):
        held = fold == number
        for name, values in scores(*_learned(train.part(~held)), train.rows[held]).items():
            found.setdefault(name, np.empty(len(fold)))[held] = values
    return found


def _folds(photos: Photos, seed: int) -> NDArray[np.intp]:
    codes = np.unique(photos.labels, return_inverse=True)[1]
    return inner_folds(codes, photos.contents, count=FOLDS, seed=seed)


def figures_table(name: str, found: dict[str, Any]) -> Table:
    """A score in a line: near kinds with their intervals, false alarms, far kinds."""
    sorts = list(next(iter(found.values())))
    table = Table(box=box.SIMPLE_HEAD, title=name, title_justify="left")
    table.add_column("score")
    for sort in sorts:
        photos = next(iter(found.values()))[sort]["photos"]
        if sort != "false alarms":
            table.add_column(f"{sort}, {photos}\nAUROC", justify="right")
        table.add_column(f"{sort}, {photos}\nabove threshold", justify="right")
    for score, row in found.items():
        cells = []
        for sort in sorts:
            wanted = ("caught",) if sort == "false alarms" else ("auroc", "caught")
            cells += ["{:.3f}\n{:.2f}-{:.2f}".format(*row[sort][each]) for each in wanted]
        table.add_row(score, *cells)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        found = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"unknown.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json(found)
    else:
        show(*(figures_table(name, each) for name, each in found.items()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    assets = Path(os.environ.get("HEADSTART_ASSETS", ""))
    parser.add_argument("--data", type=Path, default=assets / "data")
    parser.add_argument("--weights", type=Path, default=assets / "weights" / "manifest.json")
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES))
    parser.add_argument("--known", nargs="+", default=[name for name, _, _ in KNOWN])
    parser.add_argument("--far", nargs="*", default=list(FAR))
    parser.add_argument("--held-out", type=int, help="classes held out at a time")
    parser.add_argument("--choices", type=int, help="how many choices of them")
    parser.add_argument("--json", action="store_true")
    return parser


def _run(options: argparse.Namespace) -> dict[str, Any]:
    usual, found = {name: (held, choices) for name, held, choices in KNOWN}, dict[str, Any]()
    with tempfile.TemporaryDirectory() as home:
        if options.weights.is_file():
            add_weights(options.weights, home=home)
        for backbone in options.backbones:
            photos = {
                name: _photos(options.data / name, backbone, home) for name in {*options.known, *options.far}
            }
            for name in options.known:
                held_out, choices = usual.get(name, (1, FOLDS))
                title = f"{name}, {backbone}"
                note(title)
                found[title] = measure(
                    photos[name],
                    {other: photos[other] for other in options.far if other != name},
                    held_out=options.held_out or held_out,
                    choices=options.choices or choices,
                )
    return found


def _photos(folder: Path, backbone: str, home: str) -> Photos:
    table = embed(folder, backbone=backbone, home=home).table
    _, first = np.unique(table.sha256, return_index=True)
    labels = np.array([str(photo.label) for photo in table.photos])
    return Photos(table.rows, labels, np.array(table.sha256)).part(first)


if __name__ == "__main__":
    sys.exit(main())
