"""`headstart eject`: what can't be written is refused in one line, before any work."""

import pytest

from headstart.cli.run import run


@pytest.fixture
def said(capsys):
    def command(*words):
        code = run(["eject", *map(str, words)])
        return code, capsys.readouterr().err.strip()

    return command


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plain.txt", "ends in .py"),
        ("folder.py", "is a folder"),
        ("mine.py", "eject did not write it; choose another name"),
        ("nowhere/plain.py", "folder that is not there"),
        ("photos/plain.py", "lies among the photos"),
    ],
)
def test_a_place_where_no_script_may_go_is_refused(tmp_path, said, name, why):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "mine.py").write_text("print('mine')\n")

    code, words = said(tmp_path / "model", "-o", tmp_path / name, "--photos", tmp_path / "photos")

    assert code == 2
    assert why in words
    assert "\n" not in words
    assert (tmp_path / "mine.py").read_text() == "print('mine')\n"


@pytest.mark.parametrize("option", ["--photos", "--test"])
@pytest.mark.parametrize("name", ["nowhere", "table.csv", "oxford-pets"])
def test_photos_that_are_no_folder_are_refused(tmp_path, said, monkeypatch, option, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text("path,label\n")

    code, words = said("model", "-o", "plain.py", option, name, "--home", tmp_path / "home")

    assert code == 2
    assert name in words
    assert ("headstart datasets fetch oxford-pets" if name == "oxford-pets" else "is no folder") in words
    assert "\n" not in words
    assert not (tmp_path / "plain.py").exists()


def test_what_is_no_model_is_refused(tmp_path, said):
    code, words = said(tmp_path, "-o", tmp_path / "plain.py")

    assert code == 2
    assert str(tmp_path) in words
    assert not (tmp_path / "plain.py").exists()
