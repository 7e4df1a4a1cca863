"""(what was given as the model) => the folder of one that can be taught."""

from __future__ import annotations

import os
from pathlib import Path

from headstart.errors import HeadstartError, UsageError
from headstart.tasks.paths import given_path


def taught_folder(model: str | Path) -> str:
    """Give the model folder as it was written.

    Args:
        model: as it was given.

    Raises:
        UsageError: it is empty, or the name of a network, whose own classes are not a person's to change.

    Example:
        >>> taught_folder("pocket")
        Traceback (most recent call last):
        headstart.errors.UsageError: 'pocket' is a network, and its own classes can't be taught; ...
    """
    folder = given_path(model, "the model")
    if isinstance(model, str) and not os.path.lexists(folder) and _is_network(model):
        raise UsageError(
            f"{model!r} is a network, and its own classes can't be taught; train on it first (headstart "
            f"train PHOTOS -o MODEL --backbone {model}) and teach that model"
        )
    return folder


def _is_network(name: str) -> bool:
    from headstart.backbones.registry import parse_name

    try:
        parse_name(name)
    except HeadstartError:
        return False
    return True
