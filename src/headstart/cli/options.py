"""The options that several verbs take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

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

_READING = Group("How photos are found and read", sort_key=40)


@Parameter(name="*", group=_READING)
@dataclass(frozen=True)
class Reading:
    """Options of every verb that reads folders of photos.

    Attributes:
        follow_links: Follow links that lead to other folders.
        rehash: Read every photo again, also those known by their size and dates.
    """

    follow_links: Annotated[bool, SWITCH] = False
    rehash: Annotated[bool, SWITCH] = False


READING = Reading()

_ENGINE = Group("How features are computed", sort_key=50)


@Parameter(name="*", group=_ENGINE)
@dataclass(frozen=True)
class Running:
    """Options of every verb that computes features.

    Attributes:
        engine: What runs the network; else the one that a short trial finds fastest here, or, for a trained
            model, the one that it was trained with.
        precision: In which numbers it computes: bf16 and int8 are faster and agree less with f32; else f32,
            or bf16 where its features agree with f32's.
    """

    engine: Literal["openvino", "torch", "tensorflow"] | None = None
    precision: Literal["f32", "bf16", "int8"] | None = None


RUNNING = Running()
