"""(backbone, layer) => rows in numpy, with the same bits for a photo whatever is computed beside it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from headstart.backbones.spec import OWN, POCKET
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone

BATCH = 16


class Engine(Protocol):
    """What computes features; engines differ in the last bits, so each says who it is."""

    batch: int

    def identity(self) -> dict[str, str]:
        """Everything about this engine that can change a bit of a row: part of the key of kept features."""
        ...

    def run(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute rows.

        Args:
            pixels: (n, 3, h, w) in [0, 1], 1 <= n <= `batch`.

        Returns:
            (n, width).
        """
        ...


class TorchEngine:
    """Runs a backbone in torch on the CPU, each photo by itself, several at the same time.

    torch's rows change in their last bits with the shape of the batch, with the place of a photo in it (at
    three threads or more: EfficientNet and MobileViT do) and with the number of threads that share one
    operation. A pass over one photo on one thread has none of the three, so a row is the same whatever is
    computed beside it and however many processors there are; and on two cores it is no slower than batches.

    Args:
        backbone: what to run.
        layer: a layer reference; None: the backbone's default.
        batch: the most photos that `run` takes; it changes no bit.
        workers: photos at the same time; None: as many as torch has threads.

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
        self, backbone: Backbone, layer: str | None = None, batch: int = BATCH, *, workers: int | None = None
    ) -> None:
        self.workers = torch.get_num_threads() if workers is None else workers
        if min(batch, self.workers) < 1:
            raise BackboneError(f"batch and workers should be 1 or more; got {batch} and {self.workers}")
        backbone.width(layer)
        self.backbone = backbone
        self.layer = layer
        self.batch = batch
        self._device = torch.device("cpu")

    def identity(self) -> dict[str, str]:
        """As `Engine.identity`; values are text.

        "network" has the framework's release. Our own network and a user's have none, but the SHA-256 of
        the row of one photo of noise instead, so that other code with the same weights is another network.
        """
        return {
            "engine": "torch",
            "version": torch.__version__,
            "precision": f"float32, {torch.get_float32_matmul_precision()}",
            "threads": "1 for each photo",
            "cpu": cpu_kind(),
            "batch": "1",
            "layout": "channels last",
            "device": self._device.type,
            "network": f"{_network(self.backbone)} {self._code()}",
        }

    def run(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """As `Engine.run`.

        Raises:
            BackboneError: more photos than a batch holds, none, or no float32 pixels.
        """
        if pixels.ndim != 4 or not 1 <= len(pixels) <= self.batch or pixels.dtype != np.float32:
            raise BackboneError(
                f"expected float32 pixels (1 to {self.batch}, 3, height, width); "
                f"got {pixels.dtype} {tuple(pixels.shape)}"
            )
        before = torch.get_num_threads()
        try:
            with ThreadPoolExecutor(min(self.workers, len(pixels)), "headstart-engine") as pool:
                return np.concatenate(list(pool.map(self._row, pixels)))
        finally:
            # What a worker sets for itself is also what threads that start later begin with.
            torch.set_num_threads(before)

    def _code(self) -> str:
        framework = self.backbone.spec.framework
        if framework not in (OWN, POCKET):  # no package has the name of what headstart carries
            with contextlib.suppress(PackageNotFoundError):
                return version(framework)
        return f"row {self._fingerprint()}"

    def _fingerprint(self) -> str:
        from headstart.backbones.base import dummy_photo

        row = self.run(dummy_photo(self.backbone.spec.preprocessing).numpy())
        return hashlib.sha256(row.tobytes()).hexdigest()

    def _row(self, photo: NDArray[np.float32]) -> NDArray[np.float32]:
        if torch.get_num_threads() != 1:
            torch.set_num_threads(1)
        pixels = torch.from_numpy(np.array(photo[None])).to(self._device, memory_format=torch.channels_last)
        # Not inference_mode: networks that keep tensors of a pass could give no gradients afterwards.
        with torch.no_grad():
            row: NDArray[np.float32] = self.backbone.features(pixels, self.layer).cpu().numpy()
        return row


def _network(backbone: Backbone) -> str:
    """What is built: the same weights mean something else under other options."""
    spec = backbone.spec
    return f"{spec.framework}:{spec.architecture} {json.dumps(dict(spec.options), sort_keys=True)}"


@cache
def cpu_kind() -> str:
    """The kind of processor and the instructions that torch uses on it: other kinds round differently."""
    return f"{_processor()}, {torch.backends.cpu.get_cpu_capability()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return model or platform.processor() or platform.machine()
