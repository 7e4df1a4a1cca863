"""The same numbers in two frameworks give the same features, logits, gradients and answers.

Each way of carrying them wrongly is beyond the tolerance: else agreement would prove nothing.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.backbones.keras.runtime import has_keras
from headstart.backbones.load import load_backbone
from headstart.backbones.port.agreement import LARGEST, agreement, relative
from headstart.backbones.state import state_tensors
from headstart.backbones.weights import WeightsStore
from headstart.heads.linear import LinearClassifier
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.network import Network
from headstart.storage.home import Home
from tests.backbones.keras.twins import (
    PIXELS,
    TORCH_EPSILON,
    drawn,
    resnet50_in_keras,
    twin_of,
)

ASSETS = Path(os.environ.get("HEADSTART_ASSETS", ""))
with_assets = pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS is not set")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_keras(), reason="Keras is not installed"),
    pytest.mark.xdist_group("twins"),
]

SMALL, SAME = "timm:mobilenetv2_035", {"pad_type": "same"}


@pytest.fixture(scope="module")
def mobilenet():
    return drawn(SMALL, SAME)


def test_mobilenet_agrees(mobilenet):
    assert agreement(mobilenet, twin_of(mobilenet, "keras:MobileNetV2"), PIXELS).same


def test_an_epsilon_that_was_not_heeded_is_found_out(mobilenet):
    twin = twin_of(mobilenet, "keras:MobileNetV2")
    with torch.no_grad():
        for name, buffer in twin.module.named_buffers():
            if name.endswith("moving_variance"):
                buffer.add_(0.001 - TORCH_EPSILON)

    found = agreement(mobilenet, twin, PIXELS)

    assert found.features > 10 * LARGEST["features"]


def test_padding_on_both_sides_is_found_out(mobilenet):
    symmetric = drawn(SMALL)
    symmetric.module.load_state_dict(mobilenet.module.state_dict())

    found = agreement(mobilenet, symmetric, PIXELS)

    assert found.features > 100 * LARGEST["features"]


@pytest.mark.exhaustive
def test_vgg16_agrees_and_mixed_up_colours_and_rows_are_found_out():
    backbone = drawn("torchvision:vgg16", {"num_classes": 10})
    twin = twin_of(backbone, "keras:VGG16")
    assert agreement(backbone, twin, PIXELS[:1]).same

    first, rows = twin.module.block1_conv1.kernel, twin.module.fc1.kernel
    kept = first.clone()
    first.data = first.data.flip(2)
    assert agreement(backbone, twin, PIXELS[:1]).features > 100 * LARGEST["features"]

    first.data = kept
    rows.data = rows.data.reshape(512, 7, 7, -1).permute(1, 2, 0, 3).reshape(rows.shape)
    found = agreement(backbone, twin, PIXELS[:1])
    assert found.features <= LARGEST["features"]
    assert found.logits > 100 * LARGEST["logits"]


def test_resnet50_agrees_and_an_epsilon_of_a_thousandth_more_is_found_out():
    # Variances as small as the epsilons themselves: 1e-5 and Keras's 1.001e-5 would look alike elsewhere.
    backbone = drawn("torchvision:resnet50", variance=1e-6)

    assert agreement(backbone, resnet50_in_keras(backbone), PIXELS).same
    assert not agreement(backbone, resnet50_in_keras(backbone, epsilon=TORCH_EPSILON), PIXELS).same


@pytest.fixture(scope="module")
def slim(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("home"))
    WeightsStore(home).add_manifest(ASSETS / "weights" / "manifest.json")
    names = ("timm:mobilenetv2_100@slim", "keras:MobileNetV2@slim")
    return tuple(load_backbone(name, home=home, offline=True) for name in names)


def _photos(folder, each, backbone):
    resize = backbone.spec.preprocessing.resize
    files = [path for label in ("cat", "dog") for path in sorted(Path(folder, label).glob("*.jpg"))[:each]]
    labels = np.array([path.parent.name for path in files])
    return to_pixels([decode(path.read_bytes(), resize).pixels for path in files]), labels


@with_assets
def test_real_weights_agree_on_real_photos(slim):
    pixels, _ = _photos(ASSETS / "data" / "cats-vs-dogs" / "test", 6, slim[0])

    assert slim[0].spec.preprocessing == slim[1].spec.preprocessing
    assert agreement(*slim, torch.from_numpy(pixels)).same
    climbs = [_gradients_of_answers(each, torch.from_numpy(pixels)) for each in slim]
    assert float(relative(*climbs).max()) < 1e-3


def _gradients_of_answers(backbone, pixels):
    given = pixels.clone().requires_grad_()
    return torch.autograd.grad(backbone.logits(given).max(1).values.sum(), given)[0]


@with_assets
def test_the_two_files_differ_in_nothing_but_batch_norms_epsilon(slim):
    ours, theirs = state_tensors(twin_of(slim[0], "keras:MobileNetV2").module), state_tensors(slim[1].module)

    folded = [name for name, each in theirs.items() if name.endswith("moving_variance") and (each == 1).all()]
    assert len(folded) == 52
    for name, tensor in theirs.items():
        if name.endswith(("gamma", "moving_variance")):
            continue
        assert torch.allclose(ours[name], tensor, rtol=1e-6, atol=1e-7), name
    for name in folded:
        gamma = name.replace("moving_variance", "gamma")
        factors = [own[gamma] / (own[name] + 0.001).sqrt() for own in (ours, theirs)]
        assert torch.allclose(*factors, rtol=1e-6), name


@with_assets
@pytest.mark.parametrize("each", [2, pytest.param(100, marks=pytest.mark.exhaustive)])  # 100: all photos
def test_trained_heads_answer_alike_and_the_same_photos_are_fooled(slim, each):
    folder = ASSETS / "data" / "cats-vs-dogs"
    networks = [_with_head(each, *_photos(folder / "train", 20, each)) for each in slim]
    pixels, labels = _photos(folder / "test", each, slim[0])
    answers = [network.probabilities(torch.from_numpy(pixels)).numpy() for network in networks]
    said = [found.argmax(1) for found in answers]
    right = np.array([networks[0].classes.index(label) for label in labels])

    assert (said[0] == said[1]).all()
    assert np.abs(answers[0] - answers[1]).max() < 1e-4
    assert (said[0] == right).mean() > 0.9
    # The second is so weak that some withstand: where all give in, agreement would say little.
    for settings in (AttackSettings(epsilon=8 / 255, steps=5), AttackSettings(epsilon=0.5 / 255, steps=3)):
        fooled = []
        for network in networks:
            changed = attack_pixels(network, pixels, said[0], settings=settings)
            fooled.append(network.probabilities(torch.from_numpy(changed)).numpy().argmax(1) != said[0])
        assert (fooled[0] == fooled[1]).all()


def _with_head(backbone, pixels, labels):
    with torch.no_grad():
        rows = torch.cat([backbone.features(part) for part in torch.from_numpy(pixels).split(10)]).numpy()
    head = LinearClassifier(seed=0).fit(rows, labels).head_
    return Network(
        backbone.spec.name,
        backbone,
        tuple(head.classes),
        layer=backbone.spec.feature_layer,
        head=head.to_torch().logits,
    )
