"""A training killed in its epochs, or spread over two processes, comes to the same end."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from headstart.testing import write_photos
from tests.tensors import tensors

pytestmark = pytest.mark.slow
QUICK = ["--epochs", "3", "--views", "2", "--batch-size", "8", "--no-gate", "--json"]
ENGINE = ["--engine", "torch", "--precision", "f32"]  # each home would find its own fastest one
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("world")
    write_photos(place / "photos", ("red", "blue", "green"), each=10, side=80)
    return place


def command(folder, home, model):
    return [
        "finetune",
        str(folder / "photos"),
        "--home",
        str(folder / home),
        "-o",
        str(folder / model),
        *QUICK,
        *ENGINE,
    ]


def started(folder, home, model):
    words = [sys.executable, "-m", "headstart", *command(folder, home, model)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ONE_THREAD)


def finished(folder, home, model):
    process = started(folder, home, model)
    said, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return json.loads(said)


def stopped(folder, home, number, pattern):
    """Start a run and send it a signal as soon as a checkpoint is there."""
    process = started(folder, home, "stopped")
    while process.poll() is None and not list((folder / home / "training").glob(pattern)):
        time.sleep(0.005)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.fixture(scope="module")
def undisturbed(folder):
    return finished(folder, "home", "undisturbed")


@pytest.mark.exhaustive
def test_killed_in_each_training_it_ends_with_the_same_bits(folder, undisturbed):
    assert list((folder / "home" / "training").iterdir()) == []
    code, said = stopped(folder, "killed", signal.SIGINT, "*/chosen/epoch-00001-*")
    assert code == 130
    assert "Traceback" not in said
    assert "resume with: headstart finetune" in said.strip().splitlines()[-1]
    assert not (folder / "stopped").exists()
    code, _ = stopped(folder, "killed", signal.SIGKILL, "*/chosen/epoch-00002-*")
    assert code == -signal.SIGKILL
    code, _ = stopped(folder, "killed", signal.SIGKILL, "*/again/epoch-*")
    assert code in {-signal.SIGKILL, 0}
    ended = finished(folder, "killed", "ended")

    assert tensors(folder / "ended") == tensors(folder / "undisturbed")
    assert ended["history"] == undisturbed["history"]
    assert ended["finetuning"] == undisturbed["finetuning"]
    assert list((folder / "killed" / "training").iterdir()) == []


@pytest.mark.exhaustive
def test_two_processes_learn_what_one_does(folder, undisturbed):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    done = subprocess.run(
        [*torchrun, "headstart", *command(folder, "two", "of-two")],
        capture_output=True,
        text=True,
        env=ONE_THREAD,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)  # one object: the second process says nothing

    assert len(facts["history"]) == len(undisturbed["history"])
    for two, one in zip(facts["history"], undisturbed["history"], strict=True):
        assert two["loss"] == pytest.approx(one["loss"], abs=0.1)
        assert two["learning_rate"] == one["learning_rate"]
    assert facts["features"]["computed"] == undisturbed["features"]["computed"]
    assert list((folder / "two" / "training").iterdir()) == []
    assert (folder / "of-two" / "model.json").exists()


@pytest.mark.exhaustive
def test_two_that_are_the_same_at_the_same_time_both_come_to_the_same_end(folder, undisturbed):
    both = [started(folder, "both", f"both-{number}") for number in range(2)]
    said = [process.communicate(timeout=300) for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    for number in range(2):
        assert json.loads(said[number][0])["history"] == undisturbed["history"]
        assert tensors(folder / f"both-{number}") == tensors(folder / "undisturbed")
    assert list((folder / "both" / "training").iterdir()) == []
