"""(what a page says, what is printed now) => what is more than a machine may change."""

import pytest

from website.compare import FREE, difference, differences, printed_shares

TABLE = "late layers   87.9 %  (81 to 92)\nraw pixels    0.350   of 140"


def test_the_same_differs_in_nothing():
    assert not difference(TABLE, TABLE)
    assert not difference("", "")


@pytest.mark.parametrize(
    "found",
    [
        TABLE.replace("87.9", "47.9"),
        TABLE.replace("87.9", "94.0"),
        TABLE.replace("0.350", "0.450"),
        TABLE.replace("0.350", "1.000"),
    ],
)
def test_a_changed_accuracy_is_found(found):
    said = difference(TABLE, found)

    assert "is now" in said
    assert " against " in said


@pytest.mark.parametrize(
    "found",
    [
        TABLE.replace("87.9", "93.6"),
        TABLE.replace("0.350", "0.293"),
        TABLE.replace("140", "138"),
        TABLE.replace("(81 to 92)", "(84 to 96)"),
    ],
)
def test_a_few_photos_more_or_less_are_the_machine(found):
    assert not difference(TABLE, found)


def test_a_sign_that_flips_near_0_is_no_difference():
    assert not difference("accuracy +0.4 points (-1.0 to +1.7)", "accuracy -0.4 points (-2 to 1.3)")
    assert not difference("a step of 1e-4: -0.02", "a step of 3e-05: +0.03")
    assert difference("gain -0.20", "gain +0.20")


@pytest.mark.parametrize("unit", ["s", "ms", "MB/s", "photos/s", "photos a second", "minutes"])
def test_a_line_with_a_duration_or_a_speed_has_words_only(unit):
    assert not difference(f"right: 0.988, {unit[0]}: 12 {unit}", f"right: 0.488, {unit[0]}: 0.3 {unit}")
    assert difference(f"right: 0.988, 12 {unit}", f"wrong: 0.988, 12 {unit}")


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("land: 90 %", "sea: 90 %"),
        ("network: resnet_50", "network: resnet_101"),
        ("one\ntwo", "one"),
        ("one", "one two"),
        ("90 %", "a 90 %"),
    ],
)
def test_words_may_not_differ(told, found):
    assert difference(told, found)


def test_a_number_that_is_no_share_is_not_compared():
    assert not difference("strangeness 1.02, 12 photos", "strangeness 0.90, 120 photos")


def test_a_longer_figure_may_move_a_word_to_the_next_line():
    assert not difference("it is right\n9.5 % of the time", "it is right 10.5 % of\nthe time")


def test_a_cell_that_depends_on_the_machine_has_to_print_something():
    told, free = ["near: 12 %\n"], f"print(near)  {FREE}\n"

    assert differences(["print(near)"], told, ["far: 90 %\n"])
    assert not differences([free], told, ["far: 90 %\n"])
    assert differences([free], told, ["\n"])


def test_a_page_with_another_number_of_cells_is_refused():
    with pytest.raises(ValueError, match="zip"):
        differences(["print(1)"], ["1"], [])


def test_what_looks_like_a_measured_share_is_found_in_a_text():
    assert printed_shares("right 0.988 or 98.8 % (82.0 % at least), version 1.0.123, 6.4 points") == {
        0.988,
        0.82,
    }
