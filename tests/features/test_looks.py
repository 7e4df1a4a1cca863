"""Looks are decoded once and kept beside the features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.features.hashing import hash_photos
from headstart.features.looks import look_at, looks, near_duplicates
from headstart.features.store import FeatureStore
from headstart.images.photo import Photo, Reason
from headstart.images.reader import PhotoReader
from headstart.testing import fake_photo, jpeg


@pytest.fixture
def reader():
    with PhotoReader(workers=1) as opened:
        yield opened


def photos_in(folder: Path) -> list[Photo]:
    return [Photo(path, path.name) for path in sorted(folder.iterdir())]


@pytest.fixture
def folder(tmp_path):
    scene = np.asarray(
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (9, 9, 3), np.uint8)).resize((300, 200), 3)
    )
    (tmp_path / "one.jpg").write_bytes(jpeg(scene))
    (tmp_path / "smaller.jpg").write_bytes(jpeg(scene[::2, ::2], quality=50))
    (tmp_path / "twin.jpg").write_bytes(jpeg(scene))
    (tmp_path / "other.jpg").write_bytes(jpeg(fake_photo(0, 0)))
    (tmp_path / "cut.jpg").write_bytes(jpeg(scene)[:-2000])
    return tmp_path


def test_each_content_is_decoded_once_ever(folder, reader, tmp_path):
    with FeatureStore(tmp_path / "home" / "store.sqlite") as store:
        hashed, _ = hash_photos([p for p in photos_in(folder) if p.path.is_file()], reader)
        first = look_at(hashed, store, reader)
        again = look_at(hashed, store, reader)
    assert (first.computed, again.computed) == (3, 0)
    assert [(each.name, each.reason) for each in first.skipped] == [("cut.jpg", Reason.TRUNCATED)]
    for sha, look in first.looks.items():
        assert (again.looks[sha].grid == look.grid).all()
        assert again.looks[sha].sharpness == look.sharpness


def test_size_is_that_of_the_photo_and_a_smaller_copy_is_found(folder, reader):
    with FeatureStore(None) as store:
        hashed, _ = hash_photos(photos_in(folder), reader)
        found = looks(hashed, store, reader)
    name = {each.sha256: each.photo.name for each in hashed}
    assert {name[sha]: (look.width, look.height) for sha, look in found.items()}["smaller.jpg"] == (150, 100)
    [group] = near_duplicates(found)
    assert sorted(name[sha] for sha in group) == ["smaller.jpg", "twin.jpg"]


def test_what_a_broken_off_run_kept_is_not_decoded_again(folder, reader):
    class Stopping:
        def start(self, total, what): ...

        def stop(self): ...

        def advance(self, count=1):
            raise KeyboardInterrupt

    with FeatureStore(None) as store:
        hashed, _ = hash_photos(photos_in(folder), reader)
        with pytest.raises(KeyboardInterrupt):
            look_at(hashed, store, reader, Stopping())
        assert look_at(hashed, store, reader).computed == 3
