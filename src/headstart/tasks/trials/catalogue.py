"""The list of tricks: each a baseline without it, and one or more recipes that differ in it alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.tasks.trials.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIMISERS = {
    "SGD": ("sgd", (0.01, 0.03, 0.1, 0.3)),
    "momentum": ("momentum", (0.003, 0.01, 0.03, 0.1)),
    "Adagrad": ("adagrad", (0.003, 0.01, 0.03, 0.1)),
    "RMSProp": ("rmsprop", (0.0001, 0.0003, 0.001, 0.003)),
    "Adam": ("adam", (0.0003, 0.001, 0.003, 0.01)),
}
"""Each with learning rates from which the validation part chooses: one rate for all would compare rates."""
DROPOUTS = (0.0, 0.2, 0.5, 0.8)
PATIENCE = 5


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the things that are compared.

    Attributes:
        name: within its trick, such as "0.5".
        recipe: what is trained.
        rates: learning rates that are tried first; () for the recipe's own.
    """

    name: str
    recipe: Recipe
    rates: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """A trick and what it is compared with.

    Attributes:
        name: a word for `--only`.
        title: for people.
        says: what it is, one sentence.
        source: where it is from.
        arms: the first is without the trick.
        note: what the comparison is done on where that is not the plain network.
        averaged: the second arm is the mean answer of all seeds' networks of the first.
        gradients: whether the gradients of its layers are shown.
    """

    name: str
    title: str
    says: str
    source: str
    arms: tuple[Arm, ...]
    note: str = ""
    averaged: bool = False
    gradients: bool = False


def _trick(name: str, arms: tuple[Arm, ...], **options: str | bool) -> Trick:
    title, says, source = _TOLD[name]
    return Trick(name=name, title=title, says=says, source=source, arms=arms, **options)  # type: ignore[arg-type]


_TOLD = {
    "initial-weights": (
        "Initial weights",
        "Weights are drawn so that signals and gradients keep their size from layer to layer: a variance of "
        "2 / (inputs + outputs) (Xavier) or 2 / inputs (He), instead of 1 whatever the layer.",
        "Glorot and Bengio 2010; He et al. 2015",
    ),
    "normalised-inputs": (
        "Normalised inputs",
        "The mean of each colour is taken off and its spread made 1, so that no input is large and all are "
        "of one kind.",
        "LeCun et al. 1998, Efficient BackProp",
    ),
    "batch-norm": (
        "Batch normalisation",
        "After each convolution the numbers of a batch are brought to mean 0 and spread 1, then scaled by "
        "two learned numbers for each channel.",
        "Ioffe and Szegedy 2015",
    ),
    "batch-norm-rescue": (
        "Batch normalisation after a bad start",
        "The same where it matters most: a deep network whose weights began as N(0, 1).",
        "Ioffe and Szegedy 2015",
    ),
    "dropout": (
        "Dropout",
        "In each step a share of the numbers before the last layer is set to 0 at random, so that none can "
        "be relied on alone.",
        "Srivastava et al. 2014",
    ),
    "early-stopping": (
        "Early stopping",
        f"Training ends once {PATIENCE} epochs brought no lower log loss on the validation part, and the "
        "epoch with the lowest is kept, not the last.",
        "Prechelt 1998",
    ),
    "weight-decay": (
        "Weight decay",
        "In each step every weight moves a little towards 0, so that large ones have to earn their size.",
        "Krogh and Hertz 1991",
    ),
    "averaging": (
        "Averaging several models",
        "The networks of all seeds answer together, by the mean of their probabilities, beside one alone.",
        "Hansen and Salamon 1990; Lakshminarayanan et al. 2017",
    ),
    "optimiser": (
        "Optimisers",
        "How a gradient becomes a step: plain, with the memory of earlier steps (momentum), or with a step "
        "size of its own for each weight (Adagrad, RMSProp, Adam).",
        "Polyak 1964; Duchi et al. 2011; Tieleman and Hinton 2012; Kingma and Ba 2015",
    ),
    "clipping": (
        "Gradient clipping",
        "A gradient longer than a limit is shortened to it before the step.",
        "Pascanu et al. 2013",
    ),
    "rate-decay": (
        "Learning-rate decay",
        "Steps become smaller: by a factor of 0.98 after each epoch, or along half a cosine to 0.",
        "Robbins and Monro 1951; Loshchilov and Hutter 2017",
    ),
    "capacity": (
        "More and less capacity",
        "The same layers with fewer or more channels: too few can't tell classes apart, more can learn by "
        "heart.",
        "Geman et al. 1992; Belkin et al. 2019",
    ),
    "new-layer": (
        "How the new layer starts",
        "The linear layer that replaces the old classes begins by chance, or as a linear head that was "
        "fitted to the frozen features first (LP-FT), so that the first gradients do not disturb what was "
        "learned.",
        "Kumar et al. 2022",
    ),
    "train-less": (
        "More and less that is trained",
        "The new layer alone on frozen features, or the network's last part with it.",
        "Yosinski et al. 2014",
    ),
    "layer-decay": (
        "Smaller steps for earlier layers",
        "Each stage's learning rate is 0.75 of that of the stage after it: what is general changes least.",
        "Howard and Ruder 2018",
    ),
    "label-smoothing": (
        "Label smoothing",
        "A tenth of each target is spread over all classes, so that no answer is worth being infinitely "
        "sure.",
        "Szegedy et al. 2016",
    ),
    "frozen-batch-norm": (
        "Frozen batch norm",
        "Means and spreads stay those of the pretraining instead of following small batches.",
        "Kornblith et al. 2019",
    ),
}


