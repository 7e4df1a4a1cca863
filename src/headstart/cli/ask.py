"""`headstart ask`: parse, choose, show."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running

_NO = 1


def ask(
    model: str,
    photos: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    count: Annotated[int, Parameter(name=("--count", "-n"))] = 20,
    output: Annotated[str | None, Parameter(alias="-o")] = None,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Find the few photos whose labels would teach a model most, on a page where they are labelled.

    Of many photos without labels it takes those that the model doubts, that many others resemble, and that
    are unlike each other and what was learned. Open index.html in the folder, give each photo its class,
    save, and have "headstart learn" take the file in; or fill in the column "label" of asked.csv. Then ask
    again. Photos that the model was trained on are never asked about, copies once.

    Args:
        model: A model folder.
        photos: Folders of photos, flat or nested, without labels, or a data set: ants-bees, ants-bees/val;
            several may be named.
        count: How many photos to ask about.
        output: The folder to write: a new or empty one, or one that "ask" wrote; else the photos are only
            listed.
    """
    from headstart.cli.output import note, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.ask import ask as find

    found = find(
        model,
        photos,
        output,
        count=count,
        engine=running.engine,
        precision=running.precision,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
        waiting=note,
    )
    facts = found.to_json()
    if common.json:
        print_json({"model": model, **facts})
    else:
        say(*lines_of(facts))
    return 0 if facts["asked"] else _NO


def lines_of(facts: dict[str, Any]) -> list[str]:
    """Write what `ask` gives: the photos with their reasons, what was passed over, where to look.

    Example:
        >>> facts = {"photos": 3, "trained_on": 3, "copies": 0, "asked": [], "notes": [], "files": {},
        ...     "skipped": {"files": 0, "reasons": {}}, "skipped_files": []}
        >>> lines_of(facts)
        ['nothing to ask: the model was trained on all 3 photos already']
    """
    from headstart.cli.output import skipped_lines
    from headstart.images.names import counted

    photos = counted(facts["photos"], "photo")
    if not facts["asked"]:
        every = "the one photo" if facts["photos"] == 1 else f"all {photos}"
        return [f"nothing to ask: the model was trained on {every} already", *skipped_lines(facts)]
    return [
        f"{photos}, {facts['trained_on']:,} of them trained on; {counted(len(facts['asked']), 'question')}:",
        *(f"  {each['file']}: {each['why']}" for each in facts["asked"]),
        *skipped_lines(facts),
        *(f"note: {each}" for each in facts["notes"]),
        *([f"open: {facts['files']['page']}"] if facts["files"] else []),
    ]
