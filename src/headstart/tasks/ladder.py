"""(folder of photos, network) => an early, a middle and a late channel: what each looks for, and finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headstart.backbones.engines.one_thread import each_alone
from headstart.backbones.spec import POCKET
from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.features.progress import NoProgress
from headstart.images.folder import scan_files
from headstart.images.photo import Skipped
from headstart.images.pixels import to_pictures, to_pixels
from headstart.images.reader import PhotoReader
from headstart.pixels.ideal.draw import Wanted, draw
from headstart.pixels.ideal.recipes import choose_recipe
from headstart.pixels.maps.patches import choosiest, patch, peaks, sight, wakes
from headstart.pixels.maps.spatial import spatial_layers
from headstart.pixels.network import Network
from headstart.report.ladder import ladder_picture
from headstart.report.sheet import png
from headstart.storage.atomic import atomic_write_bytes
from headstart.tasks.layer_names import completed
from headstart.tasks.maps import opened_backbone
from headstart.tasks.paths import photos_path
from headstart.tasks.pictures import picture_path
from headstart.tasks.seeds import check_seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.images.reader import DecodedPhoto, Hashed
    from headstart.pixels.maps.patches import Peaks
    from headstart.pixels.maps.spatial import SpatialLayer
    from headstart.pixels.optimise import Step

STAGES = ("early", "middle", "late")
MOST_PHOTOS = 1000
PATCHES = 8
STEPS = 256


@dataclass(frozen=True, slots=True)
class Patch:
    """What a channel saw where a photo excites it most.

    Attributes:
        file: the photo.
        value: the activation there.
        picture: (side, side, 3) uint8, cut from the photo as the network receives it.
        box: where it was cut out: top, left, bottom, right.
    """

    file: str
    value: float
    picture: NDArray[np.uint8]
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Rung:
    """One channel.

    Attributes:
        stage: "early", "middle" or "late".
        layer: its layer.
        shape: channels, height and width of that layer's maps.
        channel: its number.
        ideal: (h, w, 3) uint8, made from noise to excite it.
        sees: side in pixels of the square that one of its units sees, as far as it matters.
        patches: from photos, strongest first, at most one of each photo.
    """

    stage: str
    layer: str
    shape: tuple[int, int, int]
    channel: int
    ideal: NDArray[np.uint8]
    sees: int
    patches: tuple[Patch, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "stage": self.stage,
            "layer": self.layer,
            "shape": list(self.shape),
            "channel": self.channel,
            "sees": self.sees,
            "patches": [
                {"file": each.file, "value": each.value, "box": list(each.box)} for each in self.patches
            ],
        }


@dataclass(frozen=True, slots=True)
class Ladder:
    """From strokes to parts of things.

    Attributes:
        backbone: the network's full name.
        rungs: early, middle, late.
        photos: how many were looked at.
        skipped: files that were not used.
        notes: what people should know.
    """

    backbone: str
    rungs: tuple[Rung, ...]
    photos: int
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values; layer and shape are those of the last rung."""
        return {
            "backbone": self.backbone,
            "layer": self.rungs[-1].layer,
            "shape": list(self.rungs[-1].shape),
            "rungs": [each.to_json() for each in self.rungs],
            "photos": {"used": self.photos, "skipped": len(self.skipped)},
            "skipped": [
                {"file": each.name, "reason": f"{each.reason.value}: {each.detail}"} for each in self.skipped
            ],
            "notes": list(self.notes),
        }


