"""(model, photos without labels) => the few whose labels would teach it most, on a page to be labelled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.paths import photos_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from headstart.features.progress import Progress
    from headstart.images.photo import Skipped
    from headstart.model.model import Model
    from headstart.tasks.asking.look import Asked

COUNT = 20


@dataclass(frozen=True)
class Asking:
    """What came of it.

    Attributes:
        asked: the photos, the most useful first.
        photos: how many files were looked at: usable ones, copies included.
        trained_on: how many of them the model was trained on.
        copies: how many of the others are exact copies of another one.
        compared: how many different ones of the others were compared: all, or of many a sample.
        skipped: files that could not be used, each with its reason.
        notes: what people should know.
        features: how many rows were computed now, and how many were there.
        files: page, tables, record and thumbnails, as paths; empty where nothing was written.
        seconds: wall time.
    """

    asked: Sequence[Asked]
    photos: int
    trained_on: int
    copies: int
    compared: int
    skipped: Sequence[Skipped]
    notes: Sequence[str]
    features: Mapping[str, int]
    files: Mapping[str, str]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        from headstart.tasks.gather import reasons, skipped_json

        return {
            "photos": self.photos,
            "trained_on": self.trained_on,
            "copies": self.copies,
            "compared": self.compared,
            "asked": [each.to_json() for each in self.asked],
            "skipped": {"files": len(self.skipped), "reasons": reasons(self.skipped)},
            "skipped_files": skipped_json(self.skipped),
            "notes": list(self.notes),
            "features": dict(self.features),
            "seconds": round(self.seconds, 3),
            "files": dict(self.files),
        }


def ask(
    model: str | Path | Model,
    photos: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    count: int = COUNT,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
    waiting: Callable[[str], None] | None = None,
) -> Asking:
    """Find the photos whose labels would teach a model most: doubtful, like many others, unlike each other.

    Photos that it was trained on are never asked about; of copies and near-duplicates one is. The same
    photos and model give the same choice, whatever the files are called. `headstart.heads.asking` says
    how they are chosen. What they were labelled as is taken in by `headstart learn`.

    Args:
        model: a trained `Model`, or its folder.
        photos: a folder of photos, flat or nested, without labels, or the name of a data set; or several, or
            single photos.
        output: a folder for the page where the photos are labelled, and `asked.csv`; new, empty, or of an
            earlier `ask`. None: nothing is written.
        count: how many photos to ask about; all that there are where there are fewer.
        engine: "openvino", "torch" or "tensorflow"; None: the one of the model's own features.
        precision: "f32", "bf16" or "int8"; None: likewise.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.
        waiting: gets a line every few seconds while another process writes to the output.

    Returns:
        The photos to ask about; none where the model was trained on all of them, and then nothing is written.

    Raises:
        UsageError: `count` below 1, no trained model, or an output that holds something else, or labels
            that were not learned yet.
        PhotosError: what was given is not there, or no photo that can be used.
        ModelError: the model folder can't be used.
        StorageError: the disk refuses.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     learned, home = write_photos(Path(folder, "learned"), each=4), Path(folder, "home")
        ...     more = write_photos(Path(folder, "more"), ["red", "blue", "green"])
        ...     model = train(learned, backbone=tiny_backbone(), home=home)
        ...     found = ask(model, more, count=3, home=home)
        >>> found.photos, found.trained_on, len(found.asked)
        (18, 8, 3)
    """
    began = perf_counter()
    if count < 1:
        raise UsageError(f"-n is {count}; ask about at least 1 photo")
    several = [photos] if isinstance(photos, str | Path) else list(photos)
    sources = [photos_path(each, "a file", home) for each in several]
    with PhotoReader() as reader:
        reader.warm()  # its process starts while this one loads everything else
        from headstart.tasks.asking.look import Looker
        from headstart.tasks.asking.page import Page, check_output
        from headstart.tasks.cataloguing.words import How

        place = None if output is None else check_output(output, sources)
        looker = Looker(
            Home.find(home),
            reader,
            progress,
            follow_links=follow_links,
            rehash=rehash,
            engine=engine,
            precision=precision,
        )
        seen = looker.look(model, sources, count)
        files = {}
        if place is not None and seen.asked:
            how = How(follow_links=follow_links, engine=engine, precision=precision, home=home)
            page = Page(model, sources, count, how, waiting)
            files = page.write(seen, place, reader, progress)
    return Asking(
        asked=seen.asked,
        photos=seen.photos,
        trained_on=seen.trained_on,
        copies=seen.copies,
        compared=seen.compared,
        skipped=seen.skipped,
        notes=tuple(dict.fromkeys(seen.notes)),
        features={"computed": seen.table.computed, "reused": seen.table.reused},
        files=files,
        seconds=perf_counter() - began,
    )
