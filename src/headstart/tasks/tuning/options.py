"""(settings of a fine-tuning) => each by the name that the command line has for it, without its dashes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.finetune.settings import Tuning


def settings_of(tuning: Tuning) -> dict[str, str | int | float | bool | None]:
    """Give every setting as a plain value.

    Example:
        >>> from headstart.finetune.settings import Tuning
        >>> settings_of(Tuning())["batch-size"]
        32
    """
    return {name.replace("_", "-"): value for name, value in asdict(tuning).items()}
