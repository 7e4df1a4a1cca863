"""(model folder, or network with classes of its own) => one differentiable function of the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.errors import BackboneError
from headstart.pixels.network import Network, of_backbone
from headstart.tasks.named import model_or_name, no_such_model
from headstart.tasks.rows import open_backbone

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.features.progress import Progress
    from headstart.model.model import Model
    from headstart.storage.home import Home


def open_network(
    model: str | Path | Model | Network, home: Home, progress: Progress | None = None
) -> Network:
    """Open a model folder, or the network of that name, for gradients.

    Raises:
        UsageError: a file, neither a folder nor the name of a network, or a network without classes.
        ModelError: the folder can't be used as a model.
    """
    return open_with_model(model, home, progress)[0]


def open_with_model(
    model: str | Path | Model | Network, home: Home, progress: Progress | None = None
) -> tuple[Network, Model | None]:
    """As `open_network`, and the trained model that it is; None for a network with classes of its own."""
    if isinstance(model, Network):
        return model, None
    name, trained = model_or_name(model, home)
    if trained is not None:
        return trained.network(name), trained
    try:
        return of_backbone(open_backbone(name, home, progress)), None
    except BackboneError as error:
        raise no_such_model(name, error) from None
