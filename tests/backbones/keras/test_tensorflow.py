"""Keras on TensorFlow, in processes of its own: the same numbers as on torch, and all that rests on them."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

# Not importorskip: TensorFlow must not be loaded here.
pytestmark = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="the extra tensorflow is not installed"
)

ROOT = Path(__file__).parents[3]
PROVED_THERE = Path(__file__).parent / "on_tensorflow"


def ran(*words, backend="tensorflow", home=None, timeout=600):
    """A Python of its own; its last lines where it fails."""
    given = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    given |= {} if home is None else {"HEADSTART_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, *words],
        env=given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


SMALL = ("MobileNet", "MobileNetV2", "mine")
LARGE = ("ResNet50", "EfficientNetB0", "VGG16")


@pytest.fixture(
    scope="module", params=[SMALL, pytest.param(LARGE, marks=pytest.mark.exhaustive)], ids=["small", "large"]
)
def numbers(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    for backend in ("torch", "tensorflow"):
        file = str(folder / f"{backend}.npz")
        ran("tests/backbones/keras/both.py", file, *request.param, backend=backend, home=folder)
    return tuple(np.load(folder / f"{backend}.npz") for backend in ("torch", "tensorflow"))


@pytest.mark.slow
def test_networks_have_the_same_weights_names_and_digests_on_both_backends(numbers):
    one, other = numbers
    digests = [name for name in one.files if name.endswith("digest")]
    assert len(digests) == 3
    assert {name: str(one[name]) for name in digests} == {name: str(other[name]) for name in digests}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["features", "logits", "map"])
def test_both_backends_see_the_same(numbers, what):
    assert max(differences(numbers, what).values()) < 1e-4


@pytest.mark.slow
def test_gradients_are_the_same_on_both_backends(numbers):
    for what in ("gradient of map", "gradient of pixels"):
        found = differences(numbers, what)
        # Random weights let sums fall on a ReLU's zero: of ResNet-50's millions, some to the other side.
        assert found.pop("ResNet50", 0.0) < 1e-2
        assert max(found.values()) < 1e-3, found


@pytest.mark.slow
def test_weights_learn_the_same_on_both_backends(numbers):
    one, other = numbers
    for what in ("kernel", "gamma", "losses"):
        wanted = one[f"training {what}"]
        assert np.abs(wanted).max() > 0
        assert distance(wanted, other[f"training {what}"]) < 1e-3
    assert abs(one["training losses"][1] - one["training losses"][0]) > 1e-4


@pytest.mark.slow
def test_what_rests_on_tensorflow_holds_there():
    proved_there("not exhaustive")


@pytest.mark.exhaustive
def test_what_rests_on_tensorflow_holds_there_for_large_networks():
    proved_there("exhaustive")


def proved_there(which):
    said = ran("-m", "pytest", "-q", "-n", "0", "-m", which, "--import-mode=importlib", str(PROVED_THERE))
    assert " passed" in said


def differences(numbers, what):
    one, other = numbers
    networks = [name.partition(" ")[0] for name in one.files if name.endswith(" digest")]
    return {name: distance(one[f"{name} {what}"], other[f"{name} {what}"]) for name in networks}


def distance(one, other):
    """Of two arrays, relative to the length of the first: single ReLUs at zero may fall to either side."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(one))
