"""`headstart learning-curve` as people use it: a table, one object, one line for each error."""

import json

import pytest

from headstart.cli.run import run
from headstart.testing import write_photos


@pytest.mark.slow
def test_people_get_a_table_and_others_one_object(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=6)
    command = ["learning-curve", str(photos), "--home", str(tmp_path / "home"), "--sizes", "2"]
    command += ["--steps", "2", "--repeats", "1"]

    assert run([*command, "-o", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "from scratch" in shown
    assert "no training at all" in shown
    assert "cat: tabby (tabby cat), Persian cat, Egyptian cat" in shown
    assert "fair?" in shown
    assert max(map(len, (line for line in shown.splitlines() if line.startswith(" ")))) <= 80
    assert (tmp_path / "page.html").exists()

    assert run([*command, "--no-scratch", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["curves"]) == {"transfer", "scratch", "pixels", "untrained"}
    assert result["curves"]["transfer"][0].keys() >= {"photos_per_class", "accuracy"}
    assert result["report"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-folder"], "no-such-folder"),
        ([".", "--sizes", "five"], "--sizes is 'five'"),
        ([".", "--steps", "0"], "--steps is 0"),
        ([".", "--backbone", "no-such-network"], "no-such-network"),
        ([".", "-o", "curve.png"], "ends in .html"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["learning-curve", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line
