"""(a network, a photo of a dog) => the dog that is a cat, and what another network says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.everyday import own_classes_of
from headstart.backbones.spec import OWN
from headstart.images.names import some
from headstart.tasks.ideal import png_of
from headstart.tasks.lessons.elsewhere import answer, opinion
from headstart.tasks.lessons.figures import CATS
from headstart.tasks.lessons.measured import Measured, NotMeasuredError

if TYPE_CHECKING:
    from headstart.images.photo import Photo
    from headstart.pixels.network import Network
    from headstart.tasks.attacks.facts import Attacked
    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.figures import Figure

_TRIES = 30
_SURE = 0.5
_RESNET = "torchvision:resnet50"


@dataclass(frozen=True, eq=False)
class Fooled:
    """A dog's photo that was attacked.

    Attributes:
        photo: which.
        found: the attack.
        reasons: how it differs from the lesson's.
    """

    photo: Photo
    found: Attacked
    reasons: tuple[str, ...]


def before(figure: Figure, desk: Desk) -> Measured:
    """What the network says of the dog."""
    chosen = desk.chosen(figure)
    fooled = _fooled(figure, chosen, desk)
    said = fooled.found.before
    return Measured(
        value=said.probability, network=chosen.name, label=said.label, reasons=fooled.reasons, verdict="a dog"
    )


def after(figure: Figure, desk: Desk) -> Measured:
    """What the same network says when the photo was walked towards the cat."""
    chosen = desk.chosen(figure)
    fooled = _fooled(figure, chosen, desk)
    found = fooled.found
    walked = f"{found.gradients} steps, until the answer is the cat's; the lesson walks all {figure.steps}"
    return Measured(
        value=found.after.target or 0.0,
        network=chosen.name,
        label=found.after.label,
        reasons=(*fooled.reasons, walked),
        also=(
            f"no value of the photo changed by more than {255 * found.linf:.0f}/255, measured in the file",
        ),
        verdict="holds" if found.success else "fails",
    )


def elsewhere(figure: Figure, desk: Desk) -> Measured:
    """What the first other network at hand says of the same file.

    Raises:
        NotMeasuredError: none is at hand that knows the class.
    """
    from headstart.pixels.network import of_backbone

    chosen = desk.chosen(figure)
    fooled = _fooled(figure, chosen, desk)
    heard = opinion(of_backbone(chosen.backbone), figure.target, png_of(fooled.found.picture), desk.home)
    if heard is None:
        raise NotMeasuredError(
            f"no other network at hand knows {figure.target!r}", f"headstart weights fetch {_RESNET}"
        )
    return Measured(
        value=heard.sure,
        network=heard.network,
        label=heard.label,
        reasons=(f"{heard.network} is asked instead of ResNet-50", *fooled.reasons),
        also=(f"it gives the {figure.target} {heard.belief.probability:.3f}",),
        verdict="fails" if heard.label == figure.target else "holds",
    )


def _fooled(figure: Figure, chosen: Chosen, desk: Desk) -> Fooled:
    return desk.once(("fooled", chosen.name), lambda: _fool(figure, chosen, desk))


def _fool(figure: Figure, chosen: Chosen, desk: Desk) -> Fooled:
    from headstart.pixels.network import class_index, of_backbone
    from headstart.tasks.attack import attack

    if chosen.backbone.spec.framework == OWN:
        raise NotMeasuredError("an attack asks a network by its name, and this one has none")
    network = of_backbone(chosen.backbone)
    class_index(network, figure.target)
    desk.afford(figure, figure.steps * 4 * desk.pace(chosen))
    photo = _dog(network, desk)
    found = attack(
        chosen.name,
        photo.path,
        target=figure.target,
        method="descent",
        steps=figure.steps,
        seed=desk.seed,
        home=desk.home.root,
        progress=desk.progress,
    )
    mine = f"another dog: {photo.name}, the first of seed {desk.seed} of which {chosen.name} is sure"
    return Fooled(photo, found, (*chosen.reasons, mine))


def _dog(network: Network, desk: Desk) -> Photo:
    """The first photo of a dog, in the order of chance, that the network takes for one.

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
            return photo
    raise NotMeasuredError(f"{network.name} is sure of none of {_TRIES} dogs")


def _dogs(desk: Desk) -> list[Photo]:
    import numpy as np

    hashed = [each for each in desk.gathered(CATS).hashed if str(each.photo.label).lower().startswith("dog")]
    order = np.random.default_rng(desk.seed).permutation(len(hashed))
    return [hashed[at].photo for at in order]
