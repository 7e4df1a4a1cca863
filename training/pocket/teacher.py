"""(pictures, teacher) => its feature maps, computed once by headstart's own engine; its answers follow.

The 1,000 answers of MobileNetV2 are one matrix product away from the mean of its last map, so the map is all
that has to be kept. It also says what the teacher sees in a part of a photo, which is what a student who is
shown that part should learn from (Yun et al. 2021, "Re-labeling ImageNet", arXiv:2101.05022).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load
from torch.nn import functional

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.images.pixels import to_pixels
from headstart.storage.atomic import atomic_write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.backbones.base import Backbone

LAYER = "bn2"
HIGHEST = 6.0
"""MobileNetV2's features end in ReLU6, so a byte holds them in steps of 6 / 255."""
_STEP = 1920
_BATCH = 16


@dataclass(frozen=True)
class Teacher:
    """What the teacher knows of every picture.

    Attributes:
        maps: (n, 1,280, cells, cells) uint8; times 6 / 255 they are features.
        mean: (1,280,) of the pictures' mean features.
        spread: (1,280,) their standard deviation.
        weight: (1,000, 1,280) of its classifier.
        bias: (1,000,).
    """

    maps: NDArray[np.uint8]
    mean: Tensor
    spread: Tensor
    weight: Tensor
    bias: Tensor

    def answers(self, features: Tensor) -> Tensor:
        """(n, 1,280) mean features => (n, 1,000) logits."""
        return features @ self.weight.T + self.bias


def ask_teacher(backbone: Backbone, pictures: list[NDArray[np.uint8]], folder: Path, *, side: int) -> Teacher:
    """Compute the maps, or what an interrupted run has left to compute.

    Args:
        backbone: MobileNetV2, as headstart loads it.
        pictures: arrays (n, h, w, 3), one after the other.
        folder: for the file and a note of how far it has come.
        side: of the teacher's input, pixels.
    """
    weights = load(backbone.weights())
    maps = _maps(backbone, pictures, folder, side)
    means = np.concatenate(
        [maps[first : first + _STEP].mean((2, 3), dtype=np.float32) for first in range(0, len(maps), _STEP)]
    ) * (HIGHEST / 255)
    return Teacher(
        maps,
        torch.from_numpy(means.mean(0)),
        torch.from_numpy(means.std(0) + 1e-3),
        weights["classifier.weight"].float(),
        weights["classifier.bias"].float(),
    )


def _maps(
    backbone: Backbone, pictures: list[NDArray[np.uint8]], folder: Path, side: int
) -> NDArray[np.uint8]:
    path, note = folder / "teacher-maps.npy", folder / "teacher-maps.json"
    cells = -(-side // 32)
    shape = (sum(map(len, pictures)), backbone.width("classifier:in"), cells, cells)
    wanted = {"weights": backbone.spec.weights_digest, "side": side, "shape": list(shape)}
    known = json.loads(note.read_text()) if note.exists() and path.exists() else {}
    done = known.pop("done", 0) if {**known, "done": 0} == {**wanted, "done": 0} else 0
    if not done:
        np.lib.format.open_memmap(path, "w+", np.uint8, shape).flush()
    maps: NDArray[np.uint8] = np.load(path, mmap_mode="r+")
    engine = TorchEngine(backbone, LAYER)
    for first, batch in _batches(pictures, _BATCH, done):
        rows = engine.run(_teacher_pixels(batch, side)).reshape(-1, *shape[1:])
        maps[first : first + len(rows)] = np.round(rows * (255 / HIGHEST)).clip(0, 255)
        done = first + len(rows)
        if done % _STEP < _BATCH or done == shape[0]:
            maps.flush()  # type: ignore[attr-defined]  # a memory map
            atomic_write_bytes(note, json.dumps({**wanted, "done": done}).encode())
            print(f"teacher: {done:,} of {shape[0]:,} pictures", flush=True)
    return maps


def _batches(
    pictures: list[NDArray[np.uint8]], size: int, done: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    start = 0
    for array in pictures:
        for first in range(0, len(array), size):
            if start + first >= done:
                yield start + first, array[first : first + size]
        start += len(array)


def _teacher_pixels(batch: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    pixels = torch.from_numpy(to_pixels(list(batch)))
    # At 160 and bilinear the teacher knows most about 64-pixel photos (RESULTS.md).
    resized = functional.interpolate(pixels, (side, side), mode="bilinear")
    found: NDArray[np.float32] = resized.contiguous().numpy()
    return found
