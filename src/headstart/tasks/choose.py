"""(photos, networks) => how good, how fast and how large each is on these photos here, and which to take."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headstart.backbones.engines.engine import EngineChoice
from headstart.errors import FitError, UsageError
from headstart.images.names import counted, some
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.again import Asked
from headstart.tasks.baselines import RAW_PIXELS
from headstart.tasks.choosing.candidates import find_candidates, the_floor
from headstart.tasks.choosing.decide import FLOOR_RULE, RULE, Budget
from headstart.tasks.choosing.fetchable import could_be_fetched
from headstart.tasks.choosing.halving import Verdict, successive_halving
from headstart.tasks.choosing.parts import growing_parts
from headstart.tasks.choosing.prediction import FEWEST, evidence
from headstart.tasks.choosing.ranking import ranked
from headstart.tasks.choosing.work import Work
from headstart.tasks.gather import gather, reasons, require_classes, scan_labelled, skipped_json
from headstart.tasks.paths import check_page, photos_path, refuse_among_photos
from headstart.tasks.rows import open_store
from headstart.tasks.seeds import check_seed_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed, Skipped
    from headstart.tasks.choosing.candidates import Candidate
    from headstart.tasks.choosing.fetchable import Fetchable
    from headstart.tasks.choosing.prediction import Evidence
    from headstart.tasks.choosing.ranking import Ranked
    from headstart.tasks.gather import Gathered

MOST_FOLDS = 20


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every network that was compared, and which to take.

    Attributes:
        source: the photos, as the user wrote it.
        ranking: a row for each network, the best first; the raw pixels are among them.
        chosen: the one to take, by `rule`; None where nothing fits the budget.
        budget: what may be chosen.
        stages: how many photos each stage had; one stage where nothing was halved.
        evidence: how well LogME and H-score ordered the networks; () where too few were compared.
        fetchable: networks that could be fetched, nothing measured.
        classes: of the photos.
        used: how many photos were compared on, each content once.
        skipped: files not used, with their reasons.
        notes: what people should know.
        folds: how many folds.
        seed: of the folds and the parts.
        asked: the options that the command has only where they were given.
        seconds: wall time in all.
    """

    source: str
    ranking: tuple[Ranked, ...]
    chosen: Ranked | None
    budget: Budget
    stages: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    fetchable: tuple[Fetchable, ...]
    classes: tuple[str, ...]
    used: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    folds: int
    seed: int
    asked: Asked
    seconds: float

    @property
    def rule(self) -> str:
        """How it was chosen, in one sentence."""
        floor = self.chosen is not None and self.chosen.is_floor
        return FLOOR_RULE if floor else RULE

    @property
    def networks(self) -> tuple[Ranked, ...]:
        """The rows without the raw pixels."""
        return tuple(row for row in self.ranking if not row.is_floor)

    @property
    def passes(self) -> int:
        """How many times a photo was to go through a network, those whose rows were kept before included."""
        return sum(row.computed + row.reused for row in self.networks)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "ranking": [row.to_json() for row in self.ranking],
            "chosen": None if self.chosen is None else self.chosen.backbone,
            "rule": self.rule,
            "budget": {"milliseconds": self.budget.milliseconds, "megabytes": self.budget.megabytes},
            "halving": {
                "stages": list(self.stages),
                "photos_through_networks": self.passes,
                "computed": sum(row.computed for row in self.networks),
                "without_halving": self.used * len(self.networks),
            },
            "scores": [each.to_json() for each in self.evidence],
            "could_be_fetched": [each.to_json() for each in self.fetchable],
            "classes": list(self.classes),
            "photos": {
                "used": self.used,
                "skipped": len(self.skipped),
                "reasons": reasons(self.skipped),
            },
            "folds": self.folds,
            "seed": self.seed,
            "skipped": skipped_json(self.skipped),
            "notes": list(self.notes),
            "seconds": {"total": round(self.seconds, 3)},
        }


