"""`train`: what it learns, measures, refuses and leaves behind."""

import csv
import json
import shutil

import numpy as np
import pytest

from headstart import load_model, predict, train
from headstart.cli.run import run
from headstart.errors import BackboneError, FitError, PhotosError, UsageError
from headstart.storage.home import Home
from headstart.tasks.rows import open_store
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos
from tests.tensors import tensors


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos", ("red", "blue"), each=8)


def test_folds_below_a_thousand_photos(photos, home):
    model = train(photos, backbone=tiny_backbone(), home=home)

    facts = model.training
    assert facts.accuracy.how == "folds"
    assert facts.accuracy.photos == 16
    assert facts.accuracy.low <= facts.accuracy.value <= facts.accuracy.high
    assert facts.accuracy.top3 is None
    assert len(model.photos) == 16, "the kept model learns from all photos"
    assert np.sum(facts.confusion) == 16


@pytest.mark.slow
def test_held_out_part_from_a_thousand_photos_on(tmp_path, home, monkeypatch):
    monkeypatch.setattr("headstart.tasks.judge.FOLDS_BELOW", 40)
    photos = write_photos(tmp_path / "photos", ("red", "blue", "green", "amber"), each=10)

    kept = train(photos, backbone=tiny_backbone(), home=home)
    refitted = train(photos, backbone=tiny_backbone(), home=home, refit=True)

    assert kept.training.accuracy.how == "held-out"
    assert kept.training.accuracy.photos == 8
    assert kept.training.accuracy.top3 is not None
    assert (len(kept.photos), len(refitted.photos)) == (32, 40)
    assert kept.training.accuracy == refitted.training.accuracy


def test_test_photos_are_measured_and_leaks_are_left_out(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red", "blue"), each=4, side=40)
    shutil.copy(photos / "red" / "0.jpg", test / "red" / "leak.jpg")

    model = train(photos, test=test, backbone=tiny_backbone(), home=home)

    assert model.training.accuracy.how == "test"
    assert model.training.accuracy.photos == 8
    assert any("1 test photo" in note for note in model.training.notes)


def test_a_class_of_test_that_training_does_not_know_stops_before_work(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red", "violet"), each=2)

    with pytest.raises(PhotosError, match="violet"):
        train(photos, test=test, backbone=tiny_backbone(), home=home)

    assert not (home / "features").exists()


def test_the_same_command_computes_nothing_and_gives_the_same_tensors(photos, tmp_path, home):
    first = train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "one")
    second = train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "two")

    assert (first.training.features.computed, first.training.features.reused) == (16, 0)
    assert (second.training.features.computed, second.training.features.reused) == (0, 16)
    assert tensors(tmp_path / "one") == tensors(tmp_path / "two")


def test_renaming_and_moving_photos_recomputes_nothing(photos, tmp_path, home):
    train(photos, backbone=tiny_backbone(), home=home)
    photos.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "red" / "0.jpg").rename(tmp_path / "elsewhere" / "red" / "zero.jpg")

    assert train(tmp_path / "elsewhere", backbone=tiny_backbone(), home=home).training.features.computed == 0


