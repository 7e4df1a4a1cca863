"""(a network, a part of the photos) => which of them it names right, and how long it takes for one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import quantiles
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.features.choosing import ByTrial
from headstart.features.progress import NoProgress
from headstart.heads.crossfit import out_of_fold
from headstart.heads.linear import LinearClassifier
from headstart.heads.metrics import Measurement, measure
from headstart.heads.transferability import h_score, logme
from headstart.images.photo import Skipped
from headstart.images.splits import folds
from headstart.tasks.choosing.speed import milliseconds_for_one
from headstart.tasks.judge import labels_of
from headstart.tasks.rows import Extraction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import EngineChoice
    from headstart.backbones.source import FeatureSource
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.storage.home import Home
    from headstart.tasks.choosing.candidates import Candidate
    from headstart.tasks.gather import Gathered

HOW = "folds"
_UNSTEADY = 0.5


@dataclass(frozen=True)
class Speed:
    """How fast a network is here, one photo at a time, and what runs it.

    Attributes:
        milliseconds: the median.
        unsteady: the middle half of the passes is spread by more than half of the median.
        engine: its name.
        precision: in which numbers it computes.
    """

    milliseconds: float
    unsteady: bool
    engine: str
    precision: str


@dataclass
class Work:
    """Everything that judging a network needs, and what was found so far.

    Attributes:
        given: the photos, each content once.
        store: keeps their rows.
        reader: decodes.
        home: where engines are remembered.
        asked: engine and precision.
        folds: how many folds.
        seed: of the folds.
        progress: told of each stretch of work.
        speeds: of each network that has run.
        computed: how many photos went through each network in this run.
        photos: how many each network was last judged on.
        measured: the latest measurement of each network.
        scores: LogME and H-score of those that were asked for them.
    """

    given: Gathered
    store: FeatureStore
    reader: PhotoReader
    home: Home
    asked: EngineChoice
    folds: int
    seed: int
    progress: Progress | None = None
    speeds: dict[str, Speed] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    photos: dict[str, int] = field(default_factory=dict)
    measured: dict[str, Measurement] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)

    def decodable(self, floor: Candidate) -> tuple[list[Hashed], tuple[Skipped, ...]]:
        """Find the photos that can be decoded, by way of the raw pixels: every network gets the same ones.

        Raises:
            PhotosError: decoding shows that most photos can't be used.
        """
        table = self._rows(floor, self.given.hashed)
        there = set(table.sha256)
        return [each for each in self.given.hashed if each.sha256 in there], table.skipped

    def judge(
        self, network: Candidate, photos: Sequence[Hashed], *, scored: bool = False
    ) -> NDArray[np.bool_]:
        """Which photos a linear head on this network names right, each judged by a head without it.

        Args:
            network: what makes the rows.
            photos: all decodable, each content once.
            scored: LogME and H-score of the rows too.

        Returns:
            (photos,), masked where this network's way of decoding can't read a photo.
        """
        table = self._rows(network, photos)
        labels = labels_of(table)
        fold = folds(labels, table.sha256, count=self.folds, seed=self.seed)
        found = out_of_fold(LinearClassifier(seed=self.seed), table.rows, labels, fold, groups=table.sha256)
        measured = measure(
            labels,
            found.probabilities,
            found.classes,
            how=HOW,
            probabilities_uncalibrated=found.uncalibrated,
        )
        self.measured[network.name] = measured
        if scored:
            scores = {"logme": logme(table.rows, labels), "h_score": h_score(table.rows, labels)}
            self.scores[network.name] = scores
        answers = np.asarray(found.classes)[found.probabilities.argmax(axis=1)]
        return _over(photos, dict(zip(table.sha256, answers == np.asarray(labels), strict=True)))

    def _rows(self, network: Candidate, photos: Sequence[Hashed]) -> FeatureTable:
        show = _Named(NoProgress() if self.progress is None else self.progress, network.name)
        choosing, source = ByTrial(self.home, self.asked), network.open(show)
        extraction = Extraction(source, choosing, self.home, self.reader, show)
        # Files that were skipped before have been counted; what is new is what decoding finds.
        table = extraction.rows(replace(self.given, hashed=tuple(photos), skipped=()), self.store)
        self.computed[network.name] = self.computed.get(network.name, 0) + table.computed
        self.photos[network.name] = len(table.photos)
        if network.name not in self.speeds:
            first = next(each for each in photos if each.sha256 == table.sha256[0])
            self.speeds[network.name] = self._speed(source, choosing, first)
        return table

    def _speed(self, source: FeatureSource, choosing: ByTrial, photo: Hashed) -> Speed:
        chosen = choosing.choose(source, [photo], self.reader)
        [decoded] = self.reader.decode([photo], source.spec.preprocessing.resize)
        if isinstance(decoded, Skipped):
            raise PhotosError(f"{photo.photo.name} was read before and can't be now: {decoded.detail}")
        first, middle, third = quantiles(milliseconds_for_one(chosen.engine, decoded.pixels), n=4)
        plan = chosen.plan
        return Speed(
            middle,
            third - first > _UNSTEADY * middle,
            *(("torch", "f32") if plan is None else (plan.engine, plan.precision)),
        )


def _over(photos: Sequence[Hashed], right: Mapping[str, np.bool_]) -> NDArray[np.bool_]:
    """Answers in the order of the photos; those that are not there are masked."""
    missing = [each.sha256 not in right for each in photos]
    values = np.array([bool(right.get(each.sha256, False)) for each in photos])
    return np.ma.MaskedArray(values, missing) if any(missing) else values


class _Named:
    """Progress that says which network is at work."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def start(self, total: int, what: str) -> None:
        self._progress.start(total, f"{self._name}: {what}")

    def advance(self, count: int = 1) -> None:
        self._progress.advance(count)

    def stop(self) -> None:
        self._progress.stop()