def choose(
    photos: str | Path,
    *,
    backbones: Sequence[str | Backbone] | None = None,
    budget_ms: float | None = None,
    budget_mb: float | None = None,
    cv: int = 5,
    output: str | Path | None = None,
    engine: str | None = None,
    precision: str | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Measure which network to start from: accuracy on these photos, milliseconds here, megabytes.

    The accuracy is that of a linear head, out of fold, over all photos; identical photos count once. Of more
    than five networks the worse ones drop out on an eighth of the photos, a quarter, a half (successive
    halving), but none that might still be as good as the best. The raw pixels, no network at all, are always
    among the rows: what does not clear them is of no use.

    Args:
        photos: a folder with a folder for each class, or a CSV with the columns path and label.
        backbones: names of networks, or networks; None: all whose weights are at hand. Weights that are
            named and not at hand are fetched; NAME@random has learned nothing.
        budget_ms: milliseconds that a photo may take.
        budget_mb: megabytes that the weights may have.
        cv: folds, 2 to 20.
        output: an .html file to write: pictures and figures.
        engine: "openvino", "torch" or "tensorflow"; None: the fastest for each network, by trial.
        precision: "f32", "bf16" or "int8"; None: f32, or bf16 where its features agree with f32's.
        seed: of folds and parts, 0 or more.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: an argument that can't be right, or no network to compare.
        PhotosError: photos that can't be used: one class, none readable.
        FitError: a class with a single photo.
        BackboneError: a name that no framework knows.
        WeightsMissingError: a network that was named is not at hand and can't be fetched.
        StorageError: the disk stands in the way; finished features are kept.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     found = choose(photos, backbones=[tiny_backbone()], home=Path(folder, "home"))
        >>> sorted(row.backbone for row in found.ranking), found.used
        (['module:tiny', 'raw pixels'], 12)
    """
    began = time.monotonic()
    asked, budget = EngineChoice.checked(engine, precision), Budget.checked(budget_ms, budget_mb)
    _check(cv, seed)
    source = photos_path(photos, "photos", home)
    target = None if output is None else check_page(output, source)
    place = Home.find(home)
    refuse_among_photos(place.root, "home", source)
    found = scan_labelled(source, follow_links=follow_links)
    candidates, left_out = find_candidates(backbones, place, progress)
    with PhotoReader() as reader, open_store(place) as store:
        given = gather(found, reader, progress, files=store.files, rehash=rehash)
        given, copies = _each_content_once(given)
        _require_two_of_each(given)
        work = Work(given, store, reader, place, asked, cv, seed, progress)
        floor = the_floor(place)
        used, undecodable = work.decodable(floor)
        given = replace(given, hashed=tuple(used), skipped=(*given.skipped, *undecodable))
        _require_two_of_each(given)
        verdicts, stages = _verdicts(candidates, floor, used, work, budget)
    rows, chosen = ranked(verdicts, work, budget)
    told = evidence(rows)
    if not told:  # a guess without the evidence of how well it guesses is not shown
        rows = [replace(row, scores=None) for row in rows]
        chosen = next((row for row in rows if chosen and row.backbone == chosen.backbone), None)
    result = Comparison(
        source=source,
        ranking=tuple(rows),
        chosen=chosen,
        budget=budget,
        stages=stages,
        evidence=tuple(told),
        fetchable=tuple(could_be_fetched(place)),
        classes=given.classes,
        used=len(used),
        skipped=given.skipped,
        notes=(*given.notes, *copies, *left_out, *_notes(rows, chosen, work)),
        folds=cv,
        seed=seed,
        asked=Asked.of(asked, follow_links=follow_links),
        seconds=time.monotonic() - began,
    )
    if target is not None:
        from headstart.tasks.choosing.page import write_page

        write_page(target, result)
    return result


def _check(cv: int, seed: int) -> None:
    if not 2 <= cv <= MOST_FOLDS:
        raise UsageError(f"--cv is {cv}; expected 2 to {MOST_FOLDS} folds")
    check_seed_option(seed)


def _each_content_once(given: Gathered) -> tuple[Gathered, list[str]]:
    """Of copies keep one: the others would make every interval too narrow."""
    first: dict[str, Hashed] = {}
    for each in given.hashed:
        first.setdefault(each.sha256, each)
    copies = len(given.hashed) - len(first)
    total = counted(len(given.hashed), "photo")
    verb = "does" if copies == 1 else "do"
    notes = [f"of {total} {counted(copies, 'copy', 'copies')} {verb} not count"] if copies else []
    return replace(given, hashed=tuple(first.values())), notes


def _require_two_of_each(given: Gathered) -> None:
    counts: dict[str, int] = {}
    for each in given.hashed:
        label = str(each.photo.label)
        counts[label] = counts.get(label, 0) + 1
    require_classes(given, counts)
    single = sorted(label for label, count in counts.items() if count == 1)
    if single:
        raise FitError(
            f"{some(single)} in {given.source} has one photo only, copies counted once; to compare networks "
            "two of each class are needed, one to learn from and one to judge by: add photos, or take the "
            "class out"
        )


def _verdicts(
    candidates: Sequence[Candidate],
    floor: Candidate,
    photos: Sequence[Hashed],
    work: Work,
    budget: Budget,
) -> tuple[dict[Candidate, Verdict], tuple[int, ...]]:
    """Judge all networks, the worse ones on fewer photos, and the raw pixels on all."""
    parts = growing_parts(
        [str(each.photo.label) for each in photos], [each.sha256 for each in photos], seed=work.seed
    )
    last = len(parts) - 1
    judged: set[int] = set()
    learned = sum(each.learned for each in candidates)

    def judge(network: Candidate, stage: int) -> NDArray[np.bool_]:
        judged.add(stage)
        scored = stage == last and network.learned and learned >= FEWEST
        return work.judge(network, [photos[at] for at in parts[stage]], scored=scored)

    def over_budget(network: Candidate) -> bool:
        return not budget.allows(work.speeds[network.name].milliseconds, network.megabytes)

    verdicts = successive_halving(candidates, len(parts), judge, over_budget=over_budget)
    verdicts[floor] = Verdict(last, work.judge(floor, photos), None)
    return verdicts, tuple(len(parts[stage]) for stage in sorted(judged))


def _notes(rows: Sequence[Ranked], chosen: Ranked | None, work: Work) -> list[str]:
    notes = []
    if any(speed.unsteady for name, speed in work.speeds.items() if name != RAW_PIXELS):
        notes.append(
            "this machine was busy with other work: the milliseconds vary by half or more; measure again "
            "when it is idle"
        )
    if chosen is not None and chosen.is_floor:
        notes.append(
            "no network with learned weights is more accurate than the raw pixels here: either colours alone "
            "tell these classes apart, or nothing does"
        )
    elif chosen is not None and not chosen.learned:
        notes.append(
            f"{chosen.backbone} is chosen although it has learned nothing: no network with learned weights "
            "was left to choose; name some with --backbones"
        )
    unlearned = [row.backbone for row in rows if not row.learned and not row.is_floor]
    if unlearned:
        notes.append(f"random weights, which have learned nothing: {some(unlearned)}")
    return notes
