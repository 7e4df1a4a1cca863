"""The recipe of `pocket`, on generated photos and a teacher of random weights: resumed, learned, written."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.backbones.load import load_backbone
from headstart.backbones.pocket.card import CARD_FILE, WEIGHTS_FILE, Card, read_card
from headstart.backbones.pocket.network import PocketNet
from headstart.backbones.state import digest, load_tensors
from headstart.errors import UsageError
from headstart.testing import fake_photo, jpeg
from training.pocket import teacher as teacher_module
from training.pocket import train as train_module
from training.pocket.__main__ import SOURCE, main
from training.pocket.finish import INPUT, LICENCE, TAG, write_package
from training.pocket.losses import losses
from training.pocket.photos import Pictures, read_pictures
from training.pocket.settings import Settings
from training.pocket.student import MEAN, SPREAD, Said, Student, prepared
from training.pocket.teacher import Teacher, ask_teacher
from training.pocket.train import draw_batch, side_at, steps_of, train
from training.pocket.views import Boxes, cut, draw_boxes, seen_by_teacher

pytestmark = pytest.mark.slow

SETTINGS = Settings(
    epochs=2, batch=8, sample=2, sides=((0.0, 32), (0.5, 48)), teacher_side=32, sample_side=48
)
IDS = tuple(read_card().classes)


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)

    def draw(count, side):
        return random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)

    return Pictures(draw(18, 64), np.arange(18) % 200, draw(4, 48), draw(6, 64), np.arange(6) % 200, IDS)


@pytest.fixture
def teacher():
    random = np.random.default_rng(1)
    weights = torch.from_numpy(random.normal(size=(1000, 1280)).astype(np.float32))
    maps = random.integers(0, 256, (22, 1280, 1, 1), dtype=np.uint8)
    return Teacher(maps, torch.full((1280,), 3.0), torch.ones(1280), weights, torch.zeros(1000))


def write_data(folder, *, classes=IDS, photos=20):
    tiny = folder / "tiny-imagenet"
    tiny.mkdir(parents=True)
    (tiny / "classes.json").write_text(json.dumps({each: each for each in classes}))
    for part, count in (("train.zip", photos), ("val.zip", 20)):
        with zipfile.ZipFile(tiny / part, "w") as archive:
            for number in range(count):
                name = classes[number % len(classes)]
                archive.writestr(f"{name}/{name}_{number}.JPEG", jpeg(fake_photo(number, 0, side=64)))
    sample = folder / "imagenet-sample"
    sample.mkdir()
    for number in range(3):
        (sample / f"n{number}.jpg").write_bytes(jpeg(fake_photo(number, 0, side=90)))


def test_photos_are_read_in_the_order_of_their_names(tmp_path):
    write_data(tmp_path)
    found = read_pictures(tmp_path, sample_side=48)
    assert found.small.shape == (20, 64, 64, 3)
    assert found.sample.shape == (3, 48, 48, 3)
    assert found.ids == tuple(sorted(IDS))
    assert found.labels.tolist() == sorted(found.labels.tolist())


def test_data_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"train\.zip' is not there; DATA should hold"):
        read_pictures(tmp_path, sample_side=48)


def test_the_teacher_goes_on_where_it_stopped(tmp_path, pictures, monkeypatch):
    backbone = load_backbone("timm:mobilenetv2_100@random", options={"pad_type": "same"})
    both = [pictures.small, pictures.sample]
    (tmp_path / "whole").mkdir()
    whole = ask_teacher(backbone, both, tmp_path / "whole", side=32)
    assert whole.maps.shape == (22, 1280, 1, 1)

    run, asked = teacher_module.TorchEngine.run, []

    def once(engine, pixels):
        asked.append(len(pixels))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return run(engine, pixels)

    monkeypatch.setattr(teacher_module, "_STEP", 16)
    monkeypatch.setattr(teacher_module.TorchEngine, "run", once)
    with pytest.raises(KeyboardInterrupt):
        ask_teacher(backbone, both, tmp_path, side=32)
    again = ask_teacher(backbone, both, tmp_path, side=32)
    assert asked == [16, 2, 2, 4]  # the first sixteen were not asked again
    assert (np.asarray(again.maps) == np.asarray(whole.maps)).all()


def test_its_answers_follow_from_its_maps(tmp_path, pictures):
    backbone = load_backbone("timm:mobilenetv2_100@random", options={"pad_type": "same"})
    found = ask_teacher(backbone, [pictures.small[:2]], tmp_path, side=64)
    features = torch.from_numpy(found.maps[:].mean((2, 3)) * (6 / 255)).float()
    pixels = torch.from_numpy(pictures.small[:2]).permute(0, 3, 1, 2).float() / 255
    assert torch.allclose(found.answers(features), backbone.logits(pixels), atol=0.02)


def test_a_view_and_what_the_teacher_sees_in_it_are_the_same_part():
    picture = np.zeros((1, 10, 10, 3), dtype=np.uint8)
    picture[0, :5, 5:] = 255  # the upper right quarter
    maps = picture[..., :1].transpose(0, 3, 1, 2)
    for left, top, mirrored in ((0.5, 0.0, False), (0.4, 0.2, True), (0.1, 0.3, False)):
        box = Boxes(*(torch.tensor([each]) for each in (left, top, 0.4, 0.4, mirrored)))
        seen = float(seen_by_teacher(maps, box)) / 6
        assert seen == pytest.approx(float(cut(picture, box, 40).mean()), abs=0.05)
    assert float(seen_by_teacher(maps, Boxes(*map(torch.tensor, ([0.6], [0.0], [0.4], [0.4], [True]))))) == 6


def test_views_follow_from_the_steps_number(pictures, teacher):
    first, again, other = (draw_batch(pictures, teacher, step, 6, SETTINGS) for step in (1, 1, 2))
    assert torch.equal(first.views, again.views)
    assert torch.equal(first.seen, again.seen)
    assert not torch.equal(first.views, other.views)
    assert first.views.shape == (8, 3, 32, 32)
    assert len(first.labels) == 6


def test_every_photo_is_seen_once_a_pass(pictures, teacher):
    labels = [draw_batch(pictures, teacher, step, 6, SETTINGS).labels for step in range(3)]
    assert sorted(torch.cat(labels).tolist()) == list(range(18))


def test_views_grow(teacher):
    assert [side_at(step / 4, SETTINGS) for step in range(4)] == [32, 32, 48, 48]


def test_the_loss_is_nothing_where_student_and_teacher_agree(teacher):
    seen = torch.rand(4, 1280) * 6
    labels = torch.tensor([0, 1])
    sure = torch.nn.functional.one_hot(torch.tensor([0, 1, 5, 5]), 200) * 50.0
    parts = losses(
        Said((seen - teacher.mean) / teacher.spread, sure),
        seen,
        labels,
        teacher,
        replace(SETTINGS, smoothing=0.0),
    )
    assert {name: float(loss) for name, loss in parts.items()} == pytest.approx(
        {"features": 0, "answers": 0, "labels": 0}, abs=1e-4
    )
    wrong = losses(Said(torch.zeros(4, 1280), sure.flip(1)), seen, labels, teacher, SETTINGS)
    assert all(float(loss) > 0.1 for loss in wrong.values())


def test_training_learns_and_an_interrupted_one_ends_the_same(tmp_path, pictures, teacher, monkeypatch):
    (tmp_path / "whole").mkdir()
    whole = train(pictures, teacher, tmp_path / "whole", SETTINGS)
    assert not whole.training

    monkeypatch.setattr(train_module, "_SAVE_EVERY", 2)
    draw = train_module.draw_batch

    def until(*given):
        if given[2] == 5:
            raise KeyboardInterrupt
        return draw(*given)

    monkeypatch.setattr(train_module, "draw_batch", until)
    with pytest.raises(KeyboardInterrupt):
        train(pictures, teacher, tmp_path, SETTINGS)
    monkeypatch.setattr(train_module, "draw_batch", draw)
    again = train(pictures, teacher, tmp_path, SETTINGS)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_another_recipe_starts_anew(tmp_path, pictures, teacher):
    train(pictures, teacher, tmp_path, SETTINGS)
    started = []
    other = replace(SETTINGS, seed=1)
    original, train_module.draw_batch = (
        train_module.draw_batch,
        lambda *given: (
            started.append(given[2]),
            draw_batch(*given),
        )[1],
    )
    try:
        train(pictures, teacher, tmp_path, other)
    finally:
        train_module.draw_batch = original
    assert started == list(range(steps_of(other, 18)))


def test_losses_fall(tmp_path, pictures, teacher, capsys, monkeypatch):
    monkeypatch.setattr(train_module, "_SAY_EVERY", 1)
    train(pictures, teacher, tmp_path, replace(SETTINGS, epochs=20, sides=((0.0, 32),)))
    told = [float(line.split("labels ")[1]) for line in capsys.readouterr().out.splitlines()]
    assert np.mean(told[-6:]) < 0.8 * np.mean(told[:6])


def test_what_is_written_gives_the_students_answers(tmp_path):
    torch.manual_seed(0)
    student = Student()
    with torch.no_grad():
        for _ in range(3):  # running means and variances that are not those of a beginning
            student(torch.rand(8, 3, 48, 48))
    student.eval()
    sha256 = write_package(student.network, IDS, tmp_path, source="a test")
    card = Card.model_validate_json((tmp_path / CARD_FILE).read_bytes())
    data = (tmp_path / WEIGHTS_FILE).read_bytes()
    assert card.sha256 == sha256 == digest(data)
    assert len(data) <= 4_000_000
    from safetensors.torch import load

    plain = PocketNet().eval()
    load_tensors(plain, load(data), name="pocket")
    pixels = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        assert torch.allclose(plain(prepared(pixels)), student(pixels).labels, atol=0.02)


def test_weights_that_float16_cannot_hold_are_refused(tmp_path):
    network = PocketNet(normalised=True)
    with torch.no_grad():
        network.classifier.weight[0, 0] = 1e6
    with pytest.raises(ValueError, match="too large for float16"):
        write_package(network, IDS, tmp_path, source="a test")
    assert not list(tmp_path.iterdir())


def test_the_card_that_is_carried_is_of_this_recipe():
    card = read_card()

    assert (card.tag, card.licence, card.source) == (TAG, LICENCE, SOURCE)
    assert (card.input, card.mean, card.std) == (INPUT, MEAN, SPREAD)


def test_boxes_lie_inside():
    boxes = draw_boxes(1000, np.random.default_rng(3), smallest=0.25)
    assert float((boxes.left + boxes.width).max()) <= 1.00001
    assert float((boxes.width * boxes.height).min()) >= 0.2
    assert 400 < int(boxes.mirrored.sum()) < 600


def test_the_command_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "sys.argv",
        ["pocket", "--data", str(tmp_path), "--teacher", str(tmp_path), "--work", str(tmp_path / "w")],
    )
    assert main() == 2
    assert "error: " in capsys.readouterr().err
