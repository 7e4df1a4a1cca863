"""Files that were read before are known again, and nothing but the bytes decides what a photo is."""

import hashlib
import os
import random
import sqlite3
import sys
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import StorageError
from headstart.features import sighting
from headstart.features.hashing import hash_photos
from headstart.features.store import FeatureStore
from headstart.images.photo import Hashed, Photo, Reason, Skipped

SECOND = 10**9
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and times of inodes")


@pytest.fixture
def clock(monkeypatch):
    """The clock that looks at files; ten seconds on, so that files made by a test have settled."""

    class Clock:
        ahead = 10 * SECOND

        def now(self):
            return real() + self.ahead

    real, made = sighting.now_ns, Clock()
    monkeypatch.setattr(sighting, "now_ns", made.now)
    return made


@pytest.fixture
def store(path, clock):
    with FeatureStore(path) as opened:
        yield opened


@pytest.fixture
def read(fakes, store):
    """Hash photos; gives the names of those that were read, and what they contain."""

    def hash_them(photos, **options):
        reader = fakes.FakeReader()
        hashed, skipped = hash_photos(photos, reader, files=store.files, **options)
        assert [each.photo for each in hashed] == [p for p in photos if p.path.exists()]
        for each in hashed:
            data = each.photo.path.read_bytes()
            assert (each.sha256, each.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert len(hashed) + len(skipped) == len(photos)
        return sorted(reader.hashed)

    return hash_them


def names(photos):
    return sorted(photo.name for photo in photos)


def rewrite(photo, data):
    """Other bytes, the same size and date."""
    status = photo.path.stat()
    assert len(data) == status.st_size
    photo.path.write_bytes(data)
    os.utime(photo.path, ns=(status.st_atime_ns, status.st_mtime_ns))


def forge(monkeypatch, photo):
    """Have the system claim that nothing about a file was ever changed."""
    frozen, real = photo.path.stat(), os.stat

    def stat(path, *rest, **options):
        return frozen if path == photo.path else real(path, *rest, **options)

    monkeypatch.setattr(sighting.os, "stat", stat)


class TestRecognition:
    def test_every_file_is_read_once(self, photos, read):
        assert read(photos) == names(photos)
        assert read(photos) == []
        assert read(photos[::-1]) == []

    def test_the_next_process_knows_them_too(self, fakes, photos, read, path, store):
        read(photos)
        reader = fakes.FakeReader()
        with FeatureStore(path) as second:
            hash_photos(photos, reader, files=second.files)
        assert not reader.hashed

    def test_new_files_among_known_ones_stand_in_their_place(self, photos, read):
        read(photos[::2])
        assert read(photos) == names(photos[1::2])

    def test_more_files_than_are_looked_up_at_once(self, tmp_path, read):
        files = [tmp_path / f"{number}.jpg" for number in range(1203)]
        for file in files:
            file.write_text(file.name)
        many = [Photo(file, file.name) for file in files]
        assert len(read(many)) == 1203
        assert read(many) == []

    def test_without_known_files_all_are_read(self, fakes, photos, read):
        read(photos)
        reader = fakes.FakeReader()
        hash_photos(photos, reader)
        assert len(reader.hashed) == len(photos)

    def test_all_can_be_read_again(self, photos, read):
        read(photos)
        assert read(photos, rehash=True) == names(photos)
        assert read(photos) == []

    def test_a_label_or_name_is_of_the_photo_and_not_of_the_file(self, fakes, photos, read, store):
        read(photos)
        other = [replace(photo, name="other/" + photo.name, label="b") for photo in photos]
        hashed, _ = hash_photos(other, fakes.FakeReader(), files=store.files)
        assert [each.photo for each in hashed] == other

    def test_progress_counts_known_and_unknown_photos(self, photos, read):
        class Counted:
            total = done = stops = 0

            def start(self, total, what):
                self.total, self.done = total, 0

            def advance(self, count=1):
                self.done += count

            def stop(self):
                self.stops += 1

        shown = Counted()
        for known in (photos[:4], photos, photos):
            read(known, progress=shown)
            assert shown.done == shown.total == len(known)
        assert shown.stops == 3

    def test_a_relative_path_means_another_file_in_another_folder(self, tmp_path, read, monkeypatch):
        for number, folder in enumerate((tmp_path / "a", tmp_path / "b")):
            folder.mkdir()
            (folder / "1.jpg").write_bytes(b"in %d" % number)
            monkeypatch.chdir(folder)
            photo = Photo((folder / "1.jpg").relative_to(folder), "1.jpg")
            assert read([photo]) == ["1.jpg"]
            assert read([photo]) == []


class TestChangedFiles:
    def test_a_touched_file_is_read_again_and_not_computed_again(self, fakes, photos, read, store):
        fakes.run(photos, store)
        os.utime(photos[0].path, (10**9, 10**9))
        reader = fakes.FakeReader()
        assert fakes.run(photos, store, reader=reader).computed == 0
        assert names([photos[0]]) == sorted(reader.hashed)
        assert read(photos) == []

    @posix
    def test_other_bytes_of_the_same_size_and_date(self, photos, read):
        read(photos)
        rewrite(photos[1], b"PHOTO 1")
        assert read(photos) == ["1.jpg"]
        assert read(photos) == []

    @posix
    def test_another_file_under_the_same_name(self, photos, read):
        read(photos)
        status = photos[0].path.stat()
        new = photos[0].path.with_suffix(".new")
        new.write_bytes(b"PHOTO 0")
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
        new.replace(photos[0].path)
        assert read(photos) == ["0.jpg"]

    def test_two_files_that_changed_places(self, photos, read):
        read(photos)
        first, second, spare = photos[0].path, photos[1].path, photos[0].path.with_suffix(".spare")
        first.rename(spare)
        second.rename(first)
        spare.rename(second)
        read(photos)  # looks itself whether each content is right

    def test_a_file_that_goes_and_comes_back(self, photos, read):
        read(photos)
        data = photos[0].path.read_bytes()
        photos[0].path.unlink()
        assert read(photos) == ["0.jpg"]
        photos[0].path.write_bytes(data)
        assert read(photos) == ["0.jpg"]

    def test_a_moved_file_is_read_once_and_not_computed_again(self, fakes, photos, read, store):
        fakes.run(photos, store)
        moved = photos[0].path.rename(photos[0].path.with_name("moved.jpg"))
        moved_photos = [Photo(moved, moved.name, "a"), *photos[1:]]
        assert fakes.run(moved_photos, store).computed == 0
        assert read(moved_photos) == []

    def test_a_file_that_changes_while_it_is_read_is_not_kept(self, fakes, photos, read, store):
        class Changing(fakes.FakeReader):
            def hash(self, photos):
                for outcome in super().hash(photos):
                    outcome.photo.path.write_bytes(b"changed")
                    yield outcome

        hash_photos(photos, Changing(), files=store.files)
        assert read(photos) == names(photos)

    def test_another_decoder_looks_at_every_file_itself(self, path, fakes, photos, read, monkeypatch):
        read(photos)
        monkeypatch.setattr("headstart.images.recipe.DECODE_RECIPE", "another")
        reader = fakes.FakeReader()
        with FeatureStore(path) as second:
            hash_photos(photos, reader, files=second.files)
        assert len(reader.hashed) == len(photos)

    def test_files_that_were_refused_are_read_each_time(self, fakes, photos, store):
        class Refusing(fakes.FakeReader):
            def hash(self, photos):
                for outcome in super().hash(photos):
                    name = outcome.photo.name
                    yield Skipped(name, Reason.CORRUPT, "no", "read") if name == "2.jpg" else outcome

        for expected in (names(photos), ["2.jpg"], ["2.jpg"]):
            reader = Refusing()
            hashed, skipped = hash_photos(photos, reader, files=store.files)
            assert sorted(reader.hashed) == expected
            assert [each.name for each in skipped] == ["2.jpg"]
            assert [each.photo for each in hashed] == [p for p in photos if p.name != "2.jpg"]


class TestForgedFiles:
    """Bytes that changed while all that the file system says stayed: a changed clock can do that."""

    @pytest.fixture
    def checking(self, fakes):
        class Checking(fakes.FakeReader):
            """Refuses, as the real decoder does, bytes that are not those that were hashed."""

            def decode(self, hashed, resize, view=None):
                hashed = list(hashed)
                for each, outcome in zip(hashed, super().decode(hashed, resize), strict=True):
                    found = hashlib.sha256(each.photo.path.read_bytes()).hexdigest()
                    if found == each.sha256:
                        yield outcome
                    else:
                        yield Skipped(each.photo.name, Reason.CHANGED_DURING_READ, "changed", "decode")

        return Checking

    def test_reading_all_again_finds_them(self, fakes, photos, store, monkeypatch):
        fakes.run(photos, store)
        forge(monkeypatch, photos[1])
        photos[1].path.write_bytes(b"PHOTO 1")
        assert fakes.run(photos, store).computed == 0, "documented: nothing tells that it was forged"
        table = fakes.run(photos, store, rehash=True)
        assert table.computed == 1
        assert table.sha256[1] == hashlib.sha256(b"PHOTO 1").hexdigest()
        assert fakes.run(photos, store).sha256 == table.sha256

    def test_without_a_kept_row_it_is_never_a_wrong_one_and_the_next_run_reads_it(
        self, fakes, checking, photos, store, monkeypatch
    ):
        fakes.run(photos, store)
        forge(monkeypatch, photos[1])
        photos[1].path.write_bytes(b"PHOTO 1")
        first = fakes.run(photos, store, layer="other", reader=checking())
        assert [(each.name, each.reason) for each in first.skipped] == [("1.jpg", Reason.CHANGED_DURING_READ)]
        second = fakes.run(photos, store, layer="other", reader=checking())
        assert second.skipped == ()
        assert second.sha256[1] == hashlib.sha256(b"PHOTO 1").hexdigest()

    def test_a_forged_file_that_is_refused_is_forgotten(self, fakes, photos, read, store, monkeypatch):
        class Refusing(fakes.FakeReader):
            def hash(self, photos):
                for photo in photos:
                    yield Skipped(photo.name, Reason.CORRUPT, "no", "read")

        read(photos)
        forge(monkeypatch, photos[1])
        hash_photos(photos, Refusing(), files=store.files, rehash=True)
        assert read(photos) == names(photos)


class TestClocks:
    def test_a_file_that_was_written_just_now_is_read_again(self, photos, read, clock):
        clock.ahead = 0
        assert read(photos) == read(photos) == names(photos)
        clock.ahead = 10 * SECOND
        assert read(photos) == names(photos)
        assert read(photos) == []

    def test_a_change_within_the_same_two_seconds_is_found(self, photos, read, clock, monkeypatch):
        """FAT: the date has steps of two seconds, and nothing else tells of the change."""
        clock.ahead = 0
        forge(monkeypatch, photos[0])
        read(photos)
        photos[0].path.write_bytes(b"PHOTO 0")
        assert read(photos) == names(photos)

    @pytest.mark.parametrize("second", [-(10**6), 0, 315532800, 10**9 + 1])
    def test_odd_dates(self, fakes, photos, read, store, second):
        fakes.run(photos, store)
        for photo in photos:
            os.utime(photo.path, (second, second))
        assert fakes.run(photos, store).computed == 0
        assert read(photos) == []

    def test_a_date_in_the_future_costs_a_look_and_no_computation(self, fakes, photos, read, store):
        fakes.run(photos, store)
        os.utime(photos[0].path, (4 * 10**9, 4 * 10**9))
        for _ in range(3):
            reader = fakes.FakeReader()
            assert fakes.run(photos, store, reader=reader).computed == 0
            assert sorted(reader.hashed) == ["0.jpg"]

    def test_a_clock_that_was_set_back(self, fakes, photos, read, store, clock):
        fakes.run(photos, store)
        clock.ahead = -(10**6) * SECOND
        assert read(photos) == [], "what is known stays known"
        (photos[0].path.parent / "new.jpg").write_bytes(b"new")
        more = fakes.photos_in(photos[0].path.parent)
        assert fakes.run(more, store).computed == 1
        assert fakes.run(more, store).computed == 0
        assert read(more) == ["new.jpg"], "until the clock has come so far"


@posix
class TestLinks:
    def test_a_link_is_the_file_that_it_leads_to(self, photos, read):
        link = photos[0].path.with_name("link.jpg")
        link.symlink_to(photos[0].path)
        photo = Photo(link, "link.jpg")
        assert read([photo]) == ["link.jpg"]
        assert read([photo]) == []
        rewrite(photos[0], b"PHOTO 0")
        assert read([photo]) == ["link.jpg"]

    def test_a_link_that_leads_elsewhere_now(self, photos, read):
        link = photos[0].path.with_name("link.jpg")
        link.symlink_to(photos[0].path)
        read([Photo(link, "link.jpg")])
        link.unlink()
        link.symlink_to(photos[1].path)
        assert read([Photo(link, "link.jpg")]) == ["link.jpg"]

    def test_a_linked_folder_that_leads_elsewhere_now(self, tmp_path, read):
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "1.jpg").write_text(name)
            os.utime(tmp_path / name / "1.jpg", (10**9, 10**9))
        folder = tmp_path / "folder"
        folder.symlink_to(tmp_path / "one")
        photo = Photo(folder / "1.jpg", "1.jpg")
        read([photo])
        folder.unlink()
        folder.symlink_to(tmp_path / "two")
        assert read([photo]) == ["1.jpg"]

    def test_hard_links_are_computed_once(self, fakes, photos, read, store):
        os.link(photos[0].path, photos[0].path.with_name("hard.jpg"))
        every = fakes.photos_in(photos[0].path.parent)
        assert fakes.run(every, store).computed == 10
        assert read(every) == []

    def test_what_is_no_file_is_left_to_the_reader(self, tmp_path, photos, store):
        os.mkfifo(tmp_path / "pipe.jpg")
        (tmp_path / "loop.jpg").symlink_to("loop.jpg")
        odd = [Photo(tmp_path / name, name) for name in ("pipe.jpg", "loop.jpg", "folder", "no\0name")]
        (tmp_path / "folder").mkdir()
        asked = []

        class Asked:
            def hash(self, photos):
                for photo in photos:
                    asked.append(photo.name)
                    yield Skipped(photo.name, Reason.NOT_A_FILE, "no", "read")

        for _ in range(2):
            hash_photos([*odd, *photos[:0]], Asked(), files=store.files)
        assert asked == [photo.name for photo in odd] * 2