def test_broken_files_are_listed_and_the_run_ends_well(photos, tmp_path, home):
    (photos / "red" / "empty.jpg").touch()
    (photos / "red" / "page.jpg").write_text("<!doctype html><p>404")
    (photos / "blue" / "half.jpg").write_bytes(jpeg(fake_photo(1, 50, side=200))[:-2000])
    (photos / "blue" / "copy.jpg").write_bytes((photos / "red" / "1.jpg").read_bytes())

    model = train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    found = model.training.photos
    assert (found.used, found.skipped) == (15, 5)
    assert found.reasons == {
        "empty": 1,
        "not an image": 1,
        "truncated": 1,
        "same photo in two classes": 2,
    }
    with (tmp_path / "model" / "skipped.csv").open() as file:
        assert {row["file"] for row in csv.DictReader(file)} == {
            "red/empty.jpg",
            "red/page.jpg",
            "blue/half.jpg",
            "blue/copy.jpg",
            "red/1.jpg",
        }
    report = (tmp_path / "model" / "report.html").read_text()
    assert "blue/half.jpg" in report.replace("<wbr>", "")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder.mkdir(), "holds no class"),
        (lambda folder: write_photos(folder, ("red",), each=3), "only one class"),
        (lambda folder: [(folder / name).mkdir(parents=True) for name in ("a", "b")], "without any photo"),
        (lambda folder: None, "no such"),
    ],
)
def test_unusable_folders_stop_before_any_work(make, message, tmp_path, home):
    make(tmp_path / "photos")

    with pytest.raises(PhotosError, match=f"(?i){message}"):
        train(tmp_path / "photos", backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    assert not home.exists()
    assert not (tmp_path / "model").exists()


def test_no_readable_photo_stops_before_any_work(tmp_path, home):
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.jpg").write_bytes(b"no photo at all")

    with pytest.raises(PhotosError, match="0 of 2 files"):
        train(tmp_path / "photos", backbone=tiny_backbone(), home=home)


def test_one_photo_a_class_works_with_prototypes_alone(tmp_path, home):
    photos = write_photos(tmp_path / "photos", ("red", "blue", "green"), each=1)

    with pytest.raises(FitError, match="prototypes"):
        train(photos, backbone=tiny_backbone(), home=home)
    model = train(photos, backbone=tiny_backbone(), home=home, head="prototypes", output=tmp_path / "model")

    assert model.training.accuracy is None, "what is not measured is not printed"
    [answer] = predict(model, photos / "red", home=home)
    assert (answer.label, answer.unknown) == ("red", None), "no photo was left to measure what is unknown"
    assert load_model(tmp_path / "model").training.accuracy is None


def test_a_class_with_two_photos_is_learned_and_measured(photos, home):
    write_photos(photos, ("green",), each=2)

    model = train(photos, backbone=tiny_backbone(), home=home)

    assert model.classes == ("blue", "green", "red")
    assert model.training.accuracy.photos == 18


@pytest.mark.slow
@pytest.mark.parametrize("head", ["linear", "neighbours", "prototypes"])
def test_each_head_survives_saving(head, photos, tmp_path, home):
    model = train(photos, backbone=tiny_backbone(), home=home, head=head, output=tmp_path / "model")

    again = load_model(tmp_path / "model", backbone=tiny_backbone())

    before = predict(model, photos, home=home)
    after = predict(again, photos, home=home)
    assert [each.to_json() for each in before] == [each.to_json() for each in after]
    assert {each.label for each in before} == {"red", "blue"}


def test_another_layer_is_another_model(photos, home):
    model = train(photos, backbone=tiny_backbone(), home=home, layer="first:mean")

    assert (model.layer, model.width) == ("first:mean", 8)


@pytest.mark.slow
def test_a_table_trains_like_a_folder(photos, tmp_path, home):
    table = tmp_path / "photos.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows(
            (path.relative_to(tmp_path), path.parent.name) for path in sorted(photos.rglob("*.jpg"))
        )

    from_table = train(table, backbone=tiny_backbone(), home=home, output=tmp_path / "one")
    train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "two")

    assert from_table.training.photos.used == 16
    heads = [min((tmp_path / name).glob("head-*")).name for name in ("one", "two")]
    assert heads[0] == heads[1]


