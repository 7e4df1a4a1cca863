"""(the network that was used) => a line that says that a larger one would be better, and how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from headstart.backbones.spec import POCKET, RANDOM

if TYPE_CHECKING:
    from headstart.backbones.spec import BackboneSpec

LARGER = "mobilenet_v2"
"""The network to name: small as networks go, quick, and its weights have a published digest."""

_FETCHED = "14 MB, fetched once"
_AGAIN = {
    "train": f"train again with --backbone {LARGER} ({_FETCHED})",
    "embed": f"embed again with --backbone {LARGER} ({_FETCHED})",
    "ask": f"ask {LARGER} in its place (1,000 classes; {_FETCHED})",
}


def advice(spec: BackboneSpec, again: Literal["train", "embed", "ask"]) -> tuple[str, ...]:
    """Say that a larger network would be better, where the one that headstart carries was used.

    Its variant with random weights says nothing: whoever asks for that knows why.

    Args:
        spec: of the network that was used.
        again: what to do with a larger one: train a model on it, take its features, or ask it for its own
            classes.

    Returns:
        One line, or nothing for any other network.

    Example:
        >>> from headstart.backbones.load import load_backbone
        >>> len(advice(load_backbone("pocket").spec, "train"))
        1
        >>> advice(load_backbone("resnet18@random").spec, "train")
        ()
    """
    if spec.framework != POCKET or spec.tag == RANDOM:
        return ()
    return (f"pocket is headstart's own small network, and a larger one does better: {_AGAIN[again]}",)
