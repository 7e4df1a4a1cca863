"""`headstart forget`: parse, forget, show."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common


def forget(
    model: str,
    classes: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    common: Common = COMMON,
) -> int:
    """Drop classes with their photos; "learn MODEL --undo" brings them back, byte for byte.

    Args:
        model: The model folder.
        classes: Names of classes that the model knows.
    """
    from headstart.cli.learn import show_taught
    from headstart.cli.output import note
    from headstart.tasks.forget import forget as drop

    show_taught(drop(model, classes, waiting=note), common)
    return 0
