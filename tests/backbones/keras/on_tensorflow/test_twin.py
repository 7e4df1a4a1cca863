"""Real weights in torch and in Keras on TensorFlow: the same features, answers, gradients."""

import os
from pathlib import Path

import pytest
import torch

from headstart.backbones.load import load_backbone
from headstart.backbones.port.agreement import relative
from headstart.backbones.weights import WeightsStore
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.storage.home import Home

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"),
]


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("home"))
    WeightsStore(home).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    names = ("timm:mobilenetv2_100@slim", "keras:MobileNetV2@slim")
    return tuple(load_backbone(name, home=home, offline=True) for name in names)


@pytest.fixture(scope="module")
def pixels(twins):
    folder = Path(ASSETS, "data", "cats-vs-dogs", "test")
    files = [path for label in ("cat", "dog") for path in sorted(Path(folder, label).glob("*.jpg"))[:6]]
    resize = twins[0].spec.preprocessing.resize
    return torch.from_numpy(to_pixels([decode(path.read_bytes(), resize).pixels for path in files]))


def test_features_and_answers_are_the_same(twins, pixels):
    with torch.no_grad():
        features, logits = (
            [getattr(each, what)(pixels) for each in twins] for what in ("features", "logits")
        )
    assert float(relative(*features).max()) < 2e-5
    assert float(relative(*logits).max()) < 2e-5
    assert torch.equal(logits[0].argmax(1), logits[1].argmax(1))


def test_gradients_differ_only_where_a_unit_fell_to_the_other_side_of_its_corner(twins, pixels):
    gradients, slopes = zip(*(_climbed(each, pixels) for each in twins), strict=True)
    assert len(slopes[0]) == len(slopes[1]) == 35
    fell = sum((mine != yours).flatten(1).sum(1) for mine, yours in zip(*slopes, strict=True))
    apart = (gradients[0] - gradients[1]).flatten(1).norm(dim=1) / gradients[0].flatten(1).norm(dim=1)

    assert (fell == 0).any()
    assert float(apart[fell == 0].max()) < 1e-4
    assert float(apart.max()) < 2e-2
    assert int(fell.max()) < 20  # of six million


def _climbed(backbone, pixels):
    """Gradients of the best answers at the pixels, and for each ReLU6 which units pass a change on."""
    slopes = []
    layers = [
        child
        for name, child in backbone.module.named_modules()
        if isinstance(child, torch.nn.ReLU6) or name.endswith("relu")
    ]
    handles = [
        child.register_forward_hook(lambda _child, _args, found: slopes.append((found > 0) & (found < 6)))
        for child in layers
    ]
    given = pixels.clone().requires_grad_()
    best = backbone.logits(given).max(1).values.sum()
    for handle in handles:
        handle.remove()
    return torch.autograd.grad(best, given)[0], slopes
