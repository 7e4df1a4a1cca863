"""What is shown of a confusion matrix."""

import pytest

from headstart.report.confusion import TABLE_CLASSES, heat_rows, pairs, shade


def test_rows_keep_the_counts_and_tell_right_from_wrong(measured):
    first, second = heat_rows(measured(["cat", "dog"], [[97, 3], [20, 80]]))
    assert [cell.count for cell in first.cells] == [97, 3]
    assert [cell.shade for cell in first.cells] == ["right-5", "wrong-1"]
    assert [cell.shade for cell in second.cells] == ["wrong-2", "right-4"]


def test_an_empty_row_has_no_shade(measured):
    rows = heat_rows(measured(["a", "b"], [[5, 0], [0, 0]]))
    assert [cell.shade for cell in rows[1].cells] == ["none", "none"]


def test_too_many_classes_for_a_picture(many):
    assert len(heat_rows(many(TABLE_CLASSES).measured)) == TABLE_CLASSES
    assert heat_rows(many(TABLE_CLASSES + 1).measured) == ()


def test_pairs_are_directed_and_the_most_frequent_first(measured):
    found = pairs(measured(["a", "b", "c"], [[10, 2, 0], [5, 10, 1], [0, 0, 10]]))
    assert [(pair.true, pair.said, pair.count, pair.photos) for pair in found] == [
        ("b", "a", 5, 16),
        ("a", "b", 2, 12),
        ("b", "c", 1, 16),
    ]


@pytest.mark.parametrize("right", [True, False])
def test_a_larger_share_never_has_a_weaker_shade(right):
    steps = [int(shade(share / 100, right=right)[-1]) for share in range(1, 101)]
    assert steps == sorted(steps)
    assert set(steps) == {1, 2, 3, 4, 5}
