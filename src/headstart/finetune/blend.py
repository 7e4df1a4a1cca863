"""(weights at the start, weights after training) => the point between them that is best on validation photos.

Fine-tuning gains on the new photos and forgets some of what pretraining knew; half-way between the two
networks keeps nearly all of the gain and loses much less (WiSE-FT, Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models"). It costs a few passes over the validation photos.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from headstart.finetune.loop import logits_of
from headstart.finetune.score import Score, score_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from headstart.finetune.loop import Examples

SHARES = (1.0, 0.75, 0.5, 0.25)
"""Of the way from the start to the trained network, that are tried; the first of equals is taken."""


def blend(  # noqa: PLR0917
    module: nn.Module,
    start: Mapping[str, Tensor],
    examples: Examples,
    batch_size: int,
    fabric: Fabric,
    shares: Sequence[float] = SHARES,
) -> tuple[float, Score]:
    """Move a trained network back towards its start as far as the validation photos like it.

    Args:
        module: trained; afterwards it has the chosen weights.
        start: the state that it had before.
        examples: whose validation photos decide.
        batch_size: of a pass.
        fabric: the devices.
        shares: of the way, that are tried.

    Returns:
        The best of the shares, and the score there.
    """
    end = {name: value.detach().clone() for name, value in module.state_dict().items()}
    found = {share: _at(share, module, start, end, examples, batch_size, fabric) for share in shares}
    found = fabric.broadcast(found)
    best = min(shares, key=lambda share: (found[share].loss, -share))
    set_between(module, start, end, best)
    return best, found[best]


def set_between(
    module: nn.Module, start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float
) -> None:
    """Give a module the weights at a share of the way between two states.

    Example:
        >>> layer = torch.nn.Linear(1, 1, bias=False)
        >>> set_between(layer, {"weight": torch.zeros(1, 1)}, {"weight": torch.ones(1, 1)}, 0.25)
        >>> float(layer.weight.detach())
        0.25
    """
    module.load_state_dict(
        {
            name: torch.lerp(start[name].to(value), value, share) if value.is_floating_point() else value
            for name, value in end.items()
        }
    )


def _at(  # noqa: PLR0917
    share: float,
    module: nn.Module,
    start: Mapping[str, Tensor],
    end: Mapping[str, Tensor],
    examples: Examples,
    batch_size: int,
    fabric: Fabric,
) -> Score:
    set_between(module, start, end, share)
    logits = logits_of(module, examples.inputs, examples.validation, batch_size, fabric)
    return score_of(logits, examples.codes[examples.validation])
