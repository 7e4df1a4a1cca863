"""`headstart ideal`: files, one JSON object, refusals before any work."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.cli.run import run

FAST = ["ideal", "pocket", "Egyptian cat", "--steps", "4"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADSTART_HOME", str(tmp_path / "home"))
    return tmp_path


def test_picture_journey_and_film_are_written(here, capsys):
    assert run([*FAST, "-o", "cat.png", "--journey", "way.png", "--film", "way.gif"]) == 0
    shown = capsys.readouterr()

    with Image.open("cat.png") as picture, Image.open("way.png") as way:
        assert picture.size == (96, 96)
        assert way.width > 2 * 192
    assert "Egyptian cat as pocket sees it: " in shown.out
    assert all(each in shown.out for each in ("cat.png", "way.png", "way.gif"))
    assert max(map(len, shown.out.splitlines())) < 120
    with Image.open("way.gif") as film, Image.open("cat.png") as picture:
        assert film.n_frames == 5
        film.seek(4)
        difference = np.asarray(film.convert("RGB"), float) - np.asarray(picture, float)
    assert np.abs(difference).mean() < 12


def test_json_is_one_object_and_the_picture_is_what_predict_sees(here, capsys):
    assert run([*FAST, "-o", "cat.png", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)

    assert {"class", "probability", "logit", "total_variation", "verifiers", "seconds"} <= set(facts)
    assert facts["class"] == "Egyptian cat"
    assert facts["verifiers"] == {}
    assert "nobody can say" in facts["verdict"] or "not even" in facts["verdict"]

    assert run(["predict", "pocket", "cat.png", "--top", "200", "--engine", "torch", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["predictions"][0]["probabilities"]["Egyptian cat"]
    assert said == pytest.approx(facts["probability"], abs=2e-3)


@pytest.mark.slow
def test_several_seeds_have_files_of_their_own(here, capsys):
    assert run([*FAST, "-o", "cat.png", "--seed", "3", "--seeds", "2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [each["file"] for each in facts["pictures"]] == ["cat-3.png", "cat-4.png"]

    assert run([*FAST, "-o", "one.png", "--seed", "4"]) == 0
    assert (here / "one.png").read_bytes() == (here / "cat-4.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "cat.jpg"], "ends in .png"),
        (["-o", "nowhere/cat.png"], "no folder 'nowhere'"),
        (["-o", "folder.png"], "which is a folder"),
        (["-o", "cat.png", "--film", "cat.png"], "ends in .gif"),
        (["-o", "cat.png", "--journey", "./cat.png"], "given twice"),
        (["-o", "photos/cat.png", "--method", "maco", "--spectrum", "photos"], "among the photos"),
        (["-o", "cat.png", "--seeds", "0"], "--seeds is 0"),
        (["-o", "cat.png", "--tv", "-1"], "--tv is -1"),
        (["-o", "cat.png", "--layer", "nowhere"], "give both"),
        (["-o", "cat.png", "--verifier", "no-such-network"], "no-such-network"),
    ],
)
def test_wrong_use_is_one_line_before_any_work(here, capsys, arguments, said):
    (here / "folder.png").mkdir()
    (here / "photos").mkdir()

    assert run([*FAST, *arguments]) == 2
    shown = capsys.readouterr()

    assert said in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert not list(here.glob("cat*"))


def test_an_unknown_class_has_close_ones(here, capsys):
    assert run(["ideal", "pocket", "Egyptain cat", "-o", "cat.png"]) == 2
    assert "'Egyptian cat'" in capsys.readouterr().err
    assert not (here / "cat.png").exists()
