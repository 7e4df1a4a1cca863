"""`learn`, `forget` and undoing on small trained models."""

import json
import shutil

import pytest

from headstart import evaluate, load_model, predict, train
from headstart.cli.learn import taught_lines
from headstart.cli.run import run
from headstart.errors import FitError, PhotosError, UsageError
from headstart.finetune.settings import Tuning
from headstart.model import snapshots
from headstart.model.folder import read_folder
from headstart.model.manifest import MANIFEST, manifest_bytes
from headstart.tasks.finetune import finetune
from headstart.tasks.forget import forget
from headstart.tasks.learn import learn, undo
from headstart.tasks.learning import step
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos

HEADS = ("linear", "prototypes", "neighbours")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("red", "blue", "green"), each=8)
    for head in HEADS:
        output = folder / head
        train(folder / "photos", backbone=tiny_backbone(), home=folder / "home", output=output, head=head)
    return folder


@pytest.fixture(params=HEADS)
def every(request, world, tmp_path):
    shutil.copytree(world / request.param, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def model(world, tmp_path):
    shutil.copytree(world / "linear", tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def table(world, tmp_path):
    """(rows) => a table beside the photos."""

    def write(*rows, name="corrections.csv"):
        path = tmp_path / name
        path.write_text("path,label\n" + "".join(f'"{world}/photos/{row[0]}","{row[1]}"\n' for row in rows))
        return path

    return write


@pytest.fixture
def teach(world):
    def go(model, corrections, **options):
        return learn(model, corrections, home=world / "home", backbone=tiny_backbone(), **options)

    return go


def whole(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_photo_changes_its_class_and_is_undone_exactly(every, table, teach):
    before = whole(every)
    taught = teach(every, table(("red/0.jpg", "blue")))
    [said] = taught.said
    assert (said.was, said.label, taught.photos) == ("red", "blue", 24)
    assert every.joinpath("report.html").read_bytes() != before["report.html"]
    labels = {photo.name: photo.label for photo in load_model(every).photos}
    assert labels["red/0.jpg"] == "blue"
    json.dumps(taught.to_json(), allow_nan=False)
    back = undo(every)
    assert whole(every) == before
    assert back.classes == ("blue", "green", "red")


def test_a_new_class_with_a_single_new_photo_is_known_at_once(every, table, teach, world, tmp_path):
    new = world / "photos" / "new.jpg"
    new.write_bytes(jpeg(fake_photo(4, 99)))
    taught = teach(every, table(("new.jpg", "violet")))
    new.unlink()
    assert taught.new_classes == ("violet",)
    assert [each.called for each in taught.said] == ["violet"]
    photo = tmp_path / "again.jpg"
    photo.write_bytes(jpeg(fake_photo(4, 99)))
    [answer] = predict(load_model(every, backbone=tiny_backbone()), photo, home=world / "home")
    assert answer.label == "violet"
    assert any("violet" in note for note in taught.notes)


def test_the_same_again_changes_nothing_and_says_so(model, table, teach):
    corrections = table(("red/0.jpg", "blue"))
    teach(model, corrections)
    state = whole(model)
    again = teach(model, corrections)
    assert not again.changed
    assert "nothing was changed" in again.notes[-1]
    assert whole(model) == state


def test_the_order_of_rows_changes_nothing(model, table, teach, tmp_path):
    other = shutil.copytree(model, tmp_path / "other")
    rows = [("red/0.jpg", "blue"), ("blue/1.jpg", "violet"), ("green/2.jpg", "violet")]
    teach(model, table(*rows))
    teach(other, table(*reversed(rows)))
    one, two = load_model(model), load_model(other)
    assert one.photos == two.photos
    assert {path.name for path in model.glob("*.safetensors")} == {
        path.name for path in other.glob("*.safetensors")
    }


def test_a_class_that_loses_its_last_photo_is_gone_and_said(model, table, teach):
    taught = teach(model, table(*((f"green/{number}.jpg", "blue") for number in range(8))))
    assert taught.gone_classes == ("green",)
    assert load_model(model).classes == ("blue", "red")


def test_fewer_than_two_classes_are_refused_and_nothing_changes(model, table, teach):
    state = whole(model)
    rows = [(f"{label}/{number}.jpg", "blue") for label in ("red", "green") for number in range(8)]
    with pytest.raises(FitError, match="1 class would be left"):
        teach(model, table(*rows))
    with pytest.raises(FitError, match="would be left"):
        forget(model, ["red", "green"])
    assert whole(model) == state


def apart(taught):
    return {each.what: (each.photos, each.before, each.after) for each in taught.apart}


def test_photos_of_new_classes_are_no_gain(model, table, teach):
    taught = teach(model, table(*((f"green/{number}.jpg", "verde") for number in range(8))))
    assert taught.before["photos"] == taught.after["photos"] == taught.difference.photos == 16
    assert taught.before["value"] == taught.after["value"] == 1.0  # with the new ones it was 67 % before
    assert taught.difference.value == 0
    assert apart(taught) == {"new classes": (8, None, 8)}
    assert taught.accuracy["photos"] == load_model(model).training.accuracy.photos == 24
    assert {each.after for each in taught.moved} == {"verde"}
    page = model.joinpath("report.html").read_text()
    assert "new classes: 8 of 8 photos right now; the model before could not know them" in page
    assert "on the same 16 photos whose class stayed the same" in page
    assert "8 photos of 24 held-out photos." in page


def test_relabelled_and_added_photos_do_not_change_the_yardstick(model, table, teach, world):
    for number in range(3):
        world.joinpath(f"more-{number}.jpg").write_bytes(jpeg(fake_photo(0, 50 + number)))
    rows = [*((f"../more-{number}.jpg", "red") for number in range(3)), ("green/0.jpg", "blue")]
    taught = teach(model, table(*rows))
    assert taught.difference.photos == 23
    assert {what: photos for what, (photos, _, _) in apart(taught).items()} == {"relabelled": 1, "added": 3}
    assert taught.accuracy["photos"] == 27
    assert load_model(model).training.learned.steps[-1].before.photos == 23
    lines = "\n".join(taught_lines(taught))
    assert "4 corrections taken in: 3 new photos, 1 relabelled" in lines
    assert "on the same 23 photos, whose class stayed the same" in lines
    assert "1 photo got another class: 0 called by the class of now before" in lines
    assert "3 new photos of classes it knew: " in lines


def test_where_every_class_is_another_nothing_is_compared(model, table, teach):
    names = {"red": "rot", "blue": "blau", "green": "verde"}
    taught = teach(
        model, table(*((f"{old}/{number}.jpg", new) for old, new in names.items() for number in range(8)))
    )
    assert (taught.before, taught.difference, taught.worse) == (None, None, False)
    assert apart(taught) == {"new classes": (24, None, 24)}
    assert any("nothing can be compared" in note for note in taught.notes)
    assert "none kept its class" in model.joinpath("report.html").read_text()


def test_forgetting_compares_on_the_classes_that_stay(model):
    taught = forget(model, "green")
    assert taught.difference.photos == 16
    assert taught.apart == ()


def test_the_page_says_when_a_photo_is_unknown(model, table, teach):
    teach(model, table(("red/0.jpg", "blue")))
    facts = load_model(model).training
    page = model.joinpath("report.html").read_text()
    assert facts.unknown is not None
    assert "Not one of yours" in page
    assert "train measures it again" in page


def test_a_model_with_a_threshold_alone_says_that_its_rule_changes(model, table, teach):
    old = read_folder(model)
    training = old.record.training.model_copy(update={"unknown": None, "sets": None})
    record = old.record.model_copy(
        update={"unknown": None, "sets": None, "threshold": 0.3, "training": training}
    )
    (model / MANIFEST).write_bytes(manifest_bytes(record))
    said = "other photos may be called unknown"
    assert any(said in note for note in teach(model, table(("red/0.jpg", "blue"))).notes)
    assert not any(said in note for note in forget(model, "green").notes)


@pytest.mark.parametrize("name", ["pocket", "mobilenet_v2"])
def test_the_classes_of_a_network_cannot_be_taught(name, tmp_path, monkeypatch, table):
    monkeypatch.chdir(tmp_path)
    for go in (
        lambda: learn(name, table(("red/0.jpg", "blue")), home=tmp_path / "home"),
        lambda: forget(name, "tabby"),
        lambda: undo(name),
    ):
        with pytest.raises(UsageError, match="is a network, and its own classes can't be taught"):
            go()


def test_a_step_more_than_are_kept_is_not_promised(model, table, teach, monkeypatch):
    for module in (snapshots, step):
        monkeypatch.setattr(module, "LEVELS", 2)
    found = [teach(model, table(("red/0.jpg", label))) for label in ("blue", "green", "red", "blue")]
    assert [each.levels for each in found] == [1, 2, 2, 2]
    assert [any("was dropped" in note for note in each.notes) for each in found] == [False, False, True, True]
    assert [undo(model).levels, undo(model).levels] == [1, 0]
    again = teach(model, table(("red/0.jpg", "red")))
    assert again.levels == 1
    assert not any("was dropped" in note for note in again.notes)


def test_what_is_worse_is_said_with_the_way_back(model, table, teach):
    from dataclasses import replace

    from headstart.heads.paired import PairedDifference

    taught = teach(model, table(("red/0.jpg", "blue")))
    assert not taught.worse
    fallen = replace(taught, difference=PairedDifference(-0.2, -0.3, -0.1, 24))
    [line] = [line for line in taught_lines(fallen) if "it is worse" in line]
    assert line.endswith(f"headstart learn {model} --undo")


def test_a_training_photo_whose_file_is_gone_is_corrected_by_its_sha256(model, teach, tmp_path):
    photo = load_model(model).photos[0]
    corrections = tmp_path / "c.csv"
    corrections.write_text(f"path,label,sha256\n/gone.jpg,new one,{photo.sha256}\n")
    assert [each.was for each in teach(model, corrections).said] == [photo.label]


def test_a_row_of_the_store_is_enough(model, teach, world, tmp_path):
    from hashlib import sha256

    data = jpeg(fake_photo(4, 123))
    photo = tmp_path / "a.jpg"
    photo.write_bytes(data)
    predict(load_model(model, backbone=tiny_backbone()), photo, home=world / "home")
    photo.unlink()
    corrections = tmp_path / "c.csv"
    lost = "ab" * 32
    corrections.write_text(
        f"path,label,sha256\na.jpg,violet,{sha256(data).hexdigest()}\nb.jpg,violet,{lost}\n"
    )
    taught = teach(model, corrections)
    assert [each.label for each in taught.said] == ["violet"]
    assert [each.name for each in taught.refused] == ["b.jpg"]
    assert (model / "skipped.csv").exists()


def test_evaluate_still_knows_every_training_photo(model, table, teach, world):
    teach(model, table(("red/0.jpg", "blue")))
    with pytest.raises(PhotosError, match="trained on"):
        evaluate(load_model(model, backbone=tiny_backbone()), world / "photos", home=world / "home")


def test_forgetting_drops_a_class_and_leaves_the_others(every):
    before = whole(every)
    known = {photo for photo in load_model(every).photos if photo.label != "green"}
    taught = forget(every, "green")
    assert (taught.gone_classes, taught.removed, taught.photos) == (("green",), 8, 16)
    assert set(load_model(every).photos) == known
    undo(every)
    assert whole(every) == before


def test_unknown_classes_are_refused_with_close_names(model):
    with pytest.raises(UsageError, match="did you mean 'green'"):
        forget(model, "Greeen")
    with pytest.raises(UsageError, match="no class was named"):
        forget(model, [])


def test_hostile_names_of_classes_are_learned_shown_and_forgotten(model, table, teach):
    names = ["<script>alert(1)</script>", "x" * 255, "\u202eabc", "../../etc", "=1+1", "a\x1bb"]
    taught = teach(model, table(*((f"red/{at}.jpg", name) for at, name in enumerate(names))))
    assert set(taught.new_classes) == set(names)
    page = model.joinpath("report.html").read_text()
    assert "<script" not in page
    assert "\u202e" not in page
    assert set(forget(model, names).gone_classes) == set(names)


def test_names_that_differ_little_are_said(model, table, teach):
    taught = teach(model, table(("red/0.jpg", "Blue ")))
    assert any("spelt nearly like 'blue'" in note for note in taught.notes)


def test_steps_are_counted_and_kept_with_the_model(model, table, teach):
    teach(model, table(("red/0.jpg", "blue")))
    forget(model, "green")
    learned = load_model(model).training.learned
    assert [step.verb for step in learned.steps] == ["learn", "forget"]
    assert learned.times == 2
    assert undo(model).levels == 1


def test_the_command_line(model, table, world, capsys):
    corrections = str(table(("red/0.jpg", "blue")))
    home = ["--home", str(world / "home")]
    assert run(["learn", str(model), corrections, "--json", *home]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["corrected"][0]["was"] == "red"
    assert shown["undo_levels"] == 1
    assert run(["forget", str(model), "green", *home]) == 0
    assert "gone: 'green'" in capsys.readouterr().out
    assert run(["learn", str(model), "--undo"]) == 0
    assert run(["learn", str(model), "--undo", "--json"]) == 0
    capsys.readouterr()
    for wrong in (
        ["learn", str(model), "--undo"],
        ["learn", str(model)],
        ["learn", str(model), "x", "--undo"],
    ):
        assert run(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_training_over_it_loses_no_correction(model, table, teach, world):
    trained = whole(model)
    teach(model, table(("red/0.jpg", "blue")))
    corrected = whole(model)
    again = train(world / "photos", backbone=tiny_backbone(), home=world / "home", output=model)
    assert any("1 step of corrections" in note and "--undo" in note for note in again.training.notes)
    assert load_model(model).training.learned is None
    back = undo(model)
    assert (whole(model), back.levels, back.notes) == (corrected, 1, ("undone: the training over it",))
    undo(model)
    assert whole(model) == trained


def test_a_training_over_a_model_without_corrections_says_nothing(model, world):
    again = train(world / "photos", backbone=tiny_backbone(), home=world / "home", output=model)
    assert not any("corrections" in note for note in again.training.notes)
    assert not (model / "before").exists()


@pytest.mark.slow
def test_a_tuned_network_keeps_what_was_set_on_photos_that_taught_it_nothing(world, tmp_path):
    """Its rows of the training photos are too good: nothing that is set on them is called measured."""
    model, home = tmp_path / "model", world / "home"
    few = Tuning(epochs=1, batch_size=4, views=1, patience=None, part="whole")
    finetune(
        world / "photos", backbone=tiny_backbone(), tuning=few, gate=False, home=home, output=model,
        coverage=0.8, false_alarms=0.2, test=write_unseen(tmp_path / "test"),
    )  # fmt: skip
    before = read_folder(model).record
    assert before.training.finetuning.kept == "fine-tuned"
    assert before.sets is not None
    corrections = tmp_path / "corrections.csv"
    corrections.write_text(f'path,label\n"{world}/photos/red/0.jpg","violet"\n')
    for _ in range(2):
        taught = learn(model, corrections, home=home)
        after = read_folder(model).record
        assert after.head.classes == ["blue", "green", "red", "violet"]
        assert (after.threshold, after.unknown, after.sets) == (before.threshold, before.unknown, before.sets)
        assert after.training.unknown == before.training.unknown
        assert after.training.sets == before.training.sets
        assert [note for note in taught.notes if "stays as it was set before" in note]
        corrections.write_text(f'path,label\n"{world}/photos/red/1.jpg","violet"\n')


def write_unseen(folder):
    for path in write_photos(folder, ("red", "blue", "green"), each=4).rglob("*.jpg"):
        path.write_bytes(path.read_bytes() + b"\0")
    return folder
