"""`headstart newkind` as people use it: a table, one object, one line for each error."""

import json

import pytest

from headstart.cli.run import run
from headstart.testing import write_photos


@pytest.mark.slow
def test_people_get_a_table_and_others_one_object(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=6)
    others = write_photos(tmp_path / "others", ("cat", "dog", "elk"), each=6)
    home = ["--home", str(tmp_path / "home")]
    assert run(["train", str(photos), "-o", str(tmp_path / "model"), *home]) == 0
    capsys.readouterr()
    command = ["newkind", str(others), "--model", str(tmp_path / "model"), *home]

    assert run([*command, "--steps", "2", "-o", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "random weights" in shown
    assert "early layers" in shown
    assert "From scratch" in shown
    assert "has no class called 'elk'" in shown
    assert "notice" in shown
    assert "fair?" in shown
    assert (tmp_path / "page.html").exists()

    assert run([*command, "--no-scratch", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [each["way"] for each in result["ways"]] == [
        "pixels", "random", "early", "early middle", "middle", "late",
    ]  # fmt: skip
    assert result["model"]["unmatched"] == ["elk"]
    assert result["scratch"] is None
    assert result["report"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-folder"], "no-such-folder"),
        ([".", "--steps", "1"], "--steps is 1"),
        ([".", "--minutes", "0"], "--minutes is 0"),
        ([".", "--minutes", "nan"], "--minutes is nan"),
        ([".", "--model", "no-such-model"], "--model is 'no-such-model'"),
        ([".", "--model", ""], "the model is empty"),
        ([".", "--seed=-1"], "--seed is -1"),
        ([".", "-o", "page.png"], "ends in .html"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["newkind", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line
