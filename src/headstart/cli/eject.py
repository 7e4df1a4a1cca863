"""`headstart eject`: parse, write, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common


def eject(
    model: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    to: Literal["torch", "keras"] | None = None,
    photos: str | None = None,
    test: str | None = None,
    common: Common = COMMON,
) -> int:
    """Write one plain script, without headstart, that builds the network and trains the model anew.

    What is frozen, what is trained and the loop stand in sight: there is no magic, and nothing ties you here.

    Args:
        model: A model folder.
        output: The script to write, FILE.py; only one that eject wrote is replaced.
        to: The framework of the script (else that of the model's network).
        photos: The folder or data set that the script learns from (else "photos", to be set at its top).
        test: The folder that it measures on (else a data set's own, or a fifth of PHOTOS).
    """
    from headstart.cli.output import print_json, say
    from headstart.tasks.eject import eject as write

    found = write(model, output, to=to, photos=photos, test=test, home=common.home)
    if common.json:
        print_json(found.to_json())
        return 0
    learned = f"trains {found.trained:,}" if found.trained else f"compares photos ({found.head})"
    say(
        f"{found.backbone}: the script freezes {found.frozen:,} numbers and {learned}",
        f"it needs: {', '.join(found.needs)}",
        *(f"written: {file}" for file in found.written),
        *(f"note: {note}" for note in found.notes),
        f"run: python {found.file}",
    )
    return 0
