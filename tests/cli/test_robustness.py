"""`headstart robustness` as people use it: one object, one line for each error, a page."""

import json

import pytest

from headstart.cli.run import run
from headstart.testing import write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    # pocket knows ImageNet's classes by these names
    return write_photos(tmp_path_factory.mktemp("world") / "photos", ("goldfish", "lemon"), each=1)


@pytest.mark.slow
def test_people_get_a_table_and_others_one_object(photos, tmp_path, capsys):
    command = ["robustness", "pocket", str(photos), "--epsilons", "8/255", "--steps", "1", "--method", "pgd"]
    command += ["--home", str(tmp_path)]
    assert run([*command, "-o", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "used 2 of 2 photos" in shown
    assert "8/255" in shown
    assert "weak evidence" in shown
    assert "gradients:" in shown
    assert max(map(len, (line for line in shown.splitlines() if "255" in line))) <= 80
    assert (tmp_path / "page.html").exists()

    assert run([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["curve"][0]["written"] == "0"
    assert result["report"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pocket", "no-such-folder"], "no-such-folder"),
        (["no-such-network", "."], "neither a model folder nor the name of a network"),
        (["pocket", ".", "--method", "pdg"], "expected one of"),
        (["pocket", ".", "--ensemble", "pocket"], "at least two networks"),
        (["pocket", ".", "--photos", "0"], "--photos is 0"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["robustness", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line
