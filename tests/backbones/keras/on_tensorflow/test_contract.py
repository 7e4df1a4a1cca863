"""Keras on TensorFlow: the contract of backbones, hooks, copies, errors, engines."""

import copy

import numpy as np
import pytest
import torch

from headstart.backbones.check import check_backbone
from headstart.backbones.engines.choose import choose_engine, the_engine
from headstart.backbones.engines.engine import ANY, EngineChoice
from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.load import load_backbone
from headstart.backbones.source import FeatureSource
from headstart.errors import BackboneError, UsageError
from headstart.features.choosing import AsTrained
from headstart.storage.home import Home
from tests.backbones.keras.nets import nested


@pytest.fixture(scope="module")
def small():
    return load_backbone("keras:MobileNet@random", options={"alpha": 0.25})


@pytest.fixture
def pixels():
    return torch.rand((2, 3, 224, 224), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "options"), [("MobileNet", {"alpha": 0.25}), ("MobileNetV2", {"alpha": 0.35})]
)
def test_networks_keep_the_contract(name, options):
    check_backbone(load_backbone(f"keras:{name}@random", options=options))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["ResNet50", "EfficientNetB0", "VGG16"])
def test_large_networks_keep_the_contract(name):
    check_backbone(load_backbone(f"keras:{name}@random"))


def test_a_users_own_model_with_a_model_inside_keeps_the_contract():
    check_backbone(keras_backbone(nested()))


def test_listening_changes_no_bit(small, pixels):
    alone = small.activations(pixels, ["output"])["output"]
    layers = [name for name, _ in small.module.named_children() if name.endswith("_relu")]
    assert torch.equal(small.activations(pixels, ["output", *layers])["output"], alone)


def test_another_threads_listener_cuts_nothing(small, pixels):
    from threading import Thread

    child = small.module.get_submodule("conv_pw_6_relu")
    heard = []

    def listens(*_args):
        heard.append(1)

    listens.thread = -1
    handle = child.register_forward_hook(listens)
    try:
        worker = Thread(target=small.features, args=(pixels,))
        worker.start()
        worker.join()
    finally:
        handle.remove()
    assert not heard


def test_a_copy_has_numbers_of_its_own_and_shares_the_code(small, pixels):
    copied = copy.deepcopy(small.module)
    before = small.logits(pixels)
    with torch.no_grad():
        copied.get_submodule("conv_preds").bias.add_(1.0)
        after = copied(small.normalise(pixels))
    assert torch.equal(small.logits(pixels), before)
    assert torch.allclose(after.flatten(1), before + 1, atol=1e-5)
    assert copied.program is small.module.program


def test_gradients_of_several_outputs_come_one_by_one(small, pixels):
    watched = pixels.clone().requires_grad_()
    logits = small.logits(watched)
    rows = [torch.autograd.grad(logits[:, at].sum(), watched, retain_graph=True)[0] for at in (0, 1)]
    both = torch.autograd.grad(logits[:, :2].sum(), watched)[0]
    assert torch.allclose(rows[0] + rows[1], both, atol=1e-5 * float(both.abs().max()))


def test_the_gradient_is_that_of_finite_differences(small, pixels):
    watched = pixels[:1].double().float().requires_grad_()
    score = small.logits(watched)[0, 0]
    (gradient,) = torch.autograd.grad(score, watched)
    way = gradient / gradient.norm()
    with torch.no_grad():
        up, down = (small.logits(watched + step * way)[0, 0] for step in (1e-2, -1e-2))
    assert float((up - down) / 2e-2) == pytest.approx(float(gradient.norm()), rel=0.02)


def test_gradients_of_gradients_are_refused_in_one_line(small, pixels):
    watched = pixels.clone().requires_grad_()
    with pytest.raises(BackboneError, match=r"first derivatives alone.*leave KERAS_BACKEND out"):
        torch.autograd.grad(small.logits(watched).sum(), watched, create_graph=True)


def test_no_photos_give_no_rows(small):
    none = torch.zeros(0, 3, 224, 224, requires_grad=True)
    rows = small.logits(none)
    assert rows.shape == (0, 1000)
    assert torch.autograd.grad(rows.sum(), none)[0].shape == none.shape


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_other_floats_are_refused_in_one_line(small, pixels, kind):
    with pytest.raises(BackboneError, match=rf"in torch.float32; some are in {kind}: call .float\(\)"):
        small.module(pixels.to(kind))


@pytest.mark.exhaustive
def test_photos_of_a_wrong_size_are_refused_in_one_line():
    fixed = load_backbone("keras:VGG16@random")
    with pytest.raises(BackboneError, match=r"takes photos of 224 x 224 pixels; it refused 96 x 96"):
        fixed.logits(torch.rand(1, 3, 96, 96))


def test_the_engine_is_tensorflow_and_no_other(small, tmp_path):
    source = FeatureSource.of(small)
    chosen = choose_engine(source, Home(tmp_path), ANY, lambda _most: [])
    assert (chosen.plan.engine, chosen.engine.identity()["engine"]) == ("tensorflow", "tensorflow")
    assert "tensorflow" in chosen.engine.identity()["network"]
    photo = np.zeros((224, 224, 3), np.uint8)
    assert next(iter(chosen.engine.rows([photo]))).shape == (256,)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (EngineChoice("openvino"), r"--engine openvino can't run .* leave one of the two out"),
        (EngineChoice("torch"), r"--engine torch can't run .* TensorFlow computes it"),
        (EngineChoice(None, "bf16"), r"^--precision bf16 can't be had of TensorFlow"),
    ],
)
def test_what_tensorflow_can_not_do_is_refused(small, tmp_path, asked, said):
    with pytest.raises(UsageError, match=said):
        choose_engine(FeatureSource.of(small), Home(tmp_path), asked, lambda _most: [])


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_a_model_of_another_engine_answers_here_and_says_how_to_have_that_one(small, tmp_path, engine):
    recipe = {"engine": engine, "precision": "f32"}
    for asked in (ANY, EngineChoice(None, "f32")):
        found = AsTrained(Home(tmp_path), recipe, asked).choose(FeatureSource.of(small), [], None)
        assert (found.plan.engine, found.plan.precision) == ("tensorflow", "f32")
        [note] = found.notes
        assert f"from {engine} f32, which can't be had with KERAS_BACKEND=tensorflow: those" in note
    with pytest.raises(UsageError, match=r"^--precision bf16 can't be had of TensorFlow"):
        AsTrained(Home(tmp_path), recipe, EngineChoice(None, "bf16")).choose(
            FeatureSource.of(small), [], None
        )


def test_networks_of_torch_run_beside_it(tmp_path):
    other = FeatureSource.of(load_backbone("torchvision:squeezenet1_1@random"))
    assert the_engine(other, Home(tmp_path), "torch", "f32").identity()["engine"] == "torch"
    with pytest.raises(UsageError, match="is not run by it here"):
        the_engine(other, Home(tmp_path), "tensorflow", "f32")
