"""The comparison of scores on clouds of rows: what it measures, prints and refuses."""

import numpy as np
import pytest

from headstart.errors import UsageError
from unknown import Photos, figures_table, main, measure
from unknown_scores import OURS


def cloud(classes, photos, seed, width=16):
    random = np.random.default_rng(seed)
    centres = 2 * random.normal(size=(classes, width))
    rows = (centres.repeat(photos, axis=0) + random.normal(size=(classes * photos, width))).astype(np.float32)
    names = np.array([f"{seed}-{at}" for at in range(len(rows))])
    return Photos(rows, np.repeat([f"{seed}-class-{at}" for at in range(classes)], photos), names)


@pytest.fixture(scope="module")
def found():
    return measure(cloud(4, 12, 1), {"far": cloud(2, 8, 9)}, held_out=1, choices=1)


def test_every_score_is_measured_on_photos_that_were_held_out(found):
    assert len(found) == 10
    for row in found.values():
        assert set(row) == {"false alarms", "near", "far"}
        assert [row[sort]["photos"] for sort in ("false alarms", "near", "far")] == [36, 12, 16]
        assert row["false alarms"]["caught"][0] < 0.3
        for sort in row.values():
            value, low, high = sort["auroc"]
            assert low <= value <= high


def test_clouds_far_apart_are_told_apart(found):
    assert found[OURS]["far"]["auroc"][0] > 0.9


def test_the_table_has_a_line_for_each_score(found):
    table = figures_table("clouds", found)
    assert table.row_count == len(found)
    assert table.title == "clouds"


def test_too_few_classes_are_refused():
    with pytest.raises(UsageError, match="too few to hold 2 out"):
        measure(cloud(3, 6, 1), {}, held_out=2, choices=1)


def test_photos_that_are_not_there_end_it_in_one_line(tmp_path, capsys):
    absent = [
        "--data",
        str(tmp_path),
        "--weights",
        "none",
        "--backbones",
        "pocket",
        "--known",
        "none",
        "--far",
    ]
    assert main(absent) == 2
    assert capsys.readouterr().err.startswith("unknown.py: ")
