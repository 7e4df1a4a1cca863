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
        accelerator: "cpu", "cuda", or "auto": CUDA where there is such a GPU, else the CPU. Apple's MPS is
            not used: it has no float64, and nobody has tested it.

    Raises:
        UsageError: Lightning Fabric is not installed.
    """
    require_fabric()
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

    if accelerator == "auto":
        accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    # Under torchrun the environment says how many processes there are; each has one device.
    several = _under_torchrun()
    count = int(os.environ["LOCAL_WORLD_SIZE"]) if several else 1
    nodes = int(os.environ["WORLD_SIZE"]) // count if several else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice is for its own users
        logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
        fabric = Fabric(
            accelerator=accelerator,
            devices=count,
            num_nodes=nodes,
            # Said outright: left to itself it takes SLURM's or MPI's word for how many processes there are.
            plugins=[TorchElasticEnvironment() if several else LightningEnvironment()],
            precision="bf16-mixed" if training.bf16 else "32-true",
        )
        fabric.launch()
    return fabric


def is_first_process() -> bool:
    """Whether this process is the one that tells and writes; under `torchrun` the others only compute."""
    return not _under_torchrun() or os.environ["RANK"] == "0"


def _under_torchrun() -> bool:
    """Whether all that `torchrun` sets is there: one of them alone was left by something else."""
    return os.environ.keys() >= {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"}


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
