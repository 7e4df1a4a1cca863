"""`predict`, `evaluate` and `embed` on a small trained model."""

import json

import numpy as np
import pytest

from headstart import embed, evaluate, load_model, predict, train
from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.tasks.at_hand import AtHand
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("red", "blue"), each=8)
    train(folder / "photos", backbone=tiny_backbone(), home=folder / "home", output=folder / "model")
    return folder


@pytest.fixture
def model(world):
    return load_model(world / "model", backbone=tiny_backbone())


def test_answers_carry_everything(world, model):
    [answer] = predict(model, world / "photos" / "red" / "3.jpg", home=world / "home")

    assert answer.label == "red"
    assert list(answer.probabilities) == ["red", "blue"]
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.unknown is False
    assert answer.neighbours[0]["file"] == "red/3.jpg"
    assert answer.neighbours[0]["distance"] == pytest.approx(0, abs=1e-6)
    json.dumps(answer.to_json(), allow_nan=False)


def test_whatever_stands_for_a_path_is_one_file(world, model):
    photo = str(world / "photos" / "red" / "3.jpg")

    [answer] = predict(model, AtHand(photo, real=True, note=""), home=world / "home")

    assert answer.label == "red"


def test_something_else_is_unknown(world, model, tmp_path):
    checks = np.indices((48, 48)).sum(axis=0) // 4 % 2 * 255
    (tmp_path / "checks.jpg").write_bytes(jpeg(np.repeat(checks[:, :, None], 3, axis=2).astype(np.uint8)))

    assert predict(model, tmp_path / "checks.jpg", home=world / "home")[0].unknown is True


def test_top_limits_the_probabilities(world, model):
    [answer] = predict(model, world / "photos" / "red" / "3.jpg", top=1, home=world / "home")

    assert list(answer.probabilities) == ["red"]


def test_a_bad_file_gets_an_error_and_stops_nothing(world, model, tmp_path):
    (tmp_path / "bad.jpg").write_text("not a photo")
    (tmp_path / "good.jpg").write_bytes(jpeg(fake_photo(0, 3)))

    answers = {
        each.file.rsplit("/")[-1]: each
        for each in predict(model, [tmp_path, tmp_path / "missing.jpg"], home=world / "home")
    }

    assert answers["good.jpg"].error is None
    assert "not an image" in answers["bad.jpg"].error
    assert "missing" in answers["missing.jpg"].error


def test_answers_come_in_the_order_given(world, model):
    files = ["missing.jpg", world / "photos" / "red" / "1.jpg", world / "photos" / "blue" / "0.jpg"]

    assert [each.file for each in predict(model, files, home=world / "home")] == [str(file) for file in files]


def test_only_bad_files_are_still_answered(world, model, tmp_path):
    (tmp_path / "bad.jpg").write_text("not a photo")

    assert [each.label for each in predict(model, tmp_path / "bad.jpg", home=world / "home")] == [None]


@pytest.mark.slow
def test_a_network_answers_with_its_own_classes(world, tmp_path):
    [answer] = predict("squeezenet1_1@random", world / "photos" / "red" / "3.jpg", top=3, home=tmp_path)

    assert len(answer.probabilities) == 3
    assert answer.label == next(iter(answer.probabilities))
    assert answer.unknown is None
    assert answer.neighbours == []


def test_neither_a_folder_nor_a_network(world):
    with pytest.raises(UsageError, match="neither"):
        predict("no-such-thing", world / "photos", home=world / "home")


def test_evaluate_leaves_out_what_was_trained_on(world, model, tmp_path):
    photos = write_photos(tmp_path / "photos", ("red", "blue"), each=3, side=40)
    (photos / "red" / "seen.jpg").write_bytes((world / "photos" / "red" / "0.jpg").read_bytes())

    result = evaluate(model, photos, home=world / "home").to_json()

    assert result["photos"]["used"] == 6
    assert result["photos"]["trained_on"] == 1
    assert result["accuracy"]["photos"] == 6
    assert np.sum(result["confusion"]) == 6
    json.dumps(result, allow_nan=False)


