"""Augmented views: seeded, of the right size, upright, and never those of another photo or number."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

from headstart.images.photo import Photo
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize
from headstart.images.view import Augmentation, View, augmented, random_part
from headstart.testing import write_photos

RESIZE = Resize(32, 32, 36)


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (50, 2000), (8, 8)])
@pytest.mark.parametrize("least_area", [0.08, 0.5, 1.0])
def test_a_part_lies_inside_and_has_its_area(size, least_area):
    chance = random.Random(0)
    for _ in range(50):
        left, top, right, bottom = random_part(size, least_area, chance)
        assert 0 <= left < right <= size[0] + 1e-9
        assert 0 <= top < bottom <= size[1] + 1e-9
        assert 3 / 4 - 1e-9 <= (right - left) / (bottom - top) <= 4 / 3 + 1e-9
        if max(size) / min(size) < 1.3:
            assert (right - left) * (bottom - top) >= least_area * size[0] * size[1] * 0.7


def test_mirror_only_gives_the_photo_or_its_mirror_image():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    much = Augmentation(least_area=1.0, mirror=True, colour=0.0)
    seen = {augmented(picture, RESIZE, much, f"0:x:{number}").tobytes() for number in range(16)}
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    box = ((32 - 32) / 2, 0, 32, 32)
    assert picture.resize((32, 32), Image.Resampling.BILINEAR, box).tobytes() in seen
    assert mirrored.tobytes() in seen
    assert len(seen) < 16


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = write_photos(tmp_path_factory.mktemp("views"), each=2, side=300)
    with PhotoReader(workers=1) as reader:
        yield reader, list(reader.hash([Photo(path, path.name) for path in sorted(folder.rglob("*.jpg"))]))


def views(photos, view, order=None):
    reader, hashed = photos
    chosen = hashed if order is None else [hashed[at] for at in order]
    return [each.pixels for each in reader.decode(chosen, RESIZE, view)]


def test_the_same_view_is_the_same_whatever_the_order(photos):
    view = View(Augmentation(), 0, 1)
    first, second = views(photos, view), views(photos, view, [3, 2, 1, 0])
    assert all(np.array_equal(a, b) for a, b in zip(first, second[::-1], strict=True))
    assert first[0].shape == (32, 32, 3)


@pytest.mark.parametrize(
    "other",
    [View(Augmentation(), 0, 2), View(Augmentation(), 1, 1), View(Augmentation(0.9), 0, 1), None],
    ids=["number", "seed", "settings", "plain"],
)
def test_another_view_differs(photos, other):
    ours, theirs = views(photos, View(Augmentation(), 0, 1)), views(photos, other)
    assert all(not np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_large_jpeg_gives_the_same_view_as_in_full_size(tmp_path):
    """Decoding at a fraction of the size is for speed: what is seen must hardly change."""
    gradient = np.linspace(0, 255, 1600)[None, :, None] * np.ones((1200, 1, 3))
    Image.fromarray(gradient.astype(np.uint8)).save(tmp_path / "large.jpg", quality=95)
    Image.fromarray(gradient.astype(np.uint8)).save(tmp_path / "large.png")
    much = Augmentation(0.5, mirror=True, colour=0.0)
    seen = []
    for name in ("large.jpg", "large.png"):
        picture = Image.open(tmp_path / name)
        if name.endswith("jpg"):
            picture.draft(None, (picture.width // 4, picture.height // 4))
        seen.append(np.asarray(augmented(picture.convert("RGB"), RESIZE, much, "0:same:1"), float))
    assert np.abs(seen[0] - seen[1]).mean() < 3
