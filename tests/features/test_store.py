import os
import sqlite3
import stat
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import StorageError, UsageError
from headstart.features import place, session
from headstart.features.store import FeatureStore

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and descriptors")


@pytest.fixture
def space(fakes):
    return fakes.SPACE


def content(path):
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def test_rows_are_there_for_the_next_process(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0, 2.0], B: [3.0, 4.0]})
    with FeatureStore(path) as store:
        found = store.get(space, [B, C, A])
    assert {photo: row.tolist() for photo, row in found.items()} == {A: [1.0, 2.0], B: [3.0, 4.0]}
    assert found[A].dtype == np.float32


def test_spaces_are_kept_apart(path, space):
    other = replace(space, layer="other")
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
        store.put(other, {A: [2.0]})
        assert store.get(space, [A])[A] == [1.0]
        assert store.get(other, [A])[A] == [2.0]


def test_a_row_can_be_replaced(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
        store.put(space, {A: [1e6, 2.0]})
        assert store.get(space, [A])[A].tolist() == [1e6, 2.0]
        assert store.info().rows == 1


def test_more_rows_than_are_read_at_once(path, space):
    photos = [f"{number:064x}" for number in range(600)]
    with FeatureStore(path) as store:
        store.put(space, {photo: [float(number)] for number, photo in enumerate(photos)})
        found = store.get(space, photos[::-1])
    assert [found[photo][0] for photo in photos] == list(range(600))


def test_a_batch_with_a_bad_row_is_not_kept_at_all(path, space):
    with FeatureStore(path) as store:
        with pytest.raises(UsageError, match="NaN or infinity"):
            store.put(space, {A: [1.0], B: [float("nan")]})
        assert store.get(space, [A, B]) == {}


def test_a_store_in_memory_leaves_nothing(tmp_path, space, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with FeatureStore(None) as store:
        store.put(space, {A: [1.0]})
        assert store.get(space, [A])[A] == [1.0]
        assert store.info().file is None
    assert list(tmp_path.iterdir()) == []


@posix
def test_the_store_is_its_owners_alone(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@posix
def test_a_folder_that_others_may_write_in_is_refused(path):
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(StorageError, match="other users may write"):
        FeatureStore(path)


def test_after_closing_there_is_one_file(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@posix
def test_descriptors_do_not_pile_up(path, space):
    def descriptors():
        return len(list(Path("/dev/fd").iterdir()))

    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
    before = descriptors()
    for _ in range(20):
        with FeatureStore(path) as store:
            store.get(space, [A])
    assert descriptors() == before


def test_odd_characters_in_the_path_are_just_characters(tmp_path, space):
    folder = tmp_path / "a%20b?mode=ro#x é"
    with FeatureStore(folder / "features.sqlite") as store:
        store.put(space, {A: [1.0]})
    assert [file.name for file in folder.iterdir()] == ["features.sqlite"]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux")
def test_a_path_that_is_not_utf8(tmp_path, space):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    with FeatureStore(folder / "features.sqlite") as store:
        store.put(space, {A: [1.0]})
    assert (folder / "features.sqlite").stat().st_size > 0


class TestReadOnly:
    def test_nothing_is_written(self, path, space):
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
        before = path.read_bytes(), path.stat().st_mtime_ns
        with FeatureStore(path, read_only=True, today=lambda: 10**6) as store:
            assert store.get(space, [A])[A] == [1.0]
            assert not store.writable
            with pytest.raises(StorageError, match="reading only"):
                store.put(space, {B: [2.0]})
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_a_missing_store_is_an_empty_one(self, path, space):
        with FeatureStore(path, read_only=True) as store:
            assert store.get(space, [A]) == {}
            assert store.info().rows == 0
        assert not path.parent.exists()

    def test_rows_of_a_store_in_use_are_seen(self, path, space):
        with FeatureStore(path) as writer:
            writer.put(space, {A: [1.0]})
            with FeatureStore(path, read_only=True) as reader:
                assert reader.get(space, [A])[A] == [1.0]
            writer.put(space, {B: [2.0]})
            assert set(writer.get(space, [A, B])) == {A, B}

    def test_a_place_without_permission_can_still_be_read(self, path, space, monkeypatch):
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
        monkeypatch.setattr(place.os, "access", lambda *_: False)
        monkeypatch.setattr(
            session, "require_writable", lambda folder, purpose: (_ for _ in ()).throw(StorageError(folder))
        )
        with FeatureStore(path) as store:
            assert store.get(space, [A])[A] == [1.0]
            with pytest.raises(StorageError, match=path.parent.name):
                store.put(space, {B: [1.0]})


def test_a_store_of_a_newer_version_is_left_untouched(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
        connection.execute("UPDATE meta SET value = '7'")
    connection.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StorageError, match=r"newer headstart \(store version 7.*upgrade headstart"):
            FeatureStore(path, read_only=read_only)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_full_disk_is_said_and_costs_nothing_that_was_kept(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
        connection = store._session._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StorageError, match=f"no space left in {path.parent}.*--home"):
            store.put(space, {f"{number:064x}": np.ones(4096) for number in range(20)})
        assert store.get(space, [A])[A] == [1.0]
    with FeatureStore(path) as store:
        assert store.info().rows == 1
        assert store.verify().sound


def test_another_process_that_does_not_let_go(path, space, monkeypatch):
    monkeypatch.setattr(session, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(session, "_SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr("headstart.features.database.BUSY_SECONDS", 0.01)
    lines = []
    with FeatureStore(path, waiting=lines.append) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another process"):
            store.put(space, {A: [1.0]})
        holder.execute("ROLLBACK")
        holder.close()
        store.put(space, {A: [1.0]})
    assert lines
    assert str(path.parent) in lines[0]


@pytest.mark.parametrize("kind", ["shared disk", "no locks"])
class TestWithoutALog:
    """Network disks: no memory shared between machines, perhaps no locks."""

    def pretend(self, monkeypatch, kind):
        if kind == "shared disk":
            monkeypatch.setattr(place, "file_system", lambda _: "nfs4")
        else:
            monkeypatch.setattr(place, "_has_locks", lambda _: False)

    def test_rows_are_kept(self, path, space, kind, monkeypatch):
        self.pretend(monkeypatch, kind)
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
            assert not path.with_name(path.name + "-wal").exists()
            with FeatureStore(path) as second:
                second.put(space, {B: [2.0]})
            assert set(store.get(space, [A, B])) == {A, B}
        with FeatureStore(path, read_only=True) as store:
            assert set(store.get(space, [A, B])) == {A, B}

    def test_a_store_with_a_log_is_taken_over(self, path, space, kind, monkeypatch):
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
        self.pretend(monkeypatch, kind)
        with FeatureStore(path) as store:
            store.put(space, {B: [2.0]})
            assert set(store.get(space, [A, B])) == {A, B}


def test_the_file_system_of_a_folder_is_known():
    if sys.platform != "linux":
        assert place.file_system(Path("/")) == ""
        return
    assert place.file_system(Path("/proc")) == "proc"
    assert place.file_system(Path("/proc/self/fd")) == "proc"
    assert place.file_system(Path("/")) not in {"", "proc"}
