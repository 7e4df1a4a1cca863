"""() => Keras on the one backend that this process has: torch unless KERAS_BACKEND says tensorflow."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import KERAS
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Iterator

TORCH, TENSORFLOW = "torch", "tensorflow"
_VARIABLE = "KERAS_BACKEND"


def has_keras() -> bool:
    """Whether Keras is installed; it is not loaded for the answer."""
    return KERAS in sys.modules or find_spec(KERAS) is not None


def has_tensorflow() -> bool:
    """Whether TensorFlow is installed; it is not loaded for the answer."""
    return sys.modules.get(TENSORFLOW) is not None or find_spec(TENSORFLOW) is not None


def keras() -> Any:
    """Keras itself, loaded on the backend of this process.

    Keras fixes its backend when it is imported. Ours is torch, whatever `~/.keras/keras.json` says, unless
    the environment's KERAS_BACKEND or the program itself has chosen.

    Raises:
        BackboneError: Keras, or its backend, is not installed, or the backend is none of ours.
    """
    if KERAS not in sys.modules:
        _prepare()
    found = import_module(KERAS)
    _require_known(found.backend.backend())
    return found


def tensorflow() -> Any:
    """TensorFlow itself, loaded after what must come before it, one thread for each operation.

    Raises:
        BackboneError: it is not installed.
    """
    if sys.modules.get(TENSORFLOW) is None:
        _prepare_tensorflow()
    return import_module(TENSORFLOW)


def inside(module: str) -> Any:
    """A module inside Keras that it shows nowhere else; never imported before Keras has our backend.

    Args:
        module: as "utils.file_utils".
    """
    return import_module(f"{keras().__name__}.src.{module}")


def keras_for_files() -> Any:
    """Keras, before configs are read or written: it loads TensorFlow for that where it is installed.

    On torch too; loaded here it is quiet, and comes after what must come before it.

    Raises:
        BackboneError: as `keras`.
    """
    found = keras()
    if find_spec(TENSORFLOW) is not None:
        tensorflow()
    return found


def backend() -> str:
    """The backend that Keras has, or would have: "torch" or "tensorflow"; nothing is loaded for it.

    Raises:
        BackboneError: it is another one.
    """
    loaded = sys.modules.get(KERAS)
    name = loaded.backend.backend() if loaded is not None else os.environ.get(_VARIABLE) or TORCH
    return _require_known(name)


def _prepare() -> None:
    if not has_keras():
        raise BackboneError("Keras is not installed; run: pip install 'headstart[keras]'")
    os.environ[_VARIABLE] = backend()
    if backend() == TENSORFLOW and not has_tensorflow():
        raise BackboneError(
            f"{_VARIABLE} is tensorflow, which is not installed; run: pip install 'headstart[tensorflow]', "
            f"or leave {_VARIABLE} out: Keras then runs on torch"
        )
    if backend() == TENSORFLOW:
        tensorflow()
    elif has_tensorflow():
        _load_triton()  # Keras loads TensorFlow for some small jobs of its own, whatever its backend


def _prepare_tensorflow() -> None:
    if not has_tensorflow():
        raise BackboneError("TensorFlow is not installed; run: pip install 'headstart[tensorflow]'")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    _load_triton()
    with _quiet():
        config = import_module(TENSORFLOW).config
    config.threading.set_intra_op_parallelism_threads(1)
    for card in config.list_physical_devices("GPU"):
        # Otherwise it takes all of a card's memory, torch's too.
        config.experimental.set_memory_growth(card, enable=True)


def _load_triton() -> None:
    """Before TensorFlow: afterwards it could not be loaded any more (headstart/backbones/order.py)."""
    if find_spec("triton") is not None:
        import_module("triton")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's greetings, which it writes past Python and its log level, from a user's screen."""
    with tempfile.TemporaryFile() as kept:
        screen = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)
            kept.seek(0)
            said = [line for line in kept.readlines() if not any(each in line for each in _GREETINGS)]
            os.write(2, b"".join(said))


_GREETINGS = (b"All log messages before absl::InitializeLog", b"oneDNN custom operations are on")


def _require_known(name: str) -> str:
    if name not in (TORCH, TENSORFLOW):
        raise BackboneError(
            f"Keras runs on {name} in this process; headstart needs torch or tensorflow: set "
            f"{_VARIABLE}=torch before anything imports keras"
        )
    return name


@contextmanager
def usual_settings() -> Iterator[Any]:
    """Keras with its usual settings inside the block: names counted from new, channels last, float32.

    A network built twice has the same names of layers, whatever this process built before; and what a user
    has set for the networks of his own stays as it was.
    """
    package = keras()
    global_state = inside("backend.common.global_state")

    names = "object_name_uids"
    kept = global_state.get_global_attribute(names)
    layout, policy, floats = (
        package.config.image_data_format(),
        package.config.dtype_policy(),
        package.config.floatx(),
    )
    global_state.set_global_attribute(names, defaultdict(int))
    package.config.set_image_data_format("channels_last")
    package.config.set_floatx("float32")
    package.config.set_dtype_policy("float32")
    try:
        yield package
    finally:
        global_state.set_global_attribute(names, kept)
        package.config.set_image_data_format(layout)
        package.config.set_floatx(floats)
        package.config.set_dtype_policy(policy)


def to_numpy(value: Any) -> Any:
    """A tensor of Keras's backend as an array of its own; Keras's own way warns of numpy's newer rules."""
    import numpy as np
    import torch

    return np.array(value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value)
