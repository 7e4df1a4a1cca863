"""Many photos, or very few: batches, how many processes start, and what is left afterwards."""

import os
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import StorageError
from headstart.images import reader as reader_module
from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.reader import DecodedPhoto, PhotoReader
from headstart.images.resize import Resize
from tests.images import makers
from tests.images.test_reader import SMALL, odd_reader, pids, write

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


@pytest.fixture
def good():
    return makers.encode(makers.noise(16, 16), "PNG")


def started(reader):
    """How many processes a reader has started and still has."""
    return len(pids(reader))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_photos_start_one_process(tmp_path, good, count):
    photos = write(tmp_path, {f"{n}.png": good for n in range(count)})

    with PhotoReader(workers=4) as reader:
        hashed = list(reader.hash(photos))
        decoded = list(reader.decode(hashed, SMALL))

        assert [one.hashed.photo for one in decoded] == photos
        assert started(reader) == 1


def test_a_reader_that_is_warm_uses_the_process_that_it_has(tmp_path, good):
    [photo] = write(tmp_path, {"a.png": good})

    with PhotoReader(workers=3) as reader:
        reader.warm()
        before = pids(reader)
        reader.warm()
        [hashed] = reader.hash([photo])

        assert isinstance(hashed, Hashed)
        assert len(before) == 1
        assert pids(reader) == before


def test_a_warm_process_that_died_is_replaced(tmp_path, good):
    [photo] = write(tmp_path, {"a.png": good})

    with PhotoReader(workers=1) as reader:
        reader.warm()
        process = reader._workers[0]._process
        process.kill()
        process.wait()

        assert isinstance(next(reader.hash([photo])), Hashed)


def test_warming_what_can_not_start_says_why_and_a_closed_reader_says_so():
    with (
        PhotoReader(workers=1, command=["/no/such/program"]) as reader,
        pytest.raises(StorageError, match="could not start"),
    ):
        reader.warm()
    with pytest.raises(ValueError, match="closed"):
        reader.warm()


def test_warming_is_no_promise_that_photos_come():
    with PhotoReader(workers=1) as reader:
        reader.warm()
        [process] = pids(reader)

    assert not Path(f"/proc/{process}").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_crashes_in_batches_cost_only_those_photos(tmp_path, good, workers):
    bad = {f"{n:03}.png": b"HASH:SEGFAULT" for n in (0, 40, 41, 42, 77, 139)} | {"100.png": b"HASH:EXIT"}
    photos = write(tmp_path, {f"{n:03}.png": good for n in range(140)} | bad)

    with odd_reader(workers=workers) as reader:
        results = list(reader.hash(photos))

    assert [one.name if isinstance(one, Skipped) else one.photo.name for one in results] == [
        photo.name for photo in photos
    ]
    assert {one.name: one.reason for one in results if isinstance(one, Skipped)} == dict.fromkeys(
        bad, Reason.DECODER_CRASH
    )


@pytest.mark.slow
def test_a_hang_in_a_batch_costs_one_photo(tmp_path, good):
    photos = write(tmp_path, {f"{n:03}.png": good for n in range(60)} | {"050.png": b"HASH:HANG"})

    with odd_reader(timeout=1.0, workers=1) as reader:
        results = list(reader.hash(photos))

    assert [(one.name, one.reason) for one in results if isinstance(one, Skipped)] == [
        ("050.png", Reason.TIMEOUT)
    ]


def test_batches_grow():
    photos = [Photo(Path(f"{n}"), f"{n}") for n in range(1000)]

    batches = list(reader_module._batches(photos, 8))

    assert [photo for batch in batches for photo in batch] == photos
    assert [len(batch) for batch in batches[:9]] == [1] * 8 + [2]
    assert max(map(len, batches)) == reader_module._MOST_AT_ONCE


