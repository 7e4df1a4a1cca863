"""A .keras file from the command line: the same command again, and answers without Keras."""

import json
import subprocess
import sys

import pytest

from headstart.cli.run import run
from headstart.testing import write_photos
from tests.backbones.keras.nets import layers, needs_keras, sequence

pytestmark = [
    needs_keras,
    pytest.mark.slow,
    # Keras's own, when it saves on torch
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_a_file_trains_a_model_whose_report_names_it_and_whose_answers_need_no_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_HOME", str(tmp_path / "home"))
    photos, model, file = write_photos(tmp_path / "photos", each=4), tmp_path / "model", tmp_path / "m.keras"
    parts = layers()
    sequence(
        parts.Rescaling(1 / 255), parts.Conv2D(4, 3), parts.GlobalAveragePooling2D(), parts.Dense(2)
    ).save(file)

    assert run(["train", str(photos), "-o", str(model), "--backbone", str(file), "--engine", "openvino"]) == 0

    assert f"--backbone {file}" in (model / "report.html").read_text(encoding="utf-8")
    program = (
        "import json, sys, headstart\n"
        f"answers = headstart.predict({str(model)!r}, {str(photos)!r})\n"
        "heavy = ('keras', 'tensorflow', 'torch')\n"
        "print(json.dumps([len(answers), [name for name in heavy if name in sys.modules]]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [8, []]
