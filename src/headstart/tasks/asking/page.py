"""(photos to ask about) => a folder with the page where they are labelled, and the same as a table."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headstart.errors import PhotosError, UsageError
from headstart.images.names import counted, label_from
from headstart.images.table import table_rows
from headstart.report.catalogue_facts import Catalogue, UnusedFile
from headstart.storage.atomic import atomic_write_bytes
from headstart.tasks.asking.table import TABLE, asked_csv
from headstart.tasks.asking.words import ORDER, ask_command, heading, introduction
from headstart.tasks.cataloguing.entries import Known, entries
from headstart.tasks.cataloguing.pictures import make_thumbnails
from headstart.tasks.cataloguing.place import check_place, refuse_missing, refuse_other_kind
from headstart.tasks.cataloguing.words import learn_command, unmeasured_note
from headstart.tasks.cataloguing.write import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from headstart.features.progress import Progress
    from headstart.images.reader import PhotoReader
    from headstart.model.answers import TrainingPhoto
    from headstart.model.model import Model
    from headstart.report.catalogue_facts import PhotoEntry
    from headstart.tasks.asking.look import Seen
    from headstart.tasks.cataloguing.words import How

KIND: Final = "questions"


def check_output(output: str | Path, sources: Sequence[str]) -> Path:
    """Refuse a folder that can't take the page, before any work.

    Args:
        output: as it was given.
        sources: files and folders that it may not lie among.

    Returns:
        The folder, absolute.

    Raises:
        UsageError: other files lie there, or a catalogue, or it lies among the photos.
        StorageError: it can't be written there.
    """
    refuse_missing(sources)
    return check_place(output, sources, KIND)


def refuse_labels(place: Path, model: str | Path | Model, trained_on: Mapping[str, TrainingPhoto]) -> None:
    """Refuse to write over labels that somebody has filled in and the model has not learned.

    Args:
        place: the folder.
        model: as it was given, for the command.
        trained_on: what the model knows, by SHA-256.

    Raises:
        UsageError: with the command that takes them in.
    """
    table = place / TABLE
    if not table.is_file():
        return
    try:
        given = [row for row in table_rows(table) if row.label.strip()]
    except PhotosError as error:
        raise UsageError(f"{error}; nothing was changed: mend or remove it, or name another -o") from None
    known = {sha256: each.label for sha256, each in trained_on.items()}
    left = [row for row in given if known.get(row.sha256) != label_from(row.label)]
    if left:
        learn = learn_command(model, table)
        raise UsageError(
            f"{TABLE} in {place} has {counted(len(left), 'label')} that the model has not learned; nothing "
            f"was changed: take them in with '{learn}', or name another -o"
        )


@dataclass(frozen=True)
class Page:
    """What the page's commands say.

    Attributes:
        model: as it was given.
        sources: files and folders, as they were given.
        count: how many photos were to be asked about.
        how: how they were to be looked at.
        waiting: gets a line every few seconds while another process writes there.
    """

    model: str | Path | Model
    sources: Sequence[str]
    count: int
    how: How
    waiting: Callable[[str], None] | None = None

    def write(
        self, seen: Seen, place: Path, reader: PhotoReader, progress: Progress | None
    ) -> dict[str, str]:
        """Write the page, its record, `asked.csv` and thumbnails; what an earlier `ask` left is replaced.

        Returns:
            The files, by what they are.

        Raises:
            UsageError: something else lies there by now, or labels that the model has not learned.
            StorageError: the disk refuses.
        """
        with open_folder(place, waiting=self.waiting) as folder:
            refuse_other_kind(place, KIND)
            refuse_labels(place, self.model, seen.answerer.trained_on)
            photos = [each.photo for each in seen.asked]
            pictured, _ = make_thumbnails(photos, folder.pictures, reader, progress, mode=folder.mode)
            shown = entries(
                photos,
                [each.answer for each in seen.asked],
                Known(seen.answerer.trained_on),
                pictured=pictured,
                why={each.photo.sha256: each.why for each in seen.asked},
            )
            files = folder.write(self._catalogue(seen, shown, place))
            atomic_write_bytes(place / TABLE, asked_csv(shown).encode("utf-8"), mode=folder.mode)
        return {**files, "asked": str(place / TABLE)}

    def _catalogue(self, seen: Seen, shown: list[PhotoEntry], place: Path) -> Catalogue:
        compared = None if seen.compared == seen.candidates else seen.compared
        unmeasured = unmeasured_note(shown, seen.answerer)
        return Catalogue(
            kind=KIND,
            key=_key(shown, place),
            title=heading(self.sources),
            intro=introduction(len(shown), seen.candidates, seen.name, compared),
            order=ORDER,
            model=seen.name,
            classes=list(seen.answerer.classes),
            photos=shown,
            unused=[
                UnusedFile(file=each.name, reason=each.reason.value, detail=each.detail)
                for each in seen.skipped
            ],
            unmeasured=unmeasured,
            notes=list(dict.fromkeys([*seen.notes, *([unmeasured] if unmeasured else [])])),
            learn=learn_command(self.model),
            again=self._again(place),
        )

    def _again(self, place: Path) -> str:
        if not isinstance(self.model, str | os.PathLike):  # in memory: no command could name it
            return ""
        return ask_command(self.model, self.sources, self.count, place, self.how)


def _key(shown: Sequence[PhotoEntry], place: Path) -> str:
    """Under what a browser keeps the labels: other questions are other ones, the same are the same."""
    what = "\n".join([os.fspath(place), *(each.sha256 for each in shown)])
    return hashlib.sha256(what.encode("utf-8", "surrogateescape")).hexdigest()[:16]