def test_names_that_no_file_can_have_do_not_disturb_the_batch(tmp_path, good):
    photos = write(tmp_path, {f"{n:03}.png": good for n in range(100)})
    photos[70] = Photo(tmp_path / "a\0b", "odd")

    with PhotoReader(workers=1) as reader:
        results = list(reader.hash(photos))

    assert [(one.name, one.reason) for one in results if isinstance(one, Skipped)] == [
        ("odd", Reason.MISSING)
    ]


@linux
@pytest.mark.slow
def test_thousands_of_photos_with_crashes_leave_no_file_open(tmp_path, good):
    photos = write(tmp_path, {f"{n}.png": good for n in range(50)}) * 10
    photos += write(tmp_path, {"crash.png": b"HASH:SEGFAULT", "killed.png": b"DECODE:KILLED"})
    seen = []

    with odd_reader() as reader:
        for _ in range(4):
            hashed = [one for one in reader.hash(photos * 2) if isinstance(one, Hashed)]
            sum(1 for _ in reader.decode(hashed, SMALL))
            seen.append(len(list(Path("/proc/self/fd").iterdir())))

    assert max(seen[1:]) <= max(seen[:2])


def test_large_pictures_are_not_decoded_far_ahead(tmp_path, good, monkeypatch):
    monkeypatch.setattr(reader_module, "_LOOK_AHEAD_BYTES", 3 * 512 * 512 * 3)
    photos = write(tmp_path, {f"{n:02}.png": good for n in range(40)})
    asked = []

    def listed(hashed):
        for one in hashed:
            asked.append(one)
            yield one

    with PhotoReader(workers=2) as reader:
        hashed = list(reader.hash(photos))
        results = reader.decode(listed(hashed), Resize(512, 512, 512))
        next(results)
        assert len(asked) <= 4  # the few that are looked at first
        for taken, _ in enumerate(results, start=2):
            assert len(asked) - taken <= 3


def test_a_picture_stays_what_it_is_when_others_follow(tmp_path):
    """No buffer is used twice."""
    photos = write(
        tmp_path, {f"{n:02}.png": makers.encode(makers.noise(32, 32, seed=n), "PNG") for n in range(30)}
    )

    with PhotoReader(workers=2) as reader:
        kept = list(reader.decode(reader.hash(photos), Resize(32, 32, 32)))

    for n, one in enumerate(kept):
        np.testing.assert_array_equal(one.pixels, makers.noise(32, 32, seed=n))
        assert not one.pixels.flags.writeable


@linux
@pytest.mark.slow
def test_a_worker_gives_the_memory_of_a_huge_photo_back(tmp_path, good):
    from PIL import Image

    huge = makers.encode(Image.new("RGB", (5000, 5000), "navy"), "PNG")
    photos = write(tmp_path, {"a.png": good, "huge.png": huge})

    with PhotoReader(workers=1) as reader:
        hashed = list(reader.hash(photos))
        results = list(reader.decode(hashed * 2, SMALL))
        [pid] = pids(reader)
        status = Path(f"/proc/{pid}/status").read_text()

    assert all(isinstance(one, DecodedPhoto) for one in results)
    resident, peak = (int(status.split(f"{name}:")[1].split()[0]) for name in ("VmRSS", "VmHWM"))
    assert peak > 120_000  # kB: the photo was there
    assert resident < 100_000


def test_what_the_user_says_about_memory_comes_first(monkeypatch):
    from headstart.images.workers import _environment

    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1234")

    assert _environment()["MALLOC_TRIM_THRESHOLD_"] == "1234"
    assert os.environ["MALLOC_TRIM_THRESHOLD_"] == "1234"


def test_a_system_that_refuses_large_pipes_is_served_too(tmp_path, good, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise PermissionError("no more pipe pages for this user")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    photos = write(tmp_path, {"a.png": good})

    with PhotoReader(workers=1) as reader:
        [decoded] = reader.decode(reader.hash(photos), Resize(400, 400, 400))

    assert decoded.pixels.shape == (400, 400, 3)
