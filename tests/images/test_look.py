"""What can be seen of a photo without a network: exposure, sharpness, resemblance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from headstart.errors import UsageError
from headstart.images.look import LOOK_SIDE, LOOK_WIDTH, Look, alike, bits, grids, look_row

SIZE = (640, 480)


def scene(seed: int, *, detail: float = 40.0) -> NDArray[np.uint8]:
    """Patches of colour with fine detail on them, like a photo."""
    draw = np.random.default_rng(seed)
    patches = draw.uniform(40, 200, (8, 8, 3)).repeat(24, 0).repeat(24, 1)
    return np.clip(patches + draw.normal(0, detail, patches.shape), 0, 255).astype(np.uint8)


def look(pixels: NDArray[np.uint8]) -> Look:
    return Look.read(look_row(pixels, SIZE))


def blurred(pixels: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def test_a_row_is_read_back_as_it_was_measured() -> None:
    row = look_row(scene(0), SIZE)
    assert row.shape == (LOOK_WIDTH,)
    assert row.dtype == np.float32
    assert np.isfinite(row).all()
    found = Look.read(row)
    assert (found.width, found.height, found.short_side) == (640, 480, 480)
    assert 0.3 < found.brightness < 0.6
    assert found.grid.shape == (32, 32)


def test_a_row_survives_half_precision_as_the_store_keeps_it() -> None:
    row = look_row(scene(1), (4000, 3000))
    kept = Look.read(row.astype(np.float16).astype(np.float32))
    assert (kept.width, kept.height) == (4000, 3000)
    assert (kept.grid == Look.read(row).grid).all()


@pytest.mark.parametrize(("level", "dark", "bright"), [(0, 1.0, 0.0), (255, 0.0, 1.0), (128, 0.0, 0.0)])
def test_shares_of_dark_and_bright(level: int, dark: float, bright: float) -> None:
    found = look(np.full((LOOK_SIDE, LOOK_SIDE, 3), level, np.uint8))
    assert (found.dark, found.bright, found.contrast) == (dark, bright, 0.0)
    assert found.sharpness == found.colourfulness == 0.0
    assert found.brightness == pytest.approx(level / 255)


def test_blur_takes_sharpness_and_dimness_does_not() -> None:
    sharp = look(scene(2)).sharpness
    assert look(blurred(scene(2), 3)).sharpness < 0.3 * sharp
    assert look(scene(2) // 4).sharpness == pytest.approx(sharp, rel=0.1)


def test_a_sharp_animal_before_a_blurred_meadow_is_sharp() -> None:
    picture = blurred(scene(3), 4).copy()
    picture[48:144, 48:144] = scene(3)[48:144, 48:144]
    assert look(picture).sharpness > 0.5 * look(scene(3)).sharpness


def test_grey_has_no_colour() -> None:
    grey = scene(4).mean(axis=2, keepdims=True).repeat(3, 2).astype(np.uint8)
    assert look(grey).colourfulness == pytest.approx(0, abs=1e-6)
    assert look(scene(4)).colourfulness > 0.1


def test_the_hash_ignores_brightness_and_noise_and_tells_photos_apart() -> None:
    one, brighter, other = (bits(look(each).grid[None])[0] for each in (scene(5), _brighter(5), scene(6)))
    assert one @ brighter > 55
    assert abs(one @ other) < 35


def _brighter(seed: int) -> NDArray[np.uint8]:
    return np.clip(scene(seed) * 1.2, 0, 255).astype(np.uint8)


def test_alike_finds_a_part_of_a_photo_on_either_side() -> None:
    whole = scene(7)
    part = np.asarray(Image.fromarray(whole[:182, 5:187]).resize((LOOK_SIDE, LOOK_SIDE)))
    pair = grids([look(whole), look(part)])
    other = grids([look(scene(8)), look(scene(9))])
    found = alike(np.concatenate([pair, pair[:1]]), np.concatenate([pair[::-1], other[:1]]))
    assert found[0] == found[1] > 0.95
    assert found[2] < 0.6


def test_nothing_is_alike_without_contrast() -> None:
    flat = grids([look(np.full((LOOK_SIDE, LOOK_SIDE, 3), 9, np.uint8))])
    assert alike(flat, flat).tolist() == [0.0]


@pytest.mark.parametrize("pixels", [np.zeros((10, 10, 3), np.uint8), np.zeros((LOOK_SIDE, LOOK_SIDE, 3))])
def test_pixels_of_another_shape_or_kind_are_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(UsageError, match="a look is measured on uint8 pixels"):
        look_row(pixels, SIZE)


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="a look has 1032 numbers"):
        Look.read(np.zeros(7, np.float32))
