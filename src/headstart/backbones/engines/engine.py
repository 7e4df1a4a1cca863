"""(pictures) => rows of features: what every engine looks like from outside."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, get_args

from headstart.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

EngineName = Literal["openvino", "torch", "tensorflow"]
Precision = Literal["f32", "bf16", "int8"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """What computes features; engines differ in the last bits, so each says who it is."""

    def identity(self) -> dict[str, str]:
        """Everything about this engine that can change a bit of a row: part of the key of kept features."""
        ...

    def rows(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Compute rows, in the order of the pictures, asking for a few pictures ahead.

        Args:
            pictures: each (h, w, 3), RGB, 0-255, of the network's own input size.

        Yields:
            (width,) for each picture.
        """
        ...


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and a precision; None leaves it to the trial.

    Example:
        >>> EngineChoice.checked("torch", None)
        EngineChoice(engine='torch', precision=None)
        >>> EngineChoice.checked("onnx", None)
        Traceback (most recent call last):
        headstart.errors.UsageError: --engine is 'onnx'; expected one of openvino, torch, tensorflow
    """

    engine: EngineName | None = None
    precision: Precision | None = None

    @classmethod
    def checked(cls, engine: str | None, precision: str | None) -> EngineChoice:
        """Take the words of a user.

        Raises:
            UsageError: a word that is none of `ENGINES` or `PRECISIONS`, or int8 in torch.
        """
        name = _one_of(ENGINES, engine, "engine")
        kind = _one_of(PRECISIONS, precision, "precision")
        if name == "torch" and kind == "int8":
            raise UsageError("--precision int8 needs --engine openvino; torch runs f32 and bf16")
        return cls(name, kind)


ANY = EngineChoice()
"""Nothing in particular: the trial chooses."""

Word = TypeVar("Word", bound=str)


def _one_of(words: tuple[Word, ...], given: str | None, option: str) -> Word | None:
    if given is None:
        return None
    for word in words:
        if word == given:
            return word
    raise UsageError(f"--{option} is {given!r}; expected one of {', '.join(words)}")


def in_order(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Apply a function in threads; results in the order of the items, a few of them ahead.

    Example:
        >>> list(in_order(abs, [-3, 2, -1], workers=2))
        [3, 2, 1]
    """
    futures: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers, "headstart-engine") as pool:
        try:
            for item in items:
                futures.append(pool.submit(function, item))
                if len(futures) > 2 * workers:
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        finally:
            for future in futures:
                future.cancel()
