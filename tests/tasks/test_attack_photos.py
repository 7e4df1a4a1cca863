"""What attacks must reach on real photos and real weights; minutes each."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.images.decode import decode
from headstart.images.frame import before_cutting, framed
from headstart.images.pixels import to_pixels
from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.lattice import on_lattice
from headstart.storage.home import Home
from headstart.tasks.network import open_network
from headstart.tasks.predict import predict

ASSETS = Path(os.environ.get("HEADSTART_ASSETS", ""))
PHOTOS = ASSETS / "data" / "imagenet-sample"
NETWORKS = ("torchvision:squeezenet1_1@zoo", "timm:mobilenetv2_100@slim")

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS names no real photos"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    from headstart.tasks.weights import add_weights

    folder = tmp_path_factory.mktemp("home")
    add_weights(ASSETS / "weights" / "manifest.json", home=folder)
    return folder


def named_correctly(name, home, count):
    """The first photos, of every tenth class, then the next ones, …, that the network names correctly."""
    files = sorted(PHOTOS.glob("*.jpg"))
    spread = [file for start in range(10) for file in files[start::10]][: 3 * count]
    answers = predict(name, spread, top=1, home=home)
    return [file for file, answer in zip(spread, answers, strict=True) if file.name.startswith(answer.id)][
        :count
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_pgd_turns_photos_into_chosen_classes_and_files_keep_it(name, home, tmp_path):
    network = open_network(name, Home.find(home))
    files = named_correctly(name, home, 100)
    assert len(files) == 100
    data = [file.read_bytes() for file in files]
    pixels = to_pixels([decode(each, network.resize).pixels for each in data])
    labels = np.array([network.ids.index(file.name.partition("_")[0]) for file in files])
    targets = (labels + 1 + 389 * np.arange(100) % 998) % 1000
    assert (targets != labels).all()

    changed = attack_pixels(
        network, pixels, labels, targets=targets, settings=AttackSettings("pgd", "linf", 8 / 255, steps=40)
    )

    assert np.abs(changed.astype(np.float64) - pixels).max() <= 8 / 255 + 1e-6
    said = np.array([int(network.logits(torch.from_numpy(each[None])).argmax()) for each in changed])
    for number, (photo, pixel, change) in enumerate(zip(data, pixels, changed, strict=True)):
        whole = on_lattice(torch.from_numpy(change[None]), torch.from_numpy(pixel[None]), "linf", 8 / 255)
        seen = np.round(whole[0].numpy().transpose(1, 2, 0) * 255).astype(np.uint8)
        full = decode(photo)
        frame = decode(photo, before_cutting((full.width, full.height), network.resize)).pixels
        Image.fromarray(framed(frame, seen, network.resize)).save(tmp_path / f"{number:03}.png")
        again = decode((tmp_path / f"{number:03}.png").read_bytes(), network.resize).pixels
        np.testing.assert_array_equal(again, seen)
        assert np.abs(to_pixels([again])[0].astype(np.float64) - pixel).max() <= 8 / 255 + 1e-6
    read_again = [each.label for each in predict(name, tmp_path, top=1, home=home)]
    kept = sum(label == network.classes[target] for label, target in zip(read_again, targets, strict=True))
    print(json.dumps({"network": name, "turned": int((said == targets).sum()), "from_png": kept}))
    assert (said == targets).sum() >= 95
    assert kept >= 90


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.25 / 255), ("l2", 0.15)])
def test_robust_accuracy_is_foolbox_s(norm, epsilon, home):
    foolbox = pytest.importorskip("foolbox")
    name = NETWORKS[0]
    network = open_network(name, Home.find(home))
    files = named_correctly(name, home, 100)
    pixels = to_pixels([decode(file.read_bytes(), network.resize).pixels for file in files])
    labels = np.array([network.ids.index(file.name.partition("_")[0]) for file in files])

    class Module(torch.nn.Module):
        def forward(self, shown):
            return network.logits(shown)

    model = foolbox.PyTorchModel(Module().eval(), bounds=(0, 1))
    kind = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}[norm]
    theirs = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for start in range(0, 100, 10):
            some = slice(start, start + 10)
            _, _, fooled = kind()(
                model, torch.from_numpy(pixels[some]), torch.from_numpy(labels[some]), epsilons=epsilon
            )
            theirs += fooled.tolist()

    settings = AttackSettings("pgd", norm, epsilon, keep="last")
    changed = attack_pixels(network, pixels, labels, settings=settings)
    ours = [int(network.logits(torch.from_numpy(each[None])).argmax()) for each in changed]

    robust = 1 - sum(theirs) / 100, float(np.mean(np.array(ours) == labels))
    print(json.dumps({"network": name, "norm": norm, "foolbox": robust[0], "headstart": robust[1]}))
    assert 0.2 <= robust[0] <= 0.8
    assert abs(robust[0] - robust[1]) <= 0.0101
