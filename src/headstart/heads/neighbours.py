"""rows (n, d), labels (n,) => the rows themselves; the k nearest by cosine vote."""

from __future__ import annotations

from numpy.typing import ArrayLike

from headstart.errors import UsageError
from headstart.heads.estimator import HeadClassifier
from headstart.heads.fitted import NeighboursHead


class NeighboursClassifier(HeadClassifier):
    """The k nearest training photos vote; a vote weighs 1 / cosine distance² (`NeighboursHead`).

    Measured against votes that weigh alike, five-fold, pooled features of SqueezeNet on pets-37:
    accuracy 0.614 against 0.581, log loss 1.60 against 1.67 (MobileNetV2: 0.865 against 0.857).

    Args:
        k: how many vote, at least 1; capped at the number of rows.

    Attributes:
        head_: the fitted `NeighboursHead`.
        k_: how many vote.

    Example:
        >>> head = NeighboursClassifier(k=1).fit([[0.0, 1.0], [1.0, 0.1]], ["cat", "dog"])
        >>> head.predict([[0.1, 1.0], [2.0, 0.0]]).tolist()
        ['cat', 'dog']
    """

    head_: NeighboursHead

    def __init__(self, k: int = 5) -> None:
        self.k = k

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> NeighboursClassifier:  # noqa: N803
        """Keep rows and labels.

        Args:
            X: (n, d) finite numbers.
            y: (n,) labels of at least two classes.
            groups: (n,) taken as the other heads take it; copies all vote.

        Raises:
            FitError: a number is not finite, or there is one class only.
            UsageError: k is below 1.
        """
        if self.k < 1:
            raise UsageError(f"k must be at least 1; got {self.k!r}.")
        rows, codes = self._check(X, y, groups)
        self.head_ = NeighboursHead(self._names(), rows, codes, min(self.k, len(rows)))
        self.k_ = self.head_.k
        return self
