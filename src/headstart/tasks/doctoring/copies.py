"""(hashed photos, their looks) => copies: exact and near ones, across classes and across parts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.images.names import by_bytes, counted, some
from headstart.images.near import groups_of
from headstart.tasks.doctoring.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from headstart.images.near import NearPair
    from headstart.images.photo import Hashed


@dataclass(frozen=True, slots=True)
class Copies:
    """Which photos show the same picture.

    Attributes:
        findings: leaks, contradictions, exact and near copies.
        group_of: SHA-256 of each photo => that of the first photo of its group, itself where it is alone.
        contested: SHA-256 of photos whose bytes stand under two classes.
    """

    findings: tuple[Finding, ...]
    group_of: dict[str, str]
    contested: frozenset[str]


def find_copies(hashed: Sequence[Hashed], part_of: Mapping[str, str], pairs: Sequence[NearPair]) -> Copies:
    """Group photos with the same bytes, and groups whose pictures are the same.

    Args:
        hashed: the photos.
        part_of: the part of each, by name.
        pairs: contents whose pictures are the same.
    """
    files: defaultdict[str, list[Hashed]] = defaultdict(list)
    for each in sorted(hashed, key=lambda one: by_bytes(one.photo.name)):
        files[each.sha256].append(each)
    near = groups_of([(pair.one, pair.other) for pair in pairs])
    likeness: defaultdict[str, float] = defaultdict(lambda: 1.0)
    for pair in pairs:
        for sha in (pair.one, pair.other):
            likeness[sha] = min(likeness[sha], pair.likeness)
    found: list[Finding] = []
    for group in files.values():
        if len(group) > 1:
            found += _findings(group, part_of, exact=True, score=2.0)
    for shas in near:
        members = [each for sha in shas for each in files[sha]]
        ordered = sorted(members, key=lambda one: by_bytes(one.photo.name))
        found += _findings(ordered, part_of, exact=False, score=min(likeness[sha] for sha in shas))
    leaders = {sha: shas[0] for shas in near for sha in shas}
    contested = frozenset(sha for sha, group in files.items() if len(_labels(group)) > 1)
    return Copies(tuple(found), {sha: leaders.get(sha, sha) for sha in files}, contested)


def _findings(
    group: Sequence[Hashed], part_of: Mapping[str, str], *, exact: bool, score: float
) -> list[Finding]:
    """What is wrong with a group: each way in which it stands apart, or else that it is one of copies."""
    names = tuple(each.photo.name for each in group)
    same = "the same photo" if exact else "the same picture"
    labels, parts = _labels(group), sorted({part_of[name] for name in names})
    found = []
    if len(parts) > 1:
        found.append(Finding("leak", names, f"{same} in {_listed(parts)}", score))
    if len(labels) > 1:
        found.append(Finding("two_classes", names, f"{same} is {' and '.join(map(repr, labels))}", score))
    if found:
        return found
    if exact:
        return [Finding("duplicate", names, f"{counted(len(names), 'file')} with the same bytes", score)]
    return [Finding("near_duplicate", names, f"{len(names)} files show the same picture", score)]


def _listed(parts: Sequence[str]) -> str:
    return f"{some(parts[:-1], at_most=9)} and {parts[-1]!r}"


def _labels(group: Iterable[Hashed]) -> list[str]:
    return sorted({each.photo.label for each in group if each.photo.label is not None})
