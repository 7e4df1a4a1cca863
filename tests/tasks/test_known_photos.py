"""No task reads a photo again that it knows, unless it is told to; and the answers are the same."""

import os
from collections import Counter

import pytest

from headstart.features import sighting
from headstart.images.reader import PhotoReader
from headstart.tasks.embed import embed
from headstart.tasks.evaluate import evaluate
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture
def read(monkeypatch):
    """How often each file was read to see what it contains; files have settled."""
    counted, real, now = Counter(), PhotoReader.hash, sighting.now_ns

    def counting(self, photos):
        def each():
            for photo in photos:
                counted[photo.path.name] += 1
                yield photo

        return real(self, each())

    monkeypatch.setattr(PhotoReader, "hash", counting)
    monkeypatch.setattr(sighting, "now_ns", lambda: now() + 10**10)
    return counted


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


@pytest.fixture
def others(tmp_path):
    return write_photos(tmp_path / "others", each=4, side=40)


def jobs(photos, others, home):
    """Each task, giving what people see of its answer."""
    network = tiny_backbone()
    model = train(photos, backbone=network, home=home)
    return {
        "train": lambda **said: (
            train(photos, test=others, backbone=network, home=home, **said).training.accuracy.value
        ),
        "evaluate": lambda **said: evaluate(model, others, home=home, **said).measurement,
        "embed": lambda **said: embed(others, backbone=network, home=home, **said).table.rows.tolist(),
        "predict": lambda **said: [each.to_json() for each in predict(model, others, home=home, **said)],
    }


@pytest.mark.slow
@pytest.mark.parametrize("task", ["train", "evaluate", "embed", "predict"])
def test_photos_are_read_once_or_whenever_that_is_asked_for(photos, others, home, read, task):
    job = jobs(photos, others, home)[task]
    first = job()
    read.clear()

    assert job() == first
    assert not read
    assert job(rehash=True) == first
    assert read.total() == (20 if task == "train" else 8)


def test_a_known_folder_still_tells_of_its_bad_files(photos, others, home, read):
    (others / "red" / "bad.jpg").write_bytes(b"no photo")
    job = jobs(photos, others, home)["predict"]
    first = job()
    read.clear()

    assert job() == first
    assert read == {"bad.jpg": 1}
    assert [each["error"] for each in first if each["file"].endswith("bad.jpg")] != [None]


def test_a_touched_folder_is_read_and_nothing_is_computed(photos, home, read):
    network = tiny_backbone()
    embed(photos, backbone=network, home=home)
    for file in photos.rglob("*.jpg"):
        os.utime(file, (10**9, 10**9))
    read.clear()

    table = embed(photos, backbone=network, home=home).table

    assert (read.total(), table.computed, table.reused) == (12, 0, 12)
