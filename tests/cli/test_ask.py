"""`headstart ask` as people use it."""

import json

import pytest

from headstart.cli.ask import lines_of
from headstart.cli.run import run
from headstart.testing import write_photos


def facts(**changes):
    asked = [{"file": "a.jpg", "why": "unlike anything learned"}]
    every = {"photos": 9, "trained_on": 2, "copies": 0, "asked": asked, "notes": ["n"]}
    every |= {"files": {"page": "p"}, "skipped": {"files": 0, "reasons": {}}, "skipped_files": []}
    return {**every, **changes}


def test_people_read_each_photo_with_its_reason():
    assert lines_of(facts()) == [
        "9 photos, 2 of them trained on; 1 question:",
        "  a.jpg: unlike anything learned",
        "note: n",
        "open: p",
    ]
    assert not any(line.startswith("open") for line in lines_of(facts(files={})))


def test_bad_files_are_named():
    shown = lines_of(
        facts(
            skipped={"files": 1, "reasons": {"empty": 1}},
            skipped_files=[{"file": "b.jpg", "reason": "empty", "detail": "it has no bytes"}],
        )
    )
    assert "1 could not be used: 1 empty" in shown
    assert "  b.jpg: it has no bytes" in shown


@pytest.mark.slow
def test_a_pile_of_photos_becomes_a_page(tmp_path, capsys):
    home = ["--home", str(tmp_path / "home")]
    write_photos(tmp_path / "learned", each=3)
    write_photos(tmp_path / "pile", ("red", "blue", "green"), each=4)
    model, pile, out = (str(tmp_path / name) for name in ("model", "pile", "out"))
    assert run(["train", str(tmp_path / "learned"), "-o", model, *home]) == 0
    capsys.readouterr()

    assert run(["ask", model, pile, "-n", "2", "-o", out, *home]) == 0
    shown = capsys.readouterr().out
    assert "12 photos, 6 of them trained on; 2 questions:" in shown
    assert "out/index.html" in shown
    assert run(["ask", model, pile, "-n", "2", *home, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["asked"][0]) >= {"file", "sha256", "label", "probabilities", "why"}
    assert found["files"] == {}

    assert run(["ask", model, str(tmp_path / "learned"), *home]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line == "nothing to ask: the model was trained on all 6 photos already"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-n", "0"], "-n is 0; ask about at least 1 photo"),
        (["-o", ""], "output is empty"),
    ],
)
def test_wrong_use_stops_in_one_line(words, expected, tmp_path, capsys):
    (tmp_path / "pile").mkdir()
    assert run(["ask", "pocket", str(tmp_path / "pile"), *words, "--home", str(tmp_path / "home")]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert expected in line
