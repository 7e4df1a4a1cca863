"""() => the figures that the lesson reports, in its order: what they are of, where they stand, how they came.

The lesson is lesson 8, "Pre-trained Networks and Transfer Learning", of Microsoft's "AI for Beginners" (2022,
MIT licence). The figures are those that its notebooks show as they were published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

SOURCE = "AI for Beginners, lesson 8 (Microsoft, MIT licence)"

Kind = Literal["count", "accuracy", "probability", "words"]

TORCH, KERAS = "TransferLearningPyTorch.ipynb", "TransferLearningTF.ipynb"
ADVERSARIAL, DROPOUT, LAB = "AdversarialCat_TF.ipynb", "Dropout.ipynb", "lab/README.md"

CATS, PETS, DIGITS = "cats-vs-dogs", "oxford-pets", "mnist"
TORCH_VGG, KERAS_VGG = ("torchvision:vgg16", "keras:VGG16"), ("keras:VGG16", "torchvision:vgg16")
KERAS_RESNET = ("keras:ResNet50", "torchvision:resnet50")
LIGHT = ("torchvision:mobilenet_v2", "timm:mobilenetv2_100", "keras:MobileNetV2", "keras:MobileNet")
CAT, ZEBRA = "Siamese cat", "zebra"

_SQUEEZED = "photos are cut to their middle square; the lesson squeezes whole photos into a square"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the lesson, and how it came about.

    Attributes:
        key: a word for `--only`.
        what: what it is of, for people.
        where: the notebook that reports it.
        way: which module measures it: a key of `ways.WAYS`.
        kind: a count, a share of photos named right, a probability of one picture, or no number at all.
        value: the lesson's figure; None where it gives a claim in words.
        of: what a count is a part of.
        photos: how many photos an accuracy rests on.
        says: the lesson's claim in words, or what its network called a picture.
        networks: the lesson's own first, then the same architecture with other weights; () for none.
        data: the data set; "" for none.
        learn: photos that were learned from.
        judge: photos that judged.
        batch: photos a step.
        epochs: passes over the photos.
        steps: of an optimised picture.
        target: the class that a picture was made for.
        share: of numbers that dropout leaves out.
        outputs: of the new layer: one a class, or a single one with a sigmoid.
        smooth: whether total variation is punished.
        differs: what is always different here.
    """

    key: str
    what: str
    where: str
    way: str
    kind: Kind
    value: float | None = None
    of: int | None = None
    photos: int | None = None
    says: str = ""
    networks: tuple[str, ...] = ()
    data: str = ""
    learn: int = 0
    judge: int = 0
    batch: int = 0
    epochs: int = 0
    steps: int = 0
    target: str = ""
    share: float = 0.0
    outputs: int = 2
    smooth: bool = False
    differs: tuple[str, ...] = ()


def _count(
    key: str, what: str, where: str, value: int, of: int | None = None, *, way: str = "weights"
) -> Figure:
    return Figure(key=key, what=what, where=where, way=way, kind="count", value=value, of=of)


def _accuracy(  # noqa: PLR0917
    key: str, what: str, value: float, way: str, where: str, learn: int, judge: int, batch: int,
    epochs: int, differs: tuple[str, ...] = (),
) -> Figure:  # fmt: skip
    return Figure(
        key=key, what=what, where=where, way=way, kind="accuracy", value=value, photos=judge,
        networks=TORCH_VGG if where == TORCH else KERAS_VGG, data=CATS, learn=learn, judge=judge,
        batch=batch, epochs=epochs, outputs=2 if where == TORCH else 1,
        differs=(*differs, *(() if where == TORCH else (_SQUEEZED,))),
    )  # fmt: skip


