"""Rows in OpenVINO: torch's own to the last digits, the same bits in any company and any process."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from headstart.backbones.engines import network_file as files
from headstart.backbones.engines.agreement import agreement
from headstart.backbones.engines.network_file import convert, network_file
from headstart.backbones.engines.openvino_engine import OpenVinoEngine
from headstart.backbones.engines.runtime import has_bf16
from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.load import load_backbone
from headstart.backbones.source import FeatureSource
from headstart.errors import BackboneError
from headstart.storage.home import Home
from headstart.testing import tiny_backbone


def pictures(count: int, side: int = 224) -> list[np.ndarray]:
    return list(np.random.default_rng(1).integers(0, 256, (count, side, side, 3), dtype=np.uint8))


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def rows_of(engine, some):
    return np.stack(list(engine.rows(some)))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("pocket", None),
        ("pocket", "output"),
        ("squeezenet1_1@random", None),
        pytest.param("timm:mobilenetv3_small_050@random", None, marks=pytest.mark.slow),
        pytest.param("regnet_y_400mf@random", "trunk_output.block2:mean", marks=pytest.mark.slow),
        pytest.param("vgg11@random", "classifier.3", marks=pytest.mark.slow),
        pytest.param("timm:mobilevit_xxs@random", None, marks=pytest.mark.slow),
        pytest.param("keras:MobileNet@random", None, marks=pytest.mark.slow),
        pytest.param("keras:MobileNetV2@random", "block_7_add", marks=pytest.mark.slow),
        pytest.param("keras:EfficientNetB0@random", None, marks=pytest.mark.slow),
        pytest.param("keras:ConvNeXtTiny@random", None, marks=pytest.mark.slow),
        pytest.param("timm:vit_tiny_patch16_224@random", None, marks=pytest.mark.slow),
    ],
)
def test_rows_agree_with_torch(name, layer):
    source = FeatureSource.of(load_backbone(name), layer)
    some = pictures(2, source.spec.preprocessing.resize.height)

    rows = rows_of(OpenVinoEngine(source, None), some)

    assert rows.shape == (2, source.width)
    assert rows.dtype == np.float32
    assert agreement(rows, rows_of(TorchEngine(source), some)).allows("f32")


@pytest.mark.slow
def test_a_row_has_the_same_bits_in_any_company(home):
    source, some = FeatureSource.of(load_backbone("mobilenet_v3_small@random")), pictures(5)
    alone = np.concatenate([rows_of(OpenVinoEngine(source, home, workers=1), [each]) for each in some])

    for workers in (1, 2, 3):
        engine = OpenVinoEngine(source, home, workers=workers)
        assert np.array_equal(rows_of(engine, some), alone)
        assert np.array_equal(rows_of(engine, some[::-1])[::-1], alone)
        assert engine.identity() == OpenVinoEngine(source, home).identity()


def test_the_first_picture_is_computed_in_the_callers_own_thread(home, monkeypatch):
    """Where two threads come first to OpenVINO's tables of types, they wait for each other for ever."""
    engine, threads = OpenVinoEngine(FeatureSource.of(tiny_backbone()), home, workers=3), []
    monkeypatch.setattr(OpenVinoEngine, "_row", lambda self, picture: threads.append(threading.get_ident()))

    list(engine.rows(pictures(5, 32)))

    assert threads[0] == threading.get_ident()
    assert threading.get_ident() not in threads[1:]


def test_there_are_never_more_requests_than_threads(home):
    engine = OpenVinoEngine(FeatureSource.of(tiny_backbone()), home, workers=3)
    for _ in range(4):
        list(engine.rows(pictures(12, 32)))

    assert 1 <= engine._idle.qsize() <= 3


@pytest.mark.slow
def test_first_and_later_processes_give_the_same_bits_the_later_ones_without_torch(home):
    source, some = FeatureSource.of(load_backbone("pocket")), pictures(2, 96)
    first = rows_of(OpenVinoEngine(source, home), some)

    program = (
        "import sys, json, numpy as np\n"
        "from pathlib import Path\n"
        "from headstart.backbones.engines.openvino_engine import OpenVinoEngine\n"
        "from headstart.backbones.source import FeatureSource\n"
        "from headstart.storage.home import Home\n"
        "source = FeatureSource.__new__(FeatureSource)\n"
        "spec, layer = json.loads(sys.argv[2])\n"
        "from headstart.backbones.remembered import _spec\n"
        "source.__init__(_spec(spec), layer, 1, load=None)\n"
        "some = list(np.random.default_rng(1).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8))\n"
        "rows = np.stack(list(OpenVinoEngine(source, Home(Path(sys.argv[1]))).rows(some)))\n"
        "loaded = [name for name in ('torch', 'torchvision', 'timm', 'sklearn') if name in sys.modules]\n"
        "print(json.dumps([rows.tobytes().hex(), loaded]))\n"
    )
    from dataclasses import asdict

    facts = json.dumps([asdict(source.spec), source.layer])
    child = subprocess.run(
        [sys.executable, "-c", program, str(home.root), facts], capture_output=True, text=True, check=True
    )
    assert json.loads(child.stdout) == [first.tobytes().hex(), []]


