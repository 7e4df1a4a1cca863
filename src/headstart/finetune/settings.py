"""The settings of one training, checked: what the report shows is what ran."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from headstart.errors import UsageError

Optimiser = Literal["adamw", "sgd", "momentum", "adam", "adagrad", "rmsprop"]
Schedule = Literal["cosine", "constant", "decay"]
BatchNorm = Literal["frozen", "trained"]
ClassWeights = Literal["balanced", "none"]

OPTIMISERS: tuple[str, ...] = get_args(Optimiser)
SCHEDULES: tuple[str, ...] = get_args(Schedule)
BATCH_NORM: tuple[BatchNorm, ...] = get_args(BatchNorm)
CLASS_WEIGHTS: tuple[str, ...] = get_args(ClassWeights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a network is trained on.

    Attributes:
        epochs: passes over the training photos, at most.
        batch_size: photos of a step; the last steps of an epoch may have one less.
        optimiser: one of `OPTIMISERS`; "sgd" is plain, "momentum" SGD with it.
        learning_rate: of the last layer, at its highest.
        momentum: of the optimisers that have one by their name, "momentum".
        weight_decay: of weights; biases and norms have none. "adamw" decouples it (Loshchilov and Hutter
            2019).
        body_rate: learning rate of a pretrained network's last stage as a share of the linear layer's.
        layer_decay: learning rate of a stage as a share of the one after it (Howard and Ruder 2018;
            Bao et al. 2022); 1: all alike.
        schedule: "cosine" to 0 (Loshchilov and Hutter 2017), "constant", or "decay" by `decay_rate` an epoch.
        decay_rate: what each epoch multiplies the learning rate by, in the schedule "decay".
        warmup: share of all steps over which the learning rate rises from 0.
        clip: longest gradient, as its norm over all parameters (Pascanu et al. 2013); None: any.
        label_smoothing: how much of a target is spread over all classes (Szegedy et al. 2016), below 1.
        mixup: strength of mixing two photos (Zhang et al. 2018), the Beta's parameter; 0: none.
        cutmix: the same for a part of one pasted over the other (Yun et al. 2019).
        average: decay of the weights' moving average, which is then what is validated and kept; None: none.
        patience: epochs without a better one on the validation photos after which it ends, and the best is
            kept (Prechelt 1998); None: all epochs run, and the last is kept.
        batch_norm: "frozen": its statistics stay those of the pretraining; "trained": of each batch.
        bf16: compute in bfloat16, with weights in float32: half the memory on a GPU.
        seed: of the order of photos, dropout, mixing.

    Example:
        >>> Training(epochs=3).learning_rate
        0.001
        >>> Training(epochs=0)
        Traceback (most recent call last):
        headstart.errors.UsageError: --epochs is 0; expected 1 or more
    """

    epochs: int = 20
    batch_size: int = 32
    optimiser: Optimiser = "adamw"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.01
    body_rate: float = 1.0
    layer_decay: float = 0.8
    schedule: Schedule = "cosine"
    decay_rate: float = 0.98
    warmup: float = 0.1
    clip: float | None = 1.0
    label_smoothing: float = 0.1
    mixup: float = 0.0
    cutmix: float = 0.0
    average: float | None = None
    patience: int | None = None
    batch_norm: BatchNorm = "frozen"
    bf16: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what can't be meant.

        Raises:
            UsageError: names the option as the command line has it.
        """
        self._one_of(optimiser=OPTIMISERS, schedule=SCHEDULES, batch_norm=BATCH_NORM)
        for name in ("epochs", "batch_size", "patience"):
            self._require(name, lambda value: value >= 1, "1 or more")
        self._require("seed", lambda value: 0 <= value < 2**32, "a number from 0 to 4294967295")
        for name in ("learning_rate", "clip"):
            self._require(name, lambda value: value > 0, "a number above 0")
        for name in ("weight_decay", "mixup", "cutmix"):
            self._require(name, lambda value: value >= 0, "0 or more")
        for name in ("momentum", "warmup", "label_smoothing"):
            self._require(name, lambda value: 0 <= value < 1, "a number from 0 to below 1")
        for name in ("layer_decay", "decay_rate", "body_rate"):
            self._require(name, lambda value: 0 < value <= 1, "a number above 0, at most 1")
        self._require("average", lambda value: 0 < value < 1, "a number between 0 and 1")

    def _one_of(self, **known: tuple[str, ...]) -> None:
        for name, words in known.items():
            value = getattr(self, name)
            if value not in words:
                raise UsageError(f"{_option(name)} is {value!r}; expected one of {', '.join(words)}")

    def _require(self, name: str, right: object, expected: str) -> None:
        value = getattr(self, name)
        if value is None:
            return
        if not math.isfinite(value) or not right(value):  # type: ignore[operator]
            written = f"{value:g}" if isinstance(value, float) else value
            raise UsageError(f"{_option(name)} is {written}; expected {expected}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning(Training):
    """How a pretrained network is trained on: what `Training` has, and what belongs to the network.

    Attributes:
        part: "last": the fewest last stages that hold two thirds of the parameters; "whole"; or the name of a
            layer: that one and all after it.
        find_rate: take the learning rate that a range test suggests (`finder`), not `learning_rate`.
        linear_first: start from the fitted linear head (LP-FT, Kumar et al. 2022), not from chance.
        dropout: share of a row's numbers that each step leaves out before the linear layer (Srivastava et
            al. 2014), 0 to below 1.
        soft_start: what the linear head's weights are multiplied by before the network learns on. A head that
            is sure of itself has large weights, and small changes of the network then change every answer: it
            would get worse before it gets better. Above 0, at most 1.
        blend: go back towards the start as far as the validation photos like it (WiSE-FT, Wortsman et al.
            2022); only with `linear_first`.
        refit: once the epoch is chosen, train again for as long on training and validation photos.
        views: augmented views that each photo has beside itself, where a part is trained; the whole network
            sees a new one in each epoch.
        least_area: smallest share of a photo that a view shows, above 0, at most 1.
        mirror: half of the views are mirrored.
        colour: by how much brightness, contrast and saturation vary, 0 to below 1.
        class_weights: "balanced": each class counts alike; "none": each photo does.

    Example:
        >>> Tuning(part="whole").dropout
        0.1
    """

    epochs: int = 8
    body_rate: float = 0.3
    label_smoothing: float = 0.0
    part: str = "last"
    find_rate: bool = False
    linear_first: bool = True
    soft_start: float = 0.2
    blend: bool = False
    refit: bool = True
    dropout: float = 0.1
    views: int = 4
    least_area: float = 0.35
    mirror: bool = True
    colour: float = 0.2
    class_weights: ClassWeights = "balanced"

    def __post_init__(self) -> None:
        """Refuse what can't be meant.

        Raises:
            UsageError: names the option as the command line has it.
        """
        super(Tuning, self).__post_init__()  # slots make another class of this one: super() alone fails
        self._one_of(class_weights=CLASS_WEIGHTS)
        if self.blend and not self.linear_first:
            raise UsageError(
                "--blend goes back towards the linear head; with --no-linear-first there is none"
            )
        self._require("views", lambda value: value >= 1, "1 or more")
        for name in ("least_area", "soft_start"):
            self._require(name, lambda value: 0 < value <= 1, "a number above 0, at most 1")
        for name in ("dropout", "colour"):
            self._require(name, lambda value: 0 <= value < 1, "a number from 0 to below 1")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
