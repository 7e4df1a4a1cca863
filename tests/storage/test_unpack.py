import os
import random
import re
import shutil
import warnings
from pathlib import Path

import pytest

from headstart.errors import PhotosError, StorageError
from headstart.storage.unpack import Limits, unpack
from tests.storage.hostile import JPEG, STRANGE_NAMES, TARS, ZIPS, made_tar, made_zip, zip64


def snapshot(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(tmp_path, data, why, **how):
    """Refuse in one line, leave nothing behind, touch nothing outside."""
    archive = tmp_path / "archive"
    archive.write_bytes(data)
    (tmp_path / "new_evil").mkdir()
    before = snapshot(tmp_path)
    with pytest.raises(PhotosError) as caught:
        unpack(archive, tmp_path / "new", **how)
    assert re.search(why, str(caught.value))
    assert str(caught.value).isprintable()
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_is_refused_as_a_whole(tmp_path, name):
    refused(tmp_path, *ZIPS[name])


@pytest.mark.parametrize("name", TARS)
def test_a_hostile_tar_is_refused_as_a_whole(tmp_path, name):
    refused(tmp_path, *TARS[name])


@pytest.mark.parametrize("name", STRANGE_NAMES)
@pytest.mark.parametrize("make", [made_zip, made_tar])
def test_a_name_that_some_system_does_not_allow_is_refused(tmp_path, make, name):
    refused(tmp_path, make((f"cat/{name}", JPEG)), "no file name on every system")


@pytest.mark.parametrize("name", ["console.jpg", "com.jpg", "com10.jpg", "nulls", "a.con", "$1.jpg"])
def test_a_name_that_only_looks_like_a_device_is_kept(tmp_path, name):
    (tmp_path / "archive").write_bytes(made_zip((name, JPEG)))
    unpack(tmp_path / "archive", tmp_path / "new")
    assert snapshot(tmp_path / "new") == [name]


def full(data):
    """Its end says what zip64 writes where a number does not fit."""
    at = data.rindex(b"PK\x05\x06")
    return data[: at + 8] + b"\xff" * 12 + data[at + 20 :]


@pytest.mark.parametrize("change", [bytes, full])
def test_an_honest_zip64_of_few_members_becomes_its_files(tmp_path, change):
    (tmp_path / "archive").write_bytes(change(zip64(made_zip(("1.jpg", JPEG), ("2.jpg", b"")))))
    unpack(tmp_path / "archive", tmp_path / "new")
    assert snapshot(tmp_path / "new") == ["1.jpg", "2.jpg"]


def test_a_name_that_comes_twice_in_a_zip_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile itself warns
        data = made_zip(("cat/1.jpg", JPEG), ("cat/1.jpg", b"evil"))
    refused(tmp_path, data, "comes twice")


@pytest.mark.parametrize("make", [made_zip, made_tar])
def test_good_members_before_a_bad_one_are_gone_too(tmp_path, make):
    refused(tmp_path, make(("cat/1.jpg", JPEG), ("cat/2.jpg", JPEG), ("../3.jpg", JPEG)), "leads out")


@pytest.mark.parametrize("make", [made_zip, made_tar])
def test_more_members_than_allowed_are_refused(tmp_path, make):
    data = make(*((f"{i}.jpg", b"") for i in range(11)))
    refused(tmp_path, data, "more than 10", limits=Limits(members=10, total=1_000_000))


@pytest.mark.parametrize("make", [made_zip, made_tar, lambda *all_: made_tar(*all_, packed=False)])
def test_a_plain_archive_becomes_its_files(tmp_path, make):
    (tmp_path / "archive").write_bytes(
        make(("./cat/1.jpg", JPEG), ("cat/b/2.jpg", b""), ("3.txt", b"x" * 512))
    )
    unpack(tmp_path / "archive", tmp_path / "new")
    assert snapshot(tmp_path / "new") == ["3.txt", "cat", "cat/1.jpg", "cat/b", "cat/b/2.jpg"]
    assert (tmp_path / "new/cat/1.jpg").read_bytes() == JPEG
    assert (tmp_path / "new/3.txt").read_bytes() == b"x" * 512


@pytest.mark.slow
@pytest.mark.parametrize("make", [made_zip, made_tar, lambda *all_: made_tar(*all_, packed=False)])
def test_whatever_byte_is_damaged_it_is_unpacked_or_refused_and_nothing_else(tmp_path, make):
    members = [("cat/1.jpg", JPEG), ("dog/2.jpg", JPEG * 9)]
    data = make(*members)
    chance = random.Random(0)
    for number in range(400):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (tmp_path / "archive").write_bytes(damaged if number % 4 else damaged[: chance.randrange(len(data))])
        new = tmp_path / "new"
        try:
            unpack(tmp_path / "archive", new)
        except PhotosError:
            assert snapshot(tmp_path) == ["archive"]
        else:
            assert all(path.is_file() or path.is_dir() for path in new.rglob("*"))
            shutil.rmtree(new)


def test_what_is_unpacked_is_private_and_never_executable(tmp_path):
    (tmp_path / "archive").write_bytes(made_zip(("cat/1.jpg", JPEG)))
    unpack(tmp_path / "archive", tmp_path / "new")
    if os.name == "posix":
        assert (tmp_path / "new/cat/1.jpg").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "archive").write_bytes(made_zip(("cat/1.jpg", JPEG), ("cat/2.jpg", JPEG)))
    done = []

    def step():
        done.append(1)
        if len(done) == 2:
            raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="no space left"):
        unpack(tmp_path / "archive", tmp_path / "new", step=step)
    assert snapshot(tmp_path) == ["archive"]


REAL = Path(os.environ.get("HEADSTART_ASSETS", "-"), "data", "tiny-imagenet", "val.zip")


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="the real archive is not here (HEADSTART_ASSETS)")
def test_a_real_archive_of_photos_is_unpacked_whole(tmp_path):
    unpack(REAL, tmp_path / "new")
    assert len([path for path in (tmp_path / "new").rglob("*") if path.is_file()]) == 2000
