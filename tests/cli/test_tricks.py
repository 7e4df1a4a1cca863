"""`headstart tricks` as people use it."""

import json

import pytest

from headstart.cli.run import run


def test_the_list_is_there_without_photos(capsys):
    assert run(["tricks", "--list"]) == 0
    assert "dropout (small, backbone, digits)" in capsys.readouterr().out
    assert run(["tricks", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tricks"]) >= 15


@pytest.mark.slow
def test_people_get_a_table_and_others_one_object(tmp_path, capsys):
    command = ["tricks", "digits", "--only", "averaging", "--photos", "40"]
    command += ["--home", str(tmp_path)]
    assert run([*command, "-o", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "averaging: all together" in shown
    assert "beyond the noise" in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 80
    assert (tmp_path / "page.html").exists()

    assert run([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"name", "with", "without"} <= set(result["tricks"][0])
    assert result["report"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no photos were given"),
        (["no-such-folder", "--on", "small"], "no-such-folder"),
        (["digits", "--only", "dropuot"], "--only names 'dropuot'"),
        (["digits", "--only", "clipping"], "none of clipping can be tried on digits"),
        (["digits", "--on", "small"], "--on is for photos"),
        (["digits", "--seeds", "2"], "--seeds is 2; expected 3 to 20"),
    ],
)
def test_errors_are_one_line(arguments, words, tmp_path, capsys):
    assert run(["tricks", *arguments, "--home", str(tmp_path)]) == 2
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert words in line
