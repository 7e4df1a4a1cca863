"""Killed at any moment and run again, `train` ends with the tensors of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from headstart.testing import write_photos
from tests.tensors import tensors

SEED = 20


def command(folder, home, model):
    # Two homes would try out for themselves which engine is faster here, and might not agree.
    return [
        *(sys.executable, "-m", "headstart", "train", str(folder / "photos")),
        *("--backbone", "squeezenet1_1@random", "--home", str(home), "-o", str(model)),
        *("--engine", "openvino", "--precision", "f32"),
    ]


@pytest.mark.parametrize(
    "rounds", [pytest.param(2, marks=pytest.mark.slow), pytest.param(20, marks=pytest.mark.exhaustive)]
)
def test_kills_at_any_time(tmp_path, rounds):
    write_photos(tmp_path / "photos", ("red", "blue", "green"), each=60, side=320)
    began = time.monotonic()
    subprocess.run(
        command(tmp_path, tmp_path / "home", tmp_path / "undisturbed"), check=True, capture_output=True
    )
    whole = time.monotonic() - began
    chance = random.Random(SEED)

    survived = 0
    for _ in range(rounds):
        process = subprocess.Popen(
            command(tmp_path, tmp_path / "killed-home", tmp_path / "killed"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=chance.uniform(0.2, 1.0) * whole)
            survived += 1
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    subprocess.run(
        command(tmp_path, tmp_path / "killed-home", tmp_path / "killed"), check=True, capture_output=True
    )

    assert survived < rounds, "no run was killed: the test has tested nothing"
    assert tensors(tmp_path / "killed") == tensors(tmp_path / "undisturbed")
    assert len(tensors(tmp_path / "killed")) == 3, "nothing of a killed save is left"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 143, marks=pytest.mark.exhaustive),
    ],
)
def test_a_signal_ends_with_one_line_and_how_to_resume(number, code, tmp_path):
    write_photos(tmp_path / "photos", ("red", "blue", "green"), each=200, side=320)
    process = subprocess.Popen(
        command(tmp_path, tmp_path / "home", tmp_path / "model"), stderr=subprocess.PIPE, text=True
    )
    store = tmp_path / "home" / "features" / "features.sqlite"
    for _ in range(600):
        if store.exists() or process.poll() is not None:  # features are being computed
            break
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    assert process.returncode == code
    assert "Traceback" not in said
    assert "resume with: headstart train" in said.strip().splitlines()[-1]
    assert not (tmp_path / "model").exists()
