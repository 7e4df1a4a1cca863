"""(photos, their answers, what came before) => the entries of a catalogue."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headstart.images.names import by_bytes
from headstart.report.catalogue_facts import Catalogue, ClassShare, KnownPhoto, PhotoEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from headstart.features.extract import FeatureTable
    from headstart.images.photo import Hashed
    from headstart.model.answers import Answer, Neighbour, TrainingPhoto

SHOWN_CLASSES = 3
"""How many classes an entry names: the answer and the next two."""


def in_table(hashed: Sequence[Hashed], table: FeatureTable) -> tuple[Hashed, ...]:
    """The photos that the rows of a table belong to, in their order.

    Args:
        hashed: the photos that were asked for.
        table: the rows of those that could be used.
    """
    by_photo = {each.photo: each for each in hashed}
    return tuple(by_photo[photo] for photo in table.photos)


@dataclass(frozen=True)
class Known:
    """What is known of the training photos.

    Attributes:
        trained_on: by the SHA-256 of their bytes.
        pictured: the SHA-256 of those that have a thumbnail.
    """

    trained_on: Mapping[str, TrainingPhoto]
    pictured: Collection[str] = frozenset()
    _digests: dict[tuple[str, str], str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        digests = {(each.name, each.label): sha for sha, each in self.trained_on.items()}
        object.__setattr__(self, "_digests", digests)

    def digest(self, neighbour: Neighbour) -> str | None:
        """The SHA-256 of a training photo that an answer names."""
        return self._digests.get((neighbour["file"], neighbour["label"]))

    def near(self, answers: Iterable[Answer]) -> set[str]:
        """The SHA-256 of every training photo that answers name."""
        return {sha for answer in answers for each in answer.neighbours if (sha := self.digest(each))}


def entries(
    photos: Sequence[Hashed],
    answers: Sequence[Answer],
    known: Known,
    *,
    pictured: Collection[str],
    alike: Iterable[Collection[str]] = (),
    why: Mapping[str, str] | None = None,
) -> list[PhotoEntry]:
    """Make an entry of each photo, in the order given.

    Args:
        photos: n photos.
        answers: n answers.
        known: the training photos.
        pictured: SHA-256 of the photos that have a thumbnail.
        alike: groups of near-duplicates, as SHA-256.
        why: a sentence for a photo's card, by SHA-256.
    """
    copies = _copies(photos)
    group_of = {sha: number for number, group in enumerate(alike) for sha in group}
    sentences = why or {}
    return [
        PhotoEntry(
            sha256=photo.sha256,
            name=photo.photo.name,
            path=str(photo.photo.path.absolute()),
            label=answer.label,
            shares=[
                ClassShare(label=label, share=min(share, 1.0))
                for label, share in list(answer.probabilities.items())[:SHOWN_CLASSES]
            ],
            state="learned" if photo.sha256 in known.trained_on else answer.state,
            one_of=list(answer.one_of or ()),
            strangeness=None if answer.strangeness is None else max(0.0, answer.strangeness),
            nearest=[_neighbour(each, known) for each in answer.neighbours],
            trained=known.trained_on[photo.sha256].label if photo.sha256 in known.trained_on else None,
            copies=copies.get(photo.sha256),
            alike=group_of.get(photo.sha256),
            pictured=photo.sha256 in pictured,
            why=sentences.get(photo.sha256, ""),
        )
        for photo, answer in zip(photos, answers, strict=True)
    ]


def _neighbour(each: Neighbour, known: Known) -> KnownPhoto:
    sha = known.digest(each)
    return KnownPhoto(
        file=each["file"],
        label=each["label"],
        distance=max(0.0, each["distance"]),
        sha256=sha,
        pictured=sha in known.pictured,
    )


def _copies(photos: Sequence[Hashed]) -> dict[str, int]:
    """Give each content that comes more than once a number, in the order of their first names."""
    counts = Counter(each.sha256 for each in photos)
    ordered = sorted(photos, key=lambda each: by_bytes(each.photo.name))
    several = dict.fromkeys(each.sha256 for each in ordered if counts[each.sha256] > 1)
    return {sha: number for number, sha in enumerate(several)}


@dataclass(frozen=True, slots=True)
class Change:
    """A photo whose class is another one than last time."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Continued:
    """Entries that know what came before them.

    Attributes:
        photos: the entries, with `was` and `added`.
        new: how many have a content that was not there last time.
        gone: how many of last time's have one that is not there any more; copies count in both.
        changes: those whose class is another one than last time.
    """

    photos: list[PhotoEntry]
    new: int
    gone: int
    changes: list[Change]


def continued(photos: Sequence[PhotoEntry], last: Catalogue | None) -> Continued:
    """Compare with what the catalogue held; the same photos again keep their marks, bit for bit.

    A photo is what its bytes are: renamed or moved it is the same one.

    Args:
        photos: the entries of now.
        last: the catalogue of last time; None: there is none.
    """
    before = {} if last is None else {each.sha256: each for each in last.photos}
    changes = [
        Change(each.name, before[each.sha256].label, each.label)
        for each in photos
        if each.sha256 in before and before[each.sha256].label != each.label
    ]
    fresh = {each.sha256 for each in photos} - before.keys()
    run = max((each.added for each in before.values()), default=0) + 1
    here = {each.sha256 for each in photos}
    return Continued(
        photos=[_marked(each, before.get(each.sha256), run, keep=not changes) for each in photos],
        new=sum(each.sha256 in fresh for each in photos),
        gone=0 if last is None else sum(each.sha256 not in here for each in last.photos),
        changes=changes,
    )


def _marked(entry: PhotoEntry, before: PhotoEntry | None, run: int, *, keep: bool) -> PhotoEntry:
    if before is None:
        return entry.model_copy(update={"added": run})
    was = before.was if keep else before.label
    return entry.model_copy(update={"added": before.added, "was": None if was == entry.label else was})
