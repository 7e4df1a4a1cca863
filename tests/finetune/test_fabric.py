"""Which devices and how many processes: torchrun alone decides about the second."""

import pytest
import torch

from headstart.finetune.fabric import is_first_process, make_fabric
from tests.finetune.fakes import training

TORCHRUN = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
SLURM = {"SLURM_NTASKS": "4", "SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_JOB_NAME": "train"}
MPI = {"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"}


@pytest.fixture
def environment(monkeypatch):
    for name in (*TORCHRUN, *SLURM, *MPI):
        monkeypatch.delenv(name, raising=False)

    def use(values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return use


@pytest.mark.parametrize(
    "values", [{}, SLURM, MPI, {"WORLD_SIZE": "2"}, {"RANK": "1"}, {"LOCAL_RANK": "1", "RANK": "1"}]
)
def test_without_torchrun_it_is_one_process(environment, values):
    environment(values)
    fabric = make_fabric(training(), "cpu")

    assert (fabric.world_size, fabric.is_global_zero) == (1, True)
    assert is_first_process()


def test_under_torchrun_the_first_one_tells(environment):
    environment(TORCHRUN)
    assert not is_first_process()
    environment({"RANK": "0"})
    assert is_first_process()


@pytest.mark.parametrize(("there", "taken"), [(False, "cpu"), (True, "cuda")])
def test_cuda_or_the_cpu_and_never_mps(environment, monkeypatch, there, taken):
    made = {}

    class Fabric:
        def __init__(self, **options):
            made.update(options)

        def launch(self):
            pass

    environment({})
    monkeypatch.setattr("lightning_fabric.Fabric", Fabric)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    make_fabric(training())

    assert (made["accelerator"], made["devices"], made["num_nodes"]) == (taken, 1, 1)
