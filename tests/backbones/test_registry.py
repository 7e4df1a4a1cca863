"""From a name to a backbone."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from headstart.backbones import registry
from headstart.backbones.load import load_backbone
from headstart.backbones.registry import (
    BackboneName,
    adapter,
    list_backbones,
    parse_name,
    register,
)
from headstart.backbones.restore import restore_backbone
from headstart.backbones.weights import WeightsStore
from headstart.errors import BackboneError, WeightsMissingError, WeightsRefusedError
from headstart.storage.home import Home

SMALL = "torchvision:squeezenet1_1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def weights_file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(load_backbone(f"{SMALL}@random").weights())
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vgg16", BackboneName("torchvision", "vgg16")),
        ("mobilenetv2_100", BackboneName("timm", "mobilenetv2_100")),
        ("timm:resnet50@a1_in1k", BackboneName("timm", "resnet50", "a1_in1k")),
        ("timm:resnet50.a1_in1k", BackboneName("timm", "resnet50", "a1_in1k")),
        ("resnet50.a1_in1k", BackboneName("timm", "resnet50", "a1_in1k")),
        (" torchvision:resnet50@random ", BackboneName("torchvision", "resnet50", "random")),
    ],
)
def test_names_are_taken_apart(text, expected):
    assert parse_name(text) == expected
    assert parse_name(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "@slim", "timm:", ":vgg16", "vgg16@"])
def test_what_can_be_no_name_is_refused(text):
    with pytest.raises(BackboneError, match="is no backbone's name"):
        parse_name(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vgg61", "close: vgg"),
        ("torchvision:mobilenetv2", "no network of torchvision is called 'mobilenetv2'; close: mobilenet_v2"),
        ("torchvision:vgg16_quantized", "close: vgg16"),
        ("zzzzzzzz", "lists all"),
        ("tensorflow:VGG16", "expected one of pocket, torchvision, timm, keras"),
        ("VGG16", "close: vgg16, keras:VGG16"),
        ("MobileNetV2", "close: keras:MobileNetV2, mobilenet_v2"),
        ("keras:mobilenetv2", "no network of keras is called 'mobilenetv2'; close: MobileNetV2"),
        ("resnet50.a1_in1k@a1_in1k", "two tags"),
    ],
)
def test_unknown_names_help(text, message):
    with pytest.raises(BackboneError, match=message):
        parse_name(text)


def test_networks_are_listed_by_pattern():
    assert list_backbones("resnet18") == ("torchvision:resnet18", "timm:resnet18")
    assert not [name for name in list_backbones("torchvision:*") if "quantized" in name or "fcos" in name]
    assert len(list_backbones()) > 1000


def test_a_taken_framework_is_refused():
    class Mine:
        framework = "torchvision"

    with pytest.raises(BackboneError, match=r"headstart\.backbones\.torchvision and .*test_registry"):
        register(Mine())


def test_a_new_framework_is_found(monkeypatch):
    class Mine:
        framework = "mine"

        def architectures(self):
            return ("net",)

    monkeypatch.setattr(registry, "_REGISTERED", {})
    register(Mine())

    assert parse_name("mine:net@first") == parse_name("net@first") == BackboneName("mine", "net", "first")
    with pytest.raises(BackboneError, match="two adapters are called 'mine'"):
        register(Mine())


def test_random_weights_are_the_same_each_time_and_leave_the_random_state_alone():
    state = torch.random.get_rng_state()
    first, second = load_backbone(f"{SMALL}@random"), load_backbone("squeezenet1_1@random")

    assert first.spec == second.spec
    assert torch.equal(torch.random.get_rng_state(), state)
    assert hashlib.sha256(first.weights()).hexdigest() == first.spec.weights_digest


def test_random_networks_know_no_names_for_their_classes():
    spec = load_backbone(f"{SMALL}@random", options={"num_classes": 3}).spec

    assert spec.classes == ("class 0", "class 1", "class 2")
    assert spec.class_ids == ()
    assert spec.options == {"num_classes": 3}


@pytest.mark.parametrize(
    "options", [{"pretrained": True}, {"weights": "DEFAULT"}, {"checkpoint_path": "x.pth"}]
)
def test_options_that_would_fetch_or_unpickle_are_refused(options):
    with pytest.raises(BackboneError, match="options may not hold"):
        load_backbone(f"{SMALL}@random", options=options)


def test_options_that_the_network_does_not_know_are_refused():
    with pytest.raises(BackboneError, match="can't be built with"):
        load_backbone(f"{SMALL}@random", options={"colour": "red"})
    with pytest.raises(BackboneError, match="can't be built with"):
        load_backbone("timm:mobilenetv3_small_050@random", options={"colour": "red"})


def test_registered_weights_are_loaded(home, weights_file):
    WeightsStore(home).add_file(weights_file, SMALL, "own", licence="CC0-1.0", source="me")

    backbone = load_backbone(f"{SMALL}@own", home=home, offline=True)

    assert backbone.spec.name == f"{SMALL}@own"
    assert (backbone.spec.licence, backbone.spec.source) == ("CC0-1.0", "me")
    assert backbone.spec.weights_digest == hashlib.sha256(weights_file.read_bytes()).hexdigest()
    assert backbone.weights() == weights_file.read_bytes()
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = load_backbone(f"{SMALL}@random").features(pixels)
    assert torch.equal(backbone.features(pixels), expected)


def test_without_a_tag_the_only_weights_at_hand_are_meant(home, weights_file):
    WeightsStore(home).add_file(weights_file, SMALL, "own")

    assert load_backbone("squeezenet1_1", home=home, offline=True).spec.name == f"{SMALL}@own"


def test_without_a_tag_the_frameworks_own_weights_come_first(home, weights_file):
    store = WeightsStore(home)
    store.add_file(weights_file, SMALL, "own")
    store.add_file(weights_file, SMALL, "IMAGENET1K_V1")

    spec = load_backbone("squeezenet1_1", home=home, offline=True).spec

    assert spec == load_backbone("squeezenet1_1@DEFAULT", home=home, offline=True).spec
    assert spec.tag == "IMAGENET1K_V1"
    assert spec.classes[0] == "tench"
    assert spec.class_ids[0] == "n01440764"


def test_options_and_preprocessing_of_the_weights_are_used(home, tmp_path):
    from headstart.backbones.weights import PreprocessingOverride

    name, path = "timm:mobilenetv3_small_050", tmp_path / "w.safetensors"
    path.write_bytes(load_backbone(f"{name}@random", options={"pad_type": "same"}).weights())
    given = PreprocessingOverride(
        input_size=96, resize=128, interpolation="lanczos", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)
    )
    WeightsStore(home).add_file(
        path, name, "own", options={"pad_type": "same"}, preprocessing=given, classes="imagenet-1k"
    )

    spec = load_backbone(f"{name}@own", home=home).spec

    assert spec.options == {"pad_type": "same"}
    assert spec.preprocessing == given.to_preprocessing()
    assert spec.classes[1] == "goldfish"


def test_stated_classes_have_to_fit(home, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(load_backbone(f"{SMALL}@random", options={"num_classes": 3}).weights())
    WeightsStore(home).add_file(path, SMALL, "own", options={"num_classes": 3}, classes="imagenet-1k")

    with pytest.raises(BackboneError, match="gives 3 numbers, but has 1000 names of classes"):
        load_backbone(f"{SMALL}@own", home=home)


def test_weights_of_another_network_are_refused_by_their_tensors(home, weights_file):
    with pytest.raises(WeightsRefusedError, match=r"do not fit .*squeezenet1_0@own: .*features"):
        WeightsStore(home).add_file(weights_file, "torchvision:squeezenet1_0", "own")
    assert WeightsStore(home).entries() == []

    WeightsStore(home, fits=lambda *_: None).add_file(weights_file, "torchvision:squeezenet1_0", "own")
    with pytest.raises(
        WeightsRefusedError,
        match=r"do not fit .*features.*; if .* delete .*squeezenet1_0@own\.json, then add or fetch again",
    ):
        load_backbone("squeezenet1_0@own", home=home)


@pytest.mark.parametrize("name", ["vgg16", "torchvision:vgg16@IMAGENET1K_V1", "timm:resnet50.a1_in1k"])
def test_missing_weights_name_file_address_and_command(home, name):
    with pytest.raises(WeightsMissingError, match=r"\.pth .*https://.*headstart weights add"):
        load_backbone(name, home=home, offline=True)


def test_the_environment_can_forbid_the_network(home, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")

    with pytest.raises(WeightsMissingError, match="headstart weights fetch"):
        load_backbone("vgg16", home=home)


def test_a_tag_that_nobody_publishes_is_no_name(home):
    with pytest.raises(BackboneError, match=r"vgg16.*only IMAGENET1K_V1.*headstart weights add FILE"):
        load_backbone("vgg16@mine", home=home)


@pytest.mark.parametrize("tag", ["../x", "a/b", "a b", ".hidden", "x" * 101, "a\n"])
def test_a_tag_can_not_lead_to_another_file(home, tag):
    with pytest.raises(BackboneError, match="can't be a tag"):
        load_backbone(f"vgg16@{tag}z", home=home)


def test_options_that_a_constructor_chokes_on_are_one_line():
    for name, options in (
        ("torchvision:resnet18", {"num_classes": -1}),
        ("torchvision:resnet18", {"num_classes": 0}),
        ("torchvision:vit_b_16", {"image_size": 225}),
        ("timm:resnet18", {"num_classes": -5}),
        ("timm:resnet18", {"global_pool": "nonsense"}),
    ):
        with pytest.raises(BackboneError, match=r"can't be (built|run)") as caught:
            load_backbone(f"{name}@random", options=options)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [f"{SMALL}@random", "timm:mobilenetv3_small_050@random"])
def test_a_backbone_is_built_again_from_its_spec_and_bytes(name):
    backbone = load_backbone(name)
    again = restore_backbone(backbone.spec, backbone.weights())
    pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    assert again.spec == backbone.spec
    assert again.weights() == backbone.weights()
    assert torch.equal(again.features(pixels), backbone.features(pixels))
    assert torch.equal(again.logits(pixels), backbone.logits(pixels))


def test_a_backbone_is_not_built_from_other_bytes():
    backbone = load_backbone(f"{SMALL}@random")

    with pytest.raises(WeightsRefusedError, match="another SHA-256"):
        restore_backbone(backbone.spec, backbone.weights() + b" ")


@pytest.mark.parametrize("framework", ["torchvision", "timm"])
def test_adapters_name_tags_with_the_default_first(framework):
    tags = adapter(framework).tags("resnet50")

    assert len(set(tags)) == len(tags) > 1
    assert tags[0] == {"torchvision": "IMAGENET1K_V2", "timm": "a1_in1k"}[framework]


def test_without_keras_its_names_say_what_to_install(monkeypatch):
    monkeypatch.setattr("headstart.backbones.registry.has_keras", lambda: False)
    monkeypatch.setattr("headstart.backbones.keras.adapter._architectures", lambda: ())
    with pytest.raises(
        BackboneError, match=r"^keras:VGG16@mine needs Keras; run: pip install 'headstart\[keras\]'$"
    ):
        parse_name("keras:VGG16@mine")
    with pytest.raises(BackboneError, match="close: vgg16"):
        parse_name("VGG16")


@pytest.mark.slow
def test_names_are_looked_up_and_listed_without_loading_keras():
    program = (
        "import sys\n"
        "from headstart.backbones.registry import list_backbones, parse_name\n"
        "print(parse_name('keras:VGG16'), parse_name('mobilenetv2_100'), len(list_backbones('keras:VGG*')))\n"
        "try:\n"
        "    parse_name('VGG16')\n"
        "except ValueError as fault:\n"
        "    print('keras:VGG16' in str(fault), 'keras' in sys.modules, 'tensorflow' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "keras:VGG16 timm:mobilenetv2_100 2\nTrue False False\n"


def test_a_file_that_can_not_be_meant_has_its_reason(tmp_path):
    (tmp_path / "pets.keras").mkdir()
    (tmp_path / "UP.KERAS").write_bytes(b"")

    assert parse_name(str(tmp_path / "UP.KERAS")).framework == "keras_model"
    for name, reason in (
        (str(tmp_path / "pets.keras"), "is a folder"),
        (str(tmp_path / "UP.KERAS@mine"), "has the tag 'mine', and a file has none"),
        (str(tmp_path / "GONE.Keras"), "there is no file"),
    ):
        with pytest.raises(BackboneError, match=reason):
            parse_name(name)
