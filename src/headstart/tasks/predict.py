"""(model or network with classes, photos) => what is on them, how sure that is, and what is not known."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.images.reader import PhotoReader
from headstart.model.answers import state_of
from headstart.storage.home import Home
from headstart.tasks.paths import photos_path

if TYPE_CHECKING:
    from headstart.features.progress import Progress
    from headstart.images.photo import Skipped
    from headstart.model.answers import Answer, State
    from headstart.model.model import Model


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one file.

    Attributes:
        file: the file as it was named, or its place in the folder that was named.
        label: the most probable class; None where the file could not be used.
        probabilities: class to probability, most probable first.
        unknown: True where the photo is unlike the classes or torn between them; None where not measured.
        neighbours: the nearest training photos, {file, label, distance}, nearest first.
        error: why the file could not be used; None where it could.
        id: the class's identifier, where the network has some (WordNet ids of ImageNet).
        one_of: the classes of which one is the right one, most probable first, in as many photos as the model
            states; None where that could not be measured.
        strangeness: above 1 for an unknown photo; None where `unknown` is.

    Example:
        >>> Prediction("a.jpg", "cat", {"cat": 0.6, "dog": 0.4}, one_of=("cat", "dog")).state
        'unsure'
    """

    file: str
    label: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    unknown: bool | None = None
    neighbours: Sequence[Mapping[str, Any]] = ()
    error: str | None = None
    id: str | None = None
    one_of: Sequence[str] | None = None
    strangeness: float | None = None

    @property
    def state(self) -> State | None:
        """As `Answer.state` ("sure", "unmeasured", …); None where the file could not be used."""
        return None if self.error is not None else state_of(self.unknown, self.one_of)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "file": self.file,
            "label": self.label,
            "id": self.id,
            "probabilities": dict(self.probabilities),
            "state": self.state,
            "one_of": None if self.one_of is None else list(self.one_of),
            "unknown": self.unknown,
            "strangeness": self.strangeness,
            "neighbours": [dict(each) for each in self.neighbours],
            "error": self.error,
        }


class Predictions(list[Prediction]):
    """A prediction for each file, and what people should know of them all.

    Attributes:
        notes: links that were not followed, pictures that are animations, a network that is a small one, …
        engine: what computed the features, as JSON values; None for one that was given.
    """

    def __init__(
        self,
        predictions: Iterable[Prediction],
        notes: Sequence[str],
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(predictions)
        self.notes = tuple(dict.fromkeys(notes))
        self.engine = engine


def predict(
    model: str | Path | Model,
    files: str | Path | Sequence[str | Path],
    *,
    top: int = 5,
    engine: str | None = None,
    precision: str | None = None,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Say what is on photos; a file that can't be used gets an `error` and stops nothing.

    Args:
        model: a trained `Model`, its folder, or the name of a network with classes of its own.
        files: a photo, a folder of photos, the name of a data set, or several of them.
        top: how many classes to give probabilities for, at least 1.
        engine: "openvino", "torch" or "tensorflow"; None: the one of the model's own features.
        precision: "f32", "bf16" or "int8"; None: likewise.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Returns:
        One prediction for each file, in the order given; files of a folder by name.

    Raises:
        UsageError: `top` below 1, or no such model.
        ModelError: the model folder can't be used.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos, home = write_photos(Path(folder, "photos")), Path(folder, "home")
        ...     model = train(photos, backbone=tiny_backbone(), home=home)
        ...     answers = predict(model, photos / "red" / "0.jpg", home=home)
        >>> answers[0].label, answers[0].unknown, answers[0].neighbours[0]["file"]
        ('red', False, 'red/0.jpg')
    """
    if top < 1:
        raise UsageError(f"--top is {top}; ask for at least 1 class")
    if isinstance(files, str | os.PathLike):
        files = [files]
    place = Home.find(home)
    with PhotoReader() as reader:
        reader.warm()  # its process starts while this one loads everything else
        from headstart.features.hashing import hash_photos
        from headstart.images.folder import scan_files
        from headstart.tasks.answerer import open_answerer
        from headstart.tasks.rows import open_store

        answerer = open_answerer(model, place, progress, engine=engine, precision=precision)
        found = scan_files([photos_path(file, "a file", home) for file in files], follow_links=follow_links)
        with open_store(place) as store:
            hashed, unread = hash_photos(
                found.photos, reader, files=store.files, rehash=rehash, progress=progress
            )
            table = answerer.extract(hashed, store, reader, progress)
    answers = zip(table.photos, answerer.answers(table.rows, top), strict=True)
    predictions = {photo.name: _filled(photo.name, answer, answerer.ids) for photo, answer in answers}
    for each in (*found.skipped, *unread, *table.skipped):
        predictions[each.name] = Prediction(each.name, error=_why(each))
    notes = (*found.notes, *table.notes, *answerer.notes)
    used = None if table.plan is None else table.plan.to_json()
    return Predictions((predictions[name] for name in found.order), notes, used)


def _why(skipped: Skipped) -> str:
    return f"{skipped.reason.value}: {skipped.detail}"


def _filled(name: str, answer: Answer, ids: Mapping[str, str]) -> Prediction:
    return Prediction(
        name,
        label=answer.label,
        probabilities=answer.probabilities,
        unknown=answer.unknown,
        neighbours=answer.neighbours,
        id=ids.get(answer.label),
        one_of=answer.one_of,
        strangeness=answer.strangeness,
    )
