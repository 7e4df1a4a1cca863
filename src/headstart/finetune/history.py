"""What one epoch gave, and which of two was better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training photos, and how good the network was after it.

    Attributes:
        number: from 1 on; 0 is the network as it was given, before any step.
        train_loss: mean of the loss that was trained on, smoothing and mixing included; None for epoch 0.
        loss: mean log loss on the validation photos, in nats, at the temperature that suits them best
            (`score`): how sure a network is of itself is set right at the end, so it decides nothing.
        accuracy: share of the validation photos that were right, 0 to 1.
        learning_rate: of the last layer in the epoch's last step; None for epoch 0.
        gradient: the largest norm of the gradient over all parameters, before any clipping; None for epoch 0.
    """

    number: int
    train_loss: float | None
    loss: float
    accuracy: float
    learning_rate: float | None = None
    gradient: float | None = None

    def better_than(self, other: Epoch) -> bool:
        """Whether its log loss is lower: it tells two networks apart where a share of few photos does not.

        Example:
            >>> Epoch(2, 0.4, 0.30, 0.9).better_than(Epoch(1, 0.5, 0.35, 0.9))
            True
        """
        return self.loss < other.loss


def best_of(history: tuple[Epoch, ...]) -> Epoch:
    """The best epoch, the first of equals.

    Args:
        history: at least one epoch.
    """
    best = history[0]
    for epoch in history[1:]:
        if epoch.better_than(best):
            best = epoch
    return best