def small_tricks(base: Recipe | None = None) -> tuple[Trick, ...]:
    """Tricks for networks trained from scratch.

    Args:
        base: what all are compared with; None: the default.

    Example:
        >>> len(small_tricks()[0].arms)
        4
    """
    base = Recipe() if base is None else base
    deep = replace(base, network="deep", weights="normal")
    fast = base.trained(learning_rate=0.1)
    far = "On a plain network of ten convolutions, deep enough for gradients to vanish or explode on the way."
    return (
        _trick(
            "initial-weights",
            (
                Arm("N(0, 1)", deep),
                Arm("N(0, 0.01²)", replace(deep, weights="tiny")),
                Arm("Xavier", replace(deep, weights="xavier")),
                Arm("He", replace(deep, weights="he")),
            ),
            note=far + " Batch normalisation would hide the difference, so there is none.",
            gradients=True,
        ),
        _trick(
            "batch-norm-rescue",
            (Arm("none", deep), Arm("batch norm", replace(deep, batch_norm=True))),
            note=far,
            gradients=True,
        ),
        _trick(
            "normalised-inputs",
            (
                Arm("0 to 255", replace(base, pixels="bytes")),
                Arm("0 to 1", replace(base, pixels="unit")),
                Arm("normalised", base),
            ),
        ),
        _trick("batch-norm", (Arm("none", base), Arm("batch norm", replace(base, batch_norm=True)))),
        *_shared(base, fast),
        _trick(
            "optimiser",
            tuple(
                Arm(name, base.trained(optimiser=word, learning_rate=rates[1]), rates)
                for name, (word, rates) in OPTIMISERS.items()
            ),
            note="Each with the best of four learning rates on the validation part, with another seed.",
        ),
        _trick(
            "capacity",
            (
                Arm("usual width", base),
                Arm("a quarter", replace(base, width=0.25)),
                Arm("twice", replace(base, width=2.0)),
            ),
        ),
    )


def tuned_tricks(*, batch_norm: bool, base: Recipe | None = None) -> tuple[Trick, ...]:
    """Tricks for a pretrained network's last part.

    Args:
        batch_norm: whether it has batch norm that could be trained.
        base: what all are compared with; None: the default.
    """
    base = tuned_base() if base is None else base
    rates = {"SGD": 0.03, "momentum": 0.003, "Adagrad": 0.001, "RMSProp": 0.0001, "Adam": 0.0003}
    tricks = (
        _trick(
            "new-layer",
            (
                Arm("N(0, 1)", replace(base, weights="normal")),
                Arm("Xavier", replace(base, weights="xavier")),
                Arm("He", replace(base, weights="he")),
                Arm("a linear head first", base),
                Arm("the same, softened", replace(base, weights="soft probe")),
            ),
            note="Softened: its weights times 0.2, so that no answer changes at first and none is sure.",
            gradients=True,
        ),
        _trick(
            "train-less", (Arm("the new layer alone", replace(base, body=False)), Arm("the last part", base))
        ),
        _trick(
            "normalised-inputs",
            (Arm("0 to 1", replace(base, pixels="unit")), Arm("normalised", base)),
            note="The network was pretrained on normalised photos; in the first arm they are not.",
        ),
        *_shared(base, base.trained(learning_rate=0.03)),
        _trick(
            "optimiser",
            tuple(
                Arm(name, base.trained(optimiser=OPTIMISERS[name][0], learning_rate=rate))
                for name, rate in rates.items()
            ),
            note="Each with one usual learning rate, not searched for: a difference may be that of rates.",
        ),
        _trick("layer-decay", (Arm("none", base), Arm("0.75", base.trained(layer_decay=0.75)))),
        _trick("label-smoothing", (Arm("none", base), Arm("0.1", base.trained(label_smoothing=0.1)))),
    )
    frozen = _trick(
        "frozen-batch-norm", (Arm("trained", base.trained(batch_norm="trained")), Arm("frozen", base))
    )
    return (*tricks, frozen) if batch_norm else tricks


