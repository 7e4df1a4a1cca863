"""(where an attack's pictures go) => refused before any work, or written; and what `predict` says of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import PhotosError, UsageError
from headstart.storage.home import require_writable
from headstart.tasks.paths import given_path
from headstart.tasks.predict import predict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from headstart.model.model import Model
    from headstart.storage.home import Home
    from headstart.tasks.predict import Prediction

JPEG_QUALITY = 90
_MARK = ("Software", "headstart attack")  # a PNG text: what has it may be replaced


@dataclass(frozen=True, slots=True)
class Said:
    """What `predict` says of a file.

    Attributes:
        label: the most probable class.
        probability: of it.
        target: the probability of the attack's target; None where it has none.
        unknown: whether it is unlike the model's classes or torn between them; None where that is not known.
    """

    label: str
    probability: float
    target: float | None = None
    unknown: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "label": self.label,
            "probability": self.probability,
            "target_probability": self.target,
            "unknown": self.unknown,
        }


@dataclass(frozen=True, slots=True)
class Answers:
    """What `predict` says of several files, with its default engine.

    Attributes:
        said: in the order of the files.
        engine: what computed it, as JSON values.
        notes: what people should know.
    """

    said: tuple[Said, ...]
    engine: Mapping[str, Any] | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Asker:
    """Asks `predict` about files, as a user would: with its default engine.

    Attributes:
        model: as `predict` takes it.
        target: whose probability is looked up; None: of no class.
        classes: how many the model has.
        home: the folder of weights and features.
    """

    model: str | Path | Model
    target: str | None
    classes: int
    home: Home

    def ask(self, files: Sequence[str | Path]) -> Answers:
        """Have files named.

        Raises:
            PhotosError: one of them can't be used.
        """
        predictions = predict(self.model, list(files), top=self.classes, home=self.home.root)
        return Answers(tuple(self._said(each) for each in predictions), predictions.engine, predictions.notes)

    def _said(self, prediction: Prediction) -> Said:
        if prediction.label is None:
            raise PhotosError(f"{prediction.file!r} can't be used: {prediction.error}; give another photo")
        shares = prediction.probabilities
        wanted = None if self.target is None else shares[self.target]
        return Said(prediction.label, shares[prediction.label], wanted, prediction.unknown)


def check_png(path: str | Path | None, what: str, photo: str | None) -> Path | None:
    """Refuse, before any work, a file that could not be written or would replace something else.

    Args:
        path: as given; None: no file is wanted.
        what: the option, for the message.
        photo: the photo that is attacked, which must stay.

    Raises:
        UsageError: a wrong ending, a missing folder, a folder, the photo itself, a file of other making.
        StorageError: nothing can be written there.
    """
    if path is None:
        return None
    file = Path(given_path(path, what))
    if file.suffix.lower() != ".png":
        raise UsageError(
            f"{what} is {str(path)!r}; expected a name that ends in .png: other formats change pixels"
        )
    if not file.absolute().parent.is_dir():
        raise UsageError(f"{what} is {str(path)!r}, but {str(file.parent)!r} is no folder; create it first")
    if file.is_dir():
        raise UsageError(f"{what} is {str(path)!r}, which is a folder; expected a file name")
    if file.exists():
        if photo is not None and Path(photo).exists() and file.samefile(photo):
            raise UsageError(f"{what} is {str(path)!r}, which is the photo itself; choose another name")
        if not _is_marked(file):
            raise UsageError(
                f"{str(path)!r} is there already and was not written by attack; choose another name"
            )
    require_writable(file.absolute().parent, "the picture", choose="choose another place")
    return file


def marked_png(picture: NDArray[np.uint8] | Image) -> bytes:
    """A picture as a PNG file that says what wrote it, so that it may be replaced."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text(*_MARK)
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A picture as a JPEG file of quality 90, as Pillow writes it."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def _is_marked(file: Path) -> bool:
    from PIL.PngImagePlugin import PngImageFile

    try:
        with file.open("rb") as stream, PngImageFile(stream) as image:
            return image.info.get(_MARK[0]) == _MARK[1]
    except (OSError, SyntaxError, ValueError):  # it is no PNG
        return False
