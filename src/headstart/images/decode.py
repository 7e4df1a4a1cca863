"""(bytes of a file, Resize) => pixels and what they were, or the reason why there are none."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import PIL.Image
from PIL import ImageFile

from headstart.images.colour import repair_png_key, to_rgb
from headstart.images.fault import PhotoFault, fault_from
from headstart.images.fit import fit, resized_size
from headstart.images.opening import accepted_format, open_picture
from headstart.images.photo import Reason
from headstart.images.recipe import DECODE_RECIPE
from headstart.images.shape import broken_png_chunk, is_cut
from headstart.images.upright import orientation, swaps_sides, upright, upright_box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from headstart.images.resize import Resize
    from headstart.images.upright import Box

__all__ = ["DECODE_RECIPE", "Decoded", "PhotoFault", "Picture", "decode", "decode_picture", "inspect"]

SEVERAL = "animated or several pictures: the first one was used"
BROKEN_PROFILE = "broken colour profile ignored"
ODD_METADATA = "damaged metadata ignored"

# Python's list of warnings to show and Pillow's switch for cut files belong to the whole process.
_process_state = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo that is still Pillow's; the other attributes are those of `Decoded`."""

    pixels: PIL.Image.Image
    width: int
    height: int
    format: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded photo.

    Attributes:
        pixels: (h, w, 3) uint8, RGB, upright, transparent parts on white.
        width: of the upright photo before any resizing.
        height: of the upright photo before any resizing.
        format: "JPEG", "PNG", …: what the content is, whatever the name says.
        notes: what people should know, from a small fixed set of sentences.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str
    notes: tuple[str, ...]


def decode(data: bytes, resize: Resize | None = None) -> Decoded:
    """Decode a photo as a person sees it, and bring it to a network's size.

    The bytes decide what it is. Of animations and files with several pictures the first is used.
    EXIF orientation is applied, 16 bits are scaled, transparency shows white, CMYK becomes RGB;
    colour profiles are not applied. With `resize`, a JPEG of at least four times the needed size
    is decoded at a half, quarter or eighth of its size first, which differs by less than 1 of 255
    on average; everything else equals torchvision's and timm's transforms bit for bit.

    Decoding in this process trusts the decoders, and one thread waits for another; for many files,
    or those of strangers, use `PhotoReader`.

    Args:
        data: the whole file.
        resize: None gives the full upright picture.

    Raises:
        PhotoFault: with one of the closed list of reasons; nothing else.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (30, 20), "red").save(file, "PNG")
        >>> decoded = decode(file.getvalue())
        >>> decoded.pixels.shape, decoded.pixels[0, 0].tolist(), decoded.format
        ((20, 30, 3), [255, 0, 0], 'PNG')
    """
    import numpy as np  # not above: a worker does without it, which halves its time to start

    picture = decode_picture(data, resize)
    pixels = np.array(picture.pixels)
    return Decoded(pixels, picture.width, picture.height, picture.format, picture.notes)


def decode_picture(data: bytes, resize: Resize | None = None, view: dict[str, Any] | None = None) -> Picture:
    """Decode a photo as `decode` does, without making an array of it.

    Args:
        data: the whole file.
        resize: None gives the full upright picture.
        view: from `View.request`: cut, mirrored and coloured at random; None: as it is measured.

    Raises:
        PhotoFault: with one of the closed list of reasons; nothing else.
    """
    kind = accepted_format(data)
    with _quiet() as warned, _closed_list(data, kind):
        return _decode(data, kind, _fitting(resize, view), warned)


def inspect(data: bytes) -> str:
    """Find the faults that a photo's header shows, without decoding a pixel.

    Args:
        data: the whole file.

    Returns:
        Its format, as in `Decoded.format`.

    Raises:
        PhotoFault: with one of the closed list of reasons.

    Example:
        >>> inspect(b"not a photo")
        Traceback (most recent call last):
        headstart.images.fault.PhotoFault: not an image: it looks like plain text
    """
    kind = accepted_format(data)
    with _quiet(), _closed_list(data, kind):
        open_picture(data, kind)
    return kind


