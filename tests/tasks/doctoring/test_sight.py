"""What is said of single photos: spoilt ones are named, drawings on white paper are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headstart.images.look import Look
from headstart.tasks.doctoring.sight import faults

FADED = Look(
    brightness=0.92,
    dark=0.0,
    bright=0.5,
    contrast=0.05,
    colourfulness=0.02,
    sharpness=0.6,
    width=640,
    height=480,
    grid=np.zeros((32, 32), np.float32),
)


def kinds(look):
    return [kind for kind, _, _ in faults(look)]


def test_a_faded_photo_is_bright():
    assert kinds(FADED) == ["bright"]
    assert kinds(replace(FADED, bright=0.9)) == ["bright"]


@pytest.mark.parametrize(
    "drawn",
    [{"bright": 0.95, "sharpness": 3.8}, {"bright": 0.7, "contrast": 0.13}],
    ids=["pencil", "cartoon"],
)
def test_a_drawing_on_white_paper_is_not(drawn):
    assert kinds(replace(FADED, **drawn)) == []


def test_of_a_narrow_strip_of_one_colour_one_thing_is_said():
    strip = replace(FADED, contrast=0.001, sharpness=0.0, width=4000, height=30)
    [(kind, sentence, _)] = faults(strip)
    assert kind == "uniform"
    assert sentence == "contrast 0.1 %, 4000 x 30 pixels"
