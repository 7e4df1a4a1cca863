"""TensorFlow and triton in one process, in every order that a user may produce: none of them aborts."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from headstart.backbones.order import TritonGuard, guard_the_order


@pytest.fixture
def modules(monkeypatch):
    """`sys.modules` without either of the two, and put back afterwards."""
    known = dict(sys.modules)
    for name in ("tensorflow", "triton"):
        known.pop(name, None)
    monkeypatch.setattr(sys, "modules", known)
    return known


def test_triton_is_found_as_usual_while_tensorflow_is_not_loaded(modules):
    assert TritonGuard().find_spec("triton") is None
    assert "triton" not in modules


def test_triton_after_tensorflow_counts_as_not_installed(modules):
    modules["tensorflow"] = sys
    with pytest.raises(ModuleNotFoundError, match="import headstart and torch before tensorflow"):
        TritonGuard().find_spec("triton")
    assert modules["triton"] is None


def test_other_modules_are_no_business_of_the_guard(modules):
    modules["tensorflow"] = sys
    assert TritonGuard().find_spec("tritonclient") is None


def test_headstart_after_tensorflow_keeps_triton_out_at_once(modules):
    modules["tensorflow"] = sys
    guard_the_order()
    assert modules["triton"] is None


def test_triton_that_came_first_stays(modules):
    modules |= {"tensorflow": sys, "triton": sys}
    guard_the_order()
    assert modules["triton"] is sys


def test_there_is_one_guard_however_often_it_is_asked_for():
    guard_the_order()
    guard_the_order()
    assert sum(isinstance(each, TritonGuard) for each in sys.meta_path) == 1


LOADS = "from headstart.backbones.load import load_backbone; load_backbone('{}').layers()"
TORCHVISION = LOADS.format("torchvision:squeezenet1_1@random")
TIMM = LOADS.format("timm:mobilenetv2_050@random")
KERAS = LOADS.format("keras:MobileNet@random")
ADAM = "import torch; torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).step()"
ABSENT = "import sys; sys.modules[{!r}] = None"
SLOW, EXHAUSTIVE = pytest.mark.slow, pytest.mark.exhaustive


def order(name, *lines, backend=None, mark=EXHAUSTIVE):
    return pytest.param(lines, backend, marks=mark, id=f"{name}, Keras on {backend or 'its own choice'}")


# KERAS_BACKEND=torch and TensorFlow first is not among them: TensorFlow loads Keras, Keras torch, and torch
# triton, so that `import tensorflow` by itself aborts before anybody could see to it.
ORDERS = [
    order("tensorflow, headstart", "import tensorflow", TORCHVISION, TIMM, KERAS, mark=SLOW),
    order("tensorflow, headstart", "import tensorflow", TORCHVISION, TIMM, KERAS, backend="tensorflow"),
    order("tensorflow, torch, headstart", "import tensorflow, torch", TORCHVISION, backend="tensorflow"),
    order("keras, headstart", "import keras", KERAS, TIMM, backend="torch"),
    order("keras, headstart", "import keras", KERAS, TIMM, backend="tensorflow"),
    order("headstart, tensorflow, torchvision", "import headstart, tensorflow, torchvision"),
    order("headstart, tensorflow", "import headstart, tensorflow", TIMM, KERAS, backend="torch"),
    order("headstart, tensorflow, a step of torch's", "import headstart, tensorflow", ADAM),
    order("keras's networks first", KERAS, "import tensorflow", TORCHVISION, TIMM, backend="torch"),
    order("keras's networks first", KERAS, "import torchvision", TIMM, backend="tensorflow", mark=SLOW),
    order("torchvision first", "import torchvision, tensorflow, timm", TIMM, KERAS, backend="torch"),
    order("torchvision first", "import torchvision, tensorflow, timm", TIMM, KERAS, backend="tensorflow"),
    order("no triton", ABSENT.format("triton"), TORCHVISION, KERAS, TIMM, backend="tensorflow"),
    order("no tensorflow", ABSENT.format("tensorflow"), TORCHVISION, KERAS, TIMM),
]


def ran(lines, **given):
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | given
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="the extra tensorflow is not installed")
@pytest.mark.parametrize(("lines", "backend"), ORDERS)
def test_no_order_aborts(lines, backend, tmp_path):
    given = {} if backend is None else {"KERAS_BACKEND": backend}
    done = ran(lines, HEADSTART_HOME=str(tmp_path), **given)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("lines", "given", "said"),
    [
        ([KERAS], {"KERAS_BACKEND": "nonsense"}, "Keras runs on nonsense in this process"),
        (
            ["import keras", "keras.backend.backend = lambda: 'jax'", KERAS],
            {"KERAS_BACKEND": "tensorflow"},
            "Keras runs on jax in this process",
        ),
        (
            [ABSENT.format("tensorflow"), KERAS],
            {"KERAS_BACKEND": "tensorflow"},
            "pip install 'headstart[tensorflow]'",
        ),
    ],
)
def test_what_can_not_be_is_said_in_one_line(lines, given, said, tmp_path):
    done = ran(lines, HEADSTART_HOME=str(tmp_path), **given)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("headstart.errors.BackboneError")
    assert said in last


@pytest.mark.exhaustive
def test_the_file_of_kerass_settings_does_not_choose_the_backend(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "tensorflow"}')
    lines = [KERAS, "import keras", "assert keras.backend.backend() == 'torch'"]
    done = ran(lines, KERAS_HOME=str(tmp_path), HEADSTART_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
