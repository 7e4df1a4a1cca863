"""(a picture, its class) => what networks say of it that had no part in making it.

A picture that one network is sure of may be nothing but a texture which that network alone mistakes for the
class. Other networks are the judges: those at hand that know the same ImageNet class; for a model's own
classes, heads fitted here on the rows that the feature store has of the same training photos from other
backbones. The same weights in another framework are no other network: they are found by their answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from headstart.backbones.spec import KERAS_MODEL, POCKET
from headstart.backbones.weights import WeightsStore
from headstart.errors import HeadstartError, UsageError
from headstart.heads.softmax import softmax
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.tasks.network import open_network
from headstart.tasks.verifier_heads import fit_head, rows_at_hand

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.features.key import FeatureSpace
    from headstart.images.resize import Resize
    from headstart.model.model import Model
    from headstart.pixels.network import Network
    from headstart.storage.home import Home

_PROBES = 6
_SAME = 0.05


@dataclass(frozen=True, slots=True)
class Belief:
    """What a network says of a picture.

    Attributes:
        probability: of the class.
        rank: of the class among all of the network's, 1 for its answer.
        classes: how many the network tells apart.
        noise: the largest probability that the network gives the class for pictures of noise.
    """

    probability: float
    rank: int
    classes: int
    noise: float = 0.0

    @property
    def believed(self) -> bool:
        """Whether it is surer than for noise, and the class its answer or among its first hundredth."""
        return self.probability > self.noise and self.rank <= max(1, self.classes // 100)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "probability": self.probability,
            "rank": self.rank,
            "classes": self.classes,
            "noise": self.noise,
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that may be asked; it is opened when its turn comes.

    Attributes:
        name: for people.
        open: gives it; may raise `HeadstartError`.
    """

    name: str
    open: Callable[[], Network]


class Knowing(Protocol):
    """What has classes, and identifiers for them where there are some."""

    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102  (data)
    @property
    def ids(self) -> tuple[str, ...]: ...  # noqa: D102


def candidates(network: Network, model: Model | None, home: Home) -> list[Candidate]:
    """The networks at hand that may know the classes of `network`.

    Args:
        network: the one that made the picture.
        model: where that is a trained model.
        home: where weights and features are kept.
    """
    if model is not None:
        return [
            Candidate(f"{space.backbone} on the same photos", _fitting(space, rows, model, home))
            for space, rows in rows_at_hand(model, home)
            if not space.backbone.startswith(f"{KERAS_MODEL}:")  # its name alone opens no file
        ]
    if not network.ids:
        return []
    names = [POCKET, *(entry.backbone for entry in WeightsStore(home).readable_entries())]
    own = {network.name, network.backbone.spec.framework}
    return [Candidate(name, _opening(name, home)) for name in names if name not in own]


def named_candidate(network: Network, class_name: str, verifier: str, home: Home) -> Candidate:
    """A network that the user names: it must know the class.

    Raises:
        UsageError: it does not, or it is no network.
    """
    judge = open_network(verifier, home)
    if place_of(network, judge, class_name) is None:
        raise UsageError(
            f"--verifier {verifier} does not know {class_name!r}, so it can't judge a picture of it; "
            "name a network that does"
        )
    return Candidate(judge.name, lambda: judge)


def place_of(network: Knowing, other: Knowing, name: str) -> int | None:
    """The place in `other` of a class of `network`: by identifier where both have some, else by name.

    Example:
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> one = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> other = of_backbone(tiny_backbone(classes=("dog", "elk", "cat")))
        >>> place_of(one, other, "cat"), place_of(other, one, "elk")
        (2, None)
    """
    if network.ids and other.ids:
        identifier = network.ids[network.classes.index(name)]
        return other.ids.index(identifier) if identifier in other.ids else None
    return other.classes.index(name) if name in other.classes else None


def believes(network: Network, index: int, file: bytes) -> Belief:
    """Ask a network about a picture's file, which is brought to its size as `predict` does it."""
    probabilities = network.probabilities(as_received(file, network.resize))[0]
    own = probabilities[index]
    return Belief(float(own), int((probabilities > own).sum()) + 1, len(probabilities))


