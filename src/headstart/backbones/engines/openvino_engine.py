"""(network) => rows in OpenVINO, each photo alone on one thread, several at the same time."""

from __future__ import annotations

from functools import cached_property
from queue import Empty, LifoQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.engines.compiled import compiled_network
from headstart.backbones.engines.engine import in_order
from headstart.backbones.engines.network_file import (
    NetworkFile,
    conversion,
    network_file,
    network_name,
)
from headstart.backbones.engines.processor import cpu_kind
from headstart.errors import BackboneError
from headstart.images.reader import available_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import Precision
    from headstart.backbones.source import FeatureSource
    from headstart.storage.home import Home

_HINTS = {"f32": "f32", "bf16": "bf16", "int8": "f32"}
"""What OpenVINO is told; it would choose for itself, and differently on other machines."""

_ALONE = {"int8"}
"""Precisions whose network is compiled once for each worker, never for several streams at a time.

OpenVINO 2026.4 prepares the streams of a network in parallel: of quantised ones, one in thirty then gives
quite other rows (docs/decisions/0006).
"""


class OpenVinoEngine:
    """Runs a network in OpenVINO on the CPU: as many photos at a time as there are processors.

    Each photo has one thread, so that no bit of its row depends on how many run beside it. Nothing is loaded
    or compiled before the first picture comes.

    Args:
        source: what to run.
        home: whose cache has, or gets, the converted network; None: it is converted each time.
        precision: "f32", "bf16", or "int8" for a network that was quantised.
        workers: photos at the same time; None: as many as there are processors.
        quantised: the network in int8, for that precision.

    Example:
        >>> import numpy as np
        >>> from headstart.backbones.load import load_backbone
        >>> from headstart.backbones.source import FeatureSource
        >>> source = FeatureSource.of(load_backbone("squeezenet1_1@random"))
        >>> engine = OpenVinoEngine(source, home=None)
        >>> next(engine.rows([np.zeros((224, 224, 3), np.uint8)])).shape
        (512,)
    """

    def __init__(
        self,
        source: FeatureSource,
        home: Home | None,
        *,
        precision: Precision = "f32",
        workers: int | None = None,
        quantised: NetworkFile | None = None,
    ) -> None:
        self.source = source
        self.precision = precision
        self.workers = available_cpus() if workers is None else workers
        self._home = home
        self._quantised = quantised
        self._idle: LifoQueue[Any] = LifoQueue()
        self._compiling = Lock()

    def identity(self) -> dict[str, str]:
        """As `Engine.identity`; nothing is loaded for it."""
        found = {
            "engine": "openvino",
            "precision": self.precision,
            "threads": "1 for each photo",
            "cpu": cpu_kind(),
            "batch": "1",
            **conversion(self.source),
        }
        return found if self._quantised is None else found | {"quantised": self._quantised.digest()}

    def rows(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """As `Engine.rows`."""
        rest = iter(pictures)
        # The first one alone: OpenVINO's Python part fills tables when they are first needed, and two threads
        # that both come first wait for each other for ever.
        for first in rest:
            yield self._row(first)
            break
        yield from in_order(self._row, rest, self.workers)

    def _row(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            request = self._idle.get_nowait()
        except Empty:  # there are never more than threads
            request = self._new_request()
        try:
            request.infer([picture[None]], share_inputs=True)
            # A copy: the request writes the next photo's row to the same place.
            return np.array(request.get_output_tensor(0).data.reshape(-1), np.float32)
        finally:
            self._idle.put(request)

    def _new_request(self) -> Any:
        with self._compiling:
            if self.precision in _ALONE:
                return self._compile(streams=1).create_infer_request()
            return self._compiled.create_infer_request()

    @cached_property
    def _compiled(self) -> Any:
        return self._compile(streams=self.workers)

    def _compile(self, streams: int) -> Any:
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(streams),
            "ENABLE_CPU_PINNING": "NO",  # the processes that decode need the same processors
        }
        facts = {"name": network_name(self.source), **self.identity()}
        place = None if self._home is None else self._home.cache / "compiled"
        try:
            return compiled_network(self._network, facts, settings, place)
        except (ImportError, RuntimeError) as fault:
            said = " ".join(str(fault).split())[:200]
            raise BackboneError(
                f"OpenVINO can't run {self.source.spec.name} ({said}); choose --engine torch"
            ) from fault

    def _network(self) -> NetworkFile:
        return network_file(self.source, self._home) if self._quantised is None else self._quantised