class TestStore:
    def test_no_name_and_no_date_is_kept(self, photos, read, path, store):
        os.utime(photos[0].path, ns=(10**18 + 123456789, 10**18 + 123456789))
        read(photos)
        store.close()
        kept = path.read_bytes()
        folder = os.fsencode(photos[0].path.parent)
        for text in (folder, b"twin.jpg", b"123456789", (10**18 + 123456789).to_bytes(8, "big")):
            assert text not in kept
        assert bytes.fromhex(hashlib.sha256(b"photo 3").hexdigest()) in kept

    @pytest.mark.parametrize("column", ["content", "checksum"])
    @pytest.mark.parametrize("value", [b"\x00" * 32, b"", "text", 7, 0.5])
    def test_a_damaged_entry_is_no_entry(self, photos, read, path, store, column, value):
        read(photos)
        store.close()
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(f"UPDATE files SET {column} = ?", (value,))
        connection.close()
        assert read(photos) == names(photos)
        assert read(photos) == []

    def test_flipped_bits_never_give_another_content(self, photos, read, path, store):
        read(photos)
        store.close()
        sound, generator = path.read_bytes(), random.Random(0)
        used = [at for at, byte in enumerate(sound) if byte]
        for at in generator.sample(used, 60):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << generator.randrange(8)]) + sound[at + 1 :])
            read(photos)  # looks itself whether each content is right
            store.close()

    def test_a_damaged_file_is_mended(self, photos, read, path, store):
        read(photos)
        store.close()
        path.write_bytes(b"\xff" * path.stat().st_size)
        assert read(photos) == names(photos)
        assert "was damaged" in store.take_notes()[0]
        assert read(photos) == []

    def test_a_store_that_can_not_be_written_still_knows(self, fakes, photos, read, path, store):
        read(photos[1:])
        store.close()
        before = path.read_bytes()
        reader = fakes.FakeReader()
        with FeatureStore(path, read_only=True, today=lambda: 10**6) as unchanging:
            hashed, _ = hash_photos(photos, reader, files=unchanging.files)
        assert [each.photo for each in hashed] == photos
        assert list(reader.hashed) == ["0.jpg"]
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_a_missing_store_that_can_not_be_made(self, fakes, photos, path, clock):
        with FeatureStore(path, read_only=True) as missing:
            for _ in range(2):
                hashed, _ = hash_photos(photos, fakes.FakeReader(), files=missing.files)
                assert [each.photo for each in hashed] == photos
        assert not path.parent.exists()

    def older(self, path):
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("DROP TABLE files")
            connection.execute("UPDATE meta SET value = '1'")
            connection.execute("PRAGMA user_version = 1")
        connection.close()

    def test_a_store_of_an_older_version_gains_what_it_lacks(self, fakes, photos, read, path, store):
        fakes.run(photos, store)
        store.close()
        self.older(path)
        with FeatureStore(path, read_only=True) as unchanging:
            hash_photos(photos, reader := fakes.FakeReader(), files=unchanging.files)
            assert len(reader.hashed) == len(photos)
            assert unchanging.info().files == 0
            assert unchanging.take_notes() == ()
        assert fakes.run(photos, store).computed == 0
        assert read(photos) == []

    def test_a_full_disk_stops_nothing(self, fakes, photos, path, clock, monkeypatch):
        with FeatureStore(path) as store:
            table = fakes.run(photos, store)
        for photo in photos:
            os.utime(photo.path)
        with FeatureStore(path) as store:
            refused, run = [], store._session.run

            def full(operation, *, write=False, **options):
                if write:
                    refused.append(operation)
                    raise StorageError("no space left")
                return run(operation, **options)

            monkeypatch.setattr(store._session, "run", full)
            for _ in range(3):
                reader = fakes.FakeReader()
                assert np.array_equal(hash_and_get(table.space, store, photos, reader), table.rows)
                assert len(reader.hashed) == len(photos)
            assert len(refused) == 1, "after one refusal nobody asks again"

    def test_two_that_share_a_store(self, fakes, photos, path, clock):
        with FeatureStore(path) as first, FeatureStore(path) as second:
            for known in (first, second, first):
                hash_photos(photos, fakes.FakeReader(), files=known.files)
            reader = fakes.FakeReader()
            hash_photos(photos, reader, files=second.files)
            assert not reader.hashed
            assert first.info().files == second.info().files == len(photos)