def digit_tricks(base: Recipe | None = None) -> tuple[Trick, ...]:
    """The dropout experiment on digits: a perceptron of two hidden layers, dropout after both."""
    base = Recipe(network="perceptron", pixels="unit").trained(epochs=40) if base is None else base
    note = "On a perceptron with two hidden layers of 512, dropped after both, as Srivastava et al. tried it."
    return (replace(_dropout(base), note=note), _averaging(base))


def tuned_base() -> Recipe:
    """What tricks on a pretrained network are compared with."""
    start = Recipe(network="tuned", weights="probe")
    return start.trained(epochs=5, learning_rate=0.003, batch_norm="frozen")


def chosen(tricks: tuple[Trick, ...], only: tuple[str, ...]) -> tuple[Trick, ...]:
    """Those that were asked for; all where none was named.

    Raises:
        UsageError: a name that none of all lists has.

    Example:
        >>> [trick.name for trick in chosen(small_tricks(), ("dropout",))]
        ['dropout']
    """
    unknown = [name for name in only if name not in _TOLD]
    if unknown:
        raise UsageError(f"--only names {unknown[0]!r}; expected some of {', '.join(_TOLD)}")
    return tuple(trick for trick in tricks if not only or trick.name in only)


def _shared(base: Recipe, fast: Recipe) -> tuple[Trick, ...]:
    """Tricks that mean the same for every network.

    Args:
        base: what they are compared with.
        fast: the same with steps so large that clipping has something to do.
    """
    stopping = replace(base.trained(patience=PATIENCE), stops=True)
    return (
        _dropout(base),
        _trick(
            "early-stopping",
            (Arm("last epoch", base), Arm("best epoch", stopping)),
            note="Both learned from the same photos: no arm of any trick learns from the validation part.",
        ),
        _trick("weight-decay", (Arm("0", base), Arm("0.01", base.trained(weight_decay=0.01)))),
        _averaging(base),
        _trick(
            "clipping",
            (Arm("none", fast), Arm("at 10", fast.trained(clip=10.0)), Arm("at 1", fast.trained(clip=1.0))),
            note=f"With steps {fast.training.learning_rate / base.training.learning_rate:.0f} times as large "
            "as elsewhere: where gradients stay short, clipping does nothing.",
            gradients=True,
        ),
        _trick(
            "rate-decay",
            (
                Arm("constant", base),
                Arm("0.98 an epoch", base.trained(schedule="decay", decay_rate=0.98)),
                Arm("cosine", base.trained(schedule="cosine")),
            ),
        ),
    )


def _dropout(base: Recipe) -> Trick:
    return _trick("dropout", tuple(Arm(f"{share:g}", replace(base, dropout=share)) for share in DROPOUTS))


def _averaging(base: Recipe) -> Trick:
    return _trick("averaging", (Arm("one network", base), Arm("all together", base)), averaged=True)


def briefly(epochs: int) -> Callable[[tuple[Trick, ...]], tuple[Trick, ...]]:
    """A change of lists: so few epochs, and no search for learning rates.

    Example:
        >>> briefly(1)(small_tricks())[0].arms[0].recipe.training.epochs
        1
    """

    def brief(arm: Arm) -> Arm:
        return Arm(arm.name, arm.recipe.trained(epochs=epochs))

    return lambda tricks: tuple(replace(trick, arms=tuple(map(brief, trick.arms))) for trick in tricks)
