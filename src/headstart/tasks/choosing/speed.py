"""(engine, a decoded photo) => milliseconds of several passes, one photo at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import Engine

SECONDS = 0.5
FEWEST, MOST = 9, 200
_WARM_UP = 3


def milliseconds_for_one(
    engine: Engine, picture: NDArray[np.uint8], *, seconds: float = SECONDS, fewest: int = FEWEST
) -> list[float]:
    """How long each of several passes takes from a decoded photo to its row, with nothing else under way.

    What a single answer takes; many photos at a time take less each. Reading and decoding are not counted.

    Args:
        engine: runs the network.
        picture: (h, w, 3), 0-255, of the network's input size.
        seconds: of passes, at most 200 of them.
        fewest: passes, however long they take; at least 2.

    Example:
        >>> from headstart.backbones.engines.torch_engine import TorchEngine
        >>> from headstart.testing import fake_photo, tiny_backbone
        >>> engine = TorchEngine(tiny_backbone(), workers=1)
        >>> taken = milliseconds_for_one(engine, fake_photo(0, 0, side=32), seconds=0, fewest=2)
        >>> len(taken)
        2
    """
    for _ in range(_WARM_UP):
        list(engine.rows([picture]))
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < fewest or (time.perf_counter() < end and len(taken) < MOST):
        began = time.perf_counter()
        list(engine.rows([picture]))
        taken.append(1000 * (time.perf_counter() - began))
    return taken
