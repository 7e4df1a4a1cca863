"""() => what headstart says of the network that it carries: file, input, classes, where it came from."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from headstart.backbones.spec import Preprocessing
from headstart.errors import WeightsRefusedError
from headstart.images.resize import Resize

CARD_FILE = "card.json"
WEIGHTS_FILE = "pocket.safetensors"
_INSTALL = "install headstart again (pip install --force-reinstall headstart)"


class Card(BaseModel):
    """The card that lies beside the weights.

    Attributes:
        tag: of these weights; another tag with each new set of them.
        sha256: of the weights' file.
        input: side of the square input, pixels.
        short_side: of the photo before its centre is cut out, pixels.
        mean: subtracted per RGB channel, for pixels in [0, 1].
        std: divided by per RGB channel.
        classes: names by WordNet id, in the order of the logits.
        licence: of the weights.
        source: how they came to be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tag: str
    sha256: str
    input: int
    short_side: int
    mode: Literal["crop", "squash"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    classes: dict[str, str]
    licence: str
    source: str

    def preprocessing(self) -> Preprocessing:
        """From a photo to the network's numbers."""
        return Preprocessing(
            Resize(self.input, self.input, self.short_side, mode=self.mode), self.mean, self.std
        )


@cache
def read_card() -> Card:
    """Read the card that this version of headstart carries.

    Raises:
        WeightsRefusedError: it is missing or not what it was.

    Example:
        >>> card = read_card()
        >>> len(card.classes), card.classes["n02124075"]
        (200, 'Egyptian cat')
    """
    try:
        return Card.model_validate_json((files(__package__) / CARD_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise WeightsRefusedError(f"headstart's own file {CARD_FILE} can't be read: {_INSTALL}") from error


def carried_weights() -> bytes:
    """Read the weights in the package and check them against the card.

    Raises:
        WeightsRefusedError: they are missing or not what they were.
    """
    try:
        data = (files(__package__) / WEIGHTS_FILE).read_bytes()
    except OSError as error:
        raise WeightsRefusedError(f"headstart's own file {WEIGHTS_FILE} is missing: {_INSTALL}") from error
    if hashlib.sha256(data).hexdigest() != read_card().sha256:
        raise WeightsRefusedError(
            f"headstart's own file {WEIGHTS_FILE} has another SHA-256 than it should: {_INSTALL}"
        )
    return data
