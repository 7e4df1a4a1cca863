"""The benchmarks of fine-tuning: their sums, their tables, and a run on pictures that are made here."""

import json

import pytest

import finetune
import tuning
from finetune_sides import KEPT, PLAIN
from headstart.testing import write_photos

SIDES = {
    KEPT: [{"seconds": [10.0, 12.0, 14.0], "accuracy": [0.5, 0.8, 0.9], "part": "x", "share": 0.7}],
    PLAIN: [{"seconds": [1.0, 21.0, 41.0], "accuracy": [0.5, 0.9, 0.95], "part": "x", "share": 0.7}],
}


def test_both_sides_are_measured_to_the_accuracy_that_both_reach():
    kept, plain = finetune.measured(SIDES)
    assert kept["target"] == plain["target"] == 0.9
    assert (kept["to_target"], plain["to_target"]) == (14.0, 21.0)
    assert (kept["ratio"], plain["ratio_to_target"]) == (1.0, 1.5)
    assert plain["epoch"] == 20.0


def test_the_tables_have_a_line_for_each_side(capsys):
    finetune.show(finetune.table_of(finetune.measured(SIDES), "title"))
    gap = {"value": 0.05, "low": 0.01, "high": 0.09, "photos": 40}
    row = {
        "photos": 40, "tuned": 0.9, "probe": 0.85, "gated": 0.9, "difference": gap, "passed": 4, "folds": 5,
        "seconds": 3.0,
    }  # fmt: skip
    refused = {
        "learning_rate": 1e9, "loss": float("inf"), "probe_loss": 0.3, "accuracy": 0.0, "refused": True,
        "stopped": "the loss was not finite",
    }  # fmt: skip
    tuning.show(tuning.gains_table([("aerial", row)], "net"), tuning.refusals_table([refused]))
    tuning.show(tuning.starts_table({"linear head first": [0.5, 0.75]}))
    out = capsys.readouterr().out
    for words in (KEPT, PLAIN, "+0.010 to +0.090", "4 of 5", "1e+09", "refused", "75"):
        assert words in out


@pytest.mark.slow
def test_pictures_that_are_made_here(tmp_path, capsys):
    write_photos(tmp_path / "data" / "train", each=6)
    write_photos(tmp_path / "data" / "test", ("red", "blue"), each=3, side=56)
    words = ["--data", str(tmp_path / "data"), "--weights", "none", "--backbone", "pocket"]

    assert finetune.main([*words, "--epochs", "1", "--json"]) == 0
    sides = json.loads(capsys.readouterr().out)["sides"]

    assert [side["side"] for side in sides] == [KEPT, PLAIN]
    assert all(side["all"] > side["before"] > 0 for side in sides)
