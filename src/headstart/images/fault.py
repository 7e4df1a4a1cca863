"""(whatever a decoder raised) => one of the closed list of reasons."""

from __future__ import annotations

import re

from headstart.images.photo import Reason
from headstart.images.shape import is_cut

_RARE_KIND = re.compile(r"unsupported|not supported|cannot handle|unknown (raw )?mode", re.IGNORECASE)
_CUT = re.compile(r"truncated|reached eof|not enough image data|read less than expected", re.IGNORECASE)


class PhotoFault(Exception):  # noqa: N818 - not an error of the program: a fact about one file
    """One file that can't be used as a photo.

    Attributes:
        reason: one of the closed list.
        detail: one sentence for people.

    Example:
        >>> raise PhotoFault(Reason.EMPTY, "the file has no bytes")
        Traceback (most recent call last):
        headstart.images.fault.PhotoFault: empty: the file has no bytes
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def fault_from(error: Exception, data: bytes, kind: str) -> PhotoFault:
    """Say in the closed list's terms why `data`, a file of format `kind`, was not decoded.

    Decoders raise OSError, SyntaxError, struct.error, ValueError, zlib.error and more, so the
    class of the error tells little: the file's own structure and the message tell more.
    """
    message = _one_line(error)
    if isinstance(error, PhotoFault):
        return error
    if isinstance(error, MemoryError):
        return PhotoFault(Reason.TOO_MANY_PIXELS, f"decoding this {kind} needs more memory than is allowed")
    if "decompression bomb" in message:
        return PhotoFault(Reason.TOO_MANY_PIXELS, message)
    if is_cut(data, kind) or _CUT.search(message):
        return PhotoFault(Reason.TRUNCATED, f"the {kind} ends too early ({message})")
    if _RARE_KIND.search(message):
        return PhotoFault(Reason.FORMAT_NOT_ACCEPTED, f"a rare kind of {kind} ({message})")
    return PhotoFault(Reason.CORRUPT, f"the {kind} is damaged ({message})")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]
