"""(model, photos without labels) => which of them to ask about, what the model says of each, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.errors import PhotosError, UsageError
from headstart.features.hashing import hash_photos
from headstart.features.looks import looks, near_duplicates
from headstart.heads.asking import SAMPLE, Pool
from headstart.images.folder import scan_files
from headstart.images.names import by_bytes, counted
from headstart.tasks.answerer import open_answerer
from headstart.tasks.asking.shortlist import shortlist
from headstart.tasks.asking.words import why
from headstart.tasks.cataloguing.entries import in_table
from headstart.tasks.gather import count_reasons
from headstart.tasks.named import model_or_name
from headstart.tasks.rows import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.features.extract import FeatureTable
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.heads.asking import Choice
    from headstart.images.photo import Hashed, Skipped
    from headstart.images.reader import PhotoReader
    from headstart.model.answers import Answer
    from headstart.model.model import Model
    from headstart.storage.home import Home
    from headstart.tasks.answerer import Answerer

_TOP = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo whose class is wanted.

    Attributes:
        photo: which one; of copies the first by name.
        answer: what the model says of it now.
        why: why this one, in words.
        similar: how many other photos it stands for.
    """

    photo: Hashed
    answer: Answer
    why: str
    similar: int

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "file": self.photo.photo.name,
            "sha256": self.photo.sha256,
            "label": self.answer.label,
            "probabilities": dict(self.answer.probabilities),
            "state": self.answer.state,
            "similar": self.similar,
            "why": self.why,
        }


@dataclass(frozen=True)
class Seen:
    """What was found; nothing is written yet.

    Attributes:
        name: of the model, as people know it.
        answerer: the model, ready to answer.
        asked: the photos to ask about, the most useful first.
        photos: how many files can be used, copies included.
        trained_on: how many of them the model was trained on.
        candidates: how many different contents the others have.
        compared: how many of those were compared with each other; all of them, or a sample of many.
        table: their rows.
        skipped: files that could not be used, each with its reason.
        notes: what people should know.
    """

    name: str
    answerer: Answerer
    asked: tuple[Asked, ...]
    photos: int
    trained_on: int
    candidates: int
    compared: int
    table: FeatureTable
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    @property
    def copies(self) -> int:
        """How many photos that the model was not trained on are copies of another one of them."""
        return len(self.table.rows) - self.candidates


@dataclass(frozen=True)
class Looker:
    """How photos are looked at.

    Attributes:
        home: where features are kept.
        reader: reads and decodes.
        progress: told of each stretch of work.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again.
        engine: what runs the network; None: as in training.
        precision: likewise.
    """

    home: Home
    reader: PhotoReader
    progress: Progress | None
    follow_links: bool = False
    rehash: bool = False
    engine: str | None = None
    precision: str | None = None

    def look(self, model: str | Path | Model, sources: Sequence[str], count: int) -> Seen:
        """Choose the photos to ask about.

        Args:
            model: a trained model, or its folder.
            sources: files and folders.
            count: how many to ask about.

        Raises:
            UsageError: no trained model.
            PhotosError: no photo that can be used.
        """
        name, trained = _trained(model, self.home)
        answerer = open_answerer(
            trained, self.home, self.progress, engine=self.engine, precision=self.precision
        )
        found = scan_files(sources, follow_links=self.follow_links)
        with open_store(self.home) as store:
            hashed, unread = hash_photos(
                found.photos, self.reader, files=store.files, rehash=self.rehash, progress=self.progress
            )
            new = [each for each in hashed if each.sha256 not in answerer.trained_on]
            table = answerer.extract(new, store, self.reader, self.progress)
            skipped = (*found.skipped, *unread, *table.skipped)
            if len(hashed) == len(table.skipped):
                raise PhotosError(_nothing(found.source, skipped))
            choosing = _Choosing(in_table(new, table), table, store, self.reader, self.progress)
            asked = choosing.choose(trained, answerer, count)
        candidates = len(set(table.sha256))
        compared = min(candidates, max(SAMPLE, count))
        return Seen(
            name=name,
            answerer=answerer,
            asked=asked,
            photos=len(hashed) - len(table.skipped),
            trained_on=len(hashed) - len(new),
            candidates=candidates,
            compared=compared,
            table=table,
            skipped=skipped,
            notes=(
                *found.notes,
                *table.notes,
                *answerer.notes,
                *_fewer(len(asked), candidates, count),
                *_sampled(compared, candidates),
            ),
        )


@dataclass(frozen=True)
class _Choosing:
    """Photos that the model was not trained on, with their rows, and what shows which look the same."""

    photos: Sequence[Hashed]
    table: FeatureTable
    store: FeatureStore
    reader: PhotoReader
    progress: Progress | None

    def choose(self, model: Model, answerer: Answerer, count: int) -> tuple[Asked, ...]:
        """The photos to ask about, the most useful first."""
        if not self.photos:
            return ()
        rows, first = self.table.rows, _first_by_name(self.photos)

        def alike(keys: Sequence[str]) -> Sequence[Sequence[str]]:
            wanted = [self.photos[first[key]] for key in keys]
            return near_duplicates(looks(wanted, self.store, self.reader, self.progress))

        pool = Pool.of(self.table.sha256, rows, answerer.probabilities(rows), model.novelty.rows)
        chosen = shortlist(pool, count, alike)
        at = [first[each.key] for each in chosen]
        answers = answerer.answers(rows[at], _TOP)
        return tuple(
            _asked(self.photos[place], choice, answer)
            for place, choice, answer in zip(at, chosen, answers, strict=True)
        )


def _asked(photo: Hashed, choice: Choice, answer: Answer) -> Asked:
    return Asked(photo, answer, why(choice, answer), choice.similar)


def _trained(model: str | Path | Model, home: Home) -> tuple[str, Model]:
    name, trained = model_or_name(model, home)
    if trained is None:
        raise UsageError(
            f"{name!r} is no model folder; photos are asked about for a model of your own: "
            "'headstart train' makes one"
        )
    return name, trained


def _first_by_name(photos: Sequence[Hashed]) -> dict[str, int]:
    """Where each content stands first by name, by its SHA-256."""
    order = sorted(range(len(photos)), key=lambda at: by_bytes(photos[at].photo.name), reverse=True)
    return {photos[at].sha256: at for at in order}


def _nothing(source: str, skipped: Sequence[Skipped]) -> str:
    """No photo is left: what to say of it."""
    return (
        f"{source}: none of {counted(len(skipped), 'file')} can be used ({count_reasons(skipped, 3)}); "
        f"the first: {skipped[0].name} ({skipped[0].detail})"
    )


def _fewer(asked: int, candidates: int, count: int) -> list[str]:
    if not 0 < asked < count:
        return []
    if asked == candidates:
        return [f"asked about all {counted(asked, 'photo')} that the model was not trained on, not {count}"]
    return [f"asked about {counted(asked, 'photo')}, not {count}: the others are near-duplicates of these"]


def _sampled(compared: int, candidates: int) -> list[str]:
    if compared == candidates:
        return []
    return [
        f"{compared:,} of {counted(candidates, 'photo')} were compared with each other: half are those that "
        "the model doubts most, half were drawn by their hash"
    ]
