"""name => an estimator that is not fitted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.errors import UsageError

if TYPE_CHECKING:  # it brings scikit-learn along, which takes a second to load
    from headstart.heads.estimator import HeadClassifier

HEADS = ("linear", "neighbours", "prototypes")


def make_head(name: str, seed: int = 0, *, min_photos: int = 2) -> HeadClassifier:
    """The estimator that a name of the command line stands for; loads scikit-learn.

    Args:
        name: one of `HEADS`.
        seed: of whatever the estimator shuffles.
        min_photos: fewest photos a class must have for the linear head; the others work with one.

    Raises:
        UsageError: another name.

    Example:
        >>> make_head("prototypes", seed=3)
        PrototypesClassifier(seed=3)
    """
    if name == "linear":
        from headstart.heads.linear import LinearClassifier

        return LinearClassifier(seed=seed, min_photos=min_photos)
    if name == "neighbours":
        from headstart.heads.neighbours import NeighboursClassifier

        return NeighboursClassifier()
    if name == "prototypes":
        from headstart.heads.prototypes import PrototypesClassifier

        return PrototypesClassifier(seed=seed)
    raise UsageError(f"there is no head {name!r}; there are {', '.join(HEADS)}.")
