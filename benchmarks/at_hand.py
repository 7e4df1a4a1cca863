"""(home) => the networks whose weights are there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from headstart.backbones.load import load_backbone
from headstart.backbones.registry import parse_name
from headstart.backbones.weights import WeightsStore
from headstart.errors import BackboneError, HeadstartError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headstart.backbones.base import Backbone
    from headstart.storage.home import Home

POCKET = "pocket"


def names_at_hand(home: Home) -> list[str]:
    """The network that headstart carries, where it carries one, and those with registered weights."""
    names = [entry.backbone for entry in WeightsStore(home).readable_entries()]
    with suppress(BackboneError):
        parse_name(POCKET)
        names.insert(0, POCKET)
    return names


def load_all(names: Iterable[str], home: Home) -> tuple[dict[str, Backbone], list[str]]:
    """Load networks, and give a line for each that can't be; nothing is fetched.

    Returns:
        Networks by their full names, and the lines.
    """
    loaded: dict[str, Backbone] = {}
    left_out = []
    for name in dict.fromkeys(names):
        try:
            backbone = load_backbone(name, home=home, offline=True)
        except HeadstartError as error:
            left_out.append(f"{name}: {error}")
        else:
            loaded[backbone.spec.name] = backbone
    return loaded, left_out
