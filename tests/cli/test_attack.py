import json

import pytest

from headstart.cli.run import run
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attack")
    photos = write_photos(folder / "photos", each=6)
    model = train(photos, backbone=tiny_backbone(), home=folder / "home")
    model.save(folder / "model")
    return folder, model


@pytest.fixture
def attack(world, tmp_path, capsys, monkeypatch):
    world, model = world
    # A network of one's own is in no model folder
    monkeypatch.setattr("headstart.tasks.named.load_model", lambda path, home: model)

    def call(*options, code=0):
        arguments = [world / "model", world / "photos" / "red" / "0.jpg", *options, "--home", world / "home"]
        assert run(["attack", *map(str, arguments), "-o", str(tmp_path / "result.png")]) == code
        return capsys.readouterr()

    return call


def test_people_read_what_happened(attack, tmp_path):
    said = attack(
        "--target", "blue", "--epsilon", "96/255", "--steps", "40", "--picture", tmp_path / "sheet.png"
    )

    lines = said.out.splitlines()
    assert lines[0].startswith("before: red ")
    assert lines[1].startswith("after:  blue ")
    assert "pgd within 96/255 (linf), 40 steps in all" in said.out
    assert lines[-2:] == [f"written: {tmp_path / 'result.png'}", f"written: {tmp_path / 'sheet.png'}"]
    assert max(map(len, lines[:-2])) <= 80


@pytest.mark.slow
def test_one_json_object(attack):
    facts = json.loads(
        attack("--untargeted", "--smallest", "--epsilon", "96/255", "--steps", "40", "--json").out
    )

    assert facts["success"]
    assert facts["before"]["label"] == "red"
    assert facts["after"]["label"] == "blue"
    assert facts["smallest"]["epsilon"] <= 96 / 255
    assert facts["file"].endswith("0.jpg")


@pytest.mark.slow
def test_no_success_is_exit_code_one_and_a_line(attack, tmp_path):
    said = attack("--target", "blue", "--epsilon", "1/255", "--steps", "1", code=1)

    assert "did not succeed" in said.err
    assert "(blue " in said.out
    assert (tmp_path / "result.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "neither --target nor --untargeted"),
        (("--target", "blue", "--untargeted"), "choose one"),
        (("--target", "blue", "--epsilon", "8"), "written 8/255"),
        (("--target", "blue", "--step-size", "a/b"), "--step-size is 'a/b'"),
        (("--target", "blu"), "close: 'blue'"),
    ],
)
def test_wrong_use_is_one_line(options, message, attack, tmp_path):
    said = attack(*options, code=2)

    assert message in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "result.png").exists()
