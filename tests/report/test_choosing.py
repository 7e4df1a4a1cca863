"""The page of `choose`: all of it there, nothing that runs, no name that breaks out, marks in place."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from headstart.report.choosing import ChoosingFacts, NetworkRow, marks, render_choosing
from headstart.report.choosing_charts import Place, cost_picture
from headstart.report.facts import SkippedFile
from headstart.report.robustness import Figure


def figure(value, photos=200):
    return Figure(value, max(0.0, value - 0.05), min(1.0, value + 0.05), photos)


def row(name, value, milliseconds, megabytes, **changes):
    made = NetworkRow(
        name=name,
        figure=figure(value),
        behind=Figure(0.9 - value, 0.85 - value, 0.95 - value, 200),
        milliseconds=milliseconds,
        megabytes=megabytes,
        engine="openvino f32",
        fast=False,
        small=False,
    )
    return replace(made, **changes)


def facts(nasty="pets", **changes):
    rows = [
        row("best", 0.9, 30.0, 90.0, behind=None, fast=True, small=True, scores=(0.5, 3.0)),
        row(nasty, 0.89, 10.0, 14.0, fast=True, small=True, scores=(0.4, 2.0)),
        row("raw pixels", 0.3, 0.2, 0.0, is_floor=True, learned=False),
        row("poor", 0.5, 5.0, 20.0, learned=False, dropped="worse on a part", figure=figure(0.5, 50)),
    ]
    made = ChoosingFacts(
        source=nasty,
        command=nasty,
        version="1",
        created="2026-01-01T00:00Z",
        rows=rows,
        chosen=1,
        rule="a rule",
        budget="20 ms a photo",
        photos=200,
        classes=2,
        folds=5,
        seed=0,
        stages=[50, 200],
        passes=450,
        without_halving=600,
        evidence=[nasty],
        fetchable=[(nasty, 46.8, "https://example.org/x.pth")],
        skipped=[SkippedFile(nasty, "empty", nasty)],
        notes=[nasty],
        next_step=nasty,
    )
    return replace(made, **changes)


def test_everything_is_on_the_page(parse):
    html = render_choosing(facts())
    page = parse(html)
    assert page.unbalanced == []
    assert page.declarations == ["doctype html"]
    for words in ("no network at all", "judged on a part", "450", "LogME", "example.", "front of speed"):
        assert words in html
    assert html.count('class="chart"') == 2


@pytest.mark.parametrize("nasty", ["</title><script>alert(1)</script>", "\"><b id='x'>&amp;", "{{ 7*7 }}"])
def test_no_name_breaks_out(parse, nasty):
    page, tame = (parse(render_choosing(facts(name))) for name in (nasty, "tame"))
    assert [tag for tag, _ in page.elements if tag != "wbr"] == [
        tag for tag, _ in tame.elements if tag != "wbr"
    ]


def test_nothing_is_loaded_and_nothing_runs(parse):
    html = render_choosing(facts())
    assert "default-src 'none'" in html
    for tag, attributes in parse(html).elements:
        assert tag not in {"script", "link", "iframe", "img", "a"}
        assert not {"src", "href"} & set(attributes)


def test_a_page_with_the_least_of_everything(parse):
    bare = facts(
        rows=[replace(each, scores=(), dropped="") for each in facts().rows[1:3]],
        chosen=None,
        stages=[200],
        evidence=(),
        fetchable=(),
        skipped=(),
        notes=(),
        next_step="",
        created="",
    )
    html = render_choosing(bare)
    assert parse(html).unbalanced == []
    assert "Nothing fits the budget of 20 ms a photo" in html
    assert "LogME" not in html
    assert "What could be fetched" not in html


def test_what_is_said_below_a_name():
    rows = facts().rows
    assert marks(rows[1], True) == ["chosen", "front of speed and size"]
    assert marks(rows[2], False) == ["no network at all"]
    assert marks(rows[3], False) == ["random weights: has learned nothing", "dropped out: worse on a part"]
    assert marks(replace(rows[0], fits=False), False)[-1] == "over the budget"


def places(count=3):
    return [
        Place(at + 1, 10.0 ** (at / 4), figure(0.5 + 0.02 * at), on_front=at % 2 == 0, partly=at == 1)
        for at in range(count)
    ]


def test_the_picture_is_drawn_where_the_figures_are():
    drawing = ET.fromstring(str(cost_picture(places(), 0.4, "milliseconds")))
    dots = [each for each in drawing if each.get("class") == "after"]
    assert [each.tag for each in dots] == ["circle", "circle"]
    assert float(dots[0].get("cx")) < float(dots[1].get("cx"))
    assert float(dots[0].get("cy")) > float(dots[1].get("cy"))
    assert len([each for each in drawing if each.get("class") == "before"]) == 1
    assert "1: 50.0" in drawing.get("aria-label")


def test_numbers_of_twenty_networks_do_not_cover_each_other():
    drawing = ET.fromstring(str(cost_picture(places(20), 0.4, "milliseconds")))
    numbers = [each for each in drawing if each.tag == "text" and re.fullmatch(r"\d+", each.text or "")]
    own = [(float(n.get("x")), float(n.get("y"))) for n in numbers if n.get("class") == "label strong"]
    assert len(own) == 19  # one is judged on a part
    assert len({(round(x / 6), round(y / 8)) for x, y in own}) == 19


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_one_network_alone_can_be_drawn(value):
    only = [Place(1, 3.0, figure(value), on_front=True, partly=False)]
    drawing = ET.fromstring(str(cost_picture(only, value, "megabytes of weights")))
    width, height = (float(drawing.get(side)) for side in ("width", "height"))
    for each in drawing:
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(each.get(name, 0)) <= width
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(each.get(name, 0)) <= height
