"""The page of learning curves: everything on it, nothing that runs, no name that breaks out."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from headstart.report.facts import SkippedFile
from headstart.report.learning import Curve, CurvePoint, LearningFacts, Level, headline, render_learning
from headstart.report.learning_charts import key, learning_picture
from headstart.report.robustness import Figure


def curve(style, values):
    points = [
        CurvePoint(
            size, Figure(value, max(0.0, value - 0.1), min(1.0, value + 0.1), 50), [value, value - 0.02]
        )
        for size, value in values
    ]
    return Curve(style, f"the way of {style}", style, points)


CURVES = [
    curve("transfer", [(1, 0.8), (5, 0.9), (20, 0.95)]),
    curve("scratch", [(20, 0.55)]),
    curve("pixels", [(1, 0.52), (5, 0.54), (20, 0.56)]),
]
LEVELS = [
    Level("untrained", "no training", "no training", 0.97, Figure(0.97, 0.9, 1.0, 50)),
    Level("chance", "guessing", "guessing", 0.5),
]


def facts(nasty="cat", **changes):
    made = LearningFacts(
        source=nasty,
        command=nasty,
        version="1",
        created="2026-01-01T00:00Z",
        backbone=nasty,
        classes=2,
        measured=50,
        how=nasty,
        curves=CURVES,
        levels=LEVELS,
        sentences=[nasty],
        fair=[nasty],
        absent=[nasty],
        own=[(nasty, [nasty])],
        making=[("Seed", nasty)],
        skipped=[SkippedFile(nasty, "empty", nasty)],
        notes=[nasty],
    )
    return replace(made, **changes)


def test_no_name_breaks_out():
    page = render_learning(facts('<img src=x onerror="alert(1)">'))

    assert "<img" not in page
    assert "<script" not in page
    assert "http" not in re.sub(r"<meta http-equiv", "", page)


def test_headline_speaks_of_a_size_that_all_have():
    page = render_learning(facts())

    assert headline(CURVES) == 20
    assert "learned from 20 photos a class" in page
    assert headline([curve("transfer", [(1, 0.5)]), curve("scratch", [(2, 0.5)])]) == 1


@pytest.mark.parametrize(
    ("curves", "levels"),
    [(CURVES, LEVELS), (CURVES[:1], []), ([curve("transfer", [(3, 1.0)])], []), (CURVES[1:2], LEVELS)],
)
def test_picture_is_whole_and_its_names_do_not_touch(curves, levels):
    svg = ET.fromstring(str(learning_picture(curves, levels)))
    _, _, width, height = map(float, svg.get("viewBox").split())

    for each in svg.iter():
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            if each.get(name) is not None:
                assert 0 <= float(each.get(name)) <= most
    names = [each for each in svg.iter("text") if each.get("class") == "label strong"]
    ends = sorted(float(each.get("y")) for each in names if float(each.get("x")) > 370)
    assert len(ends) == len(curves) + len(levels)
    assert all(later - earlier >= 14.9 for earlier, later in pairwise(ends))


def test_keys_are_pictures():
    for style in ("transfer", "scratch", "pixels", "untrained", "chance"):
        assert style in str(key(style))
