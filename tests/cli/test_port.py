"""`headstart port` as people use it."""

import json

import pytest

from headstart.backbones.port.agreement import Agreement
from headstart.cli.run import run
from headstart.tasks import port as task


def _ported(**changes):
    facts = {
        "source": "timm:mobilenetv2_100@slim",
        "target": "keras:MobileNetV2@mine",
        "agreement": Agreement(8, 1e-7, 2e-6, 3e-6, 1.0),
        "pictures": "8 of 20 photos",
        "registered": True,
        "sha256": "0" * 64,
        "options": {},
        "seconds": 1.0,
    }
    return task.Ported(**{**facts, **changes})


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({}, 0, "registered keras:MobileNetV2@mine"),
        ({"registered": False}, 0, "random weights are not registered"),
        (
            {"registered": False, "agreement": Agreement(8, 0.5, 2e-6, 3e-6, 0.875)},
            1,
            "they do not agree: nothing was registered",
        ),
    ],
)
def test_people_get_a_table_and_others_one_object(changes, code, words, capsys, monkeypatch):
    monkeypatch.setattr(task, "port", lambda *_, **__: _ported(**changes))
    command = ["port", "timm:mobilenetv2_100@slim", "keras:MobileNetV2@mine"]

    assert run(command) == code
    shown = capsys.readouterr().out
    assert "pixel gradients" in shown
    assert "2.0e-06" in shown
    assert words in shown

    assert run([*command, "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert told["registered"] is changes.get("registered", True)
    assert told["agreement"]["same"] is (code == 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vgg61", "keras:VGG16@x"], "no network is called 'vgg61'"),
        (["torchvision:mobilenet_v2@random", "timm:resnet50@x"], "carried are vgg16"),
        (["vgg16@random", "timm:vgg16"], "--tag TAG"),
        (["vgg16@random", "timm:vgg16@x", "--photos", ""], "photos is empty"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["port", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line