@dataclass(frozen=True, slots=True)
class _Fitting:
    """How large the whole photo has to be decoded, and how it then comes to its size."""

    needed: Resize
    apply: Callable[[PIL.Image.Image, Box | None], PIL.Image.Image]


def _fitting(resize: Resize | None, view: dict[str, Any] | None) -> _Fitting | None:
    if resize is None:
        return None
    if view is None:
        return _Fitting(resize, lambda picture, box: fit(picture, resize, box))
    from headstart.images.view import Augmentation, augmented, needed  # most processes never need it

    seed = view["seed"]
    much = Augmentation(view["least_area"], view["mirror"], view["colour"])
    return _Fitting(needed(resize, much), lambda picture, box: augmented(picture, resize, much, seed, box))


def _decode(
    data: bytes, kind: str, fitting: _Fitting | None, warned: list[warnings.WarningMessage]
) -> Picture:
    if kind == "PNG" and (chunk := broken_png_chunk(data)) is not None:
        raise PhotoFault(Reason.CORRUPT, f"the PNG is damaged (wrong checksum of {chunk})")
    file = open_picture(data, kind)
    # JPEG must know before loading how large it has to be; other formats may keep EXIF at the end
    turn, turn_note = orientation(file) if kind == "JPEG" else (1, None)
    size = file.size[::-1] if swaps_sides(turn) else file.size
    box = _load_small(file, turn, size, fitting.needed) if kind == "JPEG" and fitting else None
    file.load()
    # libjpeg and zlib are content with a picture whose end is missing: what is not there is grey
    if kind in {"JPEG", "PNG"} and is_cut(data, kind):
        raise PhotoFault(Reason.TRUNCATED, f"the {kind} ends before its picture does")
    # TIFF and HEIC are turned by their own decoders
    if kind not in {"JPEG", "TIFF", "HEIC"}:
        turn, turn_note = orientation(file)
    if kind == "PNG":
        repair_png_key(file, data)
    rgb, colour_note = to_rgb(file)
    picture = upright(rgb, turn)
    notes = (turn_note, colour_note, *_file_notes(file, data, kind), ODD_METADATA if warned else None)
    width, height = picture.size if box is None else size
    pixels = fitting.apply(picture, box) if fitting else picture
    return Picture(pixels, width, height, kind, tuple(note for note in notes if note))


def _load_small(file: ImageFile.ImageFile, turn: int, size: tuple[int, int], resize: Resize) -> Box | None:
    """Have a JPEG decoded at a half, quarter or eighth that is at least twice the needed size.

    Returns the part of the upright small picture that is the photo, or None where nothing changed.
    """
    width, height = resized_size(size, resize)
    if swaps_sides(turn):
        width, height = height, width
    if min(file.width // (2 * width), file.height // (2 * height)) < 2:
        return None
    drafted = file.draft(None, (2 * width, 2 * height))
    return upright_box(drafted[1], file.size, turn) if drafted else None


def _file_notes(file: ImageFile.ImageFile, data: bytes, kind: str) -> Iterator[str]:
    if "mp" in file.info or (_gif_goes_on(data) if kind == "GIF" else getattr(file, "is_animated", False)):
        yield SEVERAL
    profile = file.info.get("icc_profile", b"")
    if profile is None or (profile and profile[36:40] != b"acsp"):
        yield BROKEN_PROFILE


def _gif_goes_on(data: bytes) -> bool:
    """Whether a second picture follows; the others are not counted. Opened anew: looking moves the file."""
    try:
        return bool(getattr(open_picture(data, "GIF"), "is_animated", False))
    except Exception:  # noqa: BLE001 - what follows the first picture may be broken: it is not used
        return True


@contextmanager
def _closed_list(data: bytes, kind: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise fault_from(error, data, kind) from error


@contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Collect Pillow's warnings about metadata, and never let it fill a cut photo with grey."""
    with _process_state, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
        kept = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield warned
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = kept
