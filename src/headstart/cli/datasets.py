"""`headstart datasets list | fetch | verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from headstart.cli.options import COMMON, SWITCH, Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.images.datasets.facts import DataSet
    from headstart.images.datasets.record import Odd
    from headstart.tasks.datasets import DatasetFacts

datasets = App(
    name="datasets",
    help="List, fetch and verify public data sets. A name works wherever PHOTOS does: NAME is the training "
    "part (the test part where something is measured), NAME/PART another one; a folder of that name wins.",
)

_NAMED = 5


@datasets.command(name="list")
def list_all(*, common: Common = COMMON) -> int:
    """List the known data sets: size, official split, licence, digest, and whether they are at hand."""
    from headstart.cli.output import print_json, say, table
    from headstart.tasks.datasets import list_datasets

    found = list_datasets(home=common.home)
    if common.json:
        print_json({"datasets": [each.to_json() for each in found]})
        return 0
    table(
        ("data set", "photos", "classes", "MB", "parts", "here", "licence"),
        (_row(each) for each in found),
        right=(1, 2, 3),
    )
    say(*(_more(each.known) for each in found if each.known is not None))
    say("more: headstart datasets list --json has addresses, digests and citations")
    return 0


def _more(known: DataSet) -> str:
    licence = "" if known.licence == known.short_licence else f"licence: {known.licence}"
    return f"{known.name}: {'; '.join(word for word in (known.remark, licence) if word)}"


def _row(facts: DatasetFacts) -> tuple[str, ...]:
    known = facts.known
    if known is None:
        return (facts.name, "", "", "", "", "yes", "")
    here = "damaged" if facts.faults else "no" if facts.kept is None else "yes"
    size = f"{known.size / 1e6:,.0f}"
    parts = " ".join(known.parts)
    return (facts.name, f"{known.photos:,}", str(known.classes), size, parts, here, known.short_licence)


@datasets.command
def fetch(
    name: str,
    /,
    *,
    from_: Annotated[tuple[Path, ...], Parameter(name="--from", consume_multiple=True, negative="")] = (),
    trust_first: Annotated[bool, SWITCH] = False,
    common: Common = COMMON,
) -> int:
    """Fetch a data set from its published address, check it, and unpack it below the home.

    Broken off at any time, the same command goes on. What is published broken stays as it is and is named.

    Args:
        name: The data set: ants-bees, oxford-pets and so on; see `headstart datasets list`.
        from_: Its files, or a folder with them, brought by hand: nothing is fetched then.
        trust_first: Accept files for which no digest is published; theirs is pinned from then on.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.datasets import fetch_dataset

    facts = fetch_dataset(
        name,
        files=from_,
        trust_first=trust_first,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        print_json(facts.to_json())
    else:
        say(*_lines(facts))
    return 0


def _lines(facts: DatasetFacts) -> list[str]:
    kept = facts.kept
    if kept is None:
        return []
    parts = ", ".join(f"{part} {photos:,}" for part, photos in kept.parts.items())
    lines = [
        f"{kept.name}: {kept.photos:,} photos of {kept.classes} classes ({parts}) in {facts.folder}",
        *(f"  {each.file}: SHA-256 {each.sha256}" for each in kept.files),
        f"licence: {kept.licence}",
        f"cite: {kept.citation}",
    ]
    skipped = [each for each in kept.odd if each.reason]
    misnamed = [each for each in kept.odd if not each.reason]
    lines += _odd(skipped, "that training will skip, left as they are") if skipped else []
    lines += _odd(misnamed, "of another type than named, left as they are") if misnamed else []
    return [*lines, f"use it by its name: headstart train {kept.name} --output MODEL"]


def _odd(odd: Sequence[Odd], what: str) -> list[str]:
    from headstart.images.names import counted

    lines = [
        f"{counted(len(odd), 'file')} {what}:",
        *(f"  {each.file}: {each.what}" for each in odd[:_NAMED]),
    ]
    return [
        *lines,
        *([f"  … and {len(odd) - _NAMED:,} more (--json names all)"] if len(odd) > _NAMED else []),
    ]


@datasets.command
def verify(name: str | None = None, /, *, common: Common = COMMON) -> int:
    """Compare the files of data sets with the digests taken at unpacking; exit code 1 if one differs.

    Args:
        name: Only this one.
    """
    from headstart.cli.output import print_json, say
    from headstart.tasks.datasets import verify_datasets

    looked = verify_datasets(name, home=common.home)
    if common.json:
        print_json({"datasets": [each.to_json() for each in looked]})
    else:
        for each in looked:
            faults = each.faults or ()
            more = f" and {len(faults) - _NAMED:,} more" if len(faults) > _NAMED else ""
            said = f"{'; '.join(faults[:_NAMED])}{more}; run `headstart datasets fetch {each.name}`"
            say(f"{each.name}: {said if faults else 'ok'}")
        if not looked:
            say("no data set is at hand; see `headstart datasets list`")
    return 1 if any(each.faults for each in looked) else 0
