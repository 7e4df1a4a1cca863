"""Lightning Fabric: the same loop on a CPU, one GPU, or several under `torchrun`."""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING

from headstart.errors import UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from headstart.finetune.settings import Training


def make_fabric(training: Training, accelerator: str = "auto") -> Fabric:
    """The devices that this process trains on; under `torchrun` it is one of several.

    Args:
        training: whether it computes in bf16.
        accelerator: "cpu", "cuda", or "auto": a GPU where there is one.

    Raises:
        UsageError: Lightning Fabric is not installed.
    """
    require_fabric()
    from lightning_fabric import Fabric

    # Under torchrun the environment says how many processes there are; each has one device.
    count = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice is for its own users
        logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
        fabric = Fabric(
            accelerator=accelerator,
            devices=count,
            num_nodes=nodes,
            precision="bf16-mixed" if training.bf16 else "32-true",
        )
        fabric.launch()
    return fabric


def is_first_process() -> bool:
    """Whether this process is the one that tells and writes; under `torchrun` the others only compute."""
    return os.environ.get("RANK", "0") == "0"


def require_fabric() -> None:
    """Refuse before any work where Lightning Fabric is not installed.

    Raises:
        UsageError: says how to install it.
    """
    from importlib.util import find_spec

    if find_spec("lightning_fabric") is None:
        raise UsageError(
            "training a network needs Lightning Fabric, which is missing: pip install 'headstart[finetune]'"
        )
