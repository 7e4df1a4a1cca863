"""The page of a new kind of image: everything on it, nothing that runs, no name that breaks out."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from headstart.report.facts import SkippedFile
from headstart.report.newkind import (
    FallRow,
    NewKindFacts,
    ShiftFacts,
    SureRow,
    WayRow,
    points,
    render_newkind,
    strip,
)
from headstart.report.robustness import Figure

FIGURE = Figure(0.8, 0.7, 0.9, 50)
STATED = Figure(0.05, 0.05, 0.05, 0)


def facts(nasty="cat", **changes):
    ways = [
        WayRow("raw pixels", "12 numbers", FIGURE, Figure(0.1, -0.01, 0.2, 50), own=False),
        WayRow("late layers", nasty, FIGURE, None, own=True),
    ]
    shift = ShiftFacts(
        nasty,
        [nasty],
        [SureRow("its own", FIGURE, 0.8, 0.1, STATED), SureRow("these", None, 0.7, None, None)],
        [FallRow(nasty, FIGURE, FIGURE, True, nasty), FallRow(nasty, None, FIGURE, False, "")],
    )
    made = NewKindFacts(
        source=nasty,
        command=nasty,
        version="1",
        created="2026-01-01T00:00Z",
        backbone=nasty,
        classes=2,
        measured=50,
        headline=FIGURE,
        floor=FIGURE,
        chance=0.5,
        sentences=[nasty],
        ways=ways,
        scratch=ways,
        fair=[nasty],
        absent=[nasty],
        shift=shift,
        making=[("Seed", nasty)],
        skipped=[SkippedFile(nasty, "empty", nasty)],
        notes=[nasty],
    )
    return replace(made, **changes)


@pytest.mark.parametrize("nasty", ["</style><script>alert(1)</script>", "a\x1b\udce9\u202eb" * 60, "\n"])
def test_no_name_breaks_out(nasty):
    page = render_newkind(facts(nasty))

    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    page.encode("utf-8")


def test_a_page_without_a_model_and_without_scratch_says_nothing_of_them():
    page = render_newkind(facts(shift=None, scratch=()))

    assert "What becomes of" not in page
    assert "Against training from scratch" not in page
    assert "+10.0" in page


def test_what_was_promised_is_not_shown_as_measured():
    page = render_newkind(facts())

    assert "as set" in page
    assert page.count("breaks, ") == 1


def test_a_strip_keeps_within_its_line():
    drawn = ET.fromstring(str(strip(Figure(1.0, 0.9, 1.0, 9), 0.5)))

    bar = next(each for each in drawn if each.tag == "rect")
    assert float(bar.get("x").rstrip("%")) + float(bar.get("width").rstrip("%")) <= 100.0
    assert [each.get("x1") for each in drawn if each.get("class") == "mark"] == ["50.00%"]


def test_points_have_a_sign_but_nothing_has_none():
    assert [points(each) for each in (0.05, -0.05, 0.0, -0.0001)] == ["+5.0", "-5.0", "0.0", "0.0"]
