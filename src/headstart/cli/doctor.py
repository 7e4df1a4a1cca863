"""`headstart doctor`: parse, look, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, RUNNING, SWITCH, Common, Reading, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.tasks.doctor import CheckUp

_SHOWN = 3


def doctor(
    photos: str,
    /,
    *,
    output: Annotated[str | None, Parameter(alias="-o")] = None,
    test: str | None = None,
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    no_labels: Annotated[bool, SWITCH] = False,
    seed: int = 0,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Find broken files, copies, leaks, likely wrong labels, odd, dark and blurred photos; change nothing.

    Args:
        photos: A folder with a folder for each class, or with parts (train, test, val) that hold such
            folders; a folder of photos without classes; a CSV with the columns path and label; or a data
            set: ants-bees, ants-bees/val.
        output: A folder to write to: index.html with pictures, findings.csv, findings.json, and
            corrections.csv with the classes suggested for likely wrong labels: look at each, then give it
            to "headstart learn".
        test: Another part, such as the photos that you measure on: leaks between the two are looked for.
        backbone: The network whose features tell likely wrong labels and odd ones; a better one finds more.
        no_labels: Folders are no classes.
        seed: Decides which photos are judged together.
    """
    from headstart.cli.output import note, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.doctor import doctor as check

    found = check(
        photos,
        output=output,
        test=test,
        backbone=backbone,
        labels=not no_labels,
        engine=running.engine,
        precision=running.precision,
        seed=seed,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        print_json(found.to_json())
    else:
        say(*lines(found))
        note(*(f"note: {each}" for each in found.notes))
    return 0


def lines(found: CheckUp) -> Iterator[str]:
    """Write what was found for a terminal: each kind with its first findings."""
    from headstart.images.names import counted
    from headstart.tasks.doctoring.finding import KIND

    total = len(found.material.photos) + len(found.material.skipped)
    yield f"{counted(total, 'file')} looked at in {found.source}; nothing was changed"
    if not found.findings:
        yield "nothing found"
    for kind, count in found.counts.items():
        yield f"{KIND[kind].title}: {count:,} ({KIND[kind].severity})"
        for each in found.of(kind)[:_SHOWN]:
            names = ", ".join(each.files[:_SHOWN]) + (" …" if len(each.files) > _SHOWN else "")
            yield f"  {names}: {each.sentence}" if names else f"  {each.sentence}"
        if count > _SHOWN:
            yield f"  and {count - _SHOWN:,} more"
    if found.folder is not None:
        yield f"written: {found.files['page']}"
    if found.folder is not None and found.of("wrong_label"):
        yield (
            f"suggested classes: {found.files['corrections']}; look at each photo first: relabelled the way "
            "a network suggests, photos make its accuracy look better than it is"
        )
