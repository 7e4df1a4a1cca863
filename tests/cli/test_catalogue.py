"""`headstart catalogue` as people use it."""

import json

import pytest

from headstart.cli.catalogue import lines_of
from headstart.cli.run import run
from headstart.testing import write_photos


@pytest.mark.slow
def test_people_get_a_summary_and_others_one_object(tmp_path, capsys):
    write_photos(tmp_path / "pile", each=2)
    (tmp_path / "pile" / "empty.jpg").write_bytes(b"")
    command = ["catalogue", "pocket", str(tmp_path / "pile"), "-o", str(tmp_path / "out")]
    command += ["--home", str(tmp_path / "home")]

    assert run(command) == 0
    shown = capsys.readouterr().out
    assert "4 photos, 4 new" in shown
    assert "1 could not be used: 1 empty" in shown
    assert str(tmp_path / "out" / "index.html") in shown

    assert run([*command, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["photos"], facts["new"], facts["skipped"]["files"]) == (4, 0, 1)
    assert facts["files"]["record"] == str(tmp_path / "out" / "catalogue.json")


@pytest.mark.slow
def test_no_usable_photo_is_exit_code_2(tmp_path, capsys):
    (tmp_path / "pile").mkdir()
    (tmp_path / "pile" / "text.jpg").write_text("no photo")

    command = ["catalogue", "pocket", str(tmp_path / "pile"), "-o", str(tmp_path / "out")]
    assert run([*command, "--home", str(tmp_path / "home"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["photos"] == 0


def test_a_wrong_output_stops_before_any_work(tmp_path, capsys):
    write_photos(tmp_path / "pile", each=1)

    assert run(["catalogue", "pocket", str(tmp_path / "pile"), "-o", str(tmp_path / "pile" / "out")]) == 2
    assert "among the photos" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["-o", ""], "output is empty"), (["-o", "out", "--known", ""], "known is empty")],
)
def test_an_empty_path_is_refused(words, expected, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pile").mkdir()

    assert run(["catalogue", "pocket", "pile", *words, "--home", str(tmp_path / "home")]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert expected in line


def test_what_was_learned_and_what_was_not_measured_is_counted_apart():
    facts = {"photos": 4, "new": 0, "gone": 0, "sure": 1, "unsure": 0, "unknown": 0, "learned": 2}
    facts |= {
        "unmeasured": 1,
        "duplicates": 0,
        "near_duplicates": 0,
        "changed": 0,
        "changes": [],
        "notes": [],
    }
    facts |= {"skipped": {"files": 0, "reasons": {}}, "skipped_files": [], "classes": {}, "seconds": 0}
    facts |= {"features": {"computed": 0, "reused": 4}, "files": {"page": "p"}}

    assert lines_of(facts)[0] == "4 photos, 0 new: 1 sure, 0 unsure, 0 unknown, 2 learned, 1 not measured"
    quiet = lines_of({**facts, "learned": 0, "unmeasured": 0})
    assert quiet[0] == "4 photos, 0 new: 1 sure, 0 unsure, 0 unknown"


@pytest.mark.slow
def test_a_mistyped_folder_leaves_the_catalogue_in_one_line(tmp_path, capsys):
    write_photos(tmp_path / "pile", each=1)
    command = ["-o", str(tmp_path / "out"), "--home", str(tmp_path / "home")]
    assert run(["catalogue", "pocket", str(tmp_path / "pile"), *command]) == 0
    page = (tmp_path / "out" / "index.html").read_bytes()
    capsys.readouterr()

    assert run(["catalogue", "pocket", str(tmp_path / "pille"), *command]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert "no such file or folder" in line
    assert (tmp_path / "out" / "index.html").read_bytes() == page
