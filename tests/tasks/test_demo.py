"""`demo`: what it leaves behind, what it replaces, what it refuses."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from headstart.cli.run import run
from headstart.errors import StorageError, UsageError
from headstart.tasks import demo as module
from headstart.tasks import demo_pictures as writing
from headstart.tasks.demo import demo
from headstart.tasks.demo_pictures import demo_pictures
from headstart.testing import tiny_backbone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def tiny():
    """The demo on a network that takes no time; as untrained as the one that it is compared with."""
    network = tiny_backbone()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DEMO_BACKBONE", network)
        patch.setattr(module, "UNTRAINED_BACKBONE", network)
        yield


@pytest.fixture(scope="module")
def done(tiny, tmp_path_factory):
    """A demo that nothing disturbed, in a folder beside its home; only to be looked at."""
    place = tmp_path_factory.mktemp("done")
    return demo(place / "demo", home=place / "home")


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def tensors(folder):
    return {name: data for name, data in files(folder).items() if name.endswith(".safetensors")}


def test_everything_is_written_and_nothing_else(done):
    photos, expected = done.photos, demo_pictures()

    assert files(photos).keys() == expected.keys()
    for name, pixels in expected.items():
        with Image.open(photos / name) as picture:
            assert picture.mode == "L"
            assert np.array_equal(np.asarray(picture), pixels)
    assert {path.name for path in photos.parent.iterdir()} == {"photos", "model"}
    assert (done.folder / "report.html").is_file()
    assert not list(photos.parent.rglob("*.tmp"))


def test_what_is_measured_and_answered(done):
    facts, compared = done.model.training, done.compared

    assert facts.accuracy.how == "test"
    assert facts.accuracy.photos == len(done.tiles) == 97
    assert len(done.model.photos) == 54
    assert compared["one answer"] == pytest.approx(12 / 97)
    assert compared["one answer"] < compared["bare pixels"] < compared["grey histogram"] < 1
    assert compared["untrained network"] == facts.accuracy.value, "here it is the same network"
    assert [each.error for each in (*done.tiles, *done.strangers)] == [None] * (97 + 7)


def test_an_earlier_demo_is_replaced(done, tmp_path):
    shutil.copytree(done.photos.parent, tmp_path / "demo")
    before = files(tmp_path / "demo")
    (tmp_path / "demo" / "photos" / "surfaces" / "brick" / "00.png").write_bytes(b"half a pict")
    (tmp_path / "demo" / "photos" / "surfaces" / "moon" / "05.png").unlink()
    (tmp_path / "demo" / "photos" / ".DS_Store").touch()

    demo(tmp_path / "demo", home=tmp_path / "home")

    (tmp_path / "demo" / "photos" / ".DS_Store").unlink()
    after = files(tmp_path / "demo")
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"model/model.json", "model/report.html"}, "they say when and how fast it was"


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "photos/mine.jpg",
        "photos/surfaces/brick/my-own.png",
        "photos/surfaces/dog/1.png",
        "photos/train/temple/0-00.png",
        "model/holiday.jpg",
    ],
)
def test_a_folder_of_somebody_else_is_refused_and_left_alone(name, tmp_path):
    path = tmp_path / "demo" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")

    with pytest.raises(UsageError, match=r"name a new or empty folder"):
        demo(tmp_path / "demo", home=tmp_path / "home")

    assert files(tmp_path) == {f"demo/{name}": b"mine"}


def test_stopped_while_writing_and_run_again(done, tmp_path, monkeypatch):
    write, written = writing.atomic_write, []

    def fails_at_the_twentieth(path, give, **options):
        written.append(path)
        if len(written) == 20:
            raise StorageError("no space left")
        write(path, give, **options)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "atomic_write", fails_at_the_twentieth)
        with pytest.raises(StorageError, match="no space left"):
            demo(tmp_path / "demo", home=tmp_path / "home")
    assert len(files(tmp_path / "demo")) == 19
    demo(tmp_path / "demo", home=tmp_path / "home")

    assert files(tmp_path / "demo" / "photos") == files(done.photos)
    assert len(tensors(tmp_path / "demo")) == 3
    assert tensors(tmp_path / "demo") == tensors(done.photos.parent)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises((StorageError, UsageError), match="file"):
        demo(tmp_path / "file" / "demo", home=tmp_path / "home")


def test_json_is_one_object(tmp_path, capsys):
    assert run(["demo", "-o", str(tmp_path / "demo"), "--home", str(tmp_path / "home"), "--json"]) == 0

    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert {
        "model",
        "backbone",
        "classes",
        "photos",
        "features",
        "accuracy",
        "seconds",
        "report",
    } <= facts.keys()
    assert facts["report"] == str(tmp_path / "demo" / "model" / "report.html")
    assert len(facts["predictions"]) == 97 + 7
    assert facts["compared"]["one answer"] == pytest.approx(12 / 97)
    assert "new photos" in said.err


def test_what_people_read(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert run(["demo", "-o", "~/demo", "--home", str(tmp_path / "home")]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert (tmp_path / "demo" / "model" / "report.html").as_uri() in "\n".join(lines)
    assert any("12.4 %" in line for line in lines)
    assert any(line.startswith("  unknown/cat.png") for line in lines)
    assert any("of 7 pictures" in line for line in lines)
    assert lines[-1].startswith("  headstart train my-photos -o my-model")