def hash_and_get(space, store, photos, reader):
    hashed, _ = hash_photos(photos, reader, files=store.files)
    return [store.get(space, [each.sha256])[each.sha256] for each in hashed]


class TestPrune:
    def test_all_rows_take_their_files_with_them(self, fakes, photos, read, store):
        fakes.run(photos, store)
        assert store.info().files == 11
        assert store.prune(everything=True).files == 11
        assert read(photos) == names(photos)

    def test_files_without_a_row_are_forgotten(self, fakes, photos, read, store):
        fakes.run(photos[:6], store)
        read(photos)
        kept = store.prune(max_bytes=3 * 2 * fakes.WIDTH)
        assert (kept.rows, store.info().files) == (3, 11 - kept.files)
        again = read(photos)
        # Three contents are left; one of the contents has two names, and may be among them.
        assert len(again) == kept.files
        assert kept.files in (7, 8)

    def test_a_content_that_another_space_needs_stays(self, fakes, photos, read, store):
        fakes.run(photos, store)
        fakes.run(photos, store, layer="other")
        first, _ = store.info().spaces
        assert store.prune(space=first.digest).files == 0
        assert read(photos) == []

    def test_files_that_nobody_has_seen_are_forgotten(self, fakes, photos, path, clock):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            fakes.run(photos, store)
            for later in (104, 109, 130):
                day = later
                hash_photos(photos[:5], fakes.FakeReader(), files=store.files)
            fakes.run(photos[:5], store)
            assert store.prune(keep_days=31).files == 0
            day = 132
            pruned = store.prune(keep_days=20)
            assert store.info().files == 5
            assert pruned.files == 6

    def test_what_is_used_every_day_stays(self, fakes, photos, path, clock):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            for later in range(100, 130):
                day = later
                fakes.run(photos, store)
            assert store.prune(keep_days=1).files == 0

    def test_a_clock_that_was_set_back_forgets_nothing(self, fakes, photos, path, clock):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            fakes.run(photos, store)
            day = 50
            assert hash_photos(photos, reader := fakes.FakeReader(), files=store.files)
            assert not reader.hashed
            assert store.prune(keep_days=0).files == 0


def test_hashed_photos_are_what_the_reader_gives(fakes, photos, store):
    first, _ = hash_photos(photos, fakes.FakeReader(), files=store.files)
    second, _ = hash_photos(photos, fakes.FakeReader(), files=store.files)
    assert first == second
    assert all(isinstance(each, Hashed) for each in second)
