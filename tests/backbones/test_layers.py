"""Layer references and axes."""

import pytest
import torch

from headstart.backbones.layers import LayerRef, averaged, spatial_axes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", LayerRef("a.b")),
        ("a.b:mean", LayerRef("a.b", mean=True)),
        ("a.b:in", LayerRef("a.b", entering=True)),
        ("a.b:in:mean", LayerRef("a.b", entering=True, mean=True)),
        ("output", LayerRef("")),
    ],
)
def test_references_are_taken_apart(text, expected):
    assert LayerRef.parse(text, ["", "a", "a.b"]) == expected


def test_a_module_called_output_wins():
    assert LayerRef.parse("output", ["", "output"]).name == "output"


@pytest.mark.parametrize(
    ("shape", "aspect", "expected"),
    [
        ((2, 7, 7, 7), 1.0, (2, 3)),
        ((2, 64, 10, 5), 2.0, (2, 3)),
        ((2, 10, 5, 64), 2.0, (1, 2)),
        ((2, 512, 1, 1), 1.0, (2, 3)),
        ((2, 49, 64), 1.0, None),
    ],
)
def test_height_and_width_are_found_by_their_ratio(shape, aspect, expected):
    assert spatial_axes(shape, aspect) == expected


def test_maps_and_tokens_are_averaged():
    numbers = torch.arange(24.0)

    assert averaged(numbers.view(1, 6, 2, 2)).shape == (1, 6)
    assert averaged(numbers.view(1, 2, 2, 6)).shape == (1, 6)
    assert torch.equal(averaged(numbers.view(1, 4, 6)), numbers.view(1, 4, 6).mean(1))
    assert torch.equal(averaged(numbers.view(2, 12)), numbers.view(2, 12))
