"""(figures of every turn) => a row for each side, with ratios of this run, and the limit."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from networks import PEERS
from ours import WAYS, shared_limit
from sides import DECODE, ONNX, alone, ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LESSON = "lesson"


def medians(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The median of each figure over the rounds; of what is no number, the last.

    Example:
        >>> medians([{"photos_per_second": 3.0}, {"photos_per_second": 5.0}, {"photos_per_second": 4.0}])
        {'photos_per_second': 4.0, 'rounds': [3.0, 5.0, 4.0]}
    """
    figures = {
        key: median(each[key] for each in results) if isinstance(value, float) else value
        for key, value in results[-1].items()
    }
    return {**figures, "rounds": [round(each["photos_per_second"], 2) for each in results]}


def limits(figures: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each way whose parts were measured: what decoding and its engine leave when they share."""
    if DECODE not in figures:
        return []
    decode = _speed(figures, DECODE)
    return [
        {
            "side": ours(way),
            "decode": decode,
            "engine": _speed(figures, alone(way)),
            "limit": shared_limit(decode, _speed(figures, alone(way))),
        }
        for way in WAYS
        if alone(way) in figures
    ]


def rows(figures: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each peer and each way of ours, beside the lesson's loop, the best peer and the limit.

    Args:
        figures: of each side, as `medians` gives them.
    """
    peers = _at_hand(PEERS, figures)
    best = max((_speed(figures, name) for name in peers), default=None)
    lesson = _speed(figures, LESSON) if LESSON in figures else None
    limit = {each["side"]: each["limit"] for each in limits(figures)}
    return [
        {
            "side": name,
            **figures[name],
            "to_lesson": _ratio(_speed(figures, name), lesson),
            "to_best_peer": _ratio(_speed(figures, name), best),
            "share_of_limit": _ratio(_speed(figures, name), limit.get(name)),
        }
        for name in (*peers, *_at_hand(map(ours, WAYS), figures))
    ]


def parts(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Photos a second of decoding alone and of engines alone."""
    names = (DECODE, *map(alone, WAYS), ONNX)
    return {name: _speed(figures, name) for name in _at_hand(names, figures)}


def _at_hand(names: Iterable[str], figures: Mapping[str, Any]) -> list[str]:
    return [name for name in names if name in figures]


def _speed(figures: Mapping[str, Mapping[str, Any]], name: str) -> float:
    speed: float = figures[name]["photos_per_second"]
    return speed


def _ratio(value: float, base: float | None) -> float | None:
    return None if base is None or base == 0 else value / base
