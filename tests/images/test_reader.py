"""Photos through worker processes: order, equality with `decode`, and faults that cost one photo only."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import StorageError
from headstart.images.decode import decode
from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.read import read_photo
from headstart.images.reader import DecodedPhoto, PhotoReader
from headstart.images.resize import Resize
from tests.images import makers

SMALL = Resize(32, 32, 36)


def write(folder, files):
    """Files from {name: bytes}, as photos in this order."""
    photos = []
    for name, data in files.items():
        path = folder / name
        path.write_bytes(data)
        photos.append(Photo(path, name, "cat"))
    return photos


def odd_reader(timeout=20.0, workers=2):
    """A reader whose worker misbehaves for files that say so."""
    script = Path(__file__).with_name("odd_worker.py")
    return PhotoReader(
        workers=workers, timeout=timeout, command=[sys.executable, str(script), str(2**32), str(timeout)]
    )


def pids(reader):
    return [worker._process.pid for worker in reader._workers if worker._process is not None]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(processes):
    end = time.monotonic() + 20
    while any(map(alive, processes)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(alive, processes))


@pytest.fixture(scope="module")
def reader():
    with PhotoReader(workers=2) as shared:
        yield shared


def test_the_pixels_are_those_of_decode(reader, tmp_path):
    files = makers.good_files()
    photos = write(tmp_path, files)

    hashed = list(reader.hash(photos))
    decoded = list(reader.decode(hashed, SMALL))

    assert [one.photo for one in hashed] == photos
    assert [(one.sha256, one.bytes) for one in hashed] == [
        (read_photo(photo.path)[1], photo.path.stat().st_size) for photo in photos
    ]
    assert [one.hashed for one in decoded] == hashed
    for one, data in zip(decoded, files.values(), strict=True):
        expected = decode(data, SMALL)
        np.testing.assert_array_equal(one.pixels, expected.pixels)
        assert one.notes == expected.notes


def test_without_a_size_photos_come_in_full(reader, tmp_path):
    files = makers.good_files()
    photos = write(tmp_path, files)

    for resize in (None, SMALL):
        decoded = list(reader.decode(reader.hash(photos), resize))

        for one, data in zip(decoded, files.values(), strict=True):
            expected = decode(data)
            assert one.size == (expected.width, expected.height)
            if resize is None:
                np.testing.assert_array_equal(one.pixels, expected.pixels)


def test_results_come_in_the_order_of_the_input_whatever_each_takes(reader, tmp_path):
    large, small = makers.encode(makers.noise(900, 700), "PNG"), makers.encode(makers.noise(8, 8), "PNG")
    photos = write(tmp_path, {f"{n:03}.png": large if n % 7 == 0 else small for n in range(60)})

    hashed = list(reader.hash(photos))

    assert [one.photo for one in hashed] == photos
    assert [one.hashed for one in reader.decode(hashed, SMALL)] == hashed


def test_bad_files_are_skipped_with_reason_stage_and_size(reader, tmp_path):
    photo = makers.good_files()["baseline.jpg"]
    photos = write(
        tmp_path,
        {
            "a.jpg": photo,
            "b.jpg": b"<html>",
            "c.jpg": b"",
            "d.jpg": photo[:900],
            "e.png": makers.png_header_only(65535, 65535),
        },
    )
    photos += [Photo(tmp_path / "gone.jpg", "gone.jpg"), Photo(tmp_path, "folder", "dog")]

    results = list(reader.hash(photos))
    half = list(reader.decode([results[3]], SMALL))

    assert isinstance(results[0], Hashed)
    assert [
        (one.name, one.reason, one.stage, one.bytes, one.label)
        for one in [*results[1:3], *half, *results[4:]]
    ] == [
        ("b.jpg", Reason.NOT_AN_IMAGE, "read", 6, "cat"),
        ("c.jpg", Reason.EMPTY, "read", None, "cat"),
        ("d.jpg", Reason.TRUNCATED, "decode", 900, "cat"),
        ("e.png", Reason.TOO_MANY_PIXELS, "read", len(makers.png_header_only(65535, 65535)), "cat"),
        ("gone.jpg", Reason.MISSING, "read", None, None),
        ("folder", Reason.NOT_A_FILE, "read", None, "dog"),
    ]


def test_a_file_that_changed_since_its_hash_is_skipped(reader, tmp_path):
    [photo] = write(tmp_path, {"a.png": makers.encode(makers.noise(), "PNG")})
    [hashed] = reader.hash([photo])
    photo.path.write_bytes(makers.encode(makers.noise(seed=1), "PNG"))

    [skipped] = reader.decode([hashed], SMALL)

    assert skipped.reason is Reason.CHANGED_DURING_READ


def test_a_name_that_says_another_format_gets_a_note(reader, tmp_path):
    data = makers.encode(makers.noise(), "PNG")
    hashed = list(reader.hash(write(tmp_path, {"a.JPEG": data, "b.png": data, "c": data})))

    notes = [one.notes for one in reader.decode(hashed, SMALL)]

    assert notes == [("named .jpeg but the content is PNG: read as PNG",), (), ()]


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.png", "\U0001f408 \u05d0.png".encode(), b"new\nline.png", b"-rf.png", b"<img onerror=x>.png"],
)
def test_any_file_name_passes(reader, tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        path.write_bytes(makers.encode(makers.noise(), "PNG"))
    except OSError:
        pytest.skip("this file system refuses the name")

    [hashed] = reader.hash([Photo(path, path.name)])
    [decoded] = reader.decode([hashed], SMALL)

    assert decoded.hashed.photo.name == path.name


def test_a_relative_path_is_relative_to_here(reader, tmp_path, monkeypatch):
    write(tmp_path, {"a.png": makers.encode(makers.noise(), "PNG")})
    monkeypatch.chdir(tmp_path)  # after the workers started elsewhere

    [hashed] = reader.hash([Photo(Path("a.png"), "a.png")])

    assert isinstance(hashed, Hashed)


def test_only_a_few_photos_are_worked_on_ahead(reader, tmp_path):
    [photo] = write(tmp_path, {"a.png": makers.encode(makers.noise(), "PNG")})
    asked = []

    def endless():
        while True:
            asked.append(photo)
            yield photo

    results = reader.hash(endless())
    next(results)
    results.close()

    assert 1 < len(asked) < 50


def test_what_is_left_unread_does_not_disturb_what_follows(reader, tmp_path):
    photos = write(tmp_path, {f"{n}.png": makers.encode(makers.noise(seed=n), "PNG") for n in range(30)})
    first = reader.hash(photos)
    next(first)
    first.close()

    assert [one.photo for one in reader.hash(photos)] == photos


def test_hash_and_decode_can_be_chained(reader, tmp_path):
    photos = write(tmp_path, {f"{n}.png": makers.encode(makers.noise(seed=n), "PNG") for n in range(40)})

    assert [one.hashed.photo for one in reader.decode(reader.hash(photos), SMALL)] == photos


def test_no_photos_start_no_process():
    with PhotoReader(workers=2) as reader:
        assert list(reader.hash([])) == []
        assert pids(reader) == []


@pytest.mark.parametrize("stage", ["HASH", "DECODE"])
@pytest.mark.parametrize(
    ("death", "how"),
    [("SEGFAULT", "signal 11"), ("KILLED", "signal 9"), ("EXIT", "exit code 7"), ("MEMORY", "exit code 1")],
)
def test_a_crash_costs_one_photo(tmp_path, stage, death, how):
    good = makers.encode(makers.noise(), "PNG")
    files = {f"{n:02}.png": good for n in range(12)} | {"05.png": f"{stage}:{death}".encode()}

    with odd_reader() as reader:
        hashed = list(reader.hash(write(tmp_path, files)))
        results = list(reader.decode([one for one in hashed if isinstance(one, Hashed)], SMALL))

    skipped = [one for one in [*hashed, *results] if isinstance(one, Skipped)]
    assert [(one.name, one.reason, one.label) for one in skipped] == [("05.png", Reason.DECODER_CRASH, "cat")]
    assert how in skipped[0].detail
    assert sum(isinstance(one, DecodedPhoto) for one in results) == 11


@pytest.mark.slow
def test_a_hang_costs_one_photo(tmp_path):
    good = makers.encode(makers.noise(), "PNG")
    photos = write(tmp_path, {"a.png": good, "b.png": b"HASH:HANG", "c.png": good, "d.png": good})

    with odd_reader(timeout=1.0) as reader:
        results = list(reader.hash(photos))

    assert [one.reason if isinstance(one, Skipped) else "read" for one in results] == [
        "read",
        Reason.TIMEOUT,
        "read",
        "read",
    ]
    assert "1 seconds" in results[1].detail


def test_what_a_library_prints_does_not_get_into_the_answers(tmp_path, capfd):
    good = makers.encode(makers.noise(), "PNG")
    photos = write(tmp_path, {"a.png": b"HASH:PRINT", "b.png": good})

    with odd_reader(workers=1) as reader:
        results = list(reader.hash(photos))

    assert [type(one) for one in results] == [Hashed, Hashed]
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_dies_while_idle_is_replaced_and_no_photo_is_blamed(tmp_path):
    photos = write(tmp_path, {"a.png": makers.encode(makers.noise(), "PNG")})

    with PhotoReader(workers=1) as reader:
        list(reader.hash(photos))
        [pid] = pids(reader)
        os.kill(pid, signal.SIGKILL)
        reader._workers[0]._process.wait()

        assert isinstance(next(reader.hash(photos)), Hashed)


@pytest.mark.slow
def test_a_photo_that_needs_too_much_memory_is_skipped_and_the_worker_goes_on(tmp_path):
    large = makers.png(6000, 6000, 8, 2, [bytes(18_000)] * 6000)
    photos = write(tmp_path, {"large.png": large, "small.png": makers.encode(makers.noise(), "PNG")})

    with PhotoReader(workers=1, memory_bytes=140 * 2**20) as reader:
        hashed = list(reader.hash(photos))
        before = pids(reader)
        results = list(reader.decode(hashed, SMALL))

        assert pids(reader) == before
    assert results[0].reason is Reason.TOO_MANY_PIXELS
    assert isinstance(results[1], DecodedPhoto)


@pytest.mark.slow
def test_the_end_leaves_no_process_and_no_open_file(tmp_path):
    photos = write(
        tmp_path,
        {"a.png": makers.encode(makers.noise(), "PNG"), "b.png": b"HASH:SEGFAULT", "c.png": b"HASH:EXIT"},
    )

    def run():
        with odd_reader() as reader:
            list(reader.hash(photos * 4 + photos[:1] * 8))
            return pids(reader)

    run()
    before = sorted(Path("/proc/self/fd").iterdir())
    processes = run()

    assert processes
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_closing_in_the_middle_of_a_hang_is_quick_and_complete(tmp_path):
    photos = write(tmp_path, {"a.png": makers.encode(makers.noise(), "PNG"), "b.png": b"HASH:HANG"})

    with odd_reader(timeout=500) as reader:
        next(reader.hash(photos))
        processes = pids(reader)

    assert wait_until_gone(processes)


def test_a_closed_reader_says_so():
    reader = PhotoReader(workers=1)
    reader.close()
    reader.close()

    with pytest.raises(ValueError, match="closed"):
        next(reader.hash([Photo(Path("a"), "a")]))


@pytest.mark.parametrize("settings", [{"workers": 0}, {"workers": -1}, {"timeout": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match="at least 1 worker"):
        PhotoReader(**settings)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([sys.executable, "-c", "raise SystemExit('a library is missing')"], "a library is missing"),
        ([sys.executable, "-c", "print('hello, hello, hello, hello')"], "could not start"),
        (["/no/such/program"], "No such file"),
    ],
)
def test_workers_that_can_not_start_stop_the_run_with_one_clear_line(tmp_path, command, words):
    photos = write(tmp_path, {"a.png": b"x"})

    with (
        PhotoReader(workers=2, command=command) as reader,
        pytest.raises(StorageError, match=words) as caught,
    ):
        list(reader.hash(photos))
    assert "\n" not in str(caught.value)
