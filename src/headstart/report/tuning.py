"""What the report says of a network that was trained on: plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A share of right answers with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TuningEpoch:
    """One epoch; number 0 is the network as it was given.

    Attributes:
        number: from 0 on.
        train_loss: that was trained on; None for number 0.
        loss: on the validation photos, at the best temperature.
        accuracy: on the validation photos, 0 to 1.
    """

    number: int
    train_loss: float | None
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningFacts:
    """How a network was trained on, and what became of it.

    Attributes:
        start: the network that it began from.
        part: where training begins: a layer, or "whole".
        share: of the parameters, how many were trained.
        kept: whether the fine-tuned network is the model; otherwise its linear head is.
        gate: whether the gate could refuse.
        loss: of the fine-tuned network on the validation photos.
        probe_loss: of the linear head on the same.
        validation: how many photos these rest on.
        accuracy: of the fine-tuned network on the held-out photos.
        probe: of the linear head on the same.
        difference: fine-tuned less linear head; its ends may lie below 0.
        best: the epoch that was chosen.
        blend: the share of the way from the start to the trained weights that was kept.
        stopped: why it ended early; "" where it did not.
        history: epoch 0 and those that ran.
        rates: rising learning rates of the range test; () without one.
        losses: smoothed loss at each of them.
        suggested: the rate that it suggests; None without one.
        settings: (name, value) of every setting.
    """

    start: str
    part: str
    share: float
    kept: bool
    gate: bool
    loss: float
    probe_loss: float
    validation: int
    accuracy: Share
    probe: Share
    difference: Share
    best: int
    blend: float
    stopped: str
    history: Sequence[TuningEpoch]
    rates: Sequence[float] = ()
    losses: Sequence[float] = ()
    suggested: float | None = None
    settings: Sequence[tuple[str, str]]

    @property
    def sure(self) -> bool:
        """Whether the difference on the held-out photos is more than chance would give."""
        return self.difference.low > 0 or self.difference.high < 0
