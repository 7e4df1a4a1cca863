"""Our PGD beside secml-torch's at equal settings, on a real network and real photos."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.backbones.load import load_backbone
from headstart.backbones.weights import WeightsStore
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.attacks.outside import as_module, quiet
from headstart.pixels.network import of_backbone
from headstart.pixels.robustness.answers import answers_of
from headstart.storage.home import Home

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"),
]
EPSILON, STEPS = 0.1 / 255, 5
SIZE = EPSILON / 3


@pytest.mark.exhaustive
def test_robust_accuracy_is_that_of_secml_torch(tmp_path):
    with quiet():
        pgd = pytest.importorskip("secmlt.adv.evasion.pgd")
        wrapped = pytest.importorskip("secmlt.models.pytorch.base_pytorch_nn")
    home = Home(tmp_path / "home")
    WeightsStore(home).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    network = of_backbone(load_backbone("torchvision:squeezenet1_1@zoo", home=home, offline=True))
    files = sorted(Path(ASSETS, "data", "imagenet-sample").glob("*.jpg"))[::10]
    photos = to_pixels([decode(path.read_bytes(), network.resize).pixels for path in files])
    labels = np.array([network.ids.index(path.name.partition("_")[0]) for path in files])

    asked = AttackSettings(epsilon=EPSILON, steps=STEPS, step_size=SIZE, random_start=False)
    ours = answers_of(network, attack_pixels(network, photos, labels, settings=asked)) == labels

    # secml-torch never looks at what its last step gives: it is told to take one more
    attack = pgd.PGD("linf", EPSILON, STEPS + 1, SIZE, random_start=False, backend="native")
    data = torch.utils.data.TensorDataset(torch.from_numpy(photos), torch.from_numpy(labels))
    found = attack(
        wrapped.BasePyTorchClassifier(as_module(network)), torch.utils.data.DataLoader(data, batch_size=10)
    )
    theirs = torch.cat([batch.detach() for batch, _ in found]).numpy()
    others = answers_of(network, theirs) == labels

    assert 0.2 <= ours.mean() <= 0.8
    assert abs(int(ours.sum()) - int(others.sum())) <= 1
