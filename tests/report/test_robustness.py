"""The page of robustness: everything on it, nothing that runs, no name that breaks out."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from headstart.report.facts import SkippedFile
from headstart.report.robustness import (
    CurvePoint,
    EnsembleFacts,
    Fallen,
    Figure,
    Finding,
    RobustnessFacts,
    TransferFacts,
    headline,
    render_robustness,
)
from headstart.report.robustness_charts import curve_picture
from headstart.report.thumbnails import thumbnail

PICTURE = thumbnail(np.zeros((4, 4, 3), np.uint8))


def figure(value):
    return Figure(value, max(0.0, value - 0.1), min(1.0, value + 0.1), 20)


def facts(nasty="cat", **changes):
    points = [
        CurvePoint(
            step / 255, f"{step}/255" if step else "0", figure(value), [figure(value), figure(value / 2)]
        )
        for step, value in ((0, 0.9), (1, 0.6), (2, 0.3), (8, 0.0))
    ]
    made = RobustnessFacts(
        model=nasty,
        source=nasty,
        command=nasty,
        version="1",
        created="2026-01-01T00:00Z",
        method="pgd",
        says=nasty,
        norm="linf",
        steps=40,
        seed=0,
        budget=True,
        used=20,
        skipped=[SkippedFile(nasty, "empty", nasty)],
        notes=[nasty],
        points=points,
        defences=["JPEG, quality 75", nasty],
        findings=[
            Finding("randomised", raised=False, sentence=nasty),
            Finding("other", raised=True, sentence=nasty),
        ],
        transfer=TransferFacts("8/255", [nasty, "b"], [[figure(1.0), None], [figure(0.2), figure(0.9)]]),
        ensemble=EnsembleFacts("8/255", [nasty, "b"], 20, 10, nasty, [(nasty, [figure(0.5)] * 3)]),
        fallen=[Fallen(nasty, nasty, 0.9, "1/255", PICTURE, PICTURE, PICTURE, 127.0)],
    )
    return replace(made, **changes)


def test_everything_is_on_the_page(parse):
    page = parse(render_robustness(facts()))
    assert page.unbalanced == []
    assert page.declarations == ["doctype html"]
    html = render_robustness(facts())
    for words in ("weak evidence", "These figures may be too good", "Not seen: randomised", "Seen: other"):
        assert words in html


@pytest.mark.parametrize("nasty", ["</title><script>alert(1)</script>", "\"><b id='x'>&amp;", "{{ 7*7 }}"])
def test_no_name_breaks_out(parse, nasty):
    page, tame = (parse(render_robustness(facts(name))) for name in (nasty, "tame"))
    assert [tag for tag, _ in page.elements if tag != "wbr"] == [
        tag for tag, _ in tame.elements if tag != "wbr"
    ]


def test_nothing_is_loaded_and_nothing_runs(parse):
    html = render_robustness(facts())
    assert "default-src 'none'" in html
    assert not re.search(r"https?://", html.replace("http://www.w3.org", ""))
    for tag, attributes in parse(html).elements:
        assert tag not in {"script", "link", "iframe"}
        assert all(value.startswith("data:") for key, value in attributes.items() if key == "src")


def test_a_page_with_the_least_of_everything(parse):
    bare = facts(
        skipped=(),
        notes=(),
        findings=(),
        transfer=None,
        ensemble=None,
        fallen=(),
        defences=(),
        created="",
        points=[replace(point, defended=()) for point in facts().points],
    )
    page = parse(render_robustness(bare))
    assert page.unbalanced == []
    assert "weak evidence" not in render_robustness(bare)


def test_the_headline_is_where_less_than_half_is_left():
    assert headline(facts()).written == "2/255"
    held = replace(facts(), points=facts().points[:2])
    assert headline(held).written == "1/255"


def test_the_curve_is_drawn_where_the_figures_are():
    points = facts().points
    drawing = ET.fromstring(str(curve_picture(points, "epsilon")))
    dots = [each for each in drawing if each.tag == "circle"]
    assert len(dots) == len(points)
    heights = [float(dot.get("cy")) for dot in dots]
    assert heights == sorted(heights)
    top, bottom = 12.0, 252.0
    for dot, point in zip(dots, points, strict=True):
        assert math.isclose(
            (bottom - float(dot.get("cy"))) / (bottom - top), point.figure.value, abs_tol=1e-3
        )
    [band] = [each for each in drawing if each.get("class") == "band"]
    assert len(band.get("points").split()) == 2 * len(points)
    assert "0: 90.0" in drawing.get("aria-label")
