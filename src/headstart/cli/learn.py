"""`headstart learn`: parse, take corrections in or undo, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, SWITCH, Common

if TYPE_CHECKING:
    from headstart.tasks.learning.result import Moved, Said, Taught

_NAMED = 10


def learn(
    model: str,
    corrections: str | None = None,
    /,
    *,
    catalogue: Annotated[Path | None, Parameter(alias="-c")] = None,
    undo: Annotated[bool, SWITCH] = False,
    follow_links: Annotated[bool, SWITCH] = False,
    common: Common = COMMON,
) -> int:
    """Take corrections in: photos get another class, new photos and new classes are added, in seconds.

    The model before it is kept in the folder "before" in MODEL, the last 20 of them; --undo brings it back.

    Args:
        model: The model folder.
        corrections: A CSV with the columns path and label (and sha256, as a catalogue saves it), or a folder
            with a folder for each class.
        catalogue: A folder that "catalogue" wrote: say which of its photos are called something else now.
        undo: Bring back the model before the last learn or forget, byte for byte.
        follow_links: Follow links that lead to other folders.
    """
    from headstart.cli.output import note
    from headstart.cli.progress import progress_for_stderr
    from headstart.errors import UsageError

    if undo:
        from headstart.tasks.learn import undo as bring_back

        if corrections is not None or catalogue is not None:
            raise UsageError("--undo takes the model alone: it brings back the one before the last change")
        show_taught(bring_back(model, waiting=note), common)
        return 0
    if corrections is None:
        raise UsageError("no corrections were named: give a CSV with the columns path and label, or --undo")
    from headstart.tasks.learn import learn as take_in

    taught = take_in(
        model,
        corrections,
        catalogue=catalogue,
        follow_links=follow_links,
        home=common.home,
        progress=progress_for_stderr(),
        waiting=note,
    )
    show_taught(taught, common)
    return 0


def show_taught(taught: Taught, common: Common) -> None:
    """Print what came of it: one JSON object, or the answer first and then the details."""
    from headstart.cli.output import print_json, say

    if common.json:
        print_json(taught.to_json())
    else:
        say(*taught_lines(taught))


def taught_lines(taught: Taught) -> list[str]:
    """Write what changed, the most important first.

    Example:
        >>> from headstart.tasks.learning.result import Taught
        >>> taught_lines(Taught(model="m", verb="learn", changed=False, classes=("a", "b"), photos=9))
        ['nothing was changed', 'the model knows 2 classes from 9 photos; 0 steps can be undone']
    """
    from headstart.images.names import counted

    lines = [_what(taught)] if taught.changed else ["nothing was changed"]
    lines += _classes(taught)
    if taught.verb != "undo":
        lines += _accuracy(taught)
    lines += _named("still called something else", [_still(each) for each in taught.still])
    lines += _named(
        "held-out photos that are called something else now", [_moved(each) for each in taught.moved]
    )
    if taught.catalogue is not None:
        heading = f"of {counted(taught.catalogue_photos, 'photo')} of the catalogue called something else now"
        lines += _named(heading, [_moved(each) for each in taught.catalogue]) or [f"0 {heading}"]
    lines += _named("corrections not used", [f"{each.name}: {each.detail}" for each in taught.refused])
    lines += [f"note: {each}" for each in taught.notes]
    lines.append(
        f"the model knows {counted(len(taught.classes), 'class', 'classes')} from "
        f"{counted(taught.photos, 'photo')}; {counted(taught.levels, 'step')} can be undone"
    )
    if taught.report is not None:
        lines += [f"report:  {taught.report}", f"{taught.seconds:.1f} s in all"]
    return lines


def _what(taught: Taught) -> str:
    from headstart.images.names import counted

    if taught.verb == "undo":
        return "the model before it is back"
    if taught.verb == "forget":
        return f"forgotten: {counted(taught.removed, 'photo')}"
    corrected = sum(each.was is not None for each in taught.said)
    added = len(taught.said) - corrected
    return (
        f"{counted(len(taught.said), 'correction')} taken in: {counted(added, 'new photo')}, "
        f"{corrected:,} relabelled"
    )


def _classes(taught: Taught) -> list[str]:
    from headstart.images.names import some

    new, gone = taught.new_classes, taught.gone_classes
    return [
        *([f"new: {some(new, at_most=_NAMED)}"] if new else []),
        *([f"gone: {some(gone, at_most=_NAMED)}"] if gone else []),
    ]


def _accuracy(taught: Taught) -> list[str]:
    from headstart.cli.output import percent
    from headstart.tasks.learning.page import apart_words

    lines = _compared(taught)
    if taught.apart:
        lines += (
            ["left out of the comparison, for the model before can't be judged by their classes:"]
            if lines
            else []
        )
        lines += [f"  {apart_words(each)}" for each in taught.apart]
        if taught.accuracy is not None:
            photos = taught.accuracy["photos"]
            lines.append(
                f"{percent(taught.accuracy['value'])} of all {photos:,} held-out photos are right now"
            )
    return lines


def _compared(taught: Taught) -> list[str]:
    from headstart.cli.output import percent
    from headstart.report.text import shell_word

    if taught.before is None or taught.after is None or taught.difference is None:
        return []
    value, low, high = (
        100 * each for each in (taught.difference.value, taught.difference.low, taught.difference.high)
    )
    lines = [
        f"{percent(taught.before['value'])} right before, {percent(taught.after['value'])} now: {value:+.1f} "
        f"points (95 % interval {low:+.1f} to {high:+.1f}) on the same {taught.after['photos']:,} photos, "
        "whose class stayed the same, held out of both"
    ]
    if taught.worse:
        lines.append(
            "it is worse, by more than chance explains; undo it with: "
            f"headstart learn {shell_word(taught.model)} --undo"
        )
    return lines


def _still(each: Said) -> str:
    return f"{each.file}: said to be {each.label!r}, still called {each.called!r}"


def _moved(each: Moved) -> str:
    truth = "" if each.label is None else f" (it is {each.label!r})"
    return f"{each.file}: {each.before!r} before, {each.after!r} now{truth}"


def _named(heading: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - _NAMED} more (--json names all)"] if len(lines) > _NAMED else []
    return [f"{len(lines)} {heading}:", *(f"  {line}" for line in lines[:_NAMED]), *more]