def as_received(file: bytes, resize: Resize) -> Tensor:
    """The bytes of a picture's file => (1, 3, h, w) pixels, as a network receives it."""
    import torch

    return torch.from_numpy(to_pixels([decode(file, resize).pixels]))


class Bench:
    """The judges of a class, each of them asked once, however often it is at hand.

    Attributes:
        notes: what people should know: who was not asked, and why.

    Args:
        network: the one that made the pictures.
        name: of their class.
    """

    def __init__(self, network: Network, name: str) -> None:
        self.notes: list[str] = []
        self._name = name
        self._own = network
        self._seated = [_Seat.of(network.name, network)]

    def ask(self, asked: Sequence[Candidate], files: Sequence[bytes]) -> list[dict[str, Belief]]:
        """Ask every candidate that knows the class about every picture.

        Returns:
            For each picture, what each network says, by name.
        """
        said: list[dict[str, Belief]] = [{} for _ in files]
        for candidate in asked:
            try:
                judge = candidate.open()
            except HeadstartError as fault:
                self.notes.append(f"{candidate.name} was not asked: {fault}")
                continue
            index = place_of(self._own, judge, self._name)
            if index is None or not self._takes_seat(candidate.name, judge):
                continue
            for file, beliefs in zip(files, said, strict=True):
                noise = self._seated[-1].of_noise(index)
                beliefs[candidate.name] = replace(believes(judge, index, file), noise=noise)
        return said

    def _takes_seat(self, name: str, judge: Network) -> bool:
        if judge.backbone.spec.weights_digest == self._own.backbone.spec.weights_digest:
            self.notes.append(f"{name} was not asked: it looks through the same network, {self._own.name}'s")
            return False
        seat = _Seat.of(name, judge)
        twin = next((each for each in self._seated if _alike(each, seat)), None)
        if twin is None:
            self._seated.append(seat)
            return True
        self.notes.append(
            f"{name} was not asked: it answers noise just as {twin.name} does, so it is the same network"
        )
        return False


@dataclass(frozen=True, slots=True)
class _Seat:
    """A network that is on the bench already, and what it says of noise."""

    name: str
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    said: NDArray[np.float32]

    def of_noise(self, index: int) -> float:
        """The largest probability of a class for noise."""
        return float(softmax(self.said)[:, index].max())

    @classmethod
    def of(cls, name: str, network: Network) -> _Seat:
        import torch

        with torch.no_grad():
            said = [network.logits(as_received(file, network.resize))[0].numpy() for file in _noise()]
        return cls(name, network.classes, network.ids, np.stack(said))


def _alike(one: _Seat, other: _Seat) -> bool:
    """Whether logits differ by less than a twentieth of their spread.

    The same weights in two frameworks differ in the fourth digit; two networks by about as much as their
    logits themselves.
    """
    found = [(mine, place_of(one, other, name)) for mine, name in enumerate(one.classes)]
    places = [(mine, theirs) for mine, theirs in found if theirs is not None]
    if len(places) < 2:
        return False
    mine = _centred(one.said[:, [place for place, _ in places]])
    theirs = _centred(other.said[:, [place for _, place in places]])
    return bool(np.sqrt(np.mean((mine - theirs) ** 2)) <= _SAME * min(mine.std(), theirs.std()))


def _centred(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without what a softmax does not see."""
    return np.asarray(logits - logits.mean(axis=1, keepdims=True))


def _noise() -> list[bytes]:
    """Files of coarse noise: the same for networks of any size and way of resizing."""
    from PIL import Image

    from headstart.report.sheet import png

    chance = np.random.default_rng(0)
    coarse = [chance.integers(0, 256, (8, 8, 3), dtype=np.uint8) for _ in range(_PROBES)]
    return [png(Image.fromarray(each).resize((256, 256), Image.Resampling.BICUBIC)) for each in coarse]


def _opening(name: str, home: Home) -> Callable[[], Network]:
    return lambda: open_network(name, home)


def _fitting(
    space: FeatureSpace, rows: NDArray[np.float32], model: Model, home: Home
) -> Callable[[], Network]:
    return lambda: fit_head(space, rows, model, home)
