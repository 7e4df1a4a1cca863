"""(a picture that one network made, its class) => another network at hand, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.spec import KERAS
from headstart.tasks.verifiers import Belief, Bench, as_received, candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from headstart.pixels.network import Network
    from headstart.storage.home import Home
    from headstart.tasks.verifiers import Candidate


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another network says of a picture.

    Attributes:
        network: its name.
        label: its answer.
        sure: the answer's probability.
        belief: what it says of the class that the picture was made for.
    """

    network: str
    label: str
    sure: float
    belief: Belief


def opinion(
    network: Network, label: str, file: bytes, home: Home, first: Sequence[str] = ()
) -> Opinion | None:
    """Ask the first network at hand that knows the class and is not the same one again; None for none.

    Args:
        network: the one that made the picture.
        label: its class.
        file: of the picture.
        home: of the weights.
        first: names of networks that are asked before all others.
    """
    bench = Bench(network, label)
    for candidate in in_turn(candidates(network, None, home), first):
        if heard := bench.ask([candidate], [file])[0]:
            said, sure = answer(candidate.open(), file)
            return Opinion(candidate.name, said, sure, heard[candidate.name])
    return None


def in_turn(those: Iterable[Candidate], first: Sequence[str]) -> list[Candidate]:
    """Networks in the order in which they are asked: those named, then the others, Keras's at the end.

    Example:
        >>> from headstart.tasks.verifiers import Candidate
        >>> names = ("keras:VGG16", "pocket", "timm:b", "timm:a@x")
        >>> those = [Candidate(name, lambda: None) for name in names]
        >>> [each.name for each in in_turn(those, ("timm:a", "timm:b"))]
        ['timm:a@x', 'timm:b', 'pocket', 'keras:VGG16']
    """

    def turn(candidate: Candidate) -> tuple[int, bool]:
        name = candidate.name.partition("@")[0]
        # Keras's networks are the slowest to open.
        return (first.index(name) if name in first else len(first)), name.startswith(KERAS)

    return sorted(those, key=turn)


def answer(network: Network, file: bytes) -> tuple[str, float]:
    """A network's answer for a picture's file, and how sure it is."""
    said = network.probabilities(as_received(file, network.resize))[0]
    at = int(said.argmax())
    return network.classes[at], float(said[at])
