"""Reading a file: never waiting, never a mixture, never anything but reading."""

import errno
import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest

from headstart.images import read
from headstart.images.fault import PhotoFault
from headstart.images.photo import Reason
from headstart.images.read import read_photo


def reason(path):
    with pytest.raises(PhotoFault) as caught:
        read_photo(path)
    assert caught.value.detail
    return caught.value.reason


def test_the_hash_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"bytes of a photo")

    assert read_photo(path) == (b"bytes of a photo", hashlib.sha256(b"bytes of a photo").hexdigest())


@pytest.mark.parametrize(
    "name", [b"caf\xe9.jpg", "emoji \U0001f408.jpg".encode(), b"new\nline\t\"'.jpg", b"-rf.jpg", b"n" * 255]
)
def test_any_name_that_the_system_holds_can_be_read(tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    try:
        Path(os.fsdecode(path)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses the name")

    assert read_photo(path)[0] == b"x"
    assert read_photo(Path(os.fsdecode(path)))[0] == b"x"


def test_reading_does_not_write(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"x")
    path.chmod(0o400)
    before = path.stat()

    read_photo(path)

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [child.name for child in tmp_path.iterdir()] == ["photo.jpg"]


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()

    assert reason(tmp_path / "empty.jpg") is Reason.EMPTY


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "MAX_FILE_BYTES", 10)
    (tmp_path / "large.tiff").write_bytes(bytes(11))

    assert reason(tmp_path / "large.tiff") is Reason.TOO_LARGE


@pytest.mark.parametrize("name", ["no-such.jpg", "no-such-folder/photo.jpg", "n" * 300, "nul\0.jpg"])
def test_a_missing_file(tmp_path, name):
    assert reason(tmp_path / name) in {Reason.MISSING, Reason.READ_ERROR}


def test_a_dangling_link_and_a_loop(tmp_path):
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")

    assert reason(tmp_path / "dangling.jpg") is Reason.MISSING
    assert reason(tmp_path / "loop.jpg") is Reason.READ_ERROR


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address may not be long
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    "make",
    [make_pipe, make_socket, Path.mkdir, lambda path: path.symlink_to("/dev/zero")],
    ids=["pipe", "socket", "folder", "device"],
)
def test_what_is_no_file_is_not_waited_for(tmp_path, make):
    make(tmp_path / "x.jpg")

    assert reason(tmp_path / "x.jpg") is Reason.NOT_A_FILE


def test_a_pipe_that_takes_the_files_place_at_the_last_moment_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"x")
    really = os.open

    def swap(name, flags, *rest):
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        return really(name, flags, *rest)

    monkeypatch.setattr(os, "open", swap)

    assert reason(path) is Reason.NOT_A_FILE


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EACCES, Reason.NO_PERMISSION),
        (errno.EPERM, Reason.NO_PERMISSION),
        (errno.EIO, Reason.READ_ERROR),
    ],
)
@pytest.mark.parametrize("function", ["open", "stat"])
def test_what_the_system_refuses(tmp_path, monkeypatch, number, expected, function):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"x")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, function, refuse)

    assert reason(path) is expected


def test_an_error_in_the_middle_of_reading(tmp_path, monkeypatch):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"x")

    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(read, "_read_all", fail)

    assert reason(path) is Reason.READ_ERROR


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def shrink(path):
    os.truncate(path, 1)


def rewrite(path):
    path.write_bytes(b"other bytes of a photo")


def replace(path):
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def delete(path):
    path.unlink()


CHANGES = [grow, shrink, rewrite, replace]


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_each_time_is_skipped(tmp_path, monkeypatch, change):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"bytes of a photo that is being copied")
    os.utime(path, (1, 1))
    really = read._read_all

    def interrupted(file, size):
        data = really(file, size)
        os.utime(path, (1, 1))
        change(path)
        return data

    monkeypatch.setattr(read, "_read_all", interrupted)

    assert reason(path) is Reason.CHANGED_DURING_READ


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_once_is_read_again(tmp_path, monkeypatch, change):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"bytes of a photo")
    os.utime(path, (1, 1))
    really, changes = read._read_all, [change]

    def interrupted(file, size):
        data = really(file, size)
        if changes:
            changes.pop()(path)
        return data

    monkeypatch.setattr(read, "_read_all", interrupted)
    data, sha256 = read_photo(path)

    assert data == path.read_bytes()
    assert sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_is_deleted_meanwhile_is_missing(tmp_path, monkeypatch):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"x")
    really = read._read_all
    monkeypatch.setattr(read, "_read_all", lambda file, size: (really(file, size), delete(path))[0])

    assert reason(path) is Reason.MISSING


def test_a_file_that_is_rewritten_all_the_time_never_gives_a_mixture(tmp_path):
    path = tmp_path / "photo.jpg"
    versions = {bytes([n]) * 200_000 for n in range(5)}
    path.write_bytes(min(versions))
    stop, seen = threading.Event(), set()

    def write():
        while not stop.is_set():
            for version in versions:
                path.write_bytes(version)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            try:
                data, _ = read_photo(path)
            except PhotoFault as fault:
                seen.add(fault.reason)
            else:
                seen.add(len(set(data)))
    finally:
        stop.set()
        writer.join()
    assert seen <= {1, Reason.CHANGED_DURING_READ, Reason.EMPTY}
