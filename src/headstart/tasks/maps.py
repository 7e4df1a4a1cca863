"""(photo, network, layer) => what the layer sees in the photo, as arrays, and as a picture of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.images.pixels import to_pixels
from headstart.pixels.maps.filters import first_filters
from headstart.pixels.maps.maps import feature_maps
from headstart.pixels.maps.spatial import spatial_layers
from headstart.report.maps import filters_picture, maps_picture
from headstart.report.sheet import png
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import Home
from headstart.tasks.layer_names import completed
from headstart.tasks.one_photo import read_photo
from headstart.tasks.pictures import picture_path
from headstart.tasks.rows import open_backbone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.backbones.layers import LayerInfo
    from headstart.features.progress import Progress
    from headstart.pixels.maps.filters import Filters
    from headstart.pixels.maps.maps import FeatureMaps

CHANNELS = 32
"""Maps on a sheet, unless another number is asked for: four rows that can be read on a screen."""

KERNELS = 64
NUMBERS = 15  # of a layer that gives numbers without places: two rows, with the tile that shows all of them


@dataclass(frozen=True, slots=True)
class ShownMaps:
    """The activations of a layer for a photo.

    Attributes:
        backbone: the network's full name.
        found: all maps of the layer.
        channels: the numbers of those that are shown, in their order.
        photo: (h, w, 3) uint8, as the network received it.
        notes: what people should know.
    """

    backbone: str
    found: FeatureMaps
    channels: tuple[int, ...]
    photo: NDArray[np.uint8]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "backbone": self.backbone,
            "layer": self.found.layer,
            "shape": list(self.found.shape),
            "kind": self.found.kind,
            "channels": [
                {
                    "channel": each,
                    "strength": float(self.found.strength[each]),
                    "least": float(self.found.maps[each].min()),
                    "greatest": float(self.found.maps[each].max()),
                }
                for each in self.channels
            ],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class ShownFilters:
    """The kernels of a layer.

    Attributes:
        backbone: the network's full name.
        found: all kernels.
        channels: the numbers of those that are shown, in their order.
    """

    backbone: str
    found: Filters
    channels: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "backbone": self.backbone,
            "layer": self.found.layer,
            "shape": list(self.found.shape),
            "channels": [
                {"channel": each, "strength": float(self.found.strength[each])} for each in self.channels
            ],
        }


def maps(
    image: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    layer: str | None = None,
    channels: int | Sequence[int] | None = None,
    output: str | Path | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> ShownMaps:
    """See what a layer makes of a photo.

    Args:
        image: a photo.
        backbone: a network, or its name.
        layer: a layer reference, or the beginning of a single layer's name; None: the last one with maps of a
            quarter of the photo's side, where strokes become textures.
        channels: how many, strongest first (largest mean of absolute values; of a layer without places the
            largest numbers), or which; None: as many as can be read on a screen.
        output: a .png file to write the sheet to.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of weights that are fetched.

    Raises:
        UsageError: a folder instead of a photo, channels that are not there, an output that can't be.
        PhotosError: the photo can't be used.
        BackboneError: unknown network or layer, or a layer whose output can't be shown.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder))
        ...     found = maps(photos / "red" / "0.jpg", backbone=tiny_backbone(), layer="last")
        >>> found.found.maps.shape, len(found.channels)
        ((16, 7, 7), 16)
    """
    target = None if output is None else picture_path(output, image)
    opened = opened_backbone(backbone, home, progress)
    chosen = default_layer(opened) if layer is None else completed(opened, layer)
    opened.width(chosen)  # an unknown layer is said before the photo is read
    decoded = read_photo(image, opened.spec.preprocessing.resize)
    found = feature_maps(opened, torch.from_numpy(to_pixels([decoded.pixels])), chosen)
    usual = NUMBERS if found.kind == "row" else CHANNELS
    numbers = _numbers(usual if channels is None else channels, found.strongest(), "channel", chosen)
    shown = ShownMaps(opened.spec.name, found, numbers, decoded.pixels, decoded.notes)
    if target is not None:
        names = opened.spec.classes if len(found.maps) == len(opened.spec.classes) else ()
        picture = maps_picture(found, numbers, decoded.pixels, network=opened.spec.name, names=names)
        atomic_write_bytes(target, png(picture))
    return shown


def filters(
    *,
    backbone: str | Backbone = POCKET,
    layer: str | None = None,
    channels: int | Sequence[int] | None = None,
    output: str | Path | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> ShownFilters:
    """See the kernels with which a network's first layer looks at photos.

    Args:
        backbone: a network, or its name.
        layer: another convolution's name.
        channels: how many, strongest first; or which; None: 64 at most.
        output: a .png file to write the sheet to.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of weights that are fetched.

    Raises:
        UsageError: kernels that are not there, an output that can't be.
        BackboneError: unknown network, no convolution, or kernels of a single place.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> filters(backbone=tiny_backbone()).found.shape
        (8, 3, 3, 3)
    """
    target = None if output is None else picture_path(output)
    opened = opened_backbone(backbone, home, progress)
    found = first_filters(opened, None if layer is None else completed(opened, layer))
    wanted = KERNELS if channels is None else channels
    numbers = _numbers(wanted, found.strongest(), "kernel", found.layer)
    if target is not None:
        atomic_write_bytes(target, png(filters_picture(found, numbers, network=opened.spec.name)))
    return ShownFilters(opened.spec.name, found, numbers)


def layers(
    *,
    backbone: str | Backbone = POCKET,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[LayerInfo, ...]:
    """Every layer that can be looked at, with its shape, in the order of the network's definition.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> [(each.name, each.shape) for each in layers(backbone=tiny_backbone())]
        [('first', (8, 15, 15)), ('relu', (8, 15, 15)), ('last', (16, 7, 7))]
    """
    return tuple(each for each in opened_backbone(backbone, home, progress).layers() if each.calls == 1)


def opened_backbone(backbone: str | Backbone, home: str | Path | None, progress: Progress | None) -> Backbone:
    """The network itself, or the one of that name; its weights are fetched where they are not at hand."""
    return open_backbone(backbone, Home.find(home), progress) if isinstance(backbone, str) else backbone


def default_layer(backbone: Backbone) -> str:
    """The layer to look at where none is named."""
    found = spatial_layers(backbone).early_middle()
    return backbone.spec.feature_layer if found is None else found.name


def _numbers(wanted: int | Sequence[int], strongest: Sequence[int], what: str, layer: str) -> tuple[int, ...]:
    if isinstance(wanted, int):
        if wanted < 1:
            raise UsageError(f"channels is {wanted}; ask for at least 1")
        return tuple(strongest[:wanted])
    for each in wanted:
        if not 0 <= each < len(strongest):
            raise UsageError(f"{layer} has no {what} {each}; it has {len(strongest)}, counted from 0")
    return tuple(dict.fromkeys(wanted))
