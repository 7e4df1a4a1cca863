"""`headstart tricks`: parse, try, show."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, SWITCH, Common, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDE = 80


def tricks(
    photos_: Annotated[str | None, Parameter(name="photos")] = None,
    /,
    *,
    only: str = "",
    on: Literal["both", "small", "backbone"] = "both",
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    seeds: int = 3,
    photos: int | None = None,
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    seed: int = 0,
    list_: Annotated[bool, SWITCH, Parameter(name="--list")] = False,
    reading: Reading = READING,
    common: Common = COMMON,
) -> int:
    """Try the tricks of training on your photos: each with and without, and whether it is more than noise.

    Args:
        photos_: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees, ants-bees/val; or digits (comes with headstart) or mnist (fetched once, 12 MB), for the
            dropout experiment.
        only: Names of tricks, with commas between them; else all.
        on: What they are tried on: small networks trained from scratch, the last part of a pretrained
            backbone, or both.
        backbone: The pretrained network.
        seeds: How many trainings each figure rests on.
        photos: How many photos, chosen by chance; else 400.
        output: An .html file to write: curves, effects, gradients.
        seed: The first of the seeds; also decides which photos are held out.
        list_: Say which tricks there are, and end.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.cli.robustness import names_in
    from headstart.errors import UsageError

    if list_:
        return _list(common)
    if photos_ is None:
        raise UsageError("no photos were given; expected a folder, a CSV, digits or mnist (or --list)")
    from headstart.tasks.tricks import tricks as try_tricks

    found = try_tricks(
        photos_,
        only=names_in(only),
        on=on,
        backbone=backbone,
        seeds=seeds,
        most_photos=photos,
        output=output,
        seed=seed,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    result = found.to_json()
    if common.json:
        print_json({**result, "report": output})
        return 0
    _show(result)
    if output is not None:
        say(f"written: {output}")
    return 0


def _list(common: Common) -> int:
    from headstart.cli.output import print_json, say
    from headstart.tasks.tricks import listed_tricks

    listed = listed_tricks()
    if common.json:
        print_json({"tricks": listed})
        return 0
    for trick in listed:
        say(f"{trick['name']} ({', '.join(trick['arms'])})", f"  {trick['says']}", f"  {trick['source']}")
    return 0


def _show(result: dict[str, Any]) -> None:
    from headstart.cli.output import say, table
    from headstart.cli.summary import photos_lines
    from headstart.report.tricks import by_chance

    photos = result["photos"]
    if photos["skipped"]:
        say(*photos_lines(photos, result["skipped"]))
    say(
        f"{photos['train']} learned from, {photos['validation']} to validate, {photos['held_out']} held out; "
        f"{len(result['seeds'])} seeds each"
    )
    say(*(f"note: {note}" for note in result["notes"]))
    for network in dict.fromkeys(entry["network"] for entry in result["tricks"]):
        entries = [entry for entry in result["tricks"] if entry["network"] == network]
        say("", f"{network}: right of the held-out photos, %, largest effect first")
        table(("trick", "without", "with", "effect", "95 % interval", ""), rows_of(entries), right=(1, 2, 3))
        say(*diverged_lines(entries), *note_lines(entries))
    compared = len(result["tricks"])
    say(
        f"{result['beyond_noise']} of {compared} effects are beyond the noise; chance alone would put "
        f"{by_chance(compared)} there"
    )


def rows_of(entries: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """A line for each comparison, the largest effect first.

    Example:
        >>> effect = {"value": 0.1, "low": 0.05, "high": 0.15, "within_noise": False}
        >>> arm = {"accuracy": 0.6, "diverged": 0, "per_seed": [0.6, 0.6]}
        >>> list(rows_of([{"name": "dropout: 0.5", "with": arm, "without": arm, "effect": effect}]))
        [('dropout: 0.5', '60.0', '60.0', '+10.0', '+5.0 to +15.0', '')]
    """
    for entry in sorted(entries, key=lambda each: -abs(each["effect"]["value"])):
        effect = entry["effect"]
        yield (
            entry["name"],
            _accuracy(entry["without"]),
            _accuracy(entry["with"]),
            f"{100 * effect['value']:+.1f}",
            f"{100 * effect['low']:+.1f} to {100 * effect['high']:+.1f}",
            "noise" if effect["within_noise"] else "",
        )


def _accuracy(arm: dict[str, Any]) -> str:
    return f"{100 * arm['accuracy']:.1f}{'*' if arm['diverged'] else ''}"


def diverged_lines(entries: list[dict[str, Any]]) -> list[str]:
    """What the stars in a table mean, where there are any.

    Example:
        >>> arm = {"name": "N(0, 1)", "diverged": 2, "per_seed": [0.1, 0.2, 0.3]}
        >>> diverged_lines([{"trick": "initial-weights", "without": arm, "with": arm}])
        ['* a loss that was no number any more: initial-weights N(0, 1) (2 of 3)']
    """
    arms = ((entry["trick"], entry[side]) for entry in entries for side in ("without", "with"))
    told = dict.fromkeys(
        f"{trick} {arm['name']} ({arm['diverged']} of {len(arm['per_seed'])})"
        for trick, arm in arms
        if arm["diverged"]
    )
    return [f"* a loss that was no number any more: {', '.join(told)}"] if told else []


def note_lines(entries: list[dict[str, Any]]) -> list[str]:
    """What the comparisons of a table were done on, where that is not the plain network; 80 wide.

    Example:
        >>> entry = {"trick": "clipping", "note": "With large steps."}
        >>> note_lines([{"trick": "capacity", "note": ""}, entry, entry])
        ['clipping: With large steps.']
    """
    told = dict.fromkeys(f"{entry['trick']}: {entry['note']}" for entry in entries if entry["note"])
    return [line for text in told for line in wrap(text, _WIDE, subsequent_indent="  ")]
