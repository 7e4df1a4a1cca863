"""`headstart finetune`: parse, train a network on, show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, RUNNING, SWITCH, Common, Reading, Running
from headstart.finetune.settings import BatchNorm, ClassWeights, Optimiser, Schedule, Tuning

_USUAL = Tuning()
"""Its defaults are the command line's; 0 stands for none."""

_WHAT = Group("What is trained", sort_key=10)
_HOW = Group("How it is trained", sort_key=20)


@Parameter(name="*", group=_WHAT)
@dataclass(frozen=True)
class What:
    """What of the network is trained, and on which views.

    Attributes:
        part: last (the last stages with two thirds of the parameters), whole, or a layer: that and all after.
        linear_first: Start from the fitted linear head, or from an untrained one.
        soft_start: What the head's weights are multiplied by before the network learns on.
        blend: Go back towards the start as far as the validation photos like it.
        refit: Once the epoch is chosen, train again for as long on the validation photos too.
        batch_norm: Keep batch norm's statistics as they are, or train with those of each batch.
        dropout: Share of the features that each step leaves out before the linear layer.
        views: Augmented views of each photo, where a part is trained.
        least_area: Smallest share of a photo that a view shows.
        mirror: Mirror half of the views.
        colour: By how much brightness, contrast and saturation vary.
        class_weights: Let each class count alike, or each photo.
    """

    part: str = _USUAL.part
    linear_first: bool = _USUAL.linear_first
    soft_start: float = _USUAL.soft_start
    blend: bool = _USUAL.blend
    refit: bool = _USUAL.refit
    batch_norm: BatchNorm = _USUAL.batch_norm
    dropout: float = _USUAL.dropout
    views: int = _USUAL.views
    least_area: float = _USUAL.least_area
    mirror: bool = _USUAL.mirror
    colour: float = _USUAL.colour
    class_weights: ClassWeights = _USUAL.class_weights


@Parameter(name="*", group=_HOW)
@dataclass(frozen=True)
class How:
    """The training itself.

    Attributes:
        epochs: Passes over the training photos, at most.
        batch_size: Photos of a step.
        optimiser: adamw, sgd (plain), momentum, adam, adagrad or rmsprop.
        learning_rate: Of the last layer at its highest; find: from a range test before it starts.
        momentum: Of the optimiser momentum.
        weight_decay: Of weights; biases and norms have none.
        body_rate: Learning rate of the network's last stage as a share of the last layer's.
        layer_decay: Learning rate of a stage as a share of the one after it; 1: all alike.
        schedule: cosine, constant, or decay by --decay-rate an epoch.
        decay_rate: What each epoch multiplies the learning rate by (--schedule decay).
        warmup: Share of all steps over which the learning rate rises.
        clip: Longest gradient; 0: any.
        label_smoothing: How much of a target is spread over all classes.
        mixup: Strength of mixing two photos; 0: none.
        cutmix: Strength of pasting a part of one over the other; 0: none.
        average: Decay of the weights' moving average, which is then what is kept; 0: none.
        patience: Stop early: epochs without a better one after which it ends and the best is kept; 0: never.
        bf16: Compute in bfloat16.
    """

    epochs: int = _USUAL.epochs
    batch_size: int = _USUAL.batch_size
    optimiser: Optimiser = _USUAL.optimiser
    learning_rate: float | Literal["find"] = _USUAL.learning_rate
    momentum: float = _USUAL.momentum
    weight_decay: float = _USUAL.weight_decay
    body_rate: float = _USUAL.body_rate
    layer_decay: float = _USUAL.layer_decay
    schedule: Schedule = _USUAL.schedule
    decay_rate: float = _USUAL.decay_rate
    warmup: float = _USUAL.warmup
    clip: float = _USUAL.clip or 0.0
    label_smoothing: float = _USUAL.label_smoothing
    mixup: float = _USUAL.mixup
    cutmix: float = _USUAL.cutmix
    average: float = _USUAL.average or 0.0
    patience: int = _USUAL.patience or 0
    bf16: Annotated[bool, SWITCH] = _USUAL.bf16


WHAT, HOW = What(), How()


def finetune(
    photos: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    test: str | None = None,
    gate: bool = True,
    false_alarms: float = 0.05,
    coverage: float = 0.9,
    layer: str | None = None,
    seed: int = 0,
    reading: Reading = READING,
    what: What = WHAT,
    how: How = HOW,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Train a network on for your classes, from its linear head; keep it only if that is better.

    Args:
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees, ants-bees/val.
        output: The model folder to write; an existing headstart model is replaced.
        backbone: The pretrained network to start from (see "train").
        test: Photos to measure on, never trained on; without them a fifth of PHOTOS is held out.
        gate: Keep the linear head where the fine-tuned network is not better on validation photos.
        false_alarms: Share of photos of your own classes that may be called unknown.
        coverage: Share of photos for which the classes that an answer names must hold the right one.
        layer: Put the head on this layer instead of the default (see "backbones show").
        seed: Decides which photos are held out, their views, their order, dropout.
    """
    from headstart.cli.progress import progress_for_stderr
    from headstart.cli.train import show_training
    from headstart.finetune.fabric import is_first_process
    from headstart.tasks.finetune import finetune as train_on

    off = {name: getattr(how, name) or None for name in ("clip", "average", "patience")}
    found = how.learning_rate == "find"
    rate = {"find_rate": found, "learning_rate": _USUAL.learning_rate if found else how.learning_rate}
    model = train_on(
        photos,
        backbone=backbone,
        output=output,
        test=test,
        layer=layer,
        tuning=Tuning(**{**asdict(what), **asdict(how), **off, **rate, "seed": seed}),
        gate=gate,
        false_alarms=false_alarms,
        coverage=coverage,
        engine=running.engine,
        precision=running.precision,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if is_first_process():
        show_training(model, output, common)
    return 0
