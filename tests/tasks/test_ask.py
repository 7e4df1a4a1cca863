"""`ask` on a small trained model: what it asks about, what it never does, and the page that it leaves."""

import csv
import json
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image

from headstart import load_model, train
from headstart.errors import PhotosError, UsageError
from headstart.tasks.ask import ask
from headstart.tasks.cataloguing.record import read_catalogue
from headstart.tasks.learn import learn
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "learned", ("red", "blue"), each=4)
    train(folder / "learned", backbone=tiny_backbone(), home=folder / "home", output=folder / "model")
    write_photos(folder / "pile", ("red", "blue", "green", "yellow"), each=5)
    return folder


@pytest.fixture
def model(world):
    return load_model(world / "model", backbone=tiny_backbone())


def questions(world, model, photos, **options):
    return ask(model, photos, home=world / "home", **options)


def test_photos_that_were_trained_on_are_never_asked_about(world, model):
    found = questions(world, model, world / "pile", count=99)

    learned = {photo.sha256 for photo in model.photos}
    assert found.trained_on == 8
    assert len(found.asked) == found.photos - 8 == 12
    assert not learned & {each.photo.sha256 for each in found.asked}
    assert "asked about all 12 photos that the model was not trained on, not 99" in found.notes


def test_the_choice_is_the_same_again_whatever_the_files_are_called(world, model, tmp_path):
    first = questions(world, model, world / "pile", count=5)
    for number, path in enumerate(sorted((world / "pile").rglob("*.jpg"), reverse=True)):
        shutil.copy(path, tmp_path / f"{number:03d}.jpg")
    renamed = questions(world, model, tmp_path, count=5)

    assert [each.photo.sha256 for each in first.asked] == [each.photo.sha256 for each in renamed.asked]
    assert [each.why for each in first.asked] == [each.why for each in renamed.asked]


def test_copies_and_near_duplicates_are_asked_about_once(world, model, tmp_path):
    smooth = Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 6, 3), dtype=np.uint8))
    picture = smooth.resize((96, 96), Image.Resampling.BICUBIC)
    for name, quality in (("a", 95), ("b", 85), ("c", 75)):
        picture.save(tmp_path / f"{name}.jpg", quality=quality)
    shutil.copy(tmp_path / "a.jpg", tmp_path / "copy of a.jpg")
    found = questions(world, model, tmp_path, count=3)

    assert (found.photos, found.copies, len(found.asked)) == (4, 1, 1)
    assert any("near-duplicates" in note for note in found.notes)
    other = questions(world, model, [tmp_path, world / "pile"], count=12)
    names = [each.photo.photo.name for each in other.asked]
    assert len(names) == 12
    assert sum(name.startswith(tmp_path.as_posix()) for name in names) == 1


def test_files_that_can_not_be_used_are_listed_and_stop_nothing(world, model, tmp_path):
    shutil.copytree(world / "pile" / "green", tmp_path / "pile")
    (tmp_path / "pile" / "bad.jpg").write_text("no photo")
    (tmp_path / "pile" / "empty.jpg").write_bytes(b"")
    found = questions(world, model, tmp_path / "pile", output=tmp_path / "out", count=2)

    assert {each.name.rsplit("/")[-1] for each in found.skipped} == {"bad.jpg", "empty.jpg"}
    assert found.to_json()["skipped"]["files"] == 2
    assert {each.file.rsplit("/")[-1] for each in read_catalogue(tmp_path / "out").unused} == {
        "bad.jpg",
        "empty.jpg",
    }


def test_the_folder_has_the_page_the_table_and_only_what_is_asked(world, model, tmp_path):
    found = questions(world, model, world / "pile", output=tmp_path / "out", count=3)

    page = read_catalogue(tmp_path / "out")
    assert page.title == "Which photo next? pile"
    assert [each.sha256 for each in page.photos] == [each.photo.sha256 for each in found.asked]
    assert [each.why for each in page.photos] == [each.why for each in found.asked]
    assert len(list((tmp_path / "out" / "thumbnails").iterdir())) == 3
    with (tmp_path / "out" / "asked.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["sha256"] for row in rows] == [each.photo.sha256 for each in found.asked]
    assert {row["label"] for row in rows} == {""}
    assert set(found.files) >= {"page", "asked", "thumbnails"}
    json.dumps(found.to_json(), allow_nan=False)


def test_the_same_question_again_writes_the_same_and_others_replace_it(world, model, tmp_path):
    def written():
        return {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*.*") if path.is_file()}

    questions(world, model, world / "pile", output=tmp_path / "out", count=3)
    before = written()
    questions(world, model, world / "pile", output=tmp_path / "out", count=3)
    assert written() == before
    questions(world, model, world / "pile", output=tmp_path / "out", count=1)
    assert len(read_catalogue(tmp_path / "out").photos) == 1
    assert read_catalogue(tmp_path / "out").key not in before["catalogue.json"].decode()


def test_where_everything_was_trained_on_nothing_is_written(world, model, tmp_path):
    found = questions(world, model, world / "learned", output=tmp_path / "out")

    assert (len(found.asked), found.trained_on, dict(found.files)) == (0, 8, {})
    assert not (tmp_path / "out").exists()


def test_labels_of_the_table_teach_the_model(world, tmp_path):
    """What `ask` writes is what `learn` reads."""
    from headstart.images.reader import PhotoReader
    from headstart.tasks.learning.corrections import read_corrections

    model = load_model(world / "model", backbone=tiny_backbone())
    found = questions(world, model, world / "pile", output=tmp_path / "out", count=2)
    table = tmp_path / "out" / "asked.csv"
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *([row[0], "new", *row[2:]] for row in rows[1:])])
    with PhotoReader() as reader:
        read = read_corrections(str(table), reader)

    assert {each.sha256 for each in read.photos} == {each.photo.sha256 for each in found.asked}
    assert {each.photo.label for each in read.photos} == {"new"}


