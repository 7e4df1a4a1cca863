"""(a name in keras.applications) => where Keras would fetch its weights from; asked of Keras, not fetched."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from headstart.backbones.keras.runtime import inside, keras, usual_settings
from headstart.backbones.spec import KERAS
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGENET = "imagenet"
"""What Keras calls the weights that it publishes; their tag."""

_LOCK = threading.RLock()
_MD5_DIGITS = 32


@dataclass(frozen=True, slots=True)
class KerasFile:
    """A file that Keras publishes for a network with its default options.

    Attributes:
        url: its address.
        filename: what Keras calls it.
        sha256: its SHA-256 (hex), None where Keras has none.
        md5: its MD5 (hex), None where Keras has none.
    """

    url: str
    filename: str
    sha256: str | None
    md5: str | None


@cache
def published_file(architecture: str) -> KerasFile:
    """Ask Keras where it would fetch a network's weights from. Nothing is fetched, nor memory taken for them.

    Args:
        architecture: a name in `keras.applications`.

    Raises:
        BackboneError: Keras publishes none, or can't build the network on this process's backend.

    Example:
        >>> published_file("VGG16").md5
        '64373286793e3c8b2b4e3219cbf3544b'
    """
    file_utils = inside("utils.file_utils")
    with usual_settings() as keras, no_memory_for_weights(), _replaced(file_utils, "get_file", _tell):
        try:
            getattr(keras.applications, architecture)(weights="imagenet")
        except _AskedError as asked:
            return asked.file
        except (ValueError, NotImplementedError) as fault:
            said = " ".join(str(fault).split())
            raise BackboneError(f"{KERAS} can't build {architecture} with its weights: {said}") from fault
    raise BackboneError(f"{KERAS} publishes no weights for {architecture!r}")


class _AskedError(Exception):
    def __init__(self, file: KerasFile) -> None:
        self.file = file


def _tell(fname: str, origin: str, *_args: Any, file_hash: str | None = None, **_kwargs: Any) -> Any:
    is_md5 = file_hash is not None and len(file_hash) == _MD5_DIGITS
    raise _AskedError(KerasFile(origin, fname, None if is_md5 else file_hash, file_hash if is_md5 else None))


@contextmanager
def nothing_loaded() -> Iterator[None]:
    """Inside the block, `weights="imagenet"` means Keras's graph for those weights, and nothing is fetched.

    Some networks (EfficientNet) have a layer more with them than without.
    """
    file_utils, model = inside("utils.file_utils"), inside("models.model").Model
    with (
        _replaced(file_utils, "get_file", lambda *_args, **_kwargs: ""),
        _replaced(model, "load_weights", lambda *_args, **_kwargs: None),
    ):
        yield


@contextmanager
def _replaced(owner: Any, name: str, instead: Callable[..., Any]) -> Iterator[None]:
    """Another function in the place of one of Keras's, for this thread only."""
    with _LOCK:
        here, usual = threading.get_ident(), getattr(owner, name)

        def chosen(*args: Any, **kwargs: Any) -> Any:
            return (instead if threading.get_ident() == here else usual)(*args, **kwargs)

        setattr(owner, name, chosen)
        try:
            yield
        finally:
            setattr(owner, name, usual)


@contextmanager
def no_memory_for_weights() -> Iterator[None]:
    """Keras makes a network's variables without numbers in a stateless scope, and remembers to fill them."""
    global_state = inside("backend.common.global_state")
    waiting = "uninitialized_variables"
    kept = global_state.get_global_attribute(waiting)
    global_state.set_global_attribute(waiting, [])
    with warnings.catch_warnings(), keras().StatelessScope(initialize_variables=False):
        warnings.simplefilter("ignore")  # of the size of the input, which is the default one
        try:
            yield
        finally:
            global_state.set_global_attribute(waiting, kept)
