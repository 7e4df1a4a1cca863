"""`headstart catalogue`: parse, sort the photos, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = 5


def catalogue(
    model: str,
    photos: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    output: Annotated[str, Parameter(alias="-o")],
    known: str | None = None,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Sort photos into a catalogue: one page to search, filter and correct, without server or network.

    Open index.html in the folder, give wrong or unsure photos their class, old or new, save the corrections,
    and have "headstart learn" take them in. The same command again brings the catalogue up to date, at the
    cost of the new photos alone.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        photos: Folders of photos, flat or nested, without labels, or a data set: ants-bees, ants-bees/val;
            several may be named.
        output: The folder to write: a new or empty one, or a catalogue, which is brought up to date.
        known: A folder of the training photos, to show those that a photo resembles.
    """
    from headstart.cli.output import UNUSABLE, note, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.catalogue import catalogue as sort_photos

    done = sort_photos(
        model,
        photos,
        output,
        known=known,
        engine=running.engine,
        precision=running.precision,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
        waiting=note,
    )
    facts = done.to_json()
    if common.json:
        print_json({"model": model, **facts})
    else:
        say(*lines_of(facts))
    return 0 if facts["photos"] else UNUSABLE


def lines_of(facts: dict[str, Any]) -> list[str]:
    """Write what `catalogue` gives: the counts, what changed, where to look.

    Example:
        >>> lines_of({"photos": 3, "new": 1, "gone": 0, "sure": 1, "unsure": 1, "unknown": 0, "learned": 1,
        ...     "unmeasured": 0, "duplicates": 0, "near_duplicates": 0, "changed": 0, "changes": [],
        ...     "skipped": {"files": 0, "reasons": {}},
        ...     "classes": {"cat": 2, "dog": 1}, "notes": [], "files": {"page": "out/index.html"},
        ...     "skipped_files": [], "features": {"computed": 1, "reused": 2}, "seconds": 0.5})[:2]
        ['3 photos, 1 new: 1 sure, 1 unsure, 0 unknown, 1 learned', 'cat 2, dog 1']
    """
    from headstart.cli.output import skipped_lines
    from headstart.images.names import counted

    counts = f"{counted(facts['photos'], 'photo')}, {facts['new']:,} new"
    if facts["gone"]:
        counts += f", {facts['gone']:,} gone"
    counts += f": {facts['sure']:,} sure, {facts['unsure']:,} unsure, {facts['unknown']:,} unknown"
    counts += f", {facts['learned']:,} learned" if facts["learned"] else ""
    counts += f", {facts['unmeasured']:,} not measured" if facts["unmeasured"] else ""
    features = facts["features"]
    return [
        counts,
        *_classes(facts["classes"]),
        *_marks(facts),
        *skipped_lines(facts),
        *(f"note: {each}" for each in facts["notes"]),
        f"{features['computed']:,} features computed, {features['reused']:,} reused; "
        f"{facts['seconds']:.1f} s in all",
        f"open: {facts['files']['page']}",
    ]


def _classes(classes: dict[str, int]) -> Iterator[str]:
    most = list(classes.items())[: 2 * _NAMED]
    if most:
        more = f" and {len(classes) - len(most)} more classes" if len(classes) > len(most) else ""
        yield ", ".join(f"{label} {count:,}" for label, count in most) + more


def _marks(facts: dict[str, Any]) -> Iterator[str]:
    if facts["duplicates"] or facts["near_duplicates"]:
        yield f"copies: {facts['duplicates']:,} exact, {facts['near_duplicates']:,} nearly the same"
    if facts["changed"]:
        yield f"{facts['changed']:,} changed class since last time:"
        for each in facts["changes"][:_NAMED]:
            yield f"  {each['file']}: {each['before']} -> {each['after']}"
        if facts["changed"] > _NAMED:
            yield f"  and {facts['changed'] - _NAMED:,} more (--json names all)"
