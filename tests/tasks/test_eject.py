"""Ejected scripts as their users run them: without headstart, they answer as the model does.

Tolerance: for 19 of 20 photos the same answer, and of those for 19 of 20 a probability within 0.03. float32
adds up in another order, rows are not rounded, Keras's layer is trained in 300 steps, and of two photos that
are equally near another may be the last that votes. Measured: the same answer for every photo, and a
probability within 0.001 in torch's linear scripts.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones.keras.runtime import has_keras
from headstart.backbones.load import load_backbone
from headstart.backbones.weights import WeightsStore
from headstart.cli.run import run
from headstart.errors import ModelError, UsageError
from headstart.finetune.settings import Tuning
from headstart.model.model import load_model
from headstart.storage.home import Home
from headstart.tasks.eject import eject
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos

ASSETS = os.environ.get("HEADSTART_ASSETS")
needs_assets = pytest.mark.skipif(
    not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos"
)
needs_keras = pytest.mark.skipif(not has_keras(), reason="Keras is not installed")
SAME, NEAR = 0.95, 0.03
GUARDED = """
import runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "headstart":
            raise ImportError("headstart was asked for")

sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
assert not any(name.partition(".")[0] == "headstart" for name in sys.modules)
"""


def hard_photos(folder, seed, each):
    """Three classes that are told apart some of the time: faint colours under large squares of noise."""
    for label, name in enumerate(("red", "blue", "green")):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            noise = np.random.default_rng((seed, label, number)).integers(0, 256, (6, 6, 3))
            picture = 0.12 * fake_photo(label, 1000 * seed + number) + 0.8 * noise.repeat(8, 0).repeat(8, 1)
            (folder / name / f"{number}.jpg").write_bytes(jpeg(picture.astype(np.uint8)))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    hard_photos(folder / "photos", 1, 20)
    hard_photos(folder / "test", 2, 12)
    return folder


def trained(place, backbone, head="linear", **more):
    return train(
        place / "photos", test=place / "test", backbone=backbone, head=head, output=place / "model",
        home=place / "home", engine="torch", precision="f32", **more,
    )  # fmt: skip


def alone(script, *files):
    """What a script prints where headstart can't be imported."""
    words = [sys.executable, "-I", "-c", GUARDED, str(script), *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def accuracy(printed):
    line = next(line for line in printed.splitlines() if line.startswith("accuracy: "))
    return float(line.split()[1])


def require_same(place, model, script):
    files = sorted((place / "test").glob("*/*.jpg"))
    printed = alone(script, *files)
    lines = [line for line in printed.splitlines() if line.startswith(repr(str(place))[:-1])]
    ours = predict(model, files, home=place / "home", engine="torch", precision="f32")
    pairs = [(line.rsplit(": ", 1)[1].split(), answer) for line, answer in zip(lines, ours, strict=True)]
    same = [ast.literal_eval(theirs[0]) == answer.label for theirs, answer in pairs]
    far = [abs(float(theirs[1]) - answer.probabilities[answer.label]) for theirs, answer in pairs]
    assert np.mean(same) >= SAME
    assert np.mean(np.array(far)[same] <= NEAR) >= SAME
    assert abs(accuracy(printed) - model.training.accuracy.value) <= 1 - SAME
    return printed


@pytest.mark.parametrize(
    ("backbone", "head"),
    [
        ("pocket", "linear"),
        ("pocket", "prototypes"),
        pytest.param("pocket", "neighbours", marks=pytest.mark.exhaustive),
        ("torchvision:squeezenet1_1@random", "linear"),
        ("timm:test_resnet@random", "linear"),
        pytest.param("timm:test_vit@random", "linear", marks=pytest.mark.exhaustive),
        pytest.param("timm:vit_tiny_patch16_224@random", "linear", marks=pytest.mark.exhaustive),
    ],
)
def test_a_script_of_torch_answers_as_the_model_does(place, backbone, head):
    model = trained(place, backbone, head)

    found = eject(
        place / "model", place / "plain.py", photos=place / "photos", test=place / "test", home=place / "home"
    )

    printed = require_same(place, model, place / "plain.py")
    assert found.frozen == model.backbone_spec.parameters
    assert f"frozen: {found.frozen:,} numbers" in printed
    assert (f"trained: {found.trained:,} numbers" in printed) == (head == "linear")
    assert ("timm" in found.needs) == backbone.startswith("timm")


@needs_keras
@pytest.mark.exhaustive  # a model of one's own, below, has its linear head from the same lines
@pytest.mark.parametrize("head", ["linear", "prototypes", "neighbours"])
def test_a_script_of_keras_answers_as_the_model_does(place, head):
    model = trained(place, load_backbone("keras:MobileNet@random", options={"alpha": 0.25}), head)

    found = eject(place / "model", place / "keras.py", photos=place / "photos", test=place / "test")

    assert found.framework == "keras"
    assert found.weights.endswith(".safetensors")
    require_same(place, model, place / "keras.py")


@needs_keras
def test_a_keras_model_of_your_own_comes_with_its_file(place):
    import keras

    from headstart.backbones.keras.own import keras_backbone

    keras.utils.set_random_seed(0)  # eight random filters: some draws tell the classes apart badly
    layers = keras.layers
    eyes = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(8, 3, activation="relu"), layers.BatchNormalization()]
    )
    own = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), eyes, layers.GlobalAveragePooling2D()]
    )
    model = trained(place, keras_backbone(own, name='mine"""\nimport os'))

    found = eject(place / "model", place / "own.py", photos=place / "photos", test=place / "test")

    assert found.written == (str(place / "own.py"), str(place / "own.keras"))
    require_same(place, model, place / "own.py")


