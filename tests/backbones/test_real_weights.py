"""Real ImageNet weights: the network is whole, wired and preprocessed as its makers meant."""

import os
import zipfile
from pathlib import Path

import pytest
import torch

from headstart.backbones.check import check_backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.weights import WeightsStore
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.storage.home import Home

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"),
]


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("timm:mobilenetv2_100@slim", 0.85),
        ("torchvision:squeezenet1_1@zoo", 0.57),
        pytest.param("keras:MobileNetV2@slim", 0.84, marks=pytest.mark.exhaustive),
        pytest.param("keras:MobileNet@slim075", 0.80, marks=pytest.mark.exhaustive),
    ],
)
def test_real_photos_are_named(tmp_path, name, least):
    home = Home(tmp_path / "home")
    WeightsStore(home).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    backbone = load_backbone(name, home=home, offline=True)
    photos = sorted(Path(ASSETS, "data", "imagenet-sample").glob("*.jpg"))[::8]

    right = 0
    for path in photos:
        decoded = decode(path.read_bytes(), backbone.spec.preprocessing.resize).pixels
        pixels = torch.from_numpy(decoded.copy()).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            answer = int(backbone.logits(pixels)[0].argmax())
        right += backbone.spec.class_ids[answer] == path.name.partition("_")[0]

    check_backbone(backbone)
    assert right / len(photos) >= least


def test_pocket_names_photos_that_it_has_not_seen():
    backbone = load_backbone("pocket")
    resize = backbone.spec.preprocessing.resize
    with zipfile.ZipFile(Path(ASSETS, "data", "tiny-imagenet", "val.zip")) as archive:
        names = [name for name in archive.namelist() if name.endswith(".JPEG")][::4]
        pictures = [decode(archive.read(name), resize).pixels for name in names]

    said = [int(backbone.logits(torch.from_numpy(to_pixels([each])))[0].argmax()) for each in pictures]

    right = [
        backbone.spec.class_ids[answer] == name.split("/")[0]
        for answer, name in zip(said, names, strict=True)
    ]
    assert len(right) == 500
    assert sum(right) / len(right) >= 0.45