def test_evaluate_on_training_photos_alone_is_refused(world, model):
    with pytest.raises(PhotosError, match="trained on"):
        evaluate(model, world / "photos", home=world / "home")


def test_evaluate_refuses_a_class_that_the_model_does_not_know(world, model, tmp_path):
    with pytest.raises(PhotosError, match="violet"):
        evaluate(model, write_photos(tmp_path / "photos", ("violet",), each=2), home=world / "home")


def test_one_class_alone_can_be_evaluated(world, model, tmp_path):
    photos = write_photos(tmp_path / "photos", ("red",), each=3, side=40)

    assert evaluate(model, photos, home=world / "home").used == 3


def test_embed_writes_rows_with_their_names(world, tmp_path):
    result = embed(
        world / "photos", backbone=tiny_backbone(), home=world / "home", output=tmp_path / "rows.npz"
    ).to_json()

    with np.load(tmp_path / "rows.npz", allow_pickle=False) as file:
        assert file["features"].shape == (16, 16)
        assert file["features"].dtype == np.float32
        assert file["paths"].tolist()[0] == "blue/0.jpg"
        assert file["labels"].tolist()[0] == "blue"
        assert len(set(file["sha256"].tolist())) == 16
    assert (result["rows"], result["width"]) == (16, 16)
    assert result["features"]["reused"] == 16


def test_embed_takes_a_folder_without_classes(world, tmp_path):
    result = embed(world / "photos" / "red", backbone=tiny_backbone(), home=world / "home")

    assert result.table.photos[0].label is None
    assert result.table.photos[0].name == "0.jpg"


def test_embed_writes_neither_among_the_photos_nor_over_something_else(world, tmp_path):
    mine = tmp_path / "photo.npz"
    mine.write_bytes(b"a photo of mine")

    for output in (world / "photos" / "rows.npz", mine, tmp_path / "missing.txt"):
        with pytest.raises(UsageError):
            embed(world / "photos", backbone=tiny_backbone(), home=world / "home", output=output)

    assert mine.read_bytes() == b"a photo of mine"
    assert not (world / "photos" / "rows.npz").exists()


def test_links_that_are_not_followed_are_said(world, model, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "good.jpg").write_bytes(jpeg(fake_photo(0, 3)))
    (tmp_path / "photos" / "more").symlink_to(world / "photos", target_is_directory=True)

    answers = predict(model, tmp_path / "photos", home=world / "home")
    rows = embed(tmp_path / "photos", backbone=tiny_backbone(), home=world / "home")

    assert len(answers) == 1
    assert any("more" in note for note in answers.notes)
    assert rows.to_json()["notes"]


def test_embed_refuses_another_file_type(world, tmp_path):
    with pytest.raises(UsageError, match=r"\.npz"):
        embed(world / "photos", backbone=tiny_backbone(), home=world / "home", output=tmp_path / "rows.csv")


def test_feature_prediction_and_module_agree(world, model):
    """The stored feature, the answer and the plain torch module say the same of the same photo."""
    import torch

    from headstart.images.decode import decode
    from headstart.images.pixels import to_pixels

    path = world / "photos" / "blue" / "2.jpg"
    [answer] = predict(model, path, home=world / "home")
    pixels = to_pixels([decode(path.read_bytes(), model.backbone_spec.preprocessing.resize).pixels])
    with torch.inference_mode():
        probabilities = model.to_torch()(torch.from_numpy(pixels))[0]

    for place, label in enumerate(model.classes):
        assert float(probabilities[place]) == pytest.approx(answer.probabilities[label], abs=2e-3)


def test_a_network_without_classes_cannot_answer(monkeypatch, tmp_path):
    from headstart.storage.home import Home
    from headstart.tasks import answerer

    monkeypatch.setattr("headstart.backbones.load.load_backbone", lambda name, **_: tiny_backbone())

    with pytest.raises(BackboneError, match="no classes"):
        answerer.open_answerer("resnet18@random", Home(tmp_path / "home"))
