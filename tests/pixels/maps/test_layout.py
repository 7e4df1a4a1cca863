"""Where the maps are in what layers give: channels first, channels last, tokens; and the way back."""

import pytest
import torch

from headstart.pixels.maps.layout import layout_of


@pytest.mark.parametrize(
    ("shape", "kind", "grid", "extra"),
    [
        ((1, 512, 7, 7), "map", (512, 7, 7), 0),
        ((1, 7, 7, 768), "map, channels last", (768, 7, 7), 0),
        ((1, 196, 192), "tokens", (192, 14, 14), 0),
        ((1, 197, 192), "tokens", (192, 14, 14), 1),
        ((1, 198, 192), "tokens", (192, 14, 14), 2),
        ((1, 201, 192), "tokens", (192, 14, 14), 5),
        ((1, 50, 768), "tokens", (768, 7, 7), 1),
    ],
)
def test_layouts_are_found(shape, kind, grid, extra):
    found = layout_of(shape)

    assert (found.kind, (found.channels, found.height, found.width), found.extra) == (kind, grid, extra)


@pytest.mark.parametrize("shape", [(1, 1000), (1, 512, 1, 1), (1, 512, 196), (1, 2, 8), (1, 12, 64), (1,)])
def test_what_is_no_map_is_not_taken_for_one(shape):
    assert layout_of(shape) is None


def test_tokens_of_a_photo_that_is_not_square():
    found = layout_of((1, 1 + 12 * 20, 64), aspect=192 / 320)

    assert (found.height, found.width, found.extra) == (12, 20, 1)


@pytest.mark.parametrize("shape", [(2, 8, 4, 4), (2, 4, 4, 8), (2, 18, 8), (2, 16, 8)])
def test_there_and_back_is_the_same(shape):
    tensor = torch.rand(shape)
    layout = layout_of(shape)

    maps = layout.maps(tensor)

    assert maps.shape == (2, 8, 4, 4)
    assert torch.equal(layout.tensor(maps, tensor), tensor)


def test_maps_lie_as_the_tokens_do():
    tokens = torch.arange(17.0)[None, :, None].expand(1, 17, 3)

    assert layout_of(tokens.shape).maps(tokens)[0, 0].tolist()[0] == [1, 2, 3, 4]
