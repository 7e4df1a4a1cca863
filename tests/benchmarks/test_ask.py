"""The benchmark of `ask`: its sums, its tables, a run on rows that are made here, what it refuses."""

import json

import numpy as np
import pytest

from ask import curves_table, main, measure, plan, verdict
from ask_sides import Ground, beside_random, counts, curve, needed
from headstart.testing import write_photos


def made(classes=3, each=30, seed=0):
    random = np.random.default_rng(seed)
    codes = np.repeat(np.arange(classes), each)
    rows = np.maximum(2 * np.eye(8)[codes] + random.normal(0, 0.8, (len(codes), 8)), 0).astype(np.float32)
    keys = tuple(f"{number:064x}" for number in range(len(codes)))
    return Ground(keys, rows + 0.01, codes, rows[::2] + 0.01, codes[::2])


def test_a_curve_has_a_point_for_each_batch_and_never_labels_a_photo_twice():
    ground, seen = made(), []

    def rule(pool, count, seed):
        seen.append(len(pool.keys))
        return np.arange(count)

    found = curve(ground, rule, start=1, batch=4, budget=12, seed=0)

    assert len(found) == len(counts(3, 1, 4, 12)) == 4
    assert seen == [87, 83, 79]
    assert all(0 <= value <= 1 for value in found)


def test_random_choice_leads_itself_by_nothing_and_a_better_curve_saves_labels():
    plain = np.array([[0.5, 0.6, 0.7], [0.5, 0.6, 0.8]])
    found = beside_random([10, 20, 30], {"random": plain, "headstart": np.minimum(plain + 0.2, 0.9)})

    assert found["random"]["lead"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert found["headstart"]["lead"]["low"] > 0.1
    assert found["headstart"]["saved"]["value"] == pytest.approx(0.5)
    never = beside_random([10, 20, 30], {"random": plain, "headstart": plain - 0.2})["headstart"]
    assert never["saved"] == {"value": None, "low": None, "high": None}


def test_labels_that_never_suffice_are_infinitely_many():
    assert needed([5, 10], np.array([0.2, 0.4]), 0.9) == float("inf")
    assert needed([5, 10], np.array([0.9, 0.4]), 0.8) == 5


@pytest.mark.slow
def test_a_data_set_becomes_a_table_with_a_verdict():
    found = measure(made(each=6), ["headstart", "random"], start=1, seeds=2)
    table = curves_table("made", "net", found)

    assert table.row_count == 2
    assert "random choice" in str(table.title)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("low", "high", "words"), [(0.01, 0.03, "a gain"), (-0.03, -0.01, "a loss"), (-0.01, 0.02, "no gain")]
)
def test_what_is_within_the_noise_is_no_gain(low, high, words):
    lead = {"value": (low + high) / 2, "low": low, "high": high}
    saved = {"value": 0.1, "low": None, "high": 0.2}

    assert verdict({"rules": {"headstart": {"lead": lead, "saved": saved}}}).startswith(words)


@pytest.mark.parametrize(
    "words", [["--rules", "magic"], ["--seeds", "1"], ["--start", "0"], ["--data-sets", "aerial"]]
)
def test_what_can_not_be_is_refused_in_one_line(words, tmp_path, capsys):
    places = ["--data", str(tmp_path), "--home", str(tmp_path / "home"), "--weights", str(tmp_path / "none")]

    assert main([*places, *words]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("ask.py: --")


@pytest.mark.slow
def test_it_runs_on_a_folder_of_photos(tmp_path, capsys):
    write_photos(tmp_path / "aerial", ("red", "blue", "green"), each=6)
    command = ["--data", str(tmp_path), "--home", str(tmp_path / "home"), "--weights", str(tmp_path / "none")]
    command += ["--backbones", "pocket", "--data-sets", "aerial", "--seeds", "2", "--rules", "margin"]

    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["backbones"]["pocket"]["aerial"]
    assert set(found["rules"]) == {"headstart", "random", "margin"}


def test_too_few_photos_are_refused():
    with pytest.raises(ValueError, match="too few"):
        plan(4, 3, 1)
