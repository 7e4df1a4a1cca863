"""(rows, photos, network) => a linear head, the network trained on from it, and whether that was better."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.one_thread import threads_left_alone
from headstart.finetune.blend import SHARES, blend, set_between
from headstart.finetune.fabric import make_fabric
from headstart.finetune.finder import find_learning_rate
from headstart.finetune.loop import Examples, fit
from headstart.finetune.parts import find_part
from headstart.finetune.runs import RunFolder
from headstart.finetune.score import score_of
from headstart.finetune.tuned import Tuned
from headstart.finetune.views import PhotoViews
from headstart.images.photo import Hashed
from headstart.images.reader import available_cpus
from headstart.tasks.judge import labels_of
from headstart.tasks.tuning.activations import AtCut, augmentation_of
from headstart.tasks.tuning.probe import fit_probe

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.finetune.finder import RateTest
    from headstart.finetune.inputs import Inputs
    from headstart.finetune.loop import Fitted, Watch
    from headstart.finetune.parts import Part
    from headstart.finetune.score import Score
    from headstart.finetune.settings import Tuning
    from headstart.heads.fitted import LinearHead
    from headstart.tasks.gather import Gathered
    from headstart.tasks.rows import Extraction
    from headstart.tasks.tuning.split import Split


_VERSIONS = ("headstart", "torch", "torchvision", "timm", "lightning-fabric", "numpy")
"""Of all that computes: with another one, the numbers may be others."""


@dataclass(frozen=True, slots=True, eq=False)
class TuningRun:
    """What a fine-tuning leaves.

    Attributes:
        tuned: the network's part and its linear layer, with the weights of the best epoch.
        head: the linear layer as a head, its temperature fitted on the validation photos.
        part: what was trained.
        fitted: how it went.
        probe: the linear head that learned from the same training photos.
        validation: of the fine-tuned network.
        probe_validation: of that linear head.
        share: of the way from the start to the trained weights that was kept.
        refitted: whether it was trained again on the validation photos too.
        tuning: the settings, with the learning rate that was found.
        rate_test: how it was found; None where it was given.
        activation_seconds: spent on what is trained on.
        seconds: spent on training.
        folder: of the checkpoints, which are there until `forget` is called.
        notes: what people should know of it.
    """

    tuned: Tuned
    head: LinearHead
    part: Part
    fitted: Fitted
    probe: LinearHead
    validation: Score
    probe_validation: Score
    share: float
    refitted: bool
    tuning: Tuning
    rate_test: RateTest | None
    activation_seconds: float
    seconds: float
    folder: RunFolder
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> bool:
        """Whether the gate lets it pass: better than its own linear head on photos that taught neither.

        Where no epoch was finished it is that linear head, and what differs is rounding.
        """
        return self.fitted.best.number > 0 and self.validation.loss < self.probe_validation.loss

    def forget(self) -> None:
        """Remove the checkpoints: what was trained is saved, or not wanted."""
        self.folder.forget()


@dataclass(frozen=True)
class Ingredients:
    """All that a fine-tuning starts from.

    Attributes:
        given: the photos.
        table: their rows, from the network as it is.
        split: which of them teach, and which decide.
        extraction: how photos become rows.
        store: where rows and activations are kept.
        tuning: the settings.
        layer: the layer reference whose rows the head takes.
        fabric: the devices; None: those that are there.
    """

    given: Gathered
    table: FeatureTable
    split: Split
    extraction: Extraction
    store: FeatureStore
    tuning: Tuning
    layer: str
    fabric: Fabric | None = None

    @property
    def backbone(self) -> Backbone:
        """The network as it is."""
        return self.extraction.source.backbone

    @property
    def photos(self) -> tuple[Hashed, ...]:
        """Training photos, then validation photos."""
        at = self.split.learned
        return tuple(Hashed(self.table.photos[each], self.table.sha256[each], 0) for each in at)

    def codes(self, classes: tuple[str, ...]) -> NDArray[np.intp]:
        """The class of each of `photos`, as its place among `classes`."""
        labels = labels_of(self.table)
        return np.array([classes.index(labels[at]) for at in self.split.learned], dtype=np.intp)

    def key(self, part: Part, fabric: Fabric) -> str:
        """What a run's checkpoints are found by: everything that its result depends on."""
        import torch

        facts = {
            "photos": [(each.sha256, each.photo.label) for each in self.photos],
            "train": len(self.split.train),
            "backbone": [self.backbone.spec.weights_digest, self.extraction.source.network, self.layer],
            "part": part.cut,
            "space": self.table.space.digest(),
            "tuning": asdict(self.tuning),
            "versions": [metadata.version(name) for name in _VERSIONS],
            "cpus": [available_cpus(), torch.get_num_threads()],
            "devices": [fabric.device.type, fabric.world_size],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def tune(start: Ingredients, *, watch: Watch | None = None, keep_checkpoints: bool = False) -> TuningRun:
    """Fit the linear head, train on from it, and measure both on the validation photos.

    Args:
        start: photos, rows, network and settings.
        watch: sees each step of the training.
        keep_checkpoints: until the caller, who has more to do that may be interrupted, calls `forget`.

    Raises:
        HeadstartError: a part that can't be trained, photos that changed, a disk that is full.
    """
    tuning, extraction = start.tuning, start.extraction
    probe = fit_probe(start.table, start.split.train, tuning.seed).head_
    part = find_part(start.backbone, tuning.part, start.layer)
    tuned = Tuned(
        start.backbone,
        part,
        classes=len(probe.classes),
        layer=start.layer,
        dropout=tuning.dropout,
        batch_norm=tuning.batch_norm,
        seed=tuning.seed,
    )
    if tuning.linear_first:
        tuned.start_from(probe, tuning.soft_start)
    fabric = start.fabric or make_fabric(tuning)
    began = time.monotonic()
    with fabric.rank_zero_first(local=True):
        examples = examples_of(start, part, tuple(probe.classes))
    prepared = time.monotonic() - began
    before = _of_probe(start, probe)
    folder = RunFolder(extraction.home.training, start.key(part, fabric), writes=fabric.is_global_zero)
    with folder.held(), threads_left_alone():
        began = time.monotonic()
        test = None
        if tuning.find_rate:
            test = _rate_test(folder, tuned, examples, tuning, fabric, extraction.progress)
            tuning = replace(tuning, learning_rate=test.suggested)
        work = _Work(tuned, examples, tuning, fabric, extraction.progress, folder)
        run, share, score = work.chosen(watch)
        refitted = bool(tuning.refit and run.best.number) and work.again(run.best.number, share)
        seconds = time.monotonic() - began
    head = tuned.cpu().linear_head(tuple(probe.classes), score.temperature)
    done = TuningRun(
        tuned=tuned,
        head=head,
        part=part,
        fitted=run,
        probe=probe,
        validation=score,
        probe_validation=before,
        share=share,
        refitted=refitted,
        tuning=tuning,
        rate_test=test,
        activation_seconds=prepared,
        seconds=seconds,
        folder=folder,
        notes=tuple(dict.fromkeys(work.notes)),
    )
    if not keep_checkpoints:
        done.forget()
    return done


@dataclass
class _Work:
    """The trainings of one fine-tuning, each with its own checkpoints."""

    tuned: Tuned
    examples: Examples
    tuning: Tuning
    fabric: Fabric
    progress: Progress | None
    folder: RunFolder
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = _state(self.tuned)

    def chosen(self, watch: Watch | None) -> tuple[Fitted, float, Score]:
        """Train until no epoch is better, and find how far of the way to go."""
        run = self._fit(self.examples, "chosen", watch=watch)
        shares = SHARES if self.tuning.blend and self.tuning.linear_first else (1.0,)
        share, score = blend(
            self.tuned, self.start, self.examples, self.tuning.batch_size, self.fabric, shares
        )
        return run, share, score

    def again(self, epoch: int, share: float) -> bool:
        """Train from the start on all photos that may teach, for as long as was found to be best.

        Returns:
            Whether it went well; otherwise the network is what it was before.
        """
        everything = np.concatenate([self.examples.train, self.examples.validation])
        chosen = _state(self.tuned)
        self.tuned.load_state_dict(self.start)
        run = self._fit(replace(self.examples, train=everything), "again", until=epoch)
        if run.stopped:  # the loss was not finite this time
            self.tuned.load_state_dict(chosen)
            return False
        set_between(self.tuned, self.start, _state(self.tuned), share)
        return True

    def _fit(
        self, examples: Examples, name: str, *, watch: Watch | None = None, until: int | None = None
    ) -> Fitted:
        fitted = fit(
            self.tuned,
            examples,
            self.tuning,
            checkpoints=self.folder.checkpoints(name),
            watch=watch,
            progress=self.progress,
            fabric=self.fabric,
            keep_last=until is not None,
            until=until,
        )
        self.notes += fitted.notes
        return fitted


def _rate_test(  # noqa: PLR0917
    folder: RunFolder,
    tuned: Tuned,
    examples: Examples,
    tuning: Tuning,
    fabric: Fabric,
    progress: Progress | None,
) -> RateTest:
    """The range test; where this run was interrupted, the one whose rate it began with."""
    kept = fabric.broadcast(folder.rate_test() if fabric.is_global_zero else None)
    if kept is not None:
        return kept
    test = find_learning_rate(tuned, examples, tuning, fabric, progress)
    folder.keep_rate_test(test)
    return test


def _state(module: Tuned) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


def examples_of(start: Ingredients, part: Part, classes: tuple[str, ...]) -> Examples:
    """Training photos and validation photos as the part of a network takes them.

    Args:
        start: photos, split and settings.
        part: of the network.
        classes: in the order of the logits.

    Raises:
        HeadstartError: as `AtCut.inputs`.
    """
    photos, train = start.photos, len(start.split.train)
    codes = start.codes(classes)
    return Examples(
        inputs=_inputs(start, part, photos),
        codes=codes,
        train=np.arange(train),
        validation=np.arange(train, len(photos)),
        classes=len(classes),
        class_weights=balanced(codes[:train], len(classes))
        if start.tuning.class_weights == "balanced"
        else None,
    )


def _inputs(start: Ingredients, part: Part, photos: tuple[Hashed, ...]) -> Inputs:
    extraction, tuning = start.extraction, start.tuning
    if part.cut is not None:
        at_cut = AtCut(extraction, start.backbone, part.cut, start.store, tuning)
        return at_cut.inputs(start.given, photos, len(photos) if tuning.refit else len(start.split.train))
    resize = start.backbone.spec.preprocessing.resize
    return PhotoViews(photos, extraction.reader, resize, augmentation_of(tuning), tuning.seed)


def balanced(codes: NDArray[np.intp], classes: int) -> NDArray[np.float32]:
    """How much a photo of each class counts, so that each class counts alike; 1 where all have as many.

    Args:
        codes: (n,) classes of the training photos.
        classes: how many there are; one without a photo counts 1.

    Example:
        >>> balanced(np.array([0, 0, 0, 0, 0, 1]), 2).tolist()[1], balanced(np.array([0, 1]), 2).tolist()
        (3.0, [1.0, 1.0])
    """
    counts = np.bincount(codes, minlength=classes)
    return np.where(counts, len(codes) / (classes * np.maximum(counts, 1)), 1.0).astype(np.float32)


def _of_probe(start: Ingredients, probe: LinearHead) -> Score:
    """How good the linear head alone is on the validation photos, by the same measure."""
    validation = start.split.validation
    codes = start.codes(tuple(probe.classes))[len(start.split.train) :]
    return score_of(probe.logits(start.table.rows[validation]), codes)
