"""(scores and accuracies of the same networks) => how well the scores would have ordered them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.tasks.choosing.ranking import Ranked

FEWEST = 5
"""Of fewer networks an order says nothing: three are in the right one by chance once in six times."""
NAMES = {"logme": "LogME", "h_score": "H-score"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well a score ordered the networks of this run.

    Attributes:
        score: "logme" or "h_score".
        tau: Kendall's tau-b with the accuracies: 1 the same order, 0 none, -1 the opposite one.
        p: the probability of one as far from 0 if the score said nothing.
        networks: how many it rests on.
    """

    score: str
    tau: float
    p: float
    networks: int

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)

    def sentence(self) -> str:
        """Say it.

        Example:
            >>> Evidence("logme", 0.6, 0.23, 5).sentence()
            "LogME: Kendall's tau 0.60 with the accuracies of 5 networks (p 0.23)"
        """
        tau = f"{NAMES[self.score]}: Kendall's tau {self.tau:.2f}"
        return f"{tau} with the accuracies of {self.networks} networks (p {self.p:.2g})"


def evidence(rows: Sequence[Ranked]) -> list[Evidence]:
    """Compare each score with the accuracies; [] where too few networks have both, or all are alike.

    Random weights do not count: that a score puts them last is easy, and says nothing of the others.

    Args:
        rows: those with scores count; raw pixels have none.
    """
    from scipy.stats import kendalltau

    scored = [row for row in rows if row.scores is not None and row.learned]
    if len(scored) < FEWEST:
        return []
    found = []
    for name in NAMES:
        result = kendalltau(
            [row.scores[name] for row in scored if row.scores], [row.accuracy for row in scored]
        )
        if not isnan(result.statistic):
            found.append(Evidence(name, float(result.statistic), float(result.pvalue), len(scored)))
    return found
