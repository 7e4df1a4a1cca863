"""(findings, material) => the facts of the page, with thumbnails of the first photos of each kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib import metadata
from typing import TYPE_CHECKING

from headstart.images.photo import Skipped
from headstart.images.resize import Resize
from headstart.images.unpadded import unpadded
from headstart.report.doctor import DoctorFacts, Group, Item, Shown
from headstart.report.thumbnails import thumbnail
from headstart.tasks.doctoring.finding import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from headstart.images.photo import Hashed
    from headstart.images.reader import PhotoReader
    from headstart.tasks.doctoring.finding import Finding, Kind
    from headstart.tasks.doctoring.material import Material

_SIDE = 144
_BOX = Resize(_SIDE, _SIDE, _SIDE, "bicubic", mode="pad")
_SINGLES, _GROUPS, _OF_A_GROUP = 24, 12, 4


def page_facts(
    findings: Sequence[Finding],
    material: Material,
    known: Mapping[str, Hashed],
    reader: PhotoReader,
    *,
    source: str,
    notes: Sequence[str],
    unchecked: Collection[str],
    command: str,
) -> DoctorFacts:
    """Gather everything that stands on the page; photos that are shown are decoded once more.

    Args:
        findings: in the order wanted.
        material: what the scan found.
        known: photos that can be read, by name.
        reader: decodes the thumbnails.
        source: as the user wrote it.
        notes: what people should know.
        unchecked: names of kinds that could not be looked for.
        command: what was asked, as it can be typed.
    """
    by_kind: defaultdict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        by_kind[each.kind].append(each)
    shown = {kind.name: by_kind[kind.name][: _most(kind)] for kind in KINDS if by_kind[kind.name]}
    pictures = _pictures(shown, known, reader)
    groups = [_group(kind, by_kind[kind.name], pictures, known) for kind in KINDS if kind.name in shown]
    return DoctorFacts(
        source=source,
        command=command,
        version=metadata.version("headstart"),
        files=len(material.photos) + len(material.skipped),
        classes=len(material.labels),
        parts=material.parts,
        groups=groups,
        looked_for=[kind.title for kind in KINDS if kind.name not in {*shown, *unchecked}],
        notes=notes,
        corrections=bool(by_kind["wrong_label"]),
    )


def _most(kind: Kind) -> int:
    return _GROUPS if kind.grouped else _SINGLES


def _group(
    kind: Kind, found: Sequence[Finding], pictures: Mapping[str, str], known: Mapping[str, Hashed]
) -> Group:
    return Group(
        name=kind.name,
        title=kind.title,
        severity=kind.severity,
        why=kind.why,
        suggestion=kind.suggestion,
        count=len(found),
        items=[_item(each, pictures, known) for each in found[: _most(kind)]],
        grouped=kind.grouped,
        detail=_reasons(found) if kind.name in {"broken", "other_file"} else "",
    )


def _reasons(found: Sequence[Finding]) -> str:
    counts = Counter(each.sentence.partition(":")[0] for each in found)
    return "Of these: " + ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())


def _item(finding: Finding, pictures: Mapping[str, str], known: Mapping[str, Hashed]) -> Item:
    files = finding.files[:_OF_A_GROUP]
    return Item(
        finding.sentence,
        [Shown(name, _label(known.get(name)), pictures.get(name)) for name in files],
        len(finding.files) - len(files),
    )


def _label(photo: Hashed | None) -> str:
    return "" if photo is None else photo.photo.label or ""


def _pictures(
    shown: Mapping[str, Sequence[Finding]], known: Mapping[str, Hashed], reader: PhotoReader
) -> dict[str, str]:
    """A thumbnail for each photo that is shown, by name; identical bytes are decoded once."""
    names = dict.fromkeys(
        name
        for kind, found in shown.items()
        for each in found
        for name in each.files[:_OF_A_GROUP]
        if name in known and kind not in {"broken", "other_file"}
    )
    contents = {known[name].sha256: known[name] for name in names}
    decoded = reader.decode(contents.values(), _BOX)
    made = {
        each.hashed.sha256: thumbnail(unpadded(each.pixels, each.size, _BOX), _SIDE)
        for each in decoded
        if not isinstance(each, Skipped)
    }
    return {name: made[known[name].sha256] for name in names if known[name].sha256 in made}
