"""The options that every verb takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

SWITCH = Parameter(negative="")
"""An option that is on or not there: without the --no-… that would say nothing new."""

_GROUP = Group("Everywhere", sort_key=100)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True)
class Common:
    """Options of every verb.

    Attributes:
        json: Print one JSON object on standard output, everything else on standard error.
        home: Folder for weights and features (else HEADSTART_HOME, else the platform's data folder).
        debug: Show the traceback of an error.
    """

    json: Annotated[bool, SWITCH] = False
    home: Path | None = None
    debug: Annotated[bool, SWITCH] = False


COMMON = Common()
