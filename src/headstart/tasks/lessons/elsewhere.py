"""(a picture that one network made, its class) => the first other network at hand, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.spec import KERAS
from headstart.tasks.verifiers import Belief, Bench, as_received, candidates

if TYPE_CHECKING:
    from headstart.pixels.network import Network
    from headstart.storage.home import Home


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


def opinion(network: Network, label: str, file: bytes, home: Home) -> Opinion | None:
    """Ask the first network at hand that knows the class and is not the same one again; None for none.

    Args:
        network: the one that made the picture.
        label: its class.
        file: of the picture.
        home: of the weights.
    """
    bench = Bench(network, label)
    # Keras's networks are the slowest to open.
    for candidate in sorted(candidates(network, None, home), key=lambda each: each.name.startswith(KERAS)):
        if heard := bench.ask([candidate], [file])[0]:
            said, sure = answer(candidate.open(), file)
            return Opinion(candidate.name, said, sure, heard[candidate.name])
    return None


def answer(network: Network, file: bytes) -> tuple[str, float]:
    """A network's answer for a picture's file, and how sure it is."""
    said = network.probabilities(as_received(file, network.resize))[0]
    at = int(said.argmax())
    return network.classes[at], float(said[at])
