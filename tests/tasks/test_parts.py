"""`backbones`, `weights` and `features`: the parts as their owner sees them."""

import json

import pytest
import torchvision
from safetensors.torch import save_file

from headstart import embed
from headstart.cli.run import run
from headstart.errors import BackboneError, UsageError, WeightsRefusedError
from headstart.tasks.backbones import list_backbones, show_backbone
from headstart.tasks.features import features_info, prune_features, verify_features
from headstart.tasks.weights import add_weights, list_weights, verify_weights
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture(scope="module")
def squeezenet(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    save_file(torchvision.models.squeezenet1_1(weights=None).state_dict(), path)
    return path


@pytest.mark.slow
def test_vgg16_has_the_numbers_of_the_lesson(tmp_path):
    shown = show_backbone("vgg16", layer="features", home=tmp_path).to_json()

    assert shown["head"] == {
        "layer": "features",
        "width": 25_088,
        "classes": 2,
        "frozen": 14_714_688,
        "trained": 50_178,
    }
    assert shown["features"]["width"] == 512
    assert shown["weights"] is None
    assert shown["source"].startswith("https://")


@pytest.mark.slow
def test_inception_takes_299_pixels(tmp_path):
    assert show_backbone("inception_v3", home=tmp_path).to_json()["input"] == [299, 299]


def test_an_unknown_layer_is_named_with_close_ones(tmp_path):
    with pytest.raises(BackboneError, match="features"):
        show_backbone("squeezenet1_1@random", layer="featuers", home=tmp_path)


def test_weights_that_were_added_are_listed_shown_and_load(squeezenet, tmp_path):
    add_weights(squeezenet, backbone="squeezenet1_1", tag="mine", home=tmp_path)

    [listed] = [each.to_json() for each in list_weights(home=tmp_path) if each.network != "pocket"]
    shown = show_backbone("squeezenet1_1", home=tmp_path).to_json()
    [network] = [each for each in list_backbones("squeezenet1_1", home=tmp_path) if each.weights]

    assert listed["backbone"] == "torchvision:squeezenet1_1@mine"
    assert shown["name"] == listed["backbone"]
    assert shown["weights"] == listed["sha256"]
    assert network.to_json()["weights"][0]["tag"] == "mine"
    assert network.to_json()["weights"][0]["sha256"] == listed["sha256"]
    assert [each.fault for each in verify_weights(home=tmp_path)] == ["", ""], "headstart's own, and these"


def test_a_rotten_file_is_found_and_never_loaded(squeezenet, tmp_path, capsys):
    add_weights(squeezenet, backbone="squeezenet1_1", tag="mine", home=tmp_path)
    [file] = (tmp_path / "weights").glob("*.safetensors")
    data = bytearray(file.read_bytes())
    data[-7] ^= 1
    file.write_bytes(data)

    assert run(["weights", "verify", "--home", str(tmp_path), "--json"]) == 1
    assert [each["ok"] for each in json.loads(capsys.readouterr().out)["weights"]] == [True, False]
    with pytest.raises(WeightsRefusedError):
        show_backbone("squeezenet1_1@mine", home=tmp_path)


def test_a_file_without_a_network_is_refused(squeezenet, tmp_path):
    with pytest.raises(UsageError, match="--backbone"):
        add_weights(squeezenet, home=tmp_path)


def test_no_network_of_that_name(tmp_path):
    with pytest.raises(UsageError, match="no network"):
        list_backbones("nothing-like-this", home=tmp_path)


def test_kept_features_are_told_verified_and_removed(tmp_path):
    home = tmp_path / "home"
    embed(write_photos(tmp_path / "photos", each=3), backbone=tiny_backbone(), home=home)

    info = features_info(home=home).to_json()
    assert (info["rows"], info["spaces"][0]["rows"]) == (6, 6)
    assert verify_features(home=home).to_json()["checked"] == 6
    assert prune_features(everything=True, home=home).to_json()["removed"] == 6
    assert features_info(home=home).to_json()["rows"] == 0


def test_with_all_features_what_unfinished_trainings_left_is_removed(tmp_path, capsys):
    kept = tmp_path / "training" / ("0" * 32) / "chosen"
    kept.mkdir(parents=True)
    (kept / "epoch").write_bytes(bytes(2_000_000))
    assert prune_features(keep_days=0, home=tmp_path).to_json()["training_bytes"] == 0

    assert run(["features", "prune", "--all", "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "0 rows removed, and 2.0 MB of unfinished trainings\n"
    assert list((tmp_path / "training").iterdir()) == []


def test_prune_wants_one_choice(tmp_path):
    with pytest.raises(UsageError):
        prune_features(home=tmp_path)


def test_looking_at_features_creates_nothing(tmp_path):
    assert features_info(home=tmp_path / "home").to_json()["rows"] == 0
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("verb", ["backbones", "weights", "features"])
def test_lists_print_for_people_and_for_programs(verb, tmp_path, capsys):
    words = {"backbones": ["squeezenet*"], "weights": ["list"], "features": ["info"]}[verb]

    assert run([verb, *words, "--home", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip()
    assert run([verb, *words, "--home", str(tmp_path), "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_one_damaged_registration_hides_nothing_else(squeezenet, tmp_path, capsys):
    add_weights(squeezenet, backbone="squeezenet1_1", tag="mine", home=tmp_path)
    (tmp_path / "weights" / "torchvision-resnet18@wrong.json").write_text("{")

    for verb in ("list", "verify"):
        assert run(["weights", verb, "--home", str(tmp_path), "--json"]) == 1
        shown = json.loads(capsys.readouterr().out)
        assert [each["backbone"] for each in shown["weights"]][1:] == ["torchvision:squeezenet1_1@mine"]
        assert "resnet18@wrong.json" in shown["damaged"][0]
    assert run(["backbones", "squeezenet1_1", "--home", str(tmp_path)]) == 0
