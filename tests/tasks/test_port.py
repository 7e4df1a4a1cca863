"""Carrying weights between frameworks: what is registered, what comes with them, what is refused."""

import json
from pathlib import Path

import pytest

from headstart.backbones.keras.runtime import has_keras
from headstart.backbones.load import load_backbone
from headstart.backbones.port.agreement import Agreement
from headstart.backbones.state import state_bytes
from headstart.backbones.weights import PreprocessingOverride, WeightsStore
from headstart.errors import BackboneError, UsageError, WeightsMissingError, WeightsRefusedError
from headstart.storage.home import Home
from headstart.tasks import port as module
from headstart.tasks.port import port
from headstart.testing import write_photos

needs_keras = pytest.mark.skipif(not has_keras(), reason="Keras is not installed")
SMALL, KERAS = "timm:mobilenetv2_035", "keras:MobileNetV2"
SEEN_AS = PreprocessingOverride(
    input_size=64, resize=72, interpolation="bicubic", mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    file = folder / "small.safetensors"
    backbone = load_backbone(f"{SMALL}@random", options={"pad_type": "same"})
    file.write_bytes(state_bytes(backbone.module))
    options = {"pad_type": "same"}
    store = WeightsStore(Home(folder))
    store.add_file(file, SMALL, "mine", options=options, preprocessing=SEEN_AS, licence="MIT")
    return Home(folder)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("photos"), each=1) / "red" / "0.jpg"


@pytest.mark.slow
@needs_keras
def test_weights_come_with_all_that_is_known_of_them_and_go_back_bit_for_bit(home, photo):
    there = port(f"{SMALL}@mine", f"{KERAS}@there", photos=photo, home=home.root)
    loaded = load_backbone(f"{KERAS}@there", home=home).spec
    first = load_backbone(f"{SMALL}@mine", home=home)

    assert there.registered
    assert there.agreement.same
    assert there.pictures == "1 of 1 photo"
    assert (loaded.weights_digest, loaded.options) == (there.sha256, {"alpha": 0.35})
    assert (loaded.preprocessing, loaded.licence) == (SEEN_AS.to_preprocessing(), "MIT")
    assert loaded.source == f"ported from {SMALL}@mine (SHA-256 {first.spec.weights_digest})"

    port(f"{KERAS}@there", SMALL, tag="back", photos=photo, home=home.root)
    back = load_backbone(f"{SMALL}@back", home=home)
    assert state_bytes(back.module) == state_bytes(first.module)


@needs_keras
def test_what_does_not_agree_is_not_registered(home, photo, monkeypatch):
    monkeypatch.setattr(module, "agreement", lambda *_: Agreement(1, 0.1, 0.0, 0.0, 1.0))

    found = port(f"{SMALL}@mine", f"{KERAS}@wrong", photos=photo, home=home.root)

    assert not found.registered
    assert json.loads(json.dumps(found.to_json()))["agreement"]["same"] is False
    assert WeightsStore(home).find("keras", "MobileNetV2", "wrong") is None


@needs_keras
@pytest.mark.slow
def test_random_weights_are_measured_and_not_registered(home, photo):
    found = port(f"{KERAS}@random", "timm:mobilenetv2_100@tried", photos=photo, home=home.root)

    assert found.agreement.same
    assert not found.registered
    assert WeightsStore(home).find("timm", "mobilenetv2_100", "tried") is None


@needs_keras
@pytest.mark.slow
def test_a_name_that_other_weights_have_is_refused_before_anything_is_measured(home, photo, monkeypatch):
    other = load_backbone(f"{KERAS}@random", options={"alpha": 0.35})
    file = Path(home.root, "other.safetensors")
    file.write_bytes(state_bytes(other.module))
    WeightsStore(home).add_file(file, KERAS, "taken", options={"alpha": 0.35})
    monkeypatch.setattr(module, "agreement", None)

    with pytest.raises(WeightsRefusedError, match="is pinned to other weights"):
        port(f"{SMALL}@mine", f"{KERAS}@taken", photos=photo, home=home.root)


@needs_keras
@pytest.mark.parametrize(
    ("source", "target", "tag", "error", "words"),
    [
        ("timm:mobilenetv2_100@mine", f"{KERAS}@x", None, BackboneError, "pads both sides"),
        ("resnet50@random", "keras:ResNet50@x", None, BackboneError, "first 1 x 1 convolution"),
        ("vgg61", f"{KERAS}@x", None, BackboneError, "no network is called 'vgg61'"),
        (f"{SMALL}@mine", KERAS, None, UsageError, "--tag"),
        (f"{SMALL}@mine", f"{KERAS}@x", "y", UsageError, "contradicts"),
        (f"{SMALL}@mine", f"{KERAS}@random", None, UsageError, "learned nothing"),
        (f"{SMALL}@mine", f"{KERAS}@imagenet", None, UsageError, "that keras publishes"),
        ("vgg16@absent", "keras:VGG16@x", None, (BackboneError, WeightsMissingError), "absent"),
        ("pocket", f"{KERAS}@x", None, BackboneError, "carried are vgg16"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(source, target, tag, error, words, home):
    with pytest.raises(error, match=words) as refused:
        port(source, target, tag=tag, home=home.root)

    assert "\n" not in str(refused.value)
