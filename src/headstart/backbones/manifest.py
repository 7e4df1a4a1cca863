"""(manifest.json) => weights to add: files beside it with size, SHA-256, backbone, tag and preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError

from headstart.backbones.entry import (
    Digest,
    Name,
    Options,
    Pixels,
    PreprocessingOverride,
    StrictModel,
    Triple,
)
from headstart.errors import UsageError
from headstart.images.resize import Interpolation

if TYPE_CHECKING:
    from pathlib import Path


class ManifestItem(StrictModel):
    """One file of a manifest.

    Attributes:
        file: its name; it lies beside the manifest.
        bytes: its size.
        sha256: its digest.
        backbone: "timm:mobilenetv2_100".
        tag: a name for these weights.
        options: arguments for the framework's constructor.
        input_size: as in `PreprocessingOverride`, like resize, crop, … and std; all or none.
        classes: "imagenet-1k" or nothing.
        licence: of the weights.
        source: where they came from.
        sample_top1: what somebody measured; not used.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,200}$")]
    bytes: Annotated[int, Field(gt=0)]
    sha256: Digest
    backbone: str
    tag: Name
    options: Options = Field(default_factory=dict)
    input_size: Pixels | None = None
    resize: Pixels | None = None
    crop: Literal["center", "squash", "pad"] = "center"
    interpolation: Interpolation | None = None
    mean: Triple | None = None
    std: Triple | None = None
    classes: Literal["imagenet-1k"] | None = None
    licence: str = "unknown"
    source: str | None = None
    sample_top1: float | None = None

    def preprocessing(self) -> PreprocessingOverride | None:
        """What the file needs instead of the framework's preprocessing, if it says so.

        Raises:
            UsageError: it says only a part, or something impossible.
        """
        stated = {
            "input_size": self.input_size,
            "resize": self.resize,
            "interpolation": self.interpolation,
            "mean": self.mean,
            "std": self.std,
        }
        absent = [key for key, value in stated.items() if value is None]
        if len(absent) == len(stated):
            return None
        if absent:
            raise UsageError(
                f"the manifest's preprocessing of {self.file} lacks {', '.join(absent)}; give all or none"
            )
        try:
            return PreprocessingOverride.model_validate(stated | {"crop": self.crop})
        except ValidationError as error:
            raise UsageError(f"the manifest's preprocessing of {self.file}: {_first(error)}") from error


class Manifest(StrictModel):
    """A list of weights.

    Attributes:
        format: of the manifest.
        weights: the files.
    """

    format: Literal[1]
    weights: tuple[ManifestItem, ...]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Args:
        path: the JSON file.

    Raises:
        UsageError: it is missing or no manifest; says what is wrong with it.
    """
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} can't be read: {(error.strerror or str(error)).lower()}") from error
    except ValidationError as error:
        raise UsageError(f"{path} is no manifest of weights: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
