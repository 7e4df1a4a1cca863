"""The comparison of heads: its sides on tiny rows, what it prints, and what it refuses."""

import json

import numpy as np
import pytest

from head import compare, head_table, main, summary, with_ratios
from head_rows import Problem, synthetic
from head_sides import SIDES


@pytest.fixture(scope="module")
def tiny():
    return synthetic(60, 12, 3)


def test_rows_are_the_same_each_time_and_keep_in_a_file(tiny, tmp_path):
    again = synthetic(60, 12, 3)
    np.testing.assert_array_equal(again.rows, tiny.rows)
    tiny.save(tmp_path / "tiny.npz")
    kept = Problem.load(tmp_path / "tiny.npz")
    np.testing.assert_array_equal(kept.test_rows, tiny.test_rows)
    assert (kept.size, kept.name) == ("60 x 12 x 3", "tiny")


@pytest.mark.parametrize("side", SIDES)
def test_every_side_learns(side, tiny):
    found = SIDES[side](tiny, 10.0)
    assert found["accuracy"] > 0.4
    assert found["seconds"] > 0
    assert found.get("reached") is None or found["reached"] > 0


@pytest.mark.exhaustive
def test_sides_take_turns_in_processes_of_their_own(tiny, tmp_path):
    found = compare(tiny, tmp_path, sides=["headstart", "torch"], rounds=1, cap=120)
    assert list(found["sides"]) == ["headstart", "torch"]
    assert found["sides"]["headstart"]["ratio"] == 1.0
    assert json.loads(json.dumps(found))["size"] == "60 x 12 x 3"


def test_a_side_that_the_cap_ended_has_no_figures():
    ours = {"seconds": 2.0, "loss": 0.5, "accuracy": 0.9}
    sides = with_ratios({"headstart": summary([ours], 8), "torch": summary([None], 8)})
    assert sides["torch"] == {"more_than": 8, "ratio": 4.0}
    table = head_table([{"problem": "rows", "size": "1", "sides": sides}])
    assert list(table.columns[2].cells) == ["2.00", "> 8"]


@pytest.mark.parametrize("size", ["600", "ax2x3", "600x12x1", "20x12x3"])
def test_sizes_that_can_not_be_are_refused_in_one_line(size, capsys):
    assert main(["--sizes", size, "--rounds", "1"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert size in line
