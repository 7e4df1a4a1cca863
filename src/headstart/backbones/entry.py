"""What is written down about registered weights: one small JSON file for each backbone and tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from headstart.backbones.spec import OptionValue, Preprocessing
from headstart.errors import WeightsRefusedError
from headstart.images.resize import Interpolation, Resize

if TYPE_CHECKING:
    from pathlib import Path


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Pixels = Annotated[int, Field(ge=8, le=4096)]
Triple = tuple[float, float, float]
Options = dict[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")], OptionValue]


class StrictModel(BaseModel):
    """Closed, frozen schema: an unknown key is a misunderstanding, not a detail."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PreprocessingOverride(StrictModel):
    """What weights need instead of their framework's own preprocessing.

    Attributes:
        input_size: side of the square that enters the network, pixels.
        resize: short side before the crop, pixels.
        crop: "center", or "squash" or "pad" as in `Resize.mode`.
        interpolation: Pillow's filter.
        mean: subtracted per RGB channel, for pixels in [0, 1].
        std: divided by per RGB channel, for pixels in [0, 1].

    Example:
        >>> given = PreprocessingOverride(input_size=224, resize=256, mean=(0.5,) * 3, std=(0.5,) * 3)
        >>> given.to_preprocessing().resize.mode
        'crop'
    """

    input_size: Pixels
    resize: Pixels
    crop: Literal["center", "squash", "pad"] = "center"
    interpolation: Interpolation = "bilinear"
    mean: Triple
    std: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    def to_preprocessing(self) -> Preprocessing:
        """The same as the rest of headstart writes it."""
        mode: Literal["crop", "squash", "pad"] = "crop" if self.crop == "center" else self.crop
        size = Resize(self.input_size, self.input_size, self.resize, self.interpolation, mode)
        return Preprocessing(size, self.mean, self.std)


class WeightsEntry(StrictModel):
    """Registered weights of one backbone.

    Attributes:
        format: of this entry.
        framework: "torchvision", "timm" or "keras".
        architecture: the framework's name of the network.
        tag: which weights.
        file: name of the safetensors file beside the entry.
        sha256: of that file, pinned: it is checked whenever the file is read.
        bytes: size of that file.
        options: arguments for the framework's constructor.
        preprocessing: instead of the framework's own; None: the framework's.
        classes: "imagenet-1k" where the network tells those apart in the usual order; None: not said.
        licence: of the weights, as far as it is published.
        source: address or file name they came from.
        source_sha256: of the file as it was published, before it became safetensors; pinned as well.
    """

    format: Literal[1] = 1
    framework: Name
    architecture: Name
    tag: Name
    file: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\.safetensors$")]
    sha256: Digest
    bytes: Annotated[int, Field(gt=0)]
    options: Options = Field(default_factory=dict)
    preprocessing: PreprocessingOverride | None = None
    classes: Literal["imagenet-1k"] | None = None
    licence: str = "unknown"
    source: str = "unknown"
    source_sha256: Digest | None = None

    @property
    def backbone(self) -> str:
        """The full name, "torchvision:squeezenet1_1@zoo"."""
        return f"{self.framework}:{self.architecture}@{self.tag}"


def entry_filename(framework: str, architecture: str, tag: str) -> str:
    """The name of an entry's own file.

    Example:
        >>> entry_filename("timm", "mobilenetv2_100", "slim")
        'timm-mobilenetv2_100@slim.json'
    """
    return f"{framework}-{architecture}@{tag}.json"


def read_entry(path: Path) -> WeightsEntry:
    """Read an entry.

    Args:
        path: its JSON file.

    Raises:
        WeightsRefusedError: it can't be read, is damaged or from a newer headstart.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsRefusedError(f"{path} can't be read: {error.strerror or error}") from error
    try:
        return WeightsEntry.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("format",):
            raise WeightsRefusedError(
                f"{path} was written by a newer headstart; upgrade to use it"
            ) from error
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise WeightsRefusedError(
            f"{path} can't be used ({place}: {first['msg']}); delete it and add the weights again"
        ) from error
