"""(network) => rows in torch, with the same bits for a photo whatever is computed beside it."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.engine import in_order
from headstart.backbones.engines.one_thread import threads_left_alone, use_one_thread
from headstart.backbones.engines.processor import cpu_kind, gpu_kind
from headstart.backbones.releases import release
from headstart.backbones.source import FeatureSource
from headstart.errors import BackboneError
from headstart.images.pixels import to_pixels
from headstart.images.reader import available_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module

    from headstart.backbones.base import Backbone
    from headstart.backbones.engines.engine import Precision

CPU, CUDA = "cpu", "cuda"
_GPU_BATCH = 64


class TorchEngine:
    """Runs a network in torch: on the CPU each photo by itself, several at the same time.

    torch's rows change in their last bits with the shape of the batch, with the place of a photo in it (at
    three threads or more: EfficientNet and MobileViT do) and with the number of threads that share one
    operation. A pass over one photo on one thread has none of the three, so a row is the same whatever is
    computed beside it and however many processors there are; and on two cores it is no slower than batches.
    A graphics card needs batches: they all have one shape, the last one padded.

    Args:
        source: what to run: a `FeatureSource` or a `Backbone`.
        layer: a layer reference; None: the source's own.
        precision: "f32", or "bf16": autocast, which computes in bfloat16 what bears it.
        workers: photos at the same time; None: as many as there are processors.
        device: "cpu" or "cuda".
        batch: photos that share a pass; None: 1 on the CPU, 64 on a card.

    Example:
        >>> import numpy as np
        >>> from headstart.backbones.load import load_backbone
        >>> engine = TorchEngine(load_backbone("squeezenet1_1@random"))
        >>> photos = np.random.default_rng(0).random((3, 3, 64, 64), dtype=np.float32)
        >>> rows = engine.run(photos)
        >>> rows.shape, bool((engine.run(photos[2:]) == rows[2:]).all())
        ((3, 512), True)
    """

    def __init__(
        self,
        source: FeatureSource | Backbone,
        layer: str | None = None,
        *,
        precision: Precision = "f32",
        workers: int | None = None,
        device: str = CPU,
        batch: int | None = None,
    ) -> None:
        self.source = source if isinstance(source, FeatureSource) else FeatureSource.of(source, layer)
        self.precision = precision
        self.workers = available_cpus() if workers is None else workers
        self.device = device
        self.batch = batch if batch is not None else (1 if device == CPU else _GPU_BATCH)
        if min(self.workers, self.batch) < 1:
            raise BackboneError(f"workers and batch should be 1 or more; got {self.workers} and {self.batch}")
        if precision == "int8":
            raise BackboneError("torch runs f32 and bf16; int8 needs the engine openvino")

    def identity(self) -> dict[str, str]:
        """As `Engine.identity`; nothing is loaded for it, except where only its rows can name a network."""
        return {
            "engine": "torch",
            "torch": release("torch"),
            "precision": self.precision if self.precision != "f32" else f"f32, {_matmul_precision()}",
            "threads": "1 for each photo" if self.batch == 1 else "the device's",
            "cpu": cpu_kind(),
            "batch": str(self.batch),
            "layout": "channels last",
            "device": self.device if self.device == CPU else f"{self.device}, {gpu_kind()}",
            "network": self.source.network,
        }

    def rows(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """As `Engine.rows`."""
        if self.batch > 1:
            yield from self._in_batches(pictures)
            return
        with threads_left_alone():
            yield from in_order(lambda picture: self._row(to_pixels([picture])), pictures, self.workers)

    def run(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows for pixels that are no picture of 0-255 any more: (n, 3, h, w) in [0, 1] => (n, width).

        Raises:
            BackboneError: no photo, or no float32 pixels.
        """
        if pixels.ndim != 4 or len(pixels) == 0 or pixels.dtype != np.float32:
            raise BackboneError(
                "expected float32 pixels (n, 3, height, width), n 1 or more; "
                f"got {pixels.dtype} {tuple(pixels.shape)}"
            )
        with threads_left_alone():
            found = in_order(self._row, [np.array(photo[None]) for photo in pixels], self.workers)
            return np.stack(list(found))

    def _row(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        use_one_thread()
        backbone, layer = self.source.backbone, self.source.layer
        row: NDArray[np.float32] = self._passed(lambda each: backbone.features(each, layer), pixels)[0]
        return row

    @cached_property
    def _placed(self) -> Module:
        """The network where batches run: a copy, the backbone itself stays on the CPU."""
        return self.source.backbone.to_module(self.source.layer).to(self.device)

    def _in_batches(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        waiting: list[NDArray[np.uint8]] = []
        for picture in pictures:
            waiting.append(picture)
            if len(waiting) == self.batch:
                yield from self._passed(self._placed, to_pixels(waiting))
                waiting = []
        if waiting:
            padded = waiting + [np.zeros_like(waiting[0])] * (self.batch - len(waiting))
            yield from self._passed(self._placed, to_pixels(padded))[: len(waiting)]

    def _passed(
        self, network: Callable[[Tensor], Tensor], pixels: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        import torch

        placed = torch.from_numpy(pixels).to(self.device, memory_format=torch.channels_last)
        low = torch.autocast(self.device, torch.bfloat16, enabled=self.precision == "bf16")
        # Not inference_mode: networks that keep tensors of a pass could give no gradients afterwards.
        with torch.no_grad(), low, torch.backends.cudnn.flags(allow_tf32=False, deterministic=True):
            rows: NDArray[np.float32] = network(placed).flatten(1).float().cpu().numpy()
        return rows


def _matmul_precision() -> str:
    """The process's own setting, and its default where torch was not loaded."""
    torch = sys.modules.get("torch")
    return "highest" if torch is None else str(torch.get_float32_matmul_precision())


def has_cuda() -> bool:
    """Whether torch can use a graphics card here."""
    if not gpu_kind() or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return False
    import torch

    return torch.cuda.is_available()
