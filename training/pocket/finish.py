"""(trained student) => the two files in the package: float16 weights without normalisation, and the card."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from headstart.backbones.imagenet import imagenet_classes
from headstart.backbones.pocket.card import CARD_FILE, WEIGHTS_FILE, Card
from headstart.backbones.pocket.network import PocketNet, Unit
from headstart.backbones.state import digest, state_tensors
from headstart.storage.atomic import atomic_write_bytes, atomic_write_text
from training.pocket.student import MEAN, SPREAD

if TYPE_CHECKING:
    from pathlib import Path

TAG = "v1"
LICENCE = "Apache-2.0; its photos: for research"
INPUT = 96
"""Larger than in training, where the views enlarged what was in the photos (Touvron et al. 2019, "Fixing the
train-test resolution discrepancy", arXiv:1906.06423)."""
LARGEST = 4_000_000
"""Bytes of the weights' file."""


def folded(network: PocketNet) -> PocketNet:
    """Fold each batch normalisation into the convolution before it: the same numbers, up to rounding.

    Example:
        >>> network, pixels = PocketNet(normalised=True).eval(), torch.rand(1, 3, 64, 64)
        >>> with torch.inference_mode():
        ...     torch.allclose(network(pixels), folded(network).eval()(pixels), atol=1e-4)
        True
    """
    plain = PocketNet()
    for unit, target in zip(_units(copy.deepcopy(network).eval()), _units(plain), strict=True):
        target.conv.load_state_dict(fuse_conv_bn_eval(unit.conv, unit.norm).state_dict())
    plain.classifier.load_state_dict(network.classifier.state_dict())
    return plain


def _units(network: nn.Module) -> list[Unit]:
    return [module for module in network.modules() if isinstance(module, Unit)]


def write_package(network: PocketNet, ids: tuple[str, ...], folder: Path, *, source: str) -> str:
    """Write the weights and the card.

    Args:
        network: trained, with batch normalisation.
        ids: WordNet ids of its classes, in the order of its logits.
        folder: gets both files.
        source: for the card: what it was trained on.

    Returns:
        SHA-256 of the weights.

    Raises:
        ValueError: the weights do not fit into 4 MB, or into float16.
    """
    from safetensors.torch import save

    tensors = {name: tensor.half() for name, tensor in state_tensors(folded(network)).items()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise ValueError("a weight is too large for float16")
    data = save(tensors)
    if len(data) > LARGEST:
        raise ValueError(f"{len(data):,} bytes are more than {LARGEST:,}")
    known = imagenet_classes()
    names = dict(zip(known.ids, known.names, strict=True))
    card = Card(
        tag=TAG,
        sha256=digest(data),
        input=INPUT,
        short_side=INPUT,
        mode="crop",
        mean=MEAN,
        std=SPREAD,
        classes={each: names[each] for each in ids},
        licence=LICENCE,
        source=source,
    )
    atomic_write_bytes(folder / WEIGHTS_FILE, data, mode=0o644)
    written = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    atomic_write_text(folder / CARD_FILE, written + "\n", mode=0o644)
    return card.sha256
