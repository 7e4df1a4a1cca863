"""Sheets are as large as they have to be, cut what does not fit, and keep every picture's shape."""

import numpy as np
import pytest
from PIL import Image

from headstart.report.colours import coloured, curves, overlay, spread
from headstart.report.sheet import Tile, fitted, png, sheet

RED, BLUE = np.full((40, 40, 3), (200, 0, 0), np.uint8), np.full((40, 40, 3), (0, 0, 200), np.uint8)


def colours_at(page, places):
    return [page.getpixel(place) for place in places]


def test_rows_lie_below_each_other_and_the_tile_beside_them_is_twice_as_large():
    page = sheet([[Tile(RED), Tile(RED)], [Tile(RED)]], side=50, beside=Tile(BLUE, "photo"))

    pixels = np.asarray(page)
    assert ((pixels == (0, 0, 200)).all(axis=2)).sum() == 100 * 100
    assert ((pixels == (200, 0, 0)).all(axis=2)).sum() == 3 * 50 * 50


def test_a_tile_beside_is_not_cut_off_where_there_is_one_row():
    page = sheet([[Tile(RED)]], side=50, beside=Tile(BLUE, "photo\nas received"))

    assert ((np.asarray(page) == (0, 0, 200)).all(axis=2)).sum() == 100 * 100
    assert page.height > 16 + 100 + 2 * 17


def test_a_long_note_is_broken_into_lines_and_nothing_makes_the_page_wider():
    short = sheet([[Tile(RED)]], side=50, heading="h", note="word")
    long = sheet([[Tile(RED)]], side=50, heading="heading " * 40, note="word " * 200 + "w" * 900)

    assert long.width == short.width
    assert long.height > short.height + 200


def test_captions_that_are_too_long_stay_below_their_picture():
    page = np.asarray(sheet([[Tile(RED, "W" * 200)]], side=50))

    assert (page[:, 16 + 50 + 2 :] == 255).all()


@pytest.mark.parametrize("text", ["straße 猫", "caf\udce9\n.jpg", "Кошка", "\u202eabc", ""])
def test_any_name_can_stand_there(text):
    assert png(sheet([[Tile(RED, text)]], side=30, heading=text, note=text))[:4] == b"\x89PNG"


def test_nothing_at_all_is_a_page_too():
    assert sheet([], side=30, heading="nothing").size[0] > 100


@pytest.mark.parametrize(
    ("shape", "size"), [((10, 20), (60, 30)), ((200, 100), (30, 60)), ((1, 1), (60, 60))]
)
def test_pictures_keep_their_shape(shape, size):
    assert fitted(np.zeros(shape, np.uint8), 60).size == size


def test_small_maps_show_their_places():
    shown = np.asarray(fitted(np.array([[0, 255], [255, 0]], np.uint8), 20))

    assert set(np.unique(shown)) == {0, 255}


def test_the_same_tiles_give_the_same_bytes():
    one, two = (png(sheet([[Tile(RED, "a"), Tile(BLUE, "b")]], side=50, heading="h")) for _ in range(2))

    assert one == two


def test_every_map_uses_the_whole_range_of_colours():
    ramp = np.linspace(-3, 9, 400, dtype=np.float32).reshape(20, 20)

    shown = coloured(ramp)

    assert shown[0, 0].tolist() == [68, 1, 84]
    assert shown[-1, -1].tolist() == [253, 231, 37]


@pytest.mark.parametrize("values", [np.zeros((3, 3)), np.full((3, 3), np.nan), np.array([[np.inf, 1.0]])])
def test_maps_without_contrast_or_with_broken_numbers_can_be_shown(values):
    assert np.isfinite(spread(values.astype(np.float32))).all()
    assert coloured(values.astype(np.float32)).dtype == np.uint8


def test_one_outlier_does_not_darken_a_map():
    ramp = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    ramp[0, 0] = 1000

    assert 0.4 < spread(ramp)[50, 50] < 0.6


def test_hot_places_are_coloured_and_cold_ones_grey():
    photo = np.full((4, 4, 3), (90, 120, 150), np.uint8)
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0], heat[3, 3] = 2, -5

    shown = overlay(photo, heat)

    assert np.ptp(shown[0, 0]) > 50
    assert np.ptp(shown[3, 3]) == 0
    assert shown[2, 1].tolist() == shown[3, 3].tolist()


def test_a_curve_starts_at_its_value():
    shown = curves([([1.0, 1.0, 0.0], (200, 0, 0), 3)], side=100, top=1.0)

    red = (shown[:, :, 0].astype(int) - shown[:, :, 1]) > 100
    assert red[:20, 15:40].any()
    assert red[80:, 80:].any()
    assert not red[80:, :40].any()
    assert Image.fromarray(shown).size == (100, 100)
