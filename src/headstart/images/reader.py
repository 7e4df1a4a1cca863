"""(photos) => (hashes) => (pictures), in the order given, in processes that a bad file may crash."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain, islice
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Any, Self, TypeVar

from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.workers import Worker, WorkerDiedError, worker_command

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from headstart.images.resize import Resize
    from headstart.images.view import View

__all__ = ["DecodedPhoto", "Hashed", "PhotoReader"]

Item = TypeVar("Item")
Result = TypeVar("Result")

MEMORY_BYTES = 3 * 1024**3  # 100 million pixels with transparency, as WebP, take 2.1
_LOOK_AHEAD = 4  # photos per worker that are decoded before they are asked for
_LOOK_AHEAD_BYTES = 64 * 1024**2  # but no more of them than this, except one for each worker
_FEW = 4  # fewer photos than this are done before a second worker has started
_MOST_AT_ONCE = 16  # photos whose hashes are asked for in one message


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo as a network sees it.

    Attributes:
        hashed: which photo, and which bytes.
        pixels: (h, w, 3) uint8, RGB; read-only.
        notes: what people should know, from a small fixed set of sentences.
        size: width and height of the upright photo before any resizing.
    """

    hashed: Hashed
    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]
    size: tuple[int, int]


class PhotoReader:
    """Reads and decodes photos in worker processes.

    Results come in the order of the input; a few photos are worked on ahead. A file that can't be
    used, that crashes its decoder or takes too long becomes a `Skipped`; the others don't notice.
    The workers start with the first photo, or with `warm`, and end with the `with` block; up to three
    photos are left to one worker.

    Args:
        workers: how many processes; None: one for each CPU that this process may use.
        timeout: seconds that one photo may take.
        memory_bytes: address space that a worker may use, where the system can limit it.
        command: start this instead of our own worker (for tests).

    Example:
        >>> from pathlib import Path
        >>> with PhotoReader(workers=1) as reader:
        ...     [skipped] = reader.hash([Photo(Path("no-such.jpg"), "no-such.jpg")])
        >>> skipped.reason.value, skipped.stage
        ('missing', 'read')
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        timeout: float = 10.0,
        memory_bytes: int = MEMORY_BYTES,
        command: Sequence[str] | None = None,
    ) -> None:
        count = available_cpus() if workers is None else workers
        if count < 1 or timeout <= 0:
            raise ValueError(
                f"at least 1 worker and more than 0 seconds are needed, got {workers} and {timeout}"
            )
        command = worker_command(memory_bytes, timeout) if command is None else command
        self._timeout = timeout
        self._workers = [Worker(command, timeout) for _ in range(count)]
        self._idle: LifoQueue[Worker] = LifoQueue()  # the last one first: one that runs already
        for worker in self._workers:
            self._idle.put(worker)
        self._threads: ThreadPoolExecutor | None = None
        self._closed = threading.Event()

    def hash(self, photos: Iterable[Photo]) -> Iterator[Hashed | Skipped]:
        """Read each photo once: its hash, and whether its header already rules it out.

        Raises:
            StorageError: if no worker process can be started.
        """
        # Batches start small: where there are few photos, or slow disks, all workers have some
        ahead = 2 * len(self._workers)
        with closing(self._in_order(self._hash_some, _batches(photos, 2 * ahead), ahead)) as batches:
            for batch in batches:
                yield from batch

    def decode(
        self, hashed: Iterable[Hashed], resize: Resize | None, view: View | None = None
    ) -> Iterator[DecodedPhoto | Skipped]:
        """Decode photos, as `decode` does, to (resize.height, resize.width, 3), or in full without `resize`.

        With `view` (and `resize`) each is cut, mirrored and coloured at random, the same for the same view.

        A file whose bytes are not those that were hashed is skipped: CHANGED_DURING_READ.

        Raises:
            StorageError: if no worker process can be started.
        """
        settings, ahead = None, len(self._workers)
        if resize is not None:
            settings = asdict(resize)
            fitting = max(ahead, _LOOK_AHEAD_BYTES // (resize.height * resize.width * 3))
            ahead = min(_LOOK_AHEAD * ahead, fitting)
        return self._in_order(lambda one: self._decode_one(one, settings, view), hashed, ahead)

    def warm(self) -> None:
        """Start the first worker already, without waiting for it, while the caller does something else.

        Raises:
            StorageError: if no process can be started.
            ValueError: if the reader was closed.

        Example:
            >>> with PhotoReader(workers=1) as reader:
            ...     reader.warm()  # now load a network, and then:
            ...     list(reader.hash([]))
            []
        """
        self._start()
        try:
            worker = self._idle.get_nowait()
        except Empty:  # all of them are busy: no need to start any
            return
        try:
            worker.warm()
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers, at once; what they were doing is dropped."""
        self._closed.set()
        for worker in self._workers:
            worker.kill()
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hash_some(self, photos: Sequence[Photo]) -> list[Hashed | Skipped]:
        worker = self._idle.get()
        done: list[Hashed | Skipped] = []
        try:
            while len(done) < len(photos):
                self._hash_until_death(worker, photos[len(done) :], done)
        finally:
            self._idle.put(worker)
        return done

    def _hash_until_death(
        self, worker: Worker, photos: Sequence[Photo], done: list[Hashed | Skipped]
    ) -> None:
        """Hash photos; one over which the worker dies is skipped, those after it are left."""
        answers = worker.ask_each({"do": "hash"}, [_absolute(photo) for photo in photos])
        left = iter(photos)
        try:
            for header, _ in answers:
                photo = next(left)
                done.append(
                    _skipped(photo, header)
                    if "reason" in header
                    else Hashed(photo, header["sha256"], header["bytes"])
                )
        except WorkerDiedError as death:
            done.append(self._died(next(left), death, "read"))

    def _decode_one(
        self, hashed: Hashed, resize: dict[str, Any] | None, view: View | None
    ) -> DecodedPhoto | Skipped:
        request = {"do": "decode", "sha256": hashed.sha256, "resize": resize}
        if view is not None:
            request["view"] = view.request(hashed.sha256)
        worker = self._idle.get()
        try:
            header, body = worker.ask(request, _absolute(hashed.photo))
        except WorkerDiedError as death:
            return self._died(hashed.photo, death, "decode")
        finally:
            self._idle.put(worker)
        if "reason" in header:
            return _skipped(hashed.photo, header)
        import numpy as np  # a reader starts its first process before anything heavy is loaded

        pixels = np.frombuffer(body, np.uint8).reshape(*header["shape"], 3)
        return DecodedPhoto(hashed, pixels, tuple(header["notes"]), tuple(header["size"]))

    def _died(self, photo: Photo, death: WorkerDiedError, stage: str) -> Skipped:
        if death.timed_out:
            detail = f"it took more than {self._timeout:g} seconds and was stopped"
            return Skipped(photo.name, Reason.TIMEOUT, detail, stage, label=photo.label)
        detail = f"the decoder crashed on this file ({death.how}); the other photos are not affected"
        return Skipped(photo.name, Reason.DECODER_CRASH, detail, stage, label=photo.label)

    def _in_order(
        self, task: Callable[[Item], Result], items: Iterable[Item], most: int
    ) -> Generator[Result]:
        """Do a task for each item, up to `most` at a time, or one by one where there are only a few."""
        threads = self._start()
        rest = iter(items)
        first = list(islice(rest, _FEW))
        most = most if len(first) == _FEW else 1
        ahead: deque[Future[Result]] = deque()
        try:
            for item in chain(first, rest):
                ahead.append(threads.submit(task, item))
                if len(ahead) >= most:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()

    def _start(self) -> ThreadPoolExecutor:
        if self._closed.is_set():
            raise ValueError("this PhotoReader was closed; make a new one")
        if self._threads is None:
            self._threads = ThreadPoolExecutor(len(self._workers), "photo-reader")
            threading.Thread(target=self._watch, name="photo-reader-clock", daemon=True).start()
        return self._threads

    def _watch(self) -> None:
        """End workers whose answer is overdue: a read from a pipe has no time limit of its own."""
        while not self._closed.wait(min(self._timeout / 5, 0.25)):
            for worker in self._workers:
                worker.end_if_late(time.monotonic())


def _batches(photos: Iterable[Photo], slowly: int) -> Iterator[list[Photo]]:
    """Photos in lists that grow from one to `_MOST_AT_ONCE`, the more slowly the larger that number is."""
    rest, taken = iter(photos), 0
    while batch := list(islice(rest, min(_MOST_AT_ONCE, 1 + taken // slowly))):
        taken += len(batch)
        yield batch


def _absolute(photo: Photo) -> bytes:
    return os.fsencode(os.path.abspath(photo.path))  # noqa: PTH100 - no link is followed


def _skipped(photo: Photo, header: dict[str, Any]) -> Skipped:
    reason = Reason[header["reason"]]
    return Skipped(photo.name, reason, header["detail"], header["stage"], header["bytes"], photo.label)


def available_cpus() -> int:
    """How many CPUs this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