@pytest.mark.slow
def test_a_damaged_network_is_made_again(home):
    source = FeatureSource.of(load_backbone("squeezenet1_1@random"))
    made = network_file(source, home)
    [numbers] = home.cache.rglob("*.bin")
    data = bytearray(numbers.read_bytes())
    data[100] ^= 1
    numbers.write_bytes(data)

    again = network_file(source, home)
    assert again.numbers == made.numbers
    assert network_file(source, home) == again  # and it is whole again on the disk
    assert numbers.read_bytes() == made.numbers


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"xml": 1, "bin": 2}', b"\xff"])
def test_a_damaged_record_counts_as_none(home, text):
    source = FeatureSource.of(tiny_backbone())
    made = network_file(source, home)
    [record] = home.cache.rglob("*.json")
    record.write_bytes(text)

    assert network_file(source, home).numbers == made.numbers
    assert json.loads(record.read_bytes()).keys() == {"xml", "bin"}


def test_a_kept_network_is_not_converted_again(home, monkeypatch):
    source = FeatureSource.of(tiny_backbone())
    network_file(source, home)
    monkeypatch.setattr(files, "convert", lambda source: pytest.fail("it is there"))

    network_file(source, home)


@pytest.mark.slow
def test_a_home_that_cannot_be_written_keeps_nothing_and_works(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    source = FeatureSource.of(tiny_backbone())

    rows = rows_of(OpenVinoEngine(source, Home(blocked)), pictures(1, 32))

    assert np.array_equal(rows, rows_of(OpenVinoEngine(source, None), pictures(1, 32)))


@pytest.mark.slow
def test_a_conversion_gives_the_same_bits_each_time_and_leaves_the_network_as_it_was():
    source, some = FeatureSource.of(load_backbone("mobilenet_v3_small@random")), pictures(1)
    before = source.backbone.weights()

    first, second = (rows_of(OpenVinoEngine(source, None), some) for _ in range(2))

    assert np.array_equal(first, second)
    assert source.backbone.weights() == before


def test_numbers_are_kept_in_f32():
    """Half precision would save half of the file and change the rows from the second process on."""
    network = convert(FeatureSource.of(tiny_backbone()))
    assert b'element_type="f16"' not in network.xml
    assert b'element_type="f32"' in network.xml


def test_what_cannot_be_converted_says_so_in_one_line():
    import torch

    from headstart.backbones.module import module_backbone

    class Strange(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3)

        def forward(self, pixels):
            found = self.conv(pixels)
            return torch.linalg.eigvals(found.mean((2, 3))[:, :, None] * found.mean((2, 3))[:, None]).abs()

    backbone = module_backbone(
        Strange(), name="strange", input_size=16, mean=(0.5,) * 3, std=(0.2,) * 3, feature_layer="output"
    )
    with pytest.raises(
        BackboneError, match=r"^OpenVINO can't run module:strange .*choose --engine torch$"
    ) as caught:
        convert(FeatureSource.of(backbone))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(not has_bf16(), reason="this processor does not compute in bfloat16")
def test_low_precision_is_close_and_another_engine(home):
    source, some = FeatureSource.of(load_backbone("squeezenet1_1@random")), pictures(2)
    exact, low = OpenVinoEngine(source, home), OpenVinoEngine(source, home, precision="bf16")

    assert exact.identity() != low.identity()
    assert not np.array_equal(rows_of(exact, some), rows_of(low, some))
    assert agreement(rows_of(low, some), rows_of(exact, some)).least > 0.999


@pytest.mark.slow
def test_openvino_does_not_report_home(tmp_path):
    """It would write a file into the user's home and look up a name on the network."""
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise SystemExit('a connection was tried')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        "import numpy as np\n"
        "from headstart.backbones.engines.openvino_engine import OpenVinoEngine\n"
        "from headstart.backbones.source import FeatureSource\n"
        "from headstart.testing import tiny_backbone\n"
        "engine = OpenVinoEngine(FeatureSource.of(tiny_backbone()), None)\n"
        "list(engine.rows([np.zeros((32, 32, 3), np.uint8)]))\n"
        "assert 'openvino' in sys.modules\n"
    )
    place = tmp_path / "userhome"
    place.mkdir()
    environment = {**os.environ, "HOME": str(place), "XDG_CONFIG_HOME": str(place / "config")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=120)
    assert [path.name for path in place.rglob("*")] == []