def _picture(
    key: str, what: str, value: float, way: str, networks: tuple[str, ...], **more: object
) -> Figure:
    return Figure(
        key=key, what=what, where=ADVERSARIAL, way=way, kind="probability", value=value, networks=networks,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _dropout(share: float, value: float) -> Figure:
    return Figure(
        key=f"dropout-{share:g}", what=f"MNIST, two convolutions, dropout {share:g}", where=DROPOUT,
        way="dropout", kind="accuracy", value=value, photos=10_000, data=DIGITS, learn=60_000, judge=10_000,
        batch=64, epochs=5, share=share,
    )  # fmt: skip


_AFTER_LAYER = "the new layer was trained to the end first, the lesson's for one epoch"
_TWO_OUTPUTS = "two outputs with a softmax; the lesson has one with a sigmoid"
_LEARNING_FROM = (
    "measured on photos that judge, after that step; the lesson's is of the photos that it learned from "
    "until then"
)
_FROM_NOISE = "total variation counts from the first step; the lesson's 1,000 steps follow 1,000 without it"

_KERAS_SPLIT = (19_840, 4_960)  # 310 minibatches of 64, and a fifth of all photos to judge

FIGURES: tuple[Figure, ...] = (
    Figure(
        key="broken", what="broken files found among the cats and dogs", where=TORCH, way="broken",
        kind="count", value=2, of=25_000, data=CATS,
    ),
    _count("features", "numbers in VGG-16's features of a photo of 224 px", TORCH, 25_088, way="features"),
    _count("count-torch", "weights trained, of all: frozen VGG-16, two outputs", TORCH, 50_178, 14_764_866),
    _count("count-keras", "weights trained, of all: frozen VGG-16, one output", KERAS, 25_089, 14_739_777),
    _count(
        "count-last", "weights trained, of all: the last four layers too", KERAS, 7_104_513, 14_739_777
    ),
    _accuracy(
        "linear-torch", "one layer on the features of 700 photos, ten epochs", 0.980, "linear", TORCH,
        700, 100, 32, 10,
    ),
    _accuracy(
        "linear-keras", "one layer on the features of 3,200 photos, one epoch", 0.9516, "linear", KERAS,
        3_200, 640, 64, 1,
    ),
    _accuracy(
        "frozen-torch", "one layer on the frozen network, 20,000 photos, one epoch", 0.9672, "linear", TORCH,
        20_000, 4_998, 16, 1,
    ),
    _accuracy(
        "frozen-keras", "the same in Keras, 19,840 photos, one epoch", 0.9671, "linear", KERAS,
        *_KERAS_SPLIT, 64, 1,
    ),
    replace(
        _accuracy(
            "dip", "the network unfrozen: accuracy soon after the start", 0.899, "dip", TORCH,
            20_000, 4_998, 16, 1,
            (_AFTER_LAYER, _LEARNING_FROM),
        ),
        photos=1_440,  # 90 minibatches of 16
    ),
    _accuracy(
        "tuned-torch", "the network unfrozen: accuracy after one more epoch", 0.9744, "tuned", TORCH,
        20_000, 4_998, 16, 1, (_AFTER_LAYER,),
    ),
    _accuracy(
        "tuned-keras", "the last four layers unfrozen: after one more epoch", 0.9653, "tuned", KERAS,
        *_KERAS_SPLIT, 64, 1, (_AFTER_LAYER, _TWO_OUTPUTS),
    ),
    _picture(
        "ideal-plain", "the ideal Siamese cat by plain descent", 0.645, "ideal", KERAS_VGG, steps=1000,
        target=CAT,
    ),
    _picture(
        "ideal-smooth", "the same with total variation", 0.920, "ideal", KERAS_VGG, steps=1000, target=CAT,
        smooth=True, differs=(_FROM_NOISE,),
    ),
    _picture(
        "ideal-zebra", "the ideal zebra of ResNet-50", 0.888, "ideal", KERAS_RESNET, steps=500, target=ZEBRA,
        smooth=True,
    ),
    _picture(
        "dog-before", "a photo of a dog as it is", 0.928, "dog-before", KERAS_VGG, data=CATS,
        steps=100, target=CAT, says="Italian greyhound",
    ),
    _picture(
        "dog-after", "the dog that is a Siamese cat, after 100 steps", 0.865, "dog-after", KERAS_VGG,
        data=CATS, steps=100, target=CAT,
    ),
    _picture(
        "dog-other", "what another network says of that picture", 0.131, "dog-other",
        KERAS_VGG, data=CATS, steps=100, target=CAT, says="nematode",
    ),
    _dropout(0.0, 0.9894),
    _dropout(0.2, 0.9885),
    _dropout(0.5, 0.9899),
    _dropout(0.8, 0.9878),
    Figure(
        key="breeds", what="breeds in the Oxford-IIIT pets", where=LAB, way="breeds", kind="count", value=35,
        data=PETS,
    ),
    Figure(
        key="lighter", what="MobileNet beside VGG-16, photos and steps as in linear-torch", where=KERAS,
        way="lighter", kind="words", says="slightly lower", networks=LIGHT, data=CATS, learn=700, judge=100,
        batch=32, epochs=10,
    ),
    Figure(
        key="pocket", what="headstart's own pocket beside VGG-16, likewise", where=KERAS, way="lighter",
        kind="words", says="slightly lower", networks=("pocket",), data=CATS, learn=700, judge=100, batch=32,
        epochs=10,
    ),
)  # fmt: skip
"""In the lesson's order."""
