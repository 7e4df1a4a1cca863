"""`headstart finetune` as its user meets it: what is kept works in every other verb."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.cli.run import run as headstart
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.model.model import load_model
from headstart.testing import write_photos

pytestmark = pytest.mark.slow
CLASSES = ("red", "blue", "green")
QUICK = ["--epochs", "2", "--views", "2", "--batch-size", "8"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", CLASSES, each=12, side=80)
    write_photos(folder / "apart", CLASSES, each=3, side=90)
    return folder


def told(world, capsys, *words, model="model"):
    home, output = ["--home", str(world / "home")], ["-o", str(world / model)]
    tests = ["--test", str(world / "apart")]
    code = headstart(["finetune", str(world / "photos"), *output, *tests, *home, "--json", *QUICK, *words])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return json.loads(shown.out)


def answer(capsys, *words, codes=(0,)):
    code = headstart([*map(str, words), "--json"])
    shown = capsys.readouterr()
    assert code in codes, shown.err
    return json.loads(shown.out)


@pytest.mark.parametrize("part", ["last", "whole", "stages.4"])
def test_a_tuned_model_says_the_same_everywhere(world, capsys, part):
    from headstart.backbones.load import load_backbone
    from headstart.finetune.parts import stages

    if part == "stages.4":
        part = stages(load_backbone("pocket"))[-2].name
    name = f"model-{part}"
    facts = told(world, capsys, "--part", part, "--no-gate", "--no-refit", model=name)
    home, model = ["--home", world / "home"], world / name

    assert facts["finetuning"]["kept"] == "fine-tuned"
    assert "@tuned-" in facts["backbone"]
    assert facts["accuracy"]["photos"] == facts["probe"]["accuracy"]["photos"] == 9
    assert [each["number"] for each in facts["history"]] == [0, 1, 2]
    evaluated = answer(capsys, "evaluate", model, world / "apart", *home)
    assert evaluated["accuracy"]["value"] == facts["accuracy"]["value"]
    assert evaluated["confusion"] == facts["confusion"]

    said = answer(capsys, "predict", model, world / "apart", *home)["predictions"]
    loaded = load_model(model)
    resize = loaded.backbone_spec.preprocessing.resize
    read = [Path(world / "apart", each["file"]).read_bytes() for each in said]
    pixels = torch.from_numpy(to_pixels([decode(photo, resize).pixels for photo in read]))
    with torch.no_grad():
        whole = loaded.to_torch()(pixels).numpy()
        network = torch.softmax(loaded.network().logits(pixels), 1).numpy()
    found = np.array([[each["probabilities"][label] for label in loaded.classes] for each in said])
    np.testing.assert_allclose(whole, found, atol=0.02)
    np.testing.assert_allclose(network, found, atol=0.02)


def test_other_verbs_open_a_tuned_model(world, capsys):
    told(world, capsys, "--no-gate", "--no-refit", "--no-linear-first", "--bf16", model="tuned")
    model, home, photo = world / "tuned", ["--home", world / "home"], world / "apart" / "red" / "0.jpg"

    ideal = answer(capsys, "ideal", model, "red", "-o", world / "ideal.png", "--steps", "4", *home)
    assert ideal["class"] == "red"
    words = ["attack", model, photo, "--untargeted", "-o", world / "attack.png", "--steps", "2"]
    attack = answer(capsys, *words, *home, codes=(0, 1))  # 1: it did not succeed
    assert "before" in attack
    explained = answer(capsys, "explain", model, photo, "-o", world / "explained.png", *home)
    assert explained["label"] in CLASSES


def test_what_the_gate_leaves_is_a_linear_head_like_any_other(world, capsys):
    facts = told(world, capsys, "--learning-rate", "1e3", model="refused")
    model, home, photo = world / "refused", ["--home", world / "home"], world / "apart" / "red" / "0.jpg"

    assert facts["finetuning"]["kept"] == "linear head"
    assert facts["backbone"] == "pocket"
    assert facts["accuracy"] == facts["probe"]["accuracy"]
    train = ["train", world / "photos", "-o", world / "plain", "--test", world / "apart", *home]
    assert answer(capsys, *train)["accuracy"]["value"] == facts["accuracy"]["value"]
    first, second = load_model(model), load_model(world / "plain")
    assert first.classes == second.classes
    assert first.backbone_spec == second.backbone_spec
    np.testing.assert_allclose(first.head.weight, second.head.weight, rtol=0.05, atol=0.05)
    assert (
        answer(capsys, "evaluate", model, world / "apart", *home)["accuracy"]["value"]
        == facts["accuracy"]["value"]
    )
    assert answer(capsys, "explain", model, photo, "-o", world / "e.png", *home)["label"] in CLASSES


def test_what_people_read(world, capsys):
    words = ["finetune", str(world / "photos"), "-o", str(world / "read"), "--home", str(world / "home")]
    assert headstart([*words, *QUICK, "--learning-rate", "1e9"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert any(line.startswith("kept: the linear head") and "--no-gate" in line for line in lines)
    assert any("not finite" in line for line in lines)
    assert max(map(len, lines)) < 250


def test_a_layer_that_does_not_exist_is_refused_with_close_names(world, capsys):
    home = ["--home", str(world / "home"), "-o", str(world / "never")]
    code = headstart(
        ["finetune", str(world / "photos"), *home, "-b", "squeezenet1_1@random", "--part", "featurse.10"]
    )

    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2
    assert "close: features.10" in said
    assert not (world / "never").exists()
