"""(a .keras file) => its config and the bytes of its weights, both bounded; Keras itself reads none of it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headstart.errors import BackboneError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".keras"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_LARGEST = {_CONFIG: 1 << 24, _METADATA: 1 << 20, _WEIGHTS: 1 << 33}
_MOST_SQUEEZED = 100
"""Weights are noise, and text shrinks to a tenth: what shrinks further was made to."""
_DEEPEST = 100
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class Archive:
    """What lies in a `.keras` file.

    Attributes:
        config: of the model, as JSON values that nobody has checked.
        weights: the bytes of an HDF5 file that nobody has checked.
    """

    config: Any
    weights: bytes


def read_archive(path: Path) -> Archive:
    """Read a `.keras` file into memory, once.

    Args:
        path: the file.

    Raises:
        BackboneError: no such file, another format, or an archive that `model.save` would not have written.
    """
    _require_file(path)
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _require_usual(archive.infolist(), path.name)
            config, weights = archive.read(_CONFIG), archive.read(_WEIGHTS)
    except OSError as error:
        raise BackboneError(f"{path} can't be read: {error.strerror or error}") from error
    # What zipfile raises for damaged archives is any of these.
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, BackboneError):
            raise
        raise BackboneError(f"{path.name} is no whole .keras file ({error}); save the model again") from error
    return Archive(parse_config(config, path.name), weights)


def _require_file(path: Path) -> None:
    suffix = path.suffix.lower()
    if path.name.lower().endswith(".weights.h5"):
        raise BackboneError(
            f"{path.name} holds weights only, not the model that they belong to; for a network of "
            "keras.applications run: headstart weights add FILE --backbone keras:NAME --tag TAG; otherwise "
            f"save the whole model: model.save('mine{SUFFIX}')"
        )
    if suffix in {".h5", ".hdf5"}:
        raise BackboneError(
            f"{path.name} is in Keras's old format, which can't be read safely; if you trust it, save it in "
            "the new one: keras.models.load_model(FILE).save('mine.keras')"
        )
    if suffix != SUFFIX:
        raise BackboneError(
            f"{path.name} is no {SUFFIX} file; save the model with model.save('mine{SUFFIX}')"
        )
    if not path.is_file():
        raise BackboneError(f"{path} is a folder" if path.is_dir() else f"there is no file {path}")


def _require_usual(members: list[zipfile.ZipInfo], what: str) -> None:
    names = [each.filename for each in members]
    if sorted(names) != sorted(_LARGEST):
        strange = next((name for name in names if name not in _LARGEST or names.count(name) > 1), None)
        why = f"lacks {min(set(_LARGEST) - set(names))}" if strange is None else f"holds {strange!a:.80}"
        raise BackboneError(f"{what} {why}; a .keras file is exactly {', '.join(sorted(_LARGEST))}")
    for each in members:
        if each.flag_bits & 1 or each.compress_type not in _PLAIN:
            raise BackboneError(f"{what} is encrypted or packed in a way that Keras does not use")
        if each.file_size > min(_LARGEST[each.filename], _MOST_SQUEEZED * max(each.compress_size, 1)):
            raise BackboneError(
                f"{what} would unpack {each.filename} from {each.compress_size:,} bytes to {each.file_size:,}"
            )


def parse_config(text: str | bytes, what: str) -> Any:
    """A model's config as JSON values: not too long, not too deep, every number finite.

    Raises:
        BackboneError: says what is wrong with it.

    Example:
        >>> parse_config('{"a": [1, NaN]}', "mine.keras")
        Traceback (most recent call last):
        headstart.errors.BackboneError: mine.keras has a config that can't be read: NaN is no number
    """
    if len(text) > _LARGEST[_CONFIG]:
        raise BackboneError(f"{what} has a config of {len(text):,} bytes; {_LARGEST[_CONFIG]:,} are accepted")
    try:
        config = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BackboneError(f"{what} has a config that can't be read: {str(error)[:200]}") from error
    if _depth(config) > _DEEPEST:
        raise BackboneError(f"{what} has a config that is more than {_DEEPEST} levels deep")
    return config


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _depth(config: Any) -> int:
    depth, level = 0, [config]
    while level:
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [item for each in inner for item in (each.values() if isinstance(each, dict) else each)]
        depth += 1
    return depth
