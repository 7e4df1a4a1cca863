"""How unknown photos are measured when a model is trained, and what answers say of them."""

import numpy as np
import pytest

from headstart.errors import PhotosError, UsageError
from headstart.model.model import load_model
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import jpeg, tiny_backbone, write_photos

CLASSES = ("red", "blue", "green", "yellow")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", CLASSES, each=12)
    (folder / "strange" / "deep").mkdir(parents=True)
    for number in range(6):
        checks = np.indices((48, 48)).sum(axis=0) // (number + 3) % 2 * 255
        picture = jpeg(np.repeat(checks[:, :, None], 3, axis=2).astype(np.uint8))
        place = folder / "strange" / ("deep" if number % 2 else ".")
        (place / f"{number}.jpg").write_bytes(picture)
    return folder


@pytest.fixture(scope="module")
def model(world):
    return train(
        world / "photos",
        backbone=tiny_backbone(),
        home=world / "home",
        output=world / "model",
        unknown=world / "strange",
    )


def test_near_and_far_kinds_are_measured(model):
    found = model.training.unknown
    assert found.near.strange == 48
    assert found.far.strange == 6
    assert found.near_not_measured == ""
    assert (found.false_alarms, found.photos) == (0.05, 48)
    assert found.low < 0.05 < found.high
    assert (found.near.kinds, found.far.kinds) == (4, 2)
    for share in (found.near.auroc, found.near.caught, found.far.auroc, found.far.caught):
        assert share.low <= share.value <= share.high


def test_the_report_says_all_of_it(model, world):
    page = (world / "model" / "report.html").read_text()
    assert "classes that were held out" in page
    assert "the photos of nothing learned that were given" in page
    assert "one folder and count as one kind" not in page
    assert "One of these" in page


def test_strangers_are_never_trained_on(model, world):
    assert {photo.label for photo in model.photos} == set(CLASSES)
    assert len(model.photos) == 48


def test_what_was_saved_answers_as_what_was_trained(model, world):
    loaded = load_model(world / "model", backbone=tiny_backbone())
    ours, theirs = (
        predict(each, [world / "photos", world / "strange"], home=world / "home") for each in (model, loaded)
    )
    assert [each.to_json() for each in ours] == [each.to_json() for each in theirs]
    assert all((each.strangeness > 1) == each.unknown for each in ours)
    assert {"state", "one_of", "strangeness", "unknown"} <= set(ours[0].to_json())
    assert load_model(world / "model").sets == model.sets
    assert all(each.one_of[0] == each.label for each in ours)


def test_too_few_classes_are_said_to_be_too_few(tmp_path):
    photos = write_photos(tmp_path / "photos", ("red", "blue"), each=12)
    found = train(photos, backbone=tiny_backbone(), home=tmp_path / "home").training
    assert found.unknown.near is None
    assert "at least 4 classes" in found.unknown.near_not_measured
    assert any("set on 24 photos" in note for note in found.notes)


@pytest.mark.parametrize("head", ["neighbours", "prototypes"])
def test_every_head_measures_it(world, head):
    model = train(world / "photos", backbone=tiny_backbone(), home=world / "home", head=head)
    assert model.training.unknown.near.strange == 48
    assert model.novelty.doubt > 0
    assert model.sets.photos == 48


def test_with_photos_of_a_test_the_threshold_rests_on_training_photos(world, tmp_path):
    test = write_photos(tmp_path / "test", CLASSES, each=3)
    for path in test.rglob("*.jpg"):  # other bytes, or they would be photos that were trained on
        path.write_bytes(path.read_bytes() + b"\0")
    model = train(world / "photos", backbone=tiny_backbone(), home=world / "home", test=test)
    assert model.training.accuracy.how == "test"
    assert model.training.unknown.photos == 48


def test_photos_that_are_trained_on_are_no_strangers(world):
    with pytest.raises(PhotosError, match="of 48: 48 also trained on"):
        train(world / "photos", backbone=tiny_backbone(), home=world / "home", unknown=world / "photos")


@pytest.mark.parametrize(("name", "value"), [("false_alarms", 0.0), ("coverage", 1.0)])
def test_shares_that_cannot_be_promised_stop_before_any_work(world, tmp_path, name, value):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} is {value:g}"):
        train(world / "photos", backbone=tiny_backbone(), home=tmp_path / "home", **{name: value})
    assert not (tmp_path / "home").exists()


def test_more_false_alarms_make_a_lower_threshold(world, model):
    loose = train(world / "photos", backbone=tiny_backbone(), home=world / "home", false_alarms=0.3)
    assert loose.novelty.threshold < model.novelty.threshold


def test_what_is_dropped_of_the_strange_photos_is_said_and_listed(world, tmp_path):
    strange, test = tmp_path / "strange", write_photos(tmp_path / "test", CLASSES, each=2)
    strange.mkdir()
    for path in test.rglob("*.jpg"):
        path.write_bytes(path.read_bytes() + b"\0")
    (strange / "new.jpg").write_bytes((world / "strange" / "0.jpg").read_bytes())
    (strange / "copy.jpg").write_bytes((world / "strange" / "0.jpg").read_bytes())
    (strange / "learned.jpg").write_bytes((world / "photos" / "red" / "0.jpg").read_bytes())
    (strange / "tested.jpg").write_bytes((test / "red" / "0.jpg").read_bytes())
    (strange / "empty.jpg").touch()
    output = tmp_path / "model"
    given = {"unknown": strange, "test": test, "output": output, "home": world / "home"}
    training = train(world / "photos", backbone=tiny_backbone(), **given).training
    assert training.unknown.far.strange == training.unknown.far.kinds == 1
    assert (
        "3 of 4 photos of --unknown not used: 1 empty, 1 also trained on, 1 also a test photo"
        in training.notes
    )
    assert "1 photo of --unknown not used: the same content as another one" in training.notes
    assert training.photos.skipped == 3
    listed = (output / "skipped.csv").read_text()
    assert all(f"{name}.jpg" in listed for name in ("learned", "tested", "empty"))
    assert "one folder and count as one kind" in (output / "report.html").read_text()


@pytest.mark.parametrize(
    ("given", "said"), [("nowhere", "no such file or folder"), ("", "--unknown is empty")]
)
def test_strange_photos_that_are_not_there_stop_before_any_work(world, tmp_path, given, said):
    with pytest.raises((PhotosError, UsageError), match=f"--unknown.*{said}|{said}"):
        train(
            world / "photos",
            backbone=tiny_backbone(),
            home=tmp_path / "home",
            unknown=given and tmp_path / given,
        )
    assert not (tmp_path / "home" / "features").exists()


def test_a_coverage_that_takes_more_photos_is_said_to(world, tmp_path):
    output = tmp_path / "model"
    model = train(
        world / "photos", backbone=tiny_backbone(), home=world / "home", coverage=0.99, output=output
    )
    said = "a coverage of 99 % needs at least 99 photos that were not learned from, and there were 48"
    assert model.sets is None
    assert any(note.endswith(said) for note in model.training.notes)
    assert said in (output / "report.html").read_text()


def test_near_kinds_are_not_measured_with_fewer_photos_than_the_rate_takes(world):
    found = train(
        world / "photos", backbone=tiny_backbone(), home=world / "home", false_alarms=0.02
    ).training.unknown
    assert found.near is None
    assert "to call 2 in 100 good photos unknown takes 49 good ones" in found.near_not_measured
