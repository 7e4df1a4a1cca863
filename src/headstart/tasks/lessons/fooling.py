"""(a network, a photo of a dog) => the dog that is a cat, and what another network says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.everyday import own_classes_of
from headstart.images.names import some
from headstart.tasks.lessons.elsewhere import answer, opinion
from headstart.tasks.lessons.figures import CATS, KERAS_RESNET
from headstart.tasks.lessons.measured import Measured, NotMeasuredError, in_pixels, normalised
from headstart.tasks.lessons.walk import walk

if TYPE_CHECKING:
    from headstart.images.photo import Photo
    from headstart.pixels.network import Network
    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.elsewhere import Opinion
    from headstart.tasks.lessons.figures import Figure
    from headstart.tasks.lessons.walk import Walked

_TRIES = 30
_SURE = 0.5
_RESNET = "torchvision:resnet50"
_AS_FILE = "asked about the file, whose numbers end at black and white; the lesson asks about the pixels"


@dataclass(frozen=True, eq=False)
class Fooled:
    """A dog's photo that was walked towards the cat.

    Attributes:
        network: that takes the one for the other.
        label: what it calls the photo.
        sure: the probability of that.
        walked: what came out.
        reasons: how it differs from the lesson's.
    """

    network: Network
    label: str
    sure: float
    walked: Walked
    reasons: tuple[str, ...]


def before(figure: Figure, desk: Desk) -> Measured:
    """What the network says of the dog."""
    chosen = desk.chosen(figure)
    fooled = _fooled(figure, chosen, desk)
    return Measured(
        value=fooled.sure,
        network=chosen.name,
        label=fooled.label,
        reasons=(*fooled.reasons, normalised(chosen.name)),
        verdict="a dog",
    )


def after(figure: Figure, desk: Desk) -> Measured:
    """What the same network says when the photo was walked towards the cat."""
    chosen = desk.chosen(figure)
    fooled = _fooled(figure, chosen, desk)
    found = fooled.walked
    label, sure = answer(fooled.network, found.file)
    return Measured(
        value=found.probability,
        network=chosen.name,
        label=found.label,
        reasons=(*fooled.reasons, normalised(chosen.name)),
        also=(
            f"as a file, whose numbers end at black and white: {label} {sure:.3f}",
            f"no value of the photo changed by more than {255 * found.linf:.0f}/255, measured in the file",
        ),
        verdict=in_pixels(figure.target, found.label, label),
    )


def elsewhere(figure: Figure, desk: Desk) -> Measured:
    """What another network at hand says of the same file, ResNet-50 where it is there.

    Raises:
        NotMeasuredError: none is at hand that knows the class.
    """
    fooled = _fooled(figure, desk.chosen(figure), desk)
    heard = opinion(fooled.network, figure.target, fooled.walked.file, desk.home, KERAS_RESNET)
    if heard is None:
        raise NotMeasuredError(
            f"no other network at hand knows {figure.target!r}", f"headstart weights fetch {_RESNET}"
        )
    return judged(figure, fooled, heard)


def judged(figure: Figure, fooled: Fooled, heard: Opinion) -> Measured:
    """Whether the picture is a cat for the other network too: then the lesson's sentence fails."""
    return Measured(
        value=heard.sure,
        network=heard.network,
        label=heard.label,
        reasons=(
            *another(heard.network), *fooled.reasons, normalised(fooled.network.name, heard.network), _AS_FILE
        ),
        also=(f"it gives the {figure.target} {heard.belief.probability:.3f}",),
        verdict="fails" if heard.label == figure.target else "holds",
    )  # fmt: skip


def another(network: str) -> tuple[str, ...]:
    """Why a network is not the lesson's ResNet-50; () where it is.

    Example:
        >>> another("keras:ResNet50@v1"), another("torchvision:resnet50@v2"), another("pocket")
        ((), ("torchvision's ResNet-50 instead of Keras's",), ('pocket is asked instead of ResNet-50',))
    """
    own, same = KERAS_RESNET
    name = network.partition("@")[0]
    if name == own:
        return ()
    return (
        "torchvision's ResNet-50 instead of Keras's"
        if name == same
        else f"{network} is asked instead of ResNet-50",
    )


def _fooled(figure: Figure, chosen: Chosen, desk: Desk) -> Fooled:
    return desk.once(("fooled", chosen.name), lambda: _fool(figure, chosen, desk))


def _fool(figure: Figure, chosen: Chosen, desk: Desk) -> Fooled:
    from headstart.pixels.network import class_index, of_backbone

    network = of_backbone(chosen.backbone)
    index = class_index(network, figure.target)
    desk.afford(figure, figure.steps * 4 * desk.pace(chosen))
    photo, label, sure = _dog(network, desk)
    walked = walk(network, photo.path, index, steps=figure.steps, progress=desk.progress)
    mine = f"another dog: {photo.name}, the first of seed {desk.seed} of which {chosen.name} is sure"
    return Fooled(network, label, sure, walked, (*chosen.reasons, mine))


def _dog(network: Network, desk: Desk) -> tuple[Photo, str, float]:
    """The first photo of a dog, in the order of chance, that the network takes for one; its answer, how sure.

    Raises:
        NotMeasuredError: it knows no dogs, or took none of those tried for one.
    """
    known = own_classes_of(["dog"], network.classes, network.ids).get("dog")
    if not known:
        raise NotMeasuredError(f"{network.name} knows no dogs, but {some(network.classes)}")
    breeds = {network.classes[at] for at in known}
    for photo in _dogs(desk)[:_TRIES]:
        label, sure = answer(network, photo.path.read_bytes())
        if label in breeds and sure >= _SURE:
            return photo, label, sure
    raise NotMeasuredError(f"{network.name} is sure of none of {_TRIES} dogs")


def _dogs(desk: Desk) -> list[Photo]:
    import numpy as np

    hashed = [each for each in desk.gathered(CATS).hashed if str(each.photo.label).lower().startswith("dog")]
    order = np.random.default_rng(desk.seed).permutation(len(hashed))
    return [hashed[at].photo for at in order]
