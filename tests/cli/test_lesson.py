"""`headstart lesson` as people use it: a table of 80 columns, one object, one line for each error."""

import json

import pytest

from headstart.cli import INTERRUPTED
from headstart.cli.lesson import cells
from headstart.cli.run import run
from headstart.testing import write_photos


@pytest.mark.slow
def test_a_bare_machine_gets_a_table_and_what_to_fetch(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["lesson", "--home", str(tmp_path / "home")]) == 0
    shown = capsys.readouterr().out

    assert "50,178 of 14,764,866      50,178 of 14,764,866   the same" in shown
    assert "  headstart weights fetch torchvision:vgg16\n" in shown
    assert "--backbone NAME: pocket" in shown
    assert "4 of 25 rows measured" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.slow
def test_others_get_one_object_and_progress_goes_to_the_other_stream(tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=12)
    words = ["--photos", f"cats-vs-dogs={photos}", "--backbone", "pocket", "--home", str(tmp_path / "home")]
    assert run(["lesson", "--only", "linear-torch, breeds", *words, "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert "linear-torch: measured" in err
    assert [(row["id"], row["ours"] is None) for row in result["rows"]] == [
        ("linear-torch", False), ("breeds", True),
    ]  # fmt: skip
    ours = result["rows"][0]["ours"]
    assert (ours["photos"], ours["learned_from"]) == (3, 21)
    assert 0 <= ours["low"] <= ours["value"] <= ours["high"] <= 1
    assert result["fetch"] == ["headstart datasets fetch oxford-pets"]

    assert run(["lesson", "--only", "linear-torch", *words]) == 0
    assert "21 of 24 photos learned from instead of 700 of 800" in capsys.readouterr().out


def test_a_row_shows_a_figure_with_its_interval():
    theirs = {"value": 0.9672, "of": None, "low": 0.9619, "high": 0.9718, "photos": 4998, "says": ""}
    ours = {"value": 0.5, "of": None, "low": 0.1, "high": 0.9, "photos": 10}
    row = {
        "id": "frozen-torch",
        "kind": "accuracy",
        "lesson": theirs,
        "ours": ours,
        "verdict": "within noise",
    }

    assert cells(row)[1:3] == ("0.9672 (0.962-0.972)", "0.500 (0.100-0.900)")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "no-such-row"], "--only has 'no-such-row'"),
        (["--only", ",,"], "--only ',,' names no row"),
        (["--only", ""], "--only '' names no row"),
        (["--photos", "cats-vs-dogs"], "no pair"),
        (["--photos", "mnist=digits", "--photos", "mnist=digits"], "given twice"),
        (["--photos", "flowers=x"], "--photos has 'flowers'"),
        (["--photos", "cats-vs-dogs=no-such-folder"], "no-such-folder is not there"),
        (["--photos", "cats-vs-dogs="], "is empty"),
        (["--backbone", "vgg61"], "vgg61"),
        (["--minutes", "nan"], "--minutes is nan"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["lesson", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line


def test_a_lesson_that_is_stopped_does_not_say_that_its_rows_are_kept(tmp_path, capsys, monkeypatch):
    def stop(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.tasks.lesson.lesson", stop)
    assert run(["lesson", "--home", str(tmp_path)]) == INTERRUPTED
    said = capsys.readouterr().err
    assert "computed features are kept, rows are not; begin again with: headstart lesson" in said