def fill_in(table, label):
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], [rows[1][0], label, *rows[1][2:]], *rows[2:]])


@pytest.fixture(scope="module")
def on_disk(world):
    """A model whose network its folder names, as those of `headstart train` are."""
    folder = world / "on disk"
    train(world / "learned", backbone="squeezenet1_1@random", home=world / "home", output=folder)
    return folder


def test_labels_that_were_filled_in_are_not_overwritten(world, on_disk, tmp_path):
    shutil.copytree(on_disk, tmp_path / "m")
    found = ask(tmp_path / "m", world / "pile", tmp_path / "out", count=2, home=world / "home")
    table = tmp_path / "out" / "asked.csv"
    fill_in(table, "red")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    with pytest.raises(UsageError, match="1 label that the model has not learned") as error:
        ask(tmp_path / "m", world / "pile", tmp_path / "out", count=3, home=world / "home")
    assert f"headstart learn {tmp_path / 'm'} {table}" in str(error.value)
    assert "another -o" in str(error.value)
    assert "\n" not in str(error.value)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before

    taught = learn(tmp_path / "m", table, home=world / "home")
    assert taught.changed
    again = ask(tmp_path / "m", world / "pile", tmp_path / "out", count=3, home=world / "home")
    assert found.asked[0].photo.sha256 not in {each.photo.sha256 for each in again.asked}


def test_a_table_that_can_not_be_read_is_not_overwritten(world, model, tmp_path):
    questions(world, model, world / "pile", output=tmp_path / "out", count=2)
    (tmp_path / "out" / "asked.csv").write_text("path,label\n".replace("\n", "\r\n"), encoding="utf-16")

    with pytest.raises(UsageError, match=r"UTF-16.*another -o"):
        questions(world, model, world / "pile", output=tmp_path / "out", count=2)


def test_of_many_photos_a_sample_is_compared_and_all_places_say_so(world, model, tmp_path, monkeypatch):
    every = questions(world, model, world / "pile", output=tmp_path / "all", count=3)
    for module in ("headstart.heads.asking", "headstart.tasks.asking.look"):
        monkeypatch.setattr(f"{module}.SAMPLE", 6)
    found = questions(world, model, world / "pile", output=tmp_path / "out", count=3)

    assert (every.compared, found.compared, found.to_json()["compared"]) == (12, 6, 6)
    assert any("6 of 12 photos were compared" in note for note in found.to_json()["notes"])
    assert not any("compared" in note for note in every.notes)
    page = read_catalogue(tmp_path / "out")
    assert "6 of them were compared" in page.intro
    assert any("compared" in note for note in page.notes)


def test_a_source_that_is_not_there_is_named(world, model, tmp_path):
    with pytest.raises(PhotosError, match=r"mistyped.*no such file"):
        questions(world, model, [world / "pile", tmp_path / "mistyped"], output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_that_asks_again_repeats_what_was_asked(world, on_disk, tmp_path):
    options = {"follow_links": True, "precision": "f32", "count": 2}
    ask(on_disk, world / "pile", tmp_path / "out", home=world / "home", **options)

    words = ["headstart", "ask", str(on_disk), str(world / "pile"), "-n", "2"]
    words += ["-o", str(tmp_path / "out"), "--follow-links", "--precision", "f32"]
    assert shlex.split(read_catalogue(tmp_path / "out").again) == [*words, "--home", str(world / "home")]


@pytest.mark.parametrize("count", [0, -3])
def test_no_question_is_no_question(world, model, count):
    with pytest.raises(UsageError, match="at least 1"):
        questions(world, model, world / "pile", count=count)


def test_a_network_of_its_own_can_not_learn(world):
    with pytest.raises(UsageError, match="no model folder"):
        questions(world, "pocket", world / "pile")


def test_without_a_usable_photo_it_stops_in_one_line(world, model, tmp_path):
    (tmp_path / "bad.jpg").write_text("no photo")
    with pytest.raises(PhotosError, match="none of 1 file can be used"):
        questions(world, model, tmp_path)


def test_a_catalogue_and_other_files_are_not_overwritten(world, model, tmp_path):
    from headstart.tasks.catalogue import catalogue

    catalogue(model, world / "pile" / "red", tmp_path / "catalogue", home=world / "home")
    with pytest.raises(UsageError, match="holds a catalogue"):
        questions(world, model, world / "pile", output=tmp_path / "catalogue")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"other files \(letter.txt\)"):
        questions(world, model, world / "pile", output=tmp_path / "other")
    with pytest.raises(UsageError, match="among the photos"):
        questions(world, model, world / "pile", output=world / "pile" / "out")
