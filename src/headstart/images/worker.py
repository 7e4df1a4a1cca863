"""A process that decodes photos for `PhotoReader`: requests on standard input, answers on standard output.

    python -c "from headstart.images.worker import main; main()" MEMORY_BYTES SECONDS

One frame asks for one photo, or for several; each photo has an answer of its own, in their order.
A decoder that crashes, hangs or eats memory takes only this process with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import IO, TYPE_CHECKING, Any

from headstart.images.fault import PhotoFault
from headstart.images.photo import Reason
from headstart.images.read import read_photo
from headstart.images.resize import Resize
from headstart.images.wire import receive, send, unpack_paths

if TYPE_CHECKING:
    from headstart.images.wire import Frame

READY = {"ready": True}

_GRACE_SECONDS = 5.0
_FORMATS_OF_NAMES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
    "HEIC": (".heic", ".heif", ".hif"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
_FORMAT_OF_NAME = {suffix: kind for kind, suffixes in _FORMATS_OF_NAMES.items() for suffix in suffixes}


def main() -> None:
    """Serve until standard input ends, which it does when the parent closes it or dies."""
    memory_bytes, seconds = int(sys.argv[1]), float(sys.argv[2])
    requests, replies = take_pipes()
    limit(memory_bytes)
    # Loaded before we say that we are ready: the decoder, and what most photos need
    import PIL.JpegImagePlugin  # noqa: F401

    import headstart.images.decode  # noqa: F401

    send(replies, READY)
    serve(requests, replies, seconds)


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the pipes for ourselves: what a library prints must not get between the frames."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def limit(memory_bytes: int) -> None:
    """Bound this process's memory, where the system can; Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    with contextlib.suppress(OSError, ValueError):  # macOS has the limit but refuses to set it
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(requests: IO[bytes], replies: IO[bytes], seconds: float) -> None:
    """Answer requests in their order until the parent closes the pipe."""
    while (frame := receive(requests)) is not None:
        for path in unpack_paths(*frame):
            _end_after(seconds + _GRACE_SECONDS)
            reply = answer(frame[0], path)
            try:
                send(replies, *reply)
            except BrokenPipeError:  # the parent died meanwhile
                os._exit(0)
        _end_after(0)


def answer(request: dict[str, Any], path: bytes) -> Frame:
    """Read one photo, and hash or decode it; a fault is an answer too.

    Args:
        request: `{"do": "hash"}` or `{"do": "decode", "sha256": …, "resize": {…} or None}`, with "view"
            where an augmented one is wanted.
        path: as the file system spells it.
    """
    stage, size = "read", None
    try:
        data, sha256 = read_photo(path)
        size = len(data)
        if request["do"] == "hash":
            return _hash(data, sha256)
        if sha256 != request["sha256"]:
            raise PhotoFault(Reason.CHANGED_DURING_READ, "the file was changed after its first reading")
        stage = "decode"
        return _decode(data, request, path)
    except MemoryError:
        fault = PhotoFault(Reason.TOO_LARGE, "reading this file needs more memory than is allowed")
    except PhotoFault as found:
        fault = found
    return {"reason": fault.reason.name, "detail": fault.detail, "stage": stage, "bytes": size}, b""


def _hash(data: bytes, sha256: str) -> Frame:
    from headstart.images.decode import inspect

    inspect(data)
    return {"sha256": sha256, "bytes": len(data)}, b""


def _decode(data: bytes, request: dict[str, Any], path: bytes) -> Frame:
    from headstart.images.decode import decode_picture

    settings = request["resize"]
    resize = None if settings is None else Resize(**{**settings, "fill": tuple(settings["fill"])})
    picture = decode_picture(data, resize, request.get("view"))
    header = {
        "notes": [*picture.notes, *_name_note(path, picture.format)],
        "size": (picture.width, picture.height),
        "shape": picture.pixels.size[::-1],
    }
    return header, picture.pixels.tobytes()


def _name_note(path: bytes, kind: str) -> list[str]:
    suffix = os.path.splitext(path)[1].decode("ascii", "replace").lower()  # noqa: PTH122 - bytes
    said = _FORMAT_OF_NAME.get(suffix, kind)
    return [] if said == kind else [f"named {suffix} but the content is {kind}: read as {kind}"]


def _end_after(seconds: float) -> None:
    """Have the system end this process after that time (0: never), even if the parent is gone."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