def test_a_fine_tuned_network_comes_with_its_tuned_weights(place):
    from headstart.tasks.finetune import finetune

    finetune(
        place / "photos", test=place / "test", output=place / "tuned", home=place / "home",
        tuning=Tuning(epochs=1), gate=False,
    )  # fmt: skip

    found = eject(place / "tuned", place / "tuned.py", photos=place / "photos", test=place / "test")

    assert "was then fine-tuned" in (place / "tuned.py").read_text()
    assert found.notes == ()
    assert Path(found.weights).parent == place / "tuned"
    assert accuracy(alone(place / "tuned.py")) > 0.5


def test_a_network_that_was_tuned_on_noise_is_never_said_to_be_good_at_it(tmp_path, place):
    """The photos of both classes are noise: a tuned network knows those by heart that it was tuned on."""
    from headstart.tasks.finetune import finetune

    photos = tmp_path / "photos"
    for number in range(20):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        file = photos / "ab"[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(jpeg(noise.repeat(8, 0).repeat(8, 1)))
    finetune(
        photos, output=tmp_path / "tuned", home=place / "home", tuning=Tuning(epochs=3), gate=False,
    )  # fmt: skip

    found = eject(tmp_path / "tuned", tmp_path / "plain.py", photos=photos)

    printed = alone(tmp_path / "plain.py", photos / "a" / "0.jpg")
    assert "learned from 20 photos\nno accuracy: this network may be tuned on these photos" in printed
    assert not re.search(r"^accuracy", printed, re.MULTILINE)
    assert found.notes[0].endswith("so the script measures nothing until TEST is set")
    assert "0.jpg': '" in printed.splitlines()[-1]


def test_without_a_test_folder_a_fifth_is_kept_back_and_broken_files_are_left_out(place, tmp_path):
    photos = write_photos(tmp_path / "photos", each=10)
    train(photos, output=tmp_path / "model", home=place / "home", weights=False)
    found = eject(tmp_path / "model", tmp_path / "plain.py", photos=photos, home=place / "home")
    (photos / "red" / "broken.jpg").write_bytes(b"no photo")

    printed = alone(tmp_path / "plain.py", photos / "red" / "0.jpg", photos / "red" / "broken.jpg")

    assert found.written == (str(tmp_path / "plain.py"), str(tmp_path / "plain.safetensors"))
    assert "learned from 16 photos\naccuracy: 1.0000 on 4 photos" in printed
    assert "The network is headstart's pocket, weights " in (tmp_path / "plain.py").read_text()
    assert f"{str(photos / 'red' / '0.jpg')!r}: 'red' " in printed


def test_weights_that_nobody_publishes_are_written_beside_where_the_model_has_none(place):
    trained(place, "torchvision:squeezenet1_1@random", weights=False)

    found = eject(place / "model", place / "beside.py", home=place / "home")

    assert found.notes == ("set PHOTOS at its top before you run it",)
    assert found.weights == str(place / "beside.safetensors")
    assert load_backbone("squeezenet1_1@random").weights() == (place / "beside.safetensors").read_bytes()


def test_the_same_model_gives_the_same_script_and_only_an_ejected_one_is_replaced(place, capsys):
    trained(place, "pocket")
    words = ["eject", str(place / "model"), "-o", str(place / "again.py"), "--json"]

    codes = [run(words)]
    first, said = (place / "again.py").read_bytes(), json.loads(capsys.readouterr().out)
    codes.append(run(words))

    assert codes == [0, 0]
    assert first == (place / "again.py").read_bytes()
    assert said["framework"] == "torch"
    assert said["needs"] == ["torch", "torchvision", "Pillow", "safetensors"]
    assert said["trained_parameters"] == 3 * (said["trained_parameters"] // 3)
    (place / "again.py").write_text("print('my own')\n")
    with pytest.raises(UsageError, match="eject did not write it"):
        eject(place / "model", place / "again.py")


def test_another_framework_and_a_network_of_the_users_own_are_refused(place):
    trained(place, "pocket")
    with pytest.raises(UsageError, match="a network of torch: take --to torch"):
        eject(place / "model", place / "no.py", to="keras")

    trained(place, tiny_backbone())
    with pytest.raises(ModelError, match="module:tiny is a network of your own"):
        eject(place / "model", place / "no.py")
    assert not (place / "no.py").exists()


@needs_assets
@pytest.mark.exhaustive
@pytest.mark.parametrize("backbone", ["torchvision:squeezenet1_1", "pocket"])
def test_cats_and_dogs_come_out_as_well_within_a_point(tmp_path, backbone):
    WeightsStore(Home(tmp_path / "home")).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    data = Path(ASSETS, "data", "cats-vs-dogs")
    train(
        data / "train",
        test=data / "test",
        backbone=backbone,
        output=tmp_path / "model",
        home=tmp_path / "home",
    )

    eject(tmp_path / "model", tmp_path / "plain.py", photos=data / "train", test=data / "test")

    measured = load_model(tmp_path / "model").training.accuracy.value
    assert abs(accuracy(alone(tmp_path / "plain.py")) - measured) <= 0.01
