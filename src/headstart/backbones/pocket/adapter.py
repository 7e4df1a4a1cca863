"""("pocket", tag) => the network that headstart carries, with the preprocessing and classes of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.adapter import Classes, Network, check_options, observe_plain
from headstart.backbones.pocket.card import read_card
from headstart.backbones.spec import POCKET, RANDOM
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from headstart.backbones.spec import OptionValue


class PocketAdapter:
    """headstart's own network: one architecture, one set of weights."""

    framework = POCKET

    def architectures(self) -> tuple[str, ...]:
        """The name of its only network."""
        return (POCKET,)

    def tags(self, architecture: str) -> tuple[str, ...]:  # noqa: ARG002  (there is only one)
        """The tag of the weights that this version of headstart carries."""
        return (read_card().tag,)

    def build(
        self,
        architecture: str,  # noqa: ARG002  (there is only one)
        *,
        tag: str,
        options: Mapping[str, OptionValue],
        tensors: Mapping[str, Tensor] | None,
    ) -> Network:
        """Build the network; see `Adapter.build`.

        Example:
            >>> network = PocketAdapter().build("pocket", tag="random", options={}, tensors=None)
            >>> len(network.classes.names), network.has_logits
            (0, True)
        """
        from headstart.backbones.pocket.network import PocketNet
        from headstart.backbones.state import load_tensors

        check_options(options)
        if options:
            raise BackboneError(f"pocket takes no options; got {', '.join(sorted(options))}")
        card = read_card()
        classes = Classes() if tag == RANDOM else Classes(tuple(card.classes.values()), tuple(card.classes))
        module = PocketNet()
        if tensors is not None:
            load_tensors(module, tensors, name=POCKET)
        return Network(
            module=module,
            preprocessing=card.preprocessing(),
            has_logits=True,
            classes=classes,
            options={},
            observe=lambda pixels: observe_plain(module, pixels, has_classifier=True),
            licence=card.licence,
        )


ADAPTER = PocketAdapter()
