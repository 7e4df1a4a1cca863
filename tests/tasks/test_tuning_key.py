"""What a run's checkpoints are found by."""

from types import SimpleNamespace

import pytest
import torch

from headstart.finetune.settings import Tuning
from headstart.tasks.tuning import tune

COMPUTING = ("headstart", "torch", "torchvision", "timm", "lightning-fabric", "numpy")


def key():
    start = SimpleNamespace(
        photos=(),
        split=SimpleNamespace(train=()),
        backbone=SimpleNamespace(spec=SimpleNamespace(weights_digest="0")),
        extraction=SimpleNamespace(source=SimpleNamespace(network="pocket")),
        layer="last:mean",
        table=SimpleNamespace(space=SimpleNamespace(digest=lambda: "1")),
        tuning=Tuning(),
    )
    fabric = SimpleNamespace(device=torch.device("cpu"), world_size=1)
    return tune.Ingredients.key(start, SimpleNamespace(cut="first"), fabric)


@pytest.mark.parametrize("changed", COMPUTING)
def test_another_version_of_what_computes_begins_again(monkeypatch, changed):
    before = key()
    assert key() == before
    real = tune.metadata.version
    monkeypatch.setattr(tune.metadata, "version", lambda name: "0.0.0" if name == changed else real(name))

    assert key() != before
