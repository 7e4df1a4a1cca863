"""(a network, photos) => the network trained on: how good it is soon after the start, and in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.source import FeatureSource
from headstart.backbones.spec import KERAS
from headstart.tasks.lessons.draw import draw, extraction, read_rows
from headstart.tasks.lessons.linear import OWN_HEAD_UP_TO, fewer_steps, whole_map
from headstart.tasks.lessons.measured import Measured, NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightning_fabric import Fabric

    from headstart.finetune.loop import Moment
    from headstart.finetune.settings import Tuning
    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.draw import Drawn, Rows
    from headstart.tasks.lessons.figures import Figure
    from headstart.tasks.tuning.tune import TuningRun

_RATE = 1e-4  # the lesson's for the whole network
_BACK = 3.0  # a step costs about this many times a look: forward, and twice that backward
_THEIRS = 90
_LOOKS = (1, 2, 4, 8, 16, 32, 64, _THEIRS)
"""Steps after which the network is looked at: the lesson shows its accuracy after 90 minibatches."""
_LOOKED_AT = 100
_LAST_FOUR = {"torchvision:vgg16": "features.24", "keras:VGG16": "block5_conv1"}
"""Where the last block of VGG-16 begins: the last four of Keras's layers."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """A network that was trained on.

    Attributes:
        run: how it went; its history holds the accuracy before and after.
        drawn: the photos.
        rows: their features before.
        looks: steps done => accuracy on some of the photos that judge.
        looked_at: how many those were.
    """

    run: TuningRun
    drawn: Drawn
    rows: Rows
    looks: dict[int, float]
    looked_at: int


def tuned(figure: Figure, desk: Desk) -> Measured:
    """The accuracy after the last epoch, and before the first."""
    chosen = desk.chosen(figure)
    found = _tuned(figure, chosen, desk)
    before, after = found.run.fitted.history[0], found.run.fitted.history[-1]
    return Measured(
        value=after.accuracy,
        photos=len(found.rows.judge),
        network=chosen.name,
        learned_from=len(found.rows.learn),
        reasons=_reasons(figure, chosen, found),
        also=(f"before, with the network frozen: {before.accuracy:.3f}; {_trained(found)}",),
    )


def dip(figure: Figure, desk: Desk) -> Measured:
    """The accuracy after as many steps as in the lesson, or after nearly all where there are fewer.

    Raises:
        NotMeasuredError: a single step, after which there is nothing left but the end.
    """
    chosen = desk.chosen(figure)
    found = _tuned(figure, chosen, desk)
    step = like_theirs(found.looks)
    lowest, low = min(found.looks.items(), key=lambda item: (item[1], item[0]))
    before, after = found.run.fitted.history[0], found.run.fitted.history[-1]
    fewer = () if step == _THEIRS else (f"after step {step}; the lesson's is after {_THEIRS}",)
    return Measured(
        value=found.looks[step],
        photos=found.looked_at,
        network=chosen.name,
        learned_from=len(found.rows.learn),
        reasons=(*fewer, *_reasons(figure, chosen, found)),
        also=(
            f"looked at after step {step}; {before.accuracy:.3f} before, {after.accuracy:.3f} in the end",
            f"lowest of {len(found.looks)} looks: {low:.3f} after step {lowest}",
        ),
    )


def like_theirs(looks: Iterable[int]) -> int:
    """The step to compare: the lesson's 90, or the last look before it; never the worst one of several.

    Raises:
        NotMeasuredError: there was no look after a step.

    Example:
        >>> like_theirs([1, 2, 64, 90]), like_theirs([1, 2, 4, 7])
        (90, 7)
    """
    seen = [each for each in looks if 0 < each <= _THEIRS]
    if not seen:
        raise NotMeasuredError("too few photos: the training has a single step, and no accuracy soon after")
    return max(seen)


def steps_to_look_at(steps: int) -> frozenset[int]:
    """After which steps of a training to look: a few early ones, and the lesson's or the last but one.

    Example:
        >>> sorted(steps_to_look_at(23)), sorted(steps_to_look_at(1))
        ([1, 2, 4, 8, 16, 22], [])
    """
    return frozenset(each for each in (*_LOOKS, min(_THEIRS, steps - 1)) if 0 < each < steps)


def _trained(found: Tuned) -> str:
    part = found.run.part
    if part.cut is None:
        return "all weights trained"
    return f"trained from {part.name} on, {100 * part.share:.0f} % of the weights"


def _reasons(figure: Figure, chosen: Chosen, found: Tuned) -> tuple[str, ...]:
    learned, width = len(found.rows.learn), found.rows.table.rows.shape[1]
    mean = []
    if found.rows.table.space.layer != whole_map(chosen):
        mean = [f"the new layer sees each channel's mean, {width:,} numbers, instead of all places"]
    return (*chosen.reasons, *found.drawn.reasons, *fewer_steps(figure, learned), *mean)


def _tuned(figure: Figure, chosen: Chosen, desk: Desk) -> Tuned:
    part = "whole" if figure.networks[0].partition(":")[0] != KERAS else _last_four(chosen)
    key = ("tuned", chosen.name, part, figure.learn, figure.judge, figure.batch)
    return desk.once(key, lambda: _train(figure, chosen, desk, part))


def _last_four(chosen: Chosen) -> str:
    """The stage from which the last four layers begin; of another network its last part."""
    return _LAST_FOUR.get(chosen.name.partition("@")[0], "last")


def _train(figure: Figure, chosen: Chosen, desk: Desk, part: str) -> Tuned:
    from headstart.finetune.fabric import make_fabric, require_fabric
    from headstart.tasks.tuning.split import Split
    from headstart.tasks.tuning.tune import Ingredients, tune

    require_fabric()
    drawn = desk.once(("drawn", figure.learn, figure.judge), lambda: draw(figure, desk))
    desk.afford(figure, _cost(figure, drawn, desk.pace(chosen)))
    # The linear head that a fine-tuning starts from takes hours on so many rows of the whole map.
    layer = whole_map(chosen) if drawn.learned <= OWN_HEAD_UP_TO else None
    source = FeatureSource.of(chosen.backbone, layer)
    rows = read_rows(drawn, source, desk)
    settings = _settings(figure, part, desk.seed)
    fabric = make_fabric(settings)
    start = Ingredients(
        drawn.gathered,
        rows.table,
        Split(rows.learn, rows.judge, np.array([], dtype=np.intp)),
        extraction(source, desk),
        desk.store,
        settings,
        rows.table.space.layer,
        fabric,
    )
    looks = Looks(rows, chosen, settings, desk, fabric) if part == "whole" else None
    run = tune(start, watch=looks)
    return Tuned(run, drawn, rows, looks.seen if looks else {}, looks.photos if looks else 0)


def _cost(figure: Figure, drawn: Drawn, pace: float) -> float:
    """Seconds, about: features, each step of the training, and the photos that judge before and after."""
    judge = len(drawn.judge)
    return pace * (drawn.learned * (1 + _BACK * figure.epochs) + 3 * judge + len(_LOOKS) * _LOOKED_AT)


def _settings(figure: Figure, part: str, seed: int) -> Tuning:
    from headstart.finetune.settings import Tuning

    return Tuning(
        part=part,
        epochs=figure.epochs,
        batch_size=figure.batch,
        optimiser="adam",
        learning_rate=_RATE,
        body_rate=1.0,
        layer_decay=1.0,
        weight_decay=0.0,
        schedule="constant",
        warmup=0.0,
        clip=None,
        soft_start=1.0,
        refit=False,
        dropout=0.0,
        views=1,
        least_area=1.0,
        mirror=False,
        colour=0.0,
        class_weights="none",
        seed=seed,
    )


class Looks:
    """Measures the network on some of the photos that judge, after a few of the first steps.

    Args:
        rows: the photos; those that judge were drawn by chance, so the first of them are a sample.
        chosen: the network.
        settings: of the training.
        desk: reads the photos, once.
        fabric: the devices.
    """

    def __init__(self, rows: Rows, chosen: Chosen, settings: Tuning, desk: Desk, fabric: Fabric) -> None:
        import torch

        from headstart.finetune.inputs import Kept, in_batches
        from headstart.finetune.views import PhotoViews
        from headstart.tasks.tuning.activations import augmentation_of

        at = rows.judge[:_LOOKED_AT]
        photos = tuple(rows.hashed[each] for each in at)
        resize = chosen.backbone.spec.preprocessing.resize
        views = PhotoViews(photos, desk.reader, resize, augmentation_of(settings), desk.seed)
        self._batch, self._fabric = settings.batch_size, fabric
        batches = in_batches(np.arange(len(photos)), self._batch)
        self._inputs = Kept(torch.cat([pixels for pixels, _ in views.plain(batches)])[None])
        self._codes = rows.codes[at]
        self._steps = steps_to_look_at(settings.epochs * -(-len(rows.learn) // settings.batch_size))
        self.seen: dict[int, float] = {}
        self.photos = len(photos)

    def __call__(self, moment: Moment) -> None:
        """Look, where it is time to; called before the step's weights change."""
        from headstart.finetune.loop import logits_of

        if moment.step in self._steps:
            index = np.arange(self.photos)
            said = logits_of(moment.module, self._inputs, index, self._batch, self._fabric)
            self.seen[moment.step] = float((said.argmax(axis=1) == self._codes).mean())
