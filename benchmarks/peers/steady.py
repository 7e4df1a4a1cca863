"""(a request on standard input) => one JSON line: photos, seconds of the steady loop, what ran.

The clock runs over the loop alone: the interpreter's start, imports, building the network and a first loop
over one batch, in which libraries prepare themselves, come before it. Starting a loader's processes is part
of the loop, as it is for whoever runs it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BATCH = 32
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Rows: TypeAlias = "Callable[[Sequence[str]], tuple[int, int]]"
"""(paths) => the shape of their rows of features, once all are computed."""


@dataclass(frozen=True)
class Request:
    """What a peer is asked to do.

    Attributes:
        network: the peer's own name of the network.
        photos: paths of JPEG files.
        workers: processes or threads that may decode.
        weights: a safetensors file for the network; None: random weights.
        options: what the network is built with so that these weights fit.
    """

    network: str
    photos: tuple[str, ...]
    workers: int
    weights: str | None = None
    options: dict[str, Any] | None = None

    def to_json(self) -> str:
        """Write it so that `from_json` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Request:
        """Read what `to_json` wrote.

        Example:
            >>> Request.from_json(Request("vgg16", ("a.jpg",), 2).to_json())
            Request(network='vgg16', photos=('a.jpg',), workers=2, weights=None, options=None)
        """
        values = json.loads(text)
        return cls(**{**values, "photos": tuple(values["photos"])})


def measure(
    rows: Rows, photos: Sequence[str], clock: Callable[[], float] = time.perf_counter
) -> dict[str, Any]:
    """Time a loop over photos, after one over a first batch.

    Example:
        >>> ticks = iter([1.0, 3.5])
        >>> measure(lambda paths: (len(paths), 512), ["a.jpg"] * 40, clock=lambda: next(ticks))
        {'photos': 40, 'seconds': 2.5, 'width': 512}
    """
    rows(photos[:BATCH])
    began = clock()
    count, width = rows(photos)
    return {"photos": count, "seconds": clock() - began, "width": width}


def serve(prepare: Callable[[Request], Rows], packages: Sequence[str]) -> None:
    """Answer the request on standard input: the whole of a peer's script.

    Args:
        prepare: builds the network and gives the loop.
        packages: whose versions are named beside the figure.
    """
    request = Request.from_json(sys.stdin.read())
    figures = measure(prepare(request), request.photos)
    figures["with"] = ", ".join(f"{name} {version(name)}" for name in packages)
    sys.stdout.write(json.dumps(figures) + "\n")
