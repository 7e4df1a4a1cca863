"""A made-up data set from its address to a measured model; a name stands wherever PHOTOS does."""

import json

import pytest

from headstart.cli.run import run
from headstart.errors import PhotosError, UsageError
from headstart.images.datasets import store as store_module
from headstart.tasks import datasets as tasks
from headstart.tasks.datasets import fetch_dataset, list_datasets, verify_datasets
from headstart.tasks.doctor import doctor
from headstart.tasks.embed import embed
from headstart.tasks.evaluate import evaluate
from headstart.tasks.learning_curve import learning_curve
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos
from tests.images.datasets.made import known, shapes, shapes_zip
from tests.loopback import Server

DATA = shapes_zip()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def sets(server):
    return known(shapes(server.serve("/shapes.zip", DATA), DATA))


@pytest.fixture(scope="module")
def home(tmp_path_factory, sets, server):
    place = tmp_path_factory.mktemp("home")
    place.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HEADSTART_OFFLINE", raising=False)
        fetch_dataset("shapes", home=place, known=sets, downloader=server.downloader())
    return place


def test_training_by_name_measures_the_official_test_part(home):
    model = train("shapes", backbone=tiny_backbone(), home=home)
    facts = model.training
    assert model.classes == ("blue", "red")
    # 14 to learn from, of which the empty one is skipped and the mislabelled one read, and 12 to test.
    assert (facts.photos.used, facts.photos.reasons, facts.accuracy.photos) == (25, {"empty": 1}, 12)
    said = [note for note in facts.notes if "test part" in note]
    assert said == ["measured on shapes/val, the test part that its makers published"]


def test_a_part_by_name_is_that_part_and_nothing_else(home):
    model = train("shapes/val", backbone=tiny_backbone(), home=home)
    assert model.training.photos.used == 12
    assert not [note for note in model.training.notes if "test part" in note]


def test_evaluating_by_name_measures_the_test_part(home):
    model = train("shapes/train", backbone=tiny_backbone(), home=home)
    assert evaluate(model, "shapes", home=home).used == 12
    with pytest.raises(PhotosError, match="also trained on"):
        evaluate(model, "shapes/train", home=home)


def test_other_verbs_take_the_training_part(home):
    assert len(embed("shapes", backbone=tiny_backbone(), home=home).table.photos) == 13
    found = doctor("shapes", backbone=tiny_backbone(), home=home)
    assert [each.files for each in found.of("broken")] == [("red/empty.jpg",)]
    curve = learning_curve("shapes", backbone=tiny_backbone(), home=home)
    assert curve.measured == 12


def test_a_folder_of_that_name_wins(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "shapes", ["green", "white"])
    assert train("shapes", backbone=tiny_backbone(), home=home).classes == ("green", "white")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("shapes/test", "no part 'test'; it has train, val"),
        ("oxford-pets", "not at hand; run `headstart datasets fetch oxford-pets`"),
        ("shapes2", "shapes2"),
        ("../shapes", "shapes"),
    ],
)
def test_a_name_that_leads_nowhere_says_so(home, name, why):
    with pytest.raises(PhotosError, match=why):
        train(name, backbone=tiny_backbone(), home=home)


def test_listing_says_what_is_at_hand(home, sets, tmp_path):
    (here,) = list_datasets(home=home, known=sets)
    facts = here.to_json()
    assert facts["at_hand"]
    assert facts["parts"] == {"train": 14, "val": 12}
    assert [each["file"] for each in facts["odd"]] == ["train/blue/other.jpg", "train/red/empty.jpg"]
    (there,) = list_datasets(home=tmp_path / "other", known=sets)
    assert not there.to_json()["at_hand"]
    assert json.loads(json.dumps(there.to_json()))["files"][0]["sha256"] == sets["shapes"].files[0].sha256


def test_verifying_what_is_not_at_hand_says_so(sets, tmp_path):
    assert verify_datasets(home=tmp_path, known=sets) == []
    with pytest.raises(PhotosError, match="not at hand"):
        verify_datasets("shapes", home=tmp_path, known=sets)
    with pytest.raises(UsageError, match="there are shapes"):
        verify_datasets("other", home=tmp_path, known=sets)


@pytest.fixture
def commands(sets, monkeypatch):
    """The command line, which knows the made-up set instead of the true ones."""
    monkeypatch.setitem(list_datasets.__kwdefaults__, "known", sets)
    monkeypatch.setitem(fetch_dataset.__kwdefaults__, "known", sets)
    monkeypatch.setitem(verify_datasets.__kwdefaults__, "known", sets)

    return lambda *words: run([*words])


def test_the_command_line_from_a_brought_file_to_verified(commands, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    home = ("--home", str(tmp_path / "home"))
    assert commands("datasets", "fetch", "shapes", *home) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--from FILE" in said.err
    (tmp_path / "shapes.zip").write_bytes(DATA)
    assert commands("datasets", "fetch", "shapes", "--from", str(tmp_path / "shapes.zip"), *home) == 0
    said = capsys.readouterr().out
    assert "shapes: 26 photos of 2 classes (train 14, val 12)" in said
    assert "train/red/empty.jpg: it is empty" in said
    assert commands("datasets", "verify", "--json", *home) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["ok"]
    (tmp_path / "home/datasets/shapes/val/red/0.jpg").unlink()
    assert commands("datasets", "verify", "shapes", *home) == 1
    assert "val/red/0.jpg is missing; run `headstart datasets fetch shapes`" in capsys.readouterr().out
    assert commands("datasets", "list", "--json", *home) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["at_hand"]


def test_the_known_sets_are_one_table():
    assert store_module.KNOWN is tasks.KNOWN
