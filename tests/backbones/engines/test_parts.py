"""Large pieces of bytes: whole or not there, and no more of them than the folder may hold."""

import os

import pytest

from headstart.backbones.engines import parts
from headstart.backbones.engines.parts import read_parts, tidy, write_parts


@pytest.fixture
def place(tmp_path):
    return tmp_path / "networks"


def written(place, *names, size=1000):
    for age, name in enumerate(reversed(names)):
        write_parts(place, name, {"bin": name.encode() * size})
        os.utime(place / f"{name}.json", (1e9 - age, 1e9 - age))


def test_what_was_used_longest_ago_goes_first(place):
    written(place, "a", "b", "c")  # c was used last
    tidy(place, 2500)
    assert [read_parts(place, name) is not None for name in "abc"] == [False, True, True]
    assert len(list(place.glob("*.bin"))) == 2


def test_reading_counts_as_use(place):
    written(place, "a", "b", "c")
    assert read_parts(place, "a") is not None
    tidy(place, 1500)
    assert [read_parts(place, name) is not None for name in "abc"] == [True, False, False]


def test_a_piece_that_another_record_needs_stays(place):
    write_parts(place, "old", {"bin": b"shared" * 100, "xml": b"mine"})
    os.utime(place / "old.json", (1, 1))
    write_parts(place, "new", {"bin": b"shared" * 100})
    tidy(place, 600)
    assert read_parts(place, "old") is None
    assert read_parts(place, "new") == {"bin": b"shared" * 100}


def test_writing_keeps_the_folder_small(place, monkeypatch):
    monkeypatch.setattr(parts, "MOST_BYTES", 3000)
    written(place, "e", "d", "c", "b", "a")
    assert sum(path.stat().st_size for path in place.glob("*.bin")) <= 3000


def test_strange_files_stay_and_damaged_records_go(place):
    written(place, "a")
    (place / "notes.txt").write_text("mine")
    (place / "broken.json").write_text("[1")
    tidy(place, 0)
    assert [path.name for path in place.iterdir()] == ["notes.txt", "broken.json"] or [
        path.name for path in place.iterdir()
    ] == ["broken.json", "notes.txt"]
