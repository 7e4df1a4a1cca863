"""(how engines agree, as facts) => sentences for people; nothing heavy is loaded for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from headstart.images.names import counted

if TYPE_CHECKING:
    from collections.abc import Mapping


def agreement_sentence(facts: Mapping[str, Any]) -> str:
    """Say how far features agree with torch's in f32.

    Example:
        >>> agreement_sentence({"photos": 16, "median": 0.99996, "least": 0.99994})
        'cosine with torch in f32: 0.9999 or more for each of 16 photos'
    """
    least = math.floor(facts["least"] * 1e4) / 1e4
    return f"cosine with torch in f32: {least:.4f} or more for each of {counted(facts['photos'], 'photo')}"


def comparison_sentence(facts: Mapping[str, Any]) -> str:
    """Say how far answers agree with those from features in f32.

    Example:
        >>> comparison_sentence({"photos": 80, "same": 0.9875, "accuracy": 0.95, "accuracy_f32": 0.9625})
        'as with f32 for 79 of 80 photos held out; right for 76, with f32 for 77'
    """
    same, right, exact = (
        round(facts[name] * facts["photos"]) for name in ("same", "accuracy", "accuracy_f32")
    )
    photos = counted(facts["photos"], "photo")
    return f"as with f32 for {same} of {photos} held out; right for {right}, with f32 for {exact}"
