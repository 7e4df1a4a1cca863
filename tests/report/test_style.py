"""Colours computed from the style sheet: text can be read in the light and in the dark."""

import re
from importlib import resources
from itertools import pairwise

import pytest

CSS = resources.files("headstart.report").joinpath("report.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
)
SCHEMES = {"light": LIGHT, "dark": DARK, "print": LIGHT | {"page": "#ffffff"}}
ON_PAGE = [("text", "page"), ("muted", "page"), ("accent", "page"), ("text", "panel"), ("muted", "panel")]
INKS = [(name, name.removesuffix("-ink")) for name in LIGHT if name.endswith("-ink")]


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), ON_PAGE + INKS)
def test_text_stands_out_from_its_ground(scheme, ink, ground):
    colours = SCHEMES[scheme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("mark", "ground"), [("accent", "track"), ("text", "track"), ("accent", "page")])
def test_shapes_stand_out_from_their_ground(scheme, mark, ground):
    colours = SCHEMES[scheme]
    assert contrast(colours[mark], colours[ground]) >= 3


def test_both_schemes_name_the_same_colours_and_all_that_are_used():
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert set(LIGHT) == set(DARK) == used


def test_every_shade_of_the_heat_table_has_its_ink():
    for kind in ("right", "wrong"):
        for step in range(1, 6):
            assert (
                f".{kind}-{step} {{ background: var(--{kind}-{step}); color: var(--{kind}-{step}-ink); }}"
                in CSS
            )


@pytest.mark.parametrize("kind", ["right", "wrong"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_shades_grow_stronger_step_by_step_without_colour_too(scheme, kind):
    colours = SCHEMES[scheme]
    steps = [contrast(colours[f"{kind}-{step}"], colours["page"]) for step in range(1, 6)]
    assert steps == sorted(steps)
    assert all(later / earlier > 1.15 for earlier, later in pairwise(steps))


def test_colours_are_written_nowhere_but_in_the_two_schemes():
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl", rules)