@pytest.mark.parametrize(
    "wrong",
    [{"head": "forest"}, {"seed": -1}, {"backbone": "no_such_network_at_all"}, {"output": "taken.txt"}],
)
def test_wrong_arguments_stop_before_any_work(wrong, photos, tmp_path, home, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.txt").write_text("mine")

    with pytest.raises((UsageError, ValueError)):
        train(photos, **{"backbone": tiny_backbone(), "home": home, **wrong})

    assert not home.exists()
    assert (tmp_path / "taken.txt").read_text() == "mine"


def test_a_model_among_the_photos_is_refused(photos, home):
    with pytest.raises(UsageError, match="among the photos"):
        train(photos, backbone=tiny_backbone(), home=home, output=photos / "model")

    assert sorted(path.name for path in photos.iterdir()) == ["blue", "red"]


def test_photos_are_left_alone(photos, tmp_path, home):
    before = {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in photos.rglob("*") if path.is_file()
    }

    train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    after = {
        path: (path.stat().st_mtime_ns, path.read_bytes()) for path in photos.rglob("*") if path.is_file()
    }
    assert before == after


def test_model_json_is_plain(photos, tmp_path, home):
    train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    record = json.loads((tmp_path / "model" / "model.json").read_text())

    assert record["head"]["classes"] == ["blue", "red"]
    assert str(tmp_path) not in json.dumps(record)


def test_held_out_part_with_a_class_of_two_photos(tmp_path, home, monkeypatch):
    monkeypatch.setattr("headstart.tasks.judge.FOLDS_BELOW", 20)
    photos = write_photos(tmp_path / "photos", ("red", "blue"), each=10)
    write_photos(photos, ("green", "amber", "violet"), each=2)

    model = train(photos, backbone=tiny_backbone(), home=home)

    assert model.training.accuracy.how == "held-out"
    assert len(model.classes) == 5


@pytest.mark.parametrize(
    "content", [b"no photo", jpeg(fake_photo(1, 7, side=200))[:3000]], ids=["read", "decode"]
)
def test_a_class_without_a_usable_photo_stops(content, photos, home):
    for path in (photos / "blue").iterdir():
        path.unlink()
    for number in (1, 2):
        (photos / "blue" / f"{number}.jpg").write_bytes(content + bytes(number))

    with pytest.raises(PhotosError, match=r"class 'blue'.*blue/[12]\.jpg"):
        train(photos, backbone=tiny_backbone(), home=home)


def test_many_classes_of_one_photo_with_prototypes(tmp_path, home, monkeypatch):
    monkeypatch.setattr("headstart.tasks.judge.FOLDS_BELOW", 5)
    photos = write_photos(tmp_path / "photos", [f"class {number}" for number in range(6)], each=1)

    model = train(photos, backbone=tiny_backbone(), home=home, head="prototypes")

    assert model.training.accuracy is None
    assert len(model.classes) == 6


def test_few_photos_are_judged_in_as_many_folds_as_there_are(tmp_path, home):
    photos = write_photos(tmp_path / "photos", each=2)

    model = train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    assert model.training.accuracy.photos == 4
    assert "4 parts" in (tmp_path / "model" / "report.html").read_text()


def test_copies_of_a_photo_are_measured_once(photos, home):
    for number in range(30):
        shutil.copy(photos / "red" / "0.jpg", photos / "red" / f"copy {number}.jpg")

    facts = train(photos, backbone=tiny_backbone(), home=home).training

    assert facts.photos.used == 46
    assert facts.accuracy.photos == 16, "a copy says nothing more"
    assert any("30 photos are exact copies" in note for note in facts.notes)


def test_a_class_of_copies_of_one_photo_stops_before_work(photos, home):
    for path in (photos / "blue").iterdir():
        path.write_bytes(jpeg(fake_photo(1, 0)))

    with pytest.raises(FitError, match="copies counted once"):
        train(photos, backbone=tiny_backbone(), home=home)

    with open_store(Home(home)) as store:
        assert store.info().rows == 0


def test_test_photos_that_were_trained_on_are_listed_with_their_other_label(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red", "blue"), each=4, side=40)
    shutil.copy(photos / "red" / "0.jpg", test / "blue" / "really red.jpg")

    model = train(photos, test=test, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    assert model.training.photos.reasons == {"also trained on": 1}
    assert '/blue/really red.jpg","also trained on"' in (tmp_path / "model" / "skipped.csv").read_text()
    assert any("as another class" in note for note in model.training.notes)


def test_a_class_without_test_photos_is_said(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red",), each=4, side=40)

    notes = train(photos, test=test, backbone=tiny_backbone(), home=home).training.notes

    assert "no photo of 'blue' was measured: the figures are over 1 of 2 classes" in notes


@pytest.mark.slow
def test_what_files_are_called_changes_no_bit(photos, tmp_path, home):
    train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "one")
    for path in sorted(photos.rglob("*.jpg")):
        path.rename(path.with_name(f"{9 - int(path.stem)}x.jpg"))
    train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "two")

    assert tensors(tmp_path / "one") == tensors(tmp_path / "two")


def test_an_unknown_layer_stops_before_a_photo_is_read(photos, home):
    with pytest.raises(BackboneError, match="nowhere"):
        train(photos, backbone=tiny_backbone(), home=home, layer="nowhere")

    assert not home.exists()


def test_refit_is_refused_or_said_to_change_nothing(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red", "blue"), each=2, side=40)

    with pytest.raises(UsageError, match="--refit"):
        train(photos, test=test, backbone=tiny_backbone(), home=home, refit=True)
    notes = train(photos, backbone=tiny_backbone(), home=home, refit=True).training.notes

    assert any("--refit changed nothing" in note for note in notes)


def test_a_home_among_the_photos_is_refused(photos):
    with pytest.raises(UsageError, match="among the photos"):
        train(photos, backbone=tiny_backbone(), home=photos / "home")


def test_a_tilde_is_the_users_folder(photos, home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    train("~/photos", backbone=tiny_backbone(), home=home, output="~/model")

    assert (tmp_path / "model" / "model.json").is_file()


@pytest.mark.parametrize("argument", ["photos", "test", "output"])
def test_an_empty_path_is_not_the_working_folder(argument, photos, home):
    arguments = {"photos": photos, argument: ""}

    with pytest.raises(UsageError, match="is empty"):
        train(backbone=tiny_backbone(), home=home, **arguments)


@pytest.mark.slow
def test_the_report_says_what_was_asked_and_keeps_the_sets_apart(photos, tmp_path, home):
    test = write_photos(tmp_path / "test", ("red", "blue"), each=4, side=40)
    (test / "red" / "bad.jpg").touch()
    output = tmp_path / "model"

    words = ["--home", str(home), "--no-weights", "--follow-links", "--seed", "7", "-o", str(output)]

    run(["train", str(photos), "-b", "squeezenet1_1@random", "--test", str(test), *words])

    page = (output / "report.html").read_text().replace("<wbr>", "")
    assert "--no-weights --follow-links" in page
    assert "16 photos used, 0 files not used" in " ".join(page.split())
    assert "1 test photo not used: 1 empty" in page
    assert page.count('alt="A photo of the class ') == 2


def test_a_folder_that_is_named_for_its_part_is_titled_after_what_it_is_a_part_of(tmp_path, home):
    classes = ("a", "b", "c", "d", "e")
    photos = write_photos(tmp_path / "birds" / "train", classes, each=2, side=40)

    train(photos, backbone=tiny_backbone(), output=tmp_path / "model", home=home)

    assert "<h1><bdi>birds</bdi></h1>" in (tmp_path / "model" / "report.html").read_text()
