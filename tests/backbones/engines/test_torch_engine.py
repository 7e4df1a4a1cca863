"""Rows with the same bits whatever is computed beside them."""

import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.engines.agreement import agreement
from headstart.backbones.engines.processor import cpu_kind
from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.layers import Tap
from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.backbones.trace import Trace, Visit, _entering
from headstart.errors import BackboneError
from headstart.images.pixels import to_pixels
from headstart.testing import tiny_backbone


def photos(count: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).random((count, 3, side, side), dtype=np.float32)


@pytest.fixture
def threads_restored():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("threads_restored")
@pytest.mark.parametrize("name", ["mobilenet_v3_small", "regnet_y_400mf", "timm:mobilevit_xxs"])
def test_a_row_has_the_same_bits_in_any_company(name):
    backbone = load_backbone(f"{name}@random")
    pixels = photos(5, 64)
    alone = np.concatenate([TorchEngine(backbone, workers=1).run(pixels[i : i + 1]) for i in range(5)])

    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        engine = TorchEngine(backbone)
        assert np.array_equal(engine.run(pixels), alone)
        assert np.array_equal(engine.run(pixels[::-1])[::-1], alone)
        assert torch.get_num_threads() == threads


def test_rows_are_the_backbones_features():
    backbone, pixels = tiny_backbone(), photos(3)

    rows = TorchEngine(backbone, "first:mean").run(pixels)

    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, backbone.features(torch.from_numpy(pixels), "first:mean"), rtol=1e-5)


def test_the_callers_gradient_mode_and_pixels_stay_as_they_are():
    engine, pixels = TorchEngine(tiny_backbone()), photos(2)
    before = pixels.copy()

    with torch.enable_grad():
        engine.run(pixels)
        assert torch.is_grad_enabled()

    assert np.array_equal(pixels, before)


def test_gradients_still_flow_after_the_engine_has_run():
    backbone = load_backbone("timm:levit_128s@random")
    TorchEngine(backbone).run(photos(1, 224))
    pixels = torch.from_numpy(photos(1, 224)).requires_grad_()

    backbone.features(pixels).sum().backward()

    assert bool(pixels.grad.any())


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 3, 32, 32), np.float32),
        np.zeros((3, 32, 32), np.float32),
        np.zeros((1, 3, 32, 32), np.uint8),
    ],
)
def test_what_are_no_pixels_is_refused(pixels):
    with pytest.raises(BackboneError, match=r"expected float32 pixels \(n, 3, height, width\), n 1 or more"):
        TorchEngine(tiny_backbone()).run(pixels)


def test_an_engine_that_cannot_work_is_refused_at_once():
    with pytest.raises(BackboneError, match="1 or more"):
        TorchEngine(tiny_backbone(), batch=0)
    with pytest.raises(BackboneError, match="int8 needs the engine openvino"):
        TorchEngine(tiny_backbone(), precision="int8")
    with pytest.raises(BackboneError, match="no layer is called"):
        TorchEngine(tiny_backbone(), "nothing")


def test_the_identity_says_what_changes_bits():
    identity = TorchEngine(load_backbone("squeezenet1_1@random")).identity()

    assert identity["engine"] == "torch"
    assert identity["torch"] == torch.__version__.partition("+")[0]
    assert identity["cpu"] == cpu_kind() != ""
    assert identity["precision"].startswith("f32")
    assert "torchvision:squeezenet1_1" in identity["network"]
    assert all(isinstance(value, str) for value in identity.values())


def test_the_number_of_workers_is_no_part_of_the_identity():
    backbone = tiny_backbone()

    assert TorchEngine(backbone, workers=1).identity() == TorchEngine(backbone, workers=3).identity()


def test_options_are_part_of_the_identity():
    name = "timm:mobilenetv3_small_050@random"
    plain, padded = load_backbone(name), load_backbone(name, options={"pad_type": "same"})

    assert plain.spec.weights_digest == padded.spec.weights_digest
    assert TorchEngine(plain).identity() != TorchEngine(padded).identity()


@pytest.mark.usefixtures("threads_restored")
@pytest.mark.parametrize("layer", ["first:in", "last:in:mean", "last"])
@pytest.mark.slow
def test_workers_never_meet_in_a_hook(layer):
    before = sys.getswitchinterval()
    engine = TorchEngine(tiny_backbone(), layer, batch=8, workers=8)
    pixels = photos(8, 9)
    expected = engine.run(pixels)

    sys.setswitchinterval(1e-6)
    try:
        runs = [engine.run(pixels) for _ in range(250)]
    finally:
        sys.setswitchinterval(before)

    assert all(np.array_equal(rows, expected) for rows in runs)


def pictures(count: int, side: int = 32) -> list[np.ndarray]:
    return list(np.random.default_rng(1).integers(0, 256, (count, side, side, 3), dtype=np.uint8))


def test_rows_of_pictures_are_those_of_their_pixels():
    engine, some = TorchEngine(tiny_backbone()), pictures(5)

    assert np.array_equal(list(engine.rows(some)), engine.run(to_pixels(some)))


def test_batches_of_one_shape_are_what_a_card_gets():
    """On the processor, since the same code runs wherever torch can."""
    backbone, some = load_backbone("mobilenet_v3_small@random"), pictures(5, 64)
    engine = TorchEngine(backbone, batch=4)
    rows = np.stack(list(engine.rows(some)))

    assert engine.identity()["batch"] == "4"
    np.testing.assert_allclose(rows, list(TorchEngine(backbone).rows(some)), rtol=1e-3, atol=1e-4)
    assert np.array_equal(rows[4], next(iter(engine.rows(some[4:]))))  # padded alike: the same bits


def test_low_precision_is_close_and_another_engine():
    backbone, some = load_backbone("squeezenet1_1@random"), pictures(2, 64)
    exact, low = TorchEngine(backbone), TorchEngine(backbone, precision="bf16")
    rows, other = np.stack(list(exact.rows(some))), np.stack(list(low.rows(some)))

    assert exact.identity() != low.identity()
    assert not np.array_equal(rows, other)
    assert agreement(other, rows).least > 0.999
    assert other.dtype == np.float32


def test_nobody_reads_ahead_of_what_is_needed():
    asked = []

    def watched():
        for number, picture in enumerate(pictures(64)):
            asked.append(number)
            yield picture

    rows = TorchEngine(tiny_backbone(), workers=2).rows(watched())
    next(rows)

    assert len(asked) <= 6
    rows.close()


@pytest.mark.parametrize("listener", [Tap(entering=True)._enters, _entering(Trace(1.0), Visit("", "", 0, 0))])
def test_a_hook_that_another_thread_calls_without_keywords_is_fine(listener):
    thread = threading.Thread(target=listener, args=(nn.Identity(), (torch.zeros(1),)))
    failed = []
    before, threading.excepthook = threading.excepthook, failed.append
    try:
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before

    assert failed == []


def own(activation, name="mine", **facts):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), activation, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return module_backbone(module, name=name, mean=(0.5,) * 3, std=(0.2,) * 3, input_size=16, **facts)


def test_other_code_with_the_same_weights_is_another_network():
    first, again, other = (own(each, feature_layer="3") for each in (nn.ReLU(), nn.ReLU(), nn.Tanh()))

    assert first.spec.weights_digest == other.spec.weights_digest
    assert TorchEngine(first, "3").identity() == TorchEngine(again, "3", workers=3).identity()
    assert TorchEngine(first, "3").identity() != TorchEngine(other, "3").identity()
