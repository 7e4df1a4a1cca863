"""A store is only a copy of what can be computed: damage costs time, never a wrong row."""

import random
import sqlite3

import numpy as np
import pytest

from headstart.errors import StorageError
from headstart.features.store import FeatureStore

PHOTOS = [f"{number:02x}" * 32 for number in range(12)]


@pytest.fixture(scope="module")
def space(fakes):
    return fakes.SPACE


@pytest.fixture(scope="module")
def rows():
    return {photo: np.linspace(0, number, 24).astype(np.float16) for number, photo in enumerate(PHOTOS)}


@pytest.fixture(scope="module")
def sound(tmp_path_factory, space, rows):
    path = tmp_path_factory.mktemp("sound") / "features.sqlite"
    with FeatureStore(path) as store:
        store.put(space, rows)
    return path.read_bytes()


def require_recovery(path, space, rows):
    """No wrong row is given, and what is lost can be kept again, in the way in which `extract` does it."""
    with FeatureStore(path) as store:
        first = store.get(space, PHOTOS)
        found = dict(first)
        for attempt in range(3):
            missing = [photo for photo in PHOTOS if photo not in found]
            if attempt == 2:
                store.mend()
            store.put(space, {photo: rows[photo] for photo in missing})
            found.update(store.get(space, missing))
        assert {photo: row.tolist() for photo, row in found.items()} == {
            p: r.tolist() for p, r in rows.items()
        }
        return first, store.take_notes()


def flip(data, bit):
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_flipped_bits_of_the_header(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    for position in range(16, 100, 2):
        path.write_bytes(flip(sound, position * 8 + position % 8))
        require_recovery(path, space, rows)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bits_anywhere(path, sound, space, rows, seed):
    path.parent.mkdir(mode=0o700)
    generator = random.Random(seed)
    for _ in range(60):
        path.write_bytes(flip(sound, generator.randrange(len(sound) * 8)))
        require_recovery(path, space, rows)


@pytest.mark.slow
def test_flipped_bits_all_over_the_bytes_that_are_used(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    for position in [place for place, byte in enumerate(sound) if byte][::5]:
        path.write_bytes(flip(sound, position * 8 + position % 8))
        require_recovery(path, space, rows)


def test_a_flipped_bit_in_a_row_is_noted(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    position = sound.index(rows[PHOTOS[5]].tobytes())
    path.write_bytes(flip(sound, position * 8 + 3))
    found, notes = require_recovery(path, space, rows)
    assert set(PHOTOS) - set(found) == {PHOTOS[5]}
    assert notes == ("1 kept row was damaged; it is computed again",)


@pytest.mark.parametrize("size", [0, 1, 15, 99, 100, 4095, 4096, 9000])
def test_a_truncated_file(path, sound, space, rows, size):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(sound[:size])
    require_recovery(path, space, rows)


def test_a_file_that_is_no_database_is_set_aside_with_a_note(path, space, rows):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"<!doctype html>" * 1000)
    found, notes = require_recovery(path, space, rows)
    assert found == {}
    assert len(notes) == 1
    assert "was damaged" in notes[0]
    assert (path.parent / "damaged-features.sqlite").read_bytes().startswith(b"<!doctype html>")


def test_a_second_damaged_file_replaces_the_first(path, space, rows):
    path.parent.mkdir(mode=0o700)
    for text in (b"first" * 500, b"second" * 500):
        path.write_bytes(text)
        require_recovery(path, space, rows)
    assert (path.parent / "damaged-features.sqlite").read_bytes() == b"second" * 500
    assert len(list(path.parent.glob("damaged-*"))) == 1


def test_a_log_of_a_damaged_file_never_meets_the_new_one(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(sound)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE rows SET data = x'00'")
    connection.commit()
    log = path.with_name(path.name + "-wal")
    kept = log.read_bytes()
    connection.close()
    path.write_bytes(b"garbage!" * 1000)
    log.write_bytes(kept)
    require_recovery(path, space, rows)


def test_a_lost_file_is_made_anew(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(sound)
    path.unlink()
    found, _ = require_recovery(path, space, rows)
    assert found == {}


def test_damage_that_shows_while_the_store_is_open(path, sound, space, rows):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(sound)
    with FeatureStore(path) as store:
        path.write_bytes(b"\xff" * len(sound))
        store.put(space, {"ee" * 32: [1.0]})
        assert set(store.get(space, ["ee" * 32])) == {"ee" * 32}
    require_recovery(path, space, rows)


def test_two_processes_that_find_the_same_damage(path, space, rows):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"garbage!" * 1000)
    with FeatureStore(path) as first, FeatureStore(path) as second:
        first.put(space, {PHOTOS[0]: rows[PHOTOS[0]]})
        second.put(space, {PHOTOS[1]: rows[PHOTOS[1]]})
        assert set(first.get(space, PHOTOS)) == set(second.get(space, PHOTOS)) == set(PHOTOS[:2])


def test_a_damaged_store_that_can_not_be_mended_is_an_empty_one(path, space):
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"garbage!" * 1000)
    with FeatureStore(path, read_only=True) as store:
        assert store.get(space, PHOTOS) == {}
        assert "damaged" in store.take_notes()[0]
        with pytest.raises(StorageError):
            store.put(space, {PHOTOS[0]: [1.0]})
    assert path.read_bytes() == b"garbage!" * 1000
