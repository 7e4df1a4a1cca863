"""(pictures with captions, in rows) => one picture of them all, with a heading."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from headstart.report.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_PAPER, _INK, _FAINT = (255, 255, 255), (28, 28, 30), (110, 110, 116)
_GAP, _MARGIN = 10, 16
_HEADING, _CAPTION = 17, 13
_LEAST_WIDTH = 480  # pixels: room for a heading beside a single small picture


@dataclass(frozen=True, slots=True)
class Tile:
    r"""A picture and what stands below it.

    Attributes:
        picture: (h, w, 3) or (h, w), uint8.
        caption: one or more lines, broken at "\n"; a line that is too long for the tile is cut.
    """

    picture: NDArray[np.uint8]
    caption: str = ""


def sheet(
    rows: Sequence[Sequence[Tile]],
    *,
    side: int,
    heading: str = "",
    note: str = "",
    beside: Tile | None = None,
) -> Image.Image:
    """Lay tiles out in rows.

    Args:
        rows: each row's tiles; a row may be shorter than the others.
        side: each picture is brought into a square of this many pixels, its shape kept; small maps are
            enlarged without smoothing, so that each of their places shows.
        heading: above all of it.
        note: in small letters below the heading; broken into lines as wide as the page.
        beside: a tile at the left of all rows, twice as large as the others.

    Returns:
        RGB, as large as it has to be.

    Example:
        >>> import numpy as np
        >>> tile = Tile(np.zeros((14, 14), np.uint8), "channel 3")
        >>> sheet([[tile, tile]], side=56, heading="two channels").size[0] > 2 * 56
        True
    """
    columns = max((len(row) for row in rows), default=0)
    left = _MARGIN if beside is None else _MARGIN + 2 * side + 2 * _GAP
    width = max(left + columns * (side + _GAP) - _GAP + _MARGIN, _LEAST_WIDTH)
    heading_lines = _wrapped(heading, width - 2 * _MARGIN, _HEADING)
    note_lines = _wrapped(note, width - 2 * _MARGIN, _CAPTION)
    top = _MARGIN + _lines(heading_lines, _HEADING) + _lines(note_lines, _CAPTION)
    heights = [side + _lines_height(row) + _GAP for row in rows]
    body = sum(heights) if beside is None else max(sum(heights), 2 * side + _lines_height([beside]) + _GAP)
    page = Image.new("RGB", (width, top + body - _GAP + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(page)
    _write_lines(pen, _MARGIN, heading_lines, _HEADING, _INK)
    _write_lines(pen, _MARGIN + _lines(heading_lines, _HEADING), note_lines, _CAPTION, _FAINT)
    if beside is not None:
        _place(page, pen, beside, (_MARGIN, top), 2 * side)
    for row, height in zip(rows, heights, strict=True):
        for column, tile in enumerate(row):
            _place(page, pen, tile, (left + column * (side + _GAP), top), side)
        top += height
    return page


def _place(
    page: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, place: tuple[int, int], side: int
) -> None:
    picture = fitted(tile.picture, side)
    left, top = place
    page.paste(picture, (left + (side - picture.width) // 2, top + (side - picture.height) // 2))
    for line, text in enumerate(tile.caption.split("\n")):
        at = (left, top + side + 3 + line * (_CAPTION + 4))
        _write(pen, at, _cut(text, side), _CAPTION, _INK if line == 0 else _FAINT)


def png(picture: Image.Image) -> bytes:
    """A picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def fitted(picture: NDArray[np.uint8], side: int) -> Image.Image:
    """A picture brought into a square, its shape kept."""
    image = Image.fromarray(picture).convert("RGB")
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    filter_ = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    return image if size == image.size else image.resize(size, filter_)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans, which matplotlib carries and which has Greek, Cyrillic and signs; else Pillow's own."""
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        file = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), size - 1)  # it is wider than others of the same size
    return ImageFont.load_default(size)


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, ink: tuple[int, int, int]
) -> None:
    if text:
        pen.text(place, shown(text), fill=ink, font=_font(size))


def _cut(text: str, width: int, size: int = _CAPTION) -> str:
    text = shown(text)
    if _font(size).getlength(text) <= width:
        return text
    while text and _font(size).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def _wrapped(text: str, width: int, size: int) -> list[str]:
    """Break a text into lines that fit; a word that is too long by itself is cut."""
    lines: list[str] = []
    font = _font(size)
    for word in shown(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(_cut(word, width, size))
    return lines


def _lines(lines: Sequence[str], size: int) -> int:
    return len(lines) * (size + 5) + 4 if lines else 0


def _write_lines(
    pen: ImageDraw.ImageDraw, top: int, lines: Sequence[str], size: int, ink: tuple[int, int, int]
) -> None:
    for number, line in enumerate(lines):
        _write(pen, (_MARGIN, top + number * (size + 5)), line, size, ink)


def _lines_height(row: Sequence[Tile]) -> int:
    lines = max((tile.caption.count("\n") + 1 if tile.caption else 0 for tile in row), default=0)
    return lines * (_CAPTION + 4) + (4 if lines else 0)
