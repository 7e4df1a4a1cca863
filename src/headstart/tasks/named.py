"""(what stands in MODEL's place) => a trained model, or the name of a network with classes of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headstart.backbones.spec import POCKET
from headstart.errors import BackboneError, UsageError
from headstart.model.model import Model, load_model
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from headstart.storage.home import Home


def model_or_name(model: str | Path | Model, home: Home) -> tuple[str, Model | None]:
    """What people call it, and the model; None where it must be the name of a network.

    Raises:
        UsageError: it is a file.
        ModelError: the folder can't be used as a model.
    """
    if isinstance(model, Model):
        return "the model", model
    path = given_path(model, "the model")
    if Path(path).is_file():
        raise UsageError(
            f"{path!r} is a file; the model comes first: a model folder, or a network with classes of its "
            f"own, such as {POCKET}"
        )
    if isinstance(model, Path) or Path(path).exists():
        return str(model), load_model(path, home=home)
    return model, None


def no_such_model(name: str, why: BackboneError) -> UsageError:
    """What to say where it is neither of the two."""
    hint = "" if POCKET in name else f" ({POCKET} is one that is always there)"
    return UsageError(f"{name!r} is neither a model folder nor the name of a network{hint}: {why}")
