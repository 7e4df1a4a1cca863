"""The comparison of walks to the pixels: its sides come equally far, and what it prints and refuses."""

import importlib.util
import json

import numpy as np
import pytest

from headstart.testing import tiny_backbone
from pixel_sides import ATTACKS, EPSILON, IDEALS, problem
from pixels import compare, main, speed_table


@pytest.fixture(scope="module")
def tiny():
    return problem(tiny_backbone(classes=("cat", "dog", "cow")), photos=2, steps=4)


def found_by(side, asked):
    if side in {"secml-torch", "foolbox"} and importlib.util.find_spec("foolbox") is None:
        pytest.skip("the extra `attacks` is not installed")
    return ATTACKS[side](asked)


@pytest.mark.parametrize("side", ["headstart", "torch"])
def test_our_side_and_the_plain_loop_take_the_same_walk(side, tiny):
    found = found_by(side, tiny)
    assert float((found.numpy() - tiny.photos).__abs__().max()) <= EPSILON * (1 + 1e-5)
    assert tiny.loss(found) == pytest.approx(tiny.loss(ATTACKS["torch"](tiny)), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["secml-torch", "foolbox"])
def test_libraries_take_nearly_the_same_walk(side, tiny):
    # secml-torch leaves out the last step
    assert tiny.loss(found_by(side, tiny)) == pytest.approx(tiny.loss(ATTACKS["torch"](tiny)), rel=0.1)


def test_both_ideal_images_are_the_same_picture(tiny):
    ours, loop = (IDEALS[side](tiny).numpy() for side in ("headstart", "torch"))
    assert np.abs(ours - loop).max() < 1e-3


def test_ratios_are_of_ours_to_each(tmp_path):
    backbone = tiny_backbone(classes=("cat", "dog"))
    rows = compare(backbone, sides=["torch"], photos=2, steps=1, rounds=1)
    assert [(row["job"], row["side"]) for row in rows] == [
        ("PGD", "headstart"),
        ("PGD", "torch"),
        ("ideal", "headstart"),
        ("ideal", "torch"),
    ]
    assert rows[0]["ratio"] == rows[2]["ratio"] == 1.0
    assert rows[1]["ratio"] == pytest.approx(rows[0]["steps_per_second"] / rows[1]["steps_per_second"])
    assert len(speed_table(rows).rows) == 4
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--steps", "0"], "--steps is 0"), (["--networks", "no-such"], "can be loaded")]
)
def test_what_can_not_be_measured_is_one_line(arguments, words, tmp_path, capsys):
    assert main([*arguments, "--home", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