def ladder(
    photos: str | Path,
    *,
    backbone: str | Backbone = POCKET,
    layers: Sequence[str] = (),
    channels: Sequence[int] = (),
    steps: int = STEPS,
    seed: int = 0,
    output: str | Path | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Ladder:
    """Show what channels at three depths look for: an ideal image each, and photos that excite them.

    Args:
        photos: a folder of photos, flat or nested, or the name of a data set.
        backbone: a network, or its name.
        layers: up to three, in the place of the early, the middle and the late one.
        channels: one for each layer; (): the one that a few photos excite much more than others do.
        steps: of each ideal image (`--method fourier` of `ideal`).
        seed: of the ideal images.
        output: a .png file to write the picture to.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of photos and steps.

    Raises:
        UsageError: layers or channels that are not there or do not fit together, an output that can't be.
        PhotosError: no photo can be used.
        BackboneError: unknown network or layer, or a layer without maps.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = ladder(write_photos(Path(folder)), backbone=tiny_backbone(), steps=2)
        >>> [(each.stage, each.layer, len(each.patches)) for each in found.rungs]
        [('early', 'relu', 8), ('middle', 'last', 8), ('late', 'last', 8)]
    """
    source = photos_path(photos, "photos", home)
    target = None if output is None else picture_path(output, source)
    check_seed(seed)
    tell: Progress = NoProgress() if progress is None else progress
    opened = opened_backbone(backbone, home, progress)
    chosen = _layers(opened, layers)
    _check_channels(chosen, channels)
    with PhotoReader() as reader:
        looked = _look(opened, chosen, source, reader, tell)
        numbers = list(channels) or [
            choosiest(looked.values(rung), means=looked.means(rung), wakes=able)
            for rung, able in enumerate(wakes(opened, chosen))
        ]
        patches = [
            _patches(opened, layer, rung, number, looked, reader)
            for rung, (layer, number) in enumerate(zip(chosen, numbers, strict=True))
        ]
    ideals = _ideals(opened, chosen, numbers, steps, seed, tell)
    rungs = tuple(
        Rung(stage, layer.name, _shape(layer), number, ideal, _sees(found), found)
        for stage, layer, number, ideal, found in zip(STAGES, chosen, numbers, ideals, patches, strict=False)
    )
    made = Ladder(opened.spec.name, rungs, len(looked.hashed), tuple(looked.skipped), looked.notes)
    if target is not None:
        rows = [
            (_caption(each), _middle(each), [(one.picture, _words(one)) for one in each.patches])
            for each in rungs
        ]
        atomic_write_bytes(target, png(ladder_picture(rows, network=opened.spec.name)))
    return made


@dataclass(frozen=True)
class _Looked:
    """What a pass over the photos found."""

    hashed: list[Hashed]
    found: list[list[Peaks]]
    skipped: list[Skipped]
    notes: tuple[str, ...]

    def values(self, rung: int) -> NDArray[np.float32]:
        return np.stack([each[rung].values for each in self.found])

    def means(self, rung: int) -> NDArray[np.float32]:
        return np.stack([each[rung].means for each in self.found])


def _layers(backbone: Backbone, wanted: Sequence[str]) -> list[SpatialLayer]:
    known = spatial_layers(backbone)
    if len(wanted) > len(STAGES):
        raise UsageError(f"{len(wanted)} layers were given; a ladder has {len(STAGES)} rungs")
    if not wanted:
        stages = known.stages()
        if stages is None:
            raise BackboneError(f"{backbone.spec.name} has no layer that knows places, so there is no ladder")
        return list(stages)
    names = [completed(backbone, each) for each in wanted]
    by_name = {each.name: each for each in known.layers}
    for name in names:
        if name not in by_name:
            backbone.width(name)  # says what is wrong with an unknown one
            raise BackboneError(f"layer {name!r} has no maps of the photo; name one that has (--layers)")
    return [by_name[name] for name in names]


def _check_channels(layers: Sequence[SpatialLayer], channels: Sequence[int]) -> None:
    if channels and len(channels) != len(layers):
        raise UsageError(f"{len(channels)} channels were given for {len(layers)} layers; give one for each")
    for layer, channel in zip(layers, channels, strict=False):
        if not 0 <= channel < layer.layout.channels:
            raise UsageError(
                f"{layer.name} has no channel {channel}; it has {layer.layout.channels}, counted from 0"
            )


def _look(
    backbone: Backbone, layers: Sequence[SpatialLayer], source: str, reader: PhotoReader, tell: Progress
) -> _Looked:
    found = scan_files([source])
    skipped, notes = list(found.skipped), list(found.notes)
    photos = found.photos
    if len(photos) > MOST_PHOTOS:
        step = len(photos) / MOST_PHOTOS
        photos = tuple(photos[int(number * step)] for number in range(MOST_PHOTOS))
        notes.append(f"{MOST_PHOTOS:,} of {len(found.photos):,} photos were looked at, evenly spread")
    used: list[Hashed] = []

    def good() -> Iterator[DecodedPhoto]:
        for decoded in reader.decode(_only(reader.hash(photos), skipped), backbone.spec.preprocessing.resize):
            tell.advance()
            if isinstance(decoded, Skipped):
                skipped.append(decoded)
            else:
                used.append(decoded.hashed)
                yield decoded

    tell.start(len(photos), "photos")
    try:
        seen = list(each_alone(lambda one: peaks(backbone, _pixels(one), layers), good()))
    finally:
        tell.stop()
    if not seen:
        why = f"; the first: {skipped[0].name}: {skipped[0].reason.value}" if skipped else ""
        raise PhotosError(f"no photo in {source!r} can be used{why}; give a folder of photos")
    return _Looked(used, seen, skipped, tuple(dict.fromkeys(notes)))


def _only(hashed: Iterable[Hashed | Skipped], skipped: list[Skipped]) -> Iterator[Hashed]:
    for each in hashed:
        if isinstance(each, Skipped):
            skipped.append(each)
        else:
            yield each


def _pixels(decoded: DecodedPhoto) -> Tensor:
    return torch.from_numpy(to_pixels([decoded.pixels]))


def _patches(  # noqa: PLR0917
    backbone: Backbone, layer: SpatialLayer, rung: int, channel: int, looked: _Looked, reader: PhotoReader
) -> tuple[Patch, ...]:
    values = looked.values(rung)[:, channel]
    best = [int(each) for each in np.argsort(-values, kind="stable")[:PATCHES]]
    places = [int(looked.found[each][rung].places[channel]) for each in best]
    side = 0
    found: list[Patch] = []
    resize = backbone.spec.preprocessing.resize
    for photo, place, decoded in zip(
        best, places, reader.decode([looked.hashed[each] for each in best], resize), strict=True
    ):
        if isinstance(decoded, Skipped):  # gone or changed since it was looked at
            looked.skipped.append(decoded)
            continue
        if not side:
            [side] = each_alone(partial(_sight, backbone, layer, channel, place), [_pixels(decoded)], 1)
        picture, box = patch(decoded.pixels, layer, place, side)
        found.append(Patch(decoded.hashed.photo.name, float(values[photo]), picture, box))
    return tuple(found)


def _sight(backbone: Backbone, layer: SpatialLayer, channel: int, place: int, pixels: Tensor) -> int:
    return sight(backbone, pixels, layer, channel, place)


def _ideals(  # noqa: PLR0917
    backbone: Backbone,
    layers: Sequence[SpatialLayer],
    channels: Sequence[int],
    steps: int,
    seed: int,
    tell: Progress,
) -> list[NDArray[np.uint8]]:
    spec = backbone.spec
    network = Network(spec.name, backbone, spec.classes, spec.class_ids, spec.feature_layer)
    recipe = choose_recipe("fourier", steps=steps)

    def count(_step: Step) -> None:
        tell.advance()

    def make(unit: tuple[SpatialLayer, int]) -> NDArray[np.uint8]:
        pixels = draw(
            network,
            Wanted(layer=unit[0].name, channel=unit[1], layout=unit[0].layout),
            recipe,
            seed=seed,
            watch=count,
        )
        picture: NDArray[np.uint8] = to_pictures(pixels)[0]
        return picture

    tell.start(recipe.steps * len(layers), "steps to the ideal images")
    try:
        return list(each_alone(make, zip(layers, channels, strict=True)))
    finally:
        tell.stop()


def _sees(patches: Sequence[Patch]) -> int:
    return len(patches[0].picture) if patches else 0


def _middle(rung: Rung) -> NDArray[np.uint8]:
    """The middle of the ideal image, four units wide: what early channels look for is lost in a whole one."""
    height, width = rung.ideal.shape[:2]
    side = min(height, width, max(4 * rung.sees, 32))
    top, left = (height - side) // 2, (width - side) // 2
    return rung.ideal[top : top + side, left : left + side]


def _shape(layer: SpatialLayer) -> tuple[int, int, int]:
    return layer.layout.channels, layer.layout.height, layer.layout.width


def _caption(rung: Rung) -> str:
    return f"{rung.stage}: channel {rung.channel}\nof {rung.layer}"


def _words(found: Patch) -> str:
    return f"{found.file.rpartition('/')[2]}\n{found.value:.3g}"
