"""A made-up data set from its address to a measured model; a name stands wherever PHOTOS does."""

import json
from pathlib import Path

import pytest

from headstart.cli.run import run
from headstart.errors import PhotosError, UsageError
from headstart.images.datasets import store as store_module
from headstart.tasks import datasets as tasks
from headstart.tasks.datasets import fetch_dataset, list_datasets, verify_datasets
from headstart.tasks.doctor import doctor
from headstart.tasks.eject import eject
from headstart.tasks.embed import embed
from headstart.tasks.evaluate import evaluate
from headstart.tasks.learning_curve import learning_curve
from headstart.tasks.newkind import newkind
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
    # 15 to learn from, of which two are skipped and the mislabelled one read, and 12 to test.
    assert (facts.photos.used, facts.accuracy.photos) == (25, 12)
    assert facts.photos.reasons == {"empty": 1, "truncated": 1}
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
    assert sorted(each.files for each in found.of("broken")) == [("red/cut.jpg",), ("red/empty.jpg",)]
    curve = learning_curve("shapes", backbone=tiny_backbone(), home=home)
    assert curve.measured == 12


def test_an_ejected_script_learns_from_the_folders_of_a_data_set(home, tmp_path, monkeypatch):
    train("shapes", head="prototypes", output=tmp_path / "model", home=home)
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "mine", ["blue", "red"], each=1)

    named = eject("model", "named.py", photos="shapes", home=home)
    eject("model", "part.py", photos="shapes/train", home=home)
    eject("model", "both.py", photos="mine", test="shapes", home=home)

    folders = [repr(str(home / "datasets" / "shapes" / part)).replace("'", '"') for part in ("train", "val")]
    assert f"PHOTOS = {folders[0]}\nTEST = {folders[1]}\n" in Path("named.py").read_text()
    assert f"PHOTOS = {folders[0]}\nTEST = None\n" in Path("part.py").read_text()
    assert f'PHOTOS = "mine"\nTEST = {folders[1]}\n' in Path("both.py").read_text()
    assert named.notes == ("measured on shapes/val, the test part that its makers published",)


def test_a_model_s_answers_to_a_new_kind_are_compared_on_the_test_part(home):
    model = train("shapes/train", backbone=tiny_backbone(), home=home)
    found = newkind("shapes", model=model, home=home, scratch=False)
    assert (found.measured, found.shift.photos, found.shift.leaked) == (12, 12, 0)
    alone = newkind("shapes", backbone=tiny_backbone(), home=home, scratch=False)
    assert Path(alone.source).name == "train"


BY_NAME = {
    "train": ("train", "SET", "-o", "m"),
    "finetune": ("finetune", "SET", "-o", "m"),
    "evaluate": ("evaluate", "pocket", "SET"),
    "predict": ("predict", "pocket", "SET"),
    "catalogue": ("catalogue", "pocket", "SET", "-o", "out"),
    "ask": ("ask", "pocket", "SET"),
    "doctor": ("doctor", "SET"),
    "embed": ("embed", "SET", "-o", "out.npz"),
    "choose": ("choose", "SET"),
    "learning-curve": ("learning-curve", "SET"),
    "robustness": ("robustness", "pocket", "SET"),
    "tricks": ("tricks", "SET"),
    "newkind": ("newkind", "SET"),
    "maps": ("maps", "--ladder", "SET", "-o", "out.png"),
    "port": ("port", "torchvision:vgg16@random", "keras:VGG16@p", "--photos", "SET"),
}


@pytest.mark.parametrize("verb", BY_NAME)
def test_every_verb_that_takes_photos_takes_the_name_of_a_data_set(verb, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["oxford-pets" if word == "SET" else word for word in BY_NAME[verb]]
    assert run([*words, "--home", str(tmp_path / "home")]) == 2
    assert "run `headstart datasets fetch oxford-pets`" in capsys.readouterr().err


@pytest.mark.parametrize("verb", BY_NAME)
def test_the_help_of_every_such_verb_says_so(verb, capsys):
    assert run([verb, "--help"]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "data set" in said
    assert "ants-bees" in said


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
    assert facts["parts"] == {"train": 15, "val": 12}
    assert [each["file"] for each in facts["odd"]] == [
        "train/blue/other.jpg",
        "train/red/cut.jpg",
        "train/red/empty.jpg",
    ]
    (there,) = list_datasets(home=tmp_path / "other", known=sets)
    assert not there.to_json()["at_hand"]
    assert there.to_json()["parts"] == {"train": None, "val": None}
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
    assert "shapes: 27 photos of 2 classes (train 15, val 12)" in said
    assert "2 files that training will skip, left as they are:\n  train/red/cut.jpg: truncated: " in said
    assert "1 file of another type than named" in said
    assert "its name says JPEG" in said
    assert commands("datasets", "verify", "--json", *home) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["ok"]
    (tmp_path / "home/datasets/shapes/val/red/0.jpg").unlink()
    assert commands("datasets", "verify", "shapes", *home) == 1
    assert "val/red/0.jpg is missing; run `headstart datasets fetch shapes`" in capsys.readouterr().out
    assert commands("datasets", "list", "--json", *home) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["at_hand"]


def test_what_fetching_names_is_what_is_skipped_in_use(home, sets):
    """Every one, with the same reason."""
    (here,) = list_datasets(home=home, known=sets)
    named = {each.file.removeprefix("train/"): each.what for each in here.kept.odd if each.reason}
    skipped = embed("shapes", backbone=tiny_backbone(), home=home).skipped
    assert named == {each.name: f"{each.reason.value}: {each.detail}" for each in skipped}


def test_each_set_takes_one_line_of_a_narrow_terminal(capsys, tmp_path, monkeypatch):
    from headstart.cli import output

    monkeypatch.setattr(output, "_PIPED_WIDTH", 80)
    assert run(["datasets", "list", "--home", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines[: 2 + len(tasks.KNOWN)]) <= 80
    assert [line.split()[0] for line in lines[2 : 2 + len(tasks.KNOWN)]] == list(tasks.KNOWN)
    assert any("CDLA-Permissive-2.0, whose text" in line for line in lines)


def test_counts_of_parts_are_told_where_they_are_published(tmp_path):
    parts = {each.name: each.to_json()["parts"] for each in list_datasets(home=tmp_path)}
    assert parts["eurosat"] == {"all": 27_000}
    assert parts["oxford-pets"] == {"trainval": None, "test": None}


def test_the_known_sets_are_one_table():
    assert store_module.KNOWN is tasks.KNOWN
