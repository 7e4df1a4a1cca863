"""A file that Keras wrote, from the command line to answers that need no Keras any more."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.backbones.keras.adapter import construct
from headstart.backbones.weights import WeightsStore
from headstart.cli.run import run
from headstart.storage.home import Home
from headstart.tasks.train import train
from headstart.testing import write_photos

pytestmark = [
    pytest.mark.slow,
    # Keras's own, when it saves on torch
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_an_added_file_trains_a_model_that_answers_without_keras_and_torch(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEADSTART_HOME", str(tmp_path / "home"))
    photos = write_photos(tmp_path / "photos", each=4)
    file = tmp_path / "mine.weights.h5"
    construct("MobileNet", {"alpha": 0.25})[0].save_weights(file)
    add = ["weights", "add", str(file), "--backbone", "keras:MobileNet", "--tag", "mine"]

    assert run(add) == 2
    assert "was the network made with options (--option NAME=VALUE)?" in capsys.readouterr().err
    assert run([*add, "--option", "alpha=0.25"]) == 0
    assert run(["weights", "verify", "keras:MobileNet"]) == 0
    assert "keras:MobileNet@mine: ok" in capsys.readouterr().out
    assert run(["backbones", "keras:Mobile*"]) == 0
    assert "keras:MobileNet   weights at hand: @mine" in capsys.readouterr().out
    train = ["train", str(photos), "-o", str(tmp_path / "model"), "--backbone", "keras:MobileNet@mine"]
    assert run([*train, "--engine", "openvino"]) == 0

    others = write_photos(tmp_path / "others", each=2, side=40)
    program = (
        "import json, sys, headstart\n"
        f"answers = headstart.predict({str(tmp_path / 'model')!r}, {str(others)!r})\n"
        "heavy = ('keras', 'tensorflow', 'torch', 'torchvision', 'timm', 'h5py')\n"
        "print(json.dumps([len(answers), [name for name in heavy if name in sys.modules]]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [4, []]


def test_an_option_that_is_none_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEADSTART_HOME", str(tmp_path / "home"))
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"")
    add = ["weights", "add", str(file), "--backbone", "keras:MobileNet", "--tag", "mine"]
    assert run([*add, "--option", "alpha"]) == 2
    assert "--option alpha is no NAME=VALUE" in capsys.readouterr().err
    assert run(add) == 2
    assert "mine.weights.h5 is no HDF5 file but empty" in capsys.readouterr().err
    assert run(["weights", "add", "manifest.json", "--option", "alpha=1"]) == 2
    assert "leave --backbone, --tag and --option out" in capsys.readouterr().err


@pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS is not set")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("keras:MobileNetV2@slim", 0.95, marks=pytest.mark.exhaustive),
        ("keras:MobileNet@slim075", 0.94),
    ],
)
def test_real_weights_tell_cats_from_dogs(tmp_path, name, least):
    assets = Path(os.environ["HEADSTART_ASSETS"])
    WeightsStore(Home(tmp_path)).add_manifest(assets / "weights" / "manifest.json")
    photos = assets / "data" / "cats-vs-dogs"
    model = train(photos / "train", test=photos / "test", backbone=name, home=tmp_path)
    assert model.training.accuracy.value >= least
