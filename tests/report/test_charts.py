"""The pictures say what their figures say."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from headstart.report.charts import bar, element, interval_strip, reliability_picture
from headstart.report.facts import ReliabilityBin


def shapes(svg, css):
    return [part.attrib for part in ET.fromstring(str(svg)).iter() if part.get("class") == css]


def test_the_strip_places_value_interval_and_mark():
    svg = interval_strip(0.975, 0.943, 0.989, 0.5)
    assert shapes(svg, "dot")[0]["cx"] == "97.50%"
    assert shapes(svg, "range")[0]["x"] == "94.30%"
    assert shapes(svg, "range")[0]["width"] == "4.60%"
    assert shapes(svg, "mark")[0]["x1"] == "50.00%"
    assert "95 % interval 94.3\N{EN DASH}98.9" in svg


def test_the_strip_without_a_mark():
    assert shapes(interval_strip(1.0, 0.9, 1.0, None), "mark") == []


@pytest.mark.parametrize("always", [0.0, 0.02, 0.3, 0.5, 0.75, 0.99, 1.0, None])
def test_labels_below_the_strip_keep_apart(always):
    below = [part for part in shapes(interval_strip(0.5, 0.4, 0.6, always), "label") if part["y"] == "56"]
    places = sorted(float(part["x"].rstrip("%")) for part in below)
    assert all(later - earlier > 29 for earlier, later in pairwise(places))


def test_reliability_puts_perfect_answers_on_the_diagonal():
    bins = [ReliabilityBin(0.0, 0.0, 1), ReliabilityBin(0.5, 0.5, 4), ReliabilityBin(1.0, 1.0, 9)]
    ideal = shapes(reliability_picture(bins), "ideal")[0]
    x1, y1, x2, y2 = (float(ideal[key]) for key in ("x1", "y1", "x2", "y2"))
    for circle in shapes(reliability_picture(bins), "after"):
        along = (float(circle["cx"]) - x1) / (x2 - x1)
        assert (float(circle["cy"]) - y1) / (y2 - y1) == pytest.approx(along)


def test_more_photos_make_a_larger_circle_and_too_sure_lies_below_the_diagonal():
    few, many = shapes(
        reliability_picture([ReliabilityBin(0.6, 0.6, 3), ReliabilityBin(0.9, 0.5, 300)]), "after"
    )
    assert float(few["r"]) < float(many["r"])
    assert float(many["cy"]) > float(few["cy"])


def test_before_and_after_differ_in_shape_and_not_in_colour_alone():
    svg = reliability_picture([ReliabilityBin(0.9, 0.9, 5)], [ReliabilityBin(0.8, 0.9, 5)])
    tags = {part.get("class"): part.tag for part in ET.fromstring(str(svg)).iter()}
    assert (tags["after"], tags["before"]) == ("circle", "polygon")


def test_no_bins_draw_only_the_axes():
    assert shapes(reliability_picture([]), "after") == []


def test_the_bar_is_as_long_as_its_share():
    assert shapes(bar(0.25), "fill")[0]["width"] == "25.00%"


def test_elements_escape_what_they_are_given():
    assert element("text", "<b>", class_='"x"') == '<text class="&#34;x&#34;">&lt;b&gt;</text>'
