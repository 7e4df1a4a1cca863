"""A user's SavedModel as a backbone: what it gives, what is refused. Slow: TensorFlow is loaded for it."""

import copy
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from headstart.backbones.check import check_backbone
from headstart.backbones.keras.savedmodel import savedmodel_backbone
from headstart.errors import HeadstartError, WeightsRefusedError
from tests.backbones.keras.test_tensorflow import ran

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("tensorflow") is None, reason="the extra tensorflow is not installed"),
]
BYTES = {"name": "mine", "mean": (0, 0, 0), "std": (1 / 255,) * 3, "input_size": 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("saved")
    ran("tests/backbones/keras/savedmodels.py", str(made))
    return made


@pytest.fixture(scope="module")
def answers(folder):
    return np.load(folder / "answers.npz")


@pytest.fixture(scope="module")
def plain(folder):
    return savedmodel_backbone(
        folder / "plain", **BYTES, output="scores", feature_layer="outputs.maps:mean", classes=("cat", "dog")
    )


def test_it_keeps_the_contract(plain):
    check_backbone(plain)
    assert (plain.spec.framework, plain.spec.feature_width, plain.spec.parameters) == ("module", 8, 232)


def test_its_answers_are_tensorflows_and_its_softmax_is_taken_off(plain, answers):
    pixels = torch.from_numpy(answers["pixels"]).permute(0, 3, 1, 2)
    logits = plain.logits(pixels)
    assert torch.allclose(torch.softmax(logits, 1), torch.from_numpy(answers["scores"]), atol=1e-5)
    assert float(logits.detach().abs().max()) > 1


def test_its_numbers_are_torchs_and_decide(plain, answers):
    module = copy.deepcopy(plain.module)
    pixels = torch.from_numpy(answers["pixels"]).permute(0, 3, 1, 2)
    assert sorted(module.state_dict()) == ["fixed", "kernel", "kernel_1"]
    with torch.no_grad():
        module.fixed.zero_()
    assert torch.equal(module(pixels), torch.zeros(2, 2))
    assert not torch.equal(plain.module(pixels), torch.zeros(2, 2))


def test_a_model_that_keras_exported_is_one_too(folder, answers):
    backbone = savedmodel_backbone(folder / "keras", **BYTES, classes=("a", "b", "c"))
    check_backbone(backbone)
    pixels = torch.from_numpy(answers["pixels"]).permute(0, 3, 1, 2)
    found = torch.softmax(backbone.logits(pixels), 1)
    assert torch.allclose(found, torch.from_numpy(answers["keras"]), atol=1e-5)


@pytest.mark.parametrize(
    ("which", "operation"),
    [
        ("writes", "WriteFile"),
        ("reads", "ReadFile"),
        ("calls", "PyFunc"),
        ("saves", "SaveV2"),
        ("hides", "WriteFile"),
    ],
)
def test_what_does_more_than_compute_is_refused_and_named(folder, which, operation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsRefusedError, match=rf"{which} holds the operation \w*{operation}"):
        savedmodel_backbone(folder / which, **BYTES)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("which", "more", "said"),
    [
        ("plain", {}, r"several outputs; expected output to be one of: maps, scores"),
        ("plain", {"output": "rows"}, r"no output 'rows'; expected output to be one of: maps, scores"),
        ("plain", {"signature": "train"}, r"no signature 'train'; it has serving_default"),
        ("onephoto", {}, r"expected float32 and any number of photos at a time"),
        ("nothing", {}, r"is no SavedModel; expected a folder"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(folder, which, more, said):
    with pytest.raises(HeadstartError, match=said):
        savedmodel_backbone(folder / which, **BYTES, **more)
