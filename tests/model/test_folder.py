import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headstart.errors import ModelError, StorageError, UsageError
from headstart.model import folder as folder_module
from headstart.model.folder import check_extras, read_folder, write_folder
from headstart.model.target import LOCK

TENSORS = ("head", "rows", "backbone")


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def test_what_is_written_is_read(tmp_path, make_files):
    files = make_files()
    assert read_folder(write_folder(tmp_path / "new" / "model", files, {})) == files


def test_same_files_same_bytes(tmp_path, make_files):
    one, two = (write_folder(tmp_path / name, make_files(), {}) for name in "ab")
    assert names(one) == names(two)
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names(one))


def test_a_model_is_replaced_and_nothing_of_the_old_one_stays(tmp_path, make_files):
    old, new = make_files(0, extras={"report.html": b"old", "skipped.csv": b"a"}), make_files(1)
    folder = write_folder(tmp_path / "model", old, {"report.html": b"old", "skipped.csv": b"a"})
    abandoned, in_use = folder / ".0123456789abcdef.0.tmp", folder / ".0123456789abcdef.1.tmp"
    abandoned.touch()
    os.utime(abandoned, (0, 0))
    in_use.touch()
    (folder / "notes.md").write_text("the user's own")
    write_folder(folder, new, {})
    assert read_folder(folder) == new
    assert names(folder) == sorted(
        [in_use.name, "model.json", "notes.md", *(file.file for file in new.record.tensor_files().values())]
    )


def test_a_model_without_weights_replaces_one_with_weights(tmp_path, make_files):
    files = make_files()
    bare = folder_module.ModelFiles(
        files.record.model_copy(update={"weights": None}),
        {part: data for part, data in files.tensors.items() if part != "backbone"},
    )
    folder = write_folder(tmp_path / "model", files, {})
    write_folder(folder, bare, {})
    assert not list(folder.glob("backbone-*"))
    assert read_folder(folder) == bare


def test_files_are_as_readable_as_their_folder(tmp_path, make_files):
    folder = tmp_path / "model"
    folder.mkdir()
    folder.chmod(0o755)
    write_folder(folder, make_files(), {"report.html": b"x"})
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in names(folder)} == {0o644}


@pytest.mark.parametrize(
    "name",
    [
        "../report.html",
        "/etc/report.html",
        "a/b.html",
        "model.json",
        ".html",
        "report",
        "r.exe",
        "C:\\a.html",
        "",
    ],
)
def test_extra_files_have_plain_names(name):
    with pytest.raises(UsageError, match="plain name"):
        check_extras({name: b""})


def disk_full_at(call, monkeypatch):
    """Let the `call`-th durable write of a save fail."""
    real, count = folder_module.atomic_write_bytes, 0

    def write(path, data, **options):
        nonlocal count
        count += 1
        if count == call:
            raise StorageError(f"no space left in {path.parent}: {path.name} was not saved")
        real(path, data, **options)

    monkeypatch.setattr(folder_module, "atomic_write_bytes", write)


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
def test_a_save_that_fails_leaves_the_old_model(tmp_path, make_files, monkeypatch, call):
    old, new = make_files(0), make_files(1)
    folder = write_folder(tmp_path / "model", old, {})
    with monkeypatch.context() as patch:
        disk_full_at(call, patch)
        with pytest.raises(StorageError, match="no space left"):
            write_folder(folder, new, {"report.html": b""})
    assert read_folder(folder) == old
    write_folder(folder, new, {})  # the same command again
    assert read_folder(folder) == new
    assert len(list(folder.glob("*.safetensors"))) == len(TENSORS)


KILLED_SAVE = """
import os, sys
sys.path.insert(0, {here!r})
from conftest import make_model_files
from headstart.model.folder import write_folder

calls, left = {calls!r}, int(sys.argv[2])
def counted(real):
    def call(*args, **options):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(*args, **options)
    return call
for name in calls:
    setattr(os, name, counted(getattr(os, name)))
write_folder(sys.argv[1], make_model_files(1, extras={{"report.html": b"new"}}), {{"report.html": b"new"}})
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [pytest.param(True, marks=pytest.mark.exhaustive), False],
    ids=["first save", "replacing"],
)
def test_killed_before_any_system_call_of_a_save_the_old_or_the_new_model_is_there(
    tmp_path, make_files, first
):
    script = tmp_path / "save.py"
    here = str(Path(__file__).parent)
    script.write_text(KILLED_SAVE.format(here=here, calls=["open", "fsync", "replace", "unlink", "mkdir"]))
    start, new = tmp_path / "start", make_files(1, extras={"report.html": b"new"})
    old = None if first else make_files(0)
    if old is not None:
        write_folder(start, old, {})
    outcomes = set()
    for call in range(1, 200):
        folder = tmp_path / f"model-{call}"
        if old is not None:
            shutil.copytree(start, folder)
        code = subprocess.run([sys.executable, str(script), str(folder), str(call)], check=False).returncode
        outcomes.add(whole(folder, old, new))
        write_folder(folder, new, {"report.html": b"new"})
        assert read_folder(folder) == new
        assert names(folder) == sorted(
            ["model.json", "report.html", *(file.file for file in new.record.tensor_files().values())]
        )
        if code == 0:
            break
        assert code == 9
    assert code == 0
    assert outcomes == {"old", "new"}


def whole(folder, old, new):
    """Which of the two models lies there; "old" is no model at all where there was none."""
    if old is None and not (folder / "model.json").exists():
        return "old"
    found = read_folder(folder)
    assert found in (old, new)
    return "new" if found == new else "old"


@pytest.mark.slow
def test_readers_never_see_a_mixture_while_writers_replace_the_model(tmp_path, make_files):
    models = [make_files(seed) for seed in range(3)]
    folder = write_folder(tmp_path / "model", models[0], {})
    faults, stop = [], threading.Event()

    def write(number):
        try:
            for round_ in range(8):
                write_folder(folder, models[(number + round_) % 3], {}, waiting=lambda line: None)
        except Exception as error:
            faults.append(error)

    def read():
        while not stop.is_set():
            try:
                if read_folder(folder) not in models:
                    faults.append("mixture")
            except Exception as error:
                faults.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()
    assert faults == []
    assert read_folder(folder) in models
    assert len(list(folder.glob("*.safetensors"))) == len(TENSORS)


def test_a_reader_whose_file_was_just_removed_reads_the_new_model(tmp_path, make_files, monkeypatch):
    old, new = make_files(0), make_files(1)
    folder = write_folder(tmp_path / "model", old, {})
    real = folder_module._tensors

    def replaced_meanwhile(*args):
        monkeypatch.setattr(folder_module, "_tensors", real)
        write_folder(folder, new, {})
        return real(*args)

    monkeypatch.setattr(folder_module, "_tensors", replaced_meanwhile)
    assert read_folder(folder) == new


def test_a_save_waits_for_another_and_says_so(tmp_path, make_files):
    from headstart.storage.locks import locked

    folder = write_folder(tmp_path / "model", make_files(0), {})
    done = threading.Event()

    def save():
        write_folder(folder, make_files(1), {})
        done.set()

    with locked(folder / LOCK, waiting=None):
        thread = threading.Thread(target=save)
        thread.start()
        assert not done.wait(0.3)
        assert read_folder(folder) == make_files(0)
    thread.join()
    assert read_folder(folder) == make_files(1)


@pytest.mark.parametrize("part", TENSORS)
def test_a_missing_file_is_named(saved, part):
    (path,) = saved.glob(f"{part}-*")
    path.unlink()
    with pytest.raises(ModelError, match=rf"{saved}.*{path.name} is missing") as caught:
        read_folder(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", TENSORS)
def test_every_truncation_and_trailing_bytes_are_refused(saved, part):
    (path,) = saved.glob(f"{part}-*")
    data = path.read_bytes()
    for size in {0, 1, 7, 8, 9, len(data) // 2, len(data) - 1}:
        path.write_bytes(data[:size])
        with pytest.raises(ModelError, match="cut short"):
            read_folder(saved)
    path.write_bytes(data + b"\0")
    with pytest.raises(ModelError, match="bytes where at most"):
        read_folder(saved)


@pytest.mark.parametrize("part", TENSORS)
def test_flipped_bits_are_refused(saved, part):
    (path,) = saved.glob(f"{part}-*")
    data = path.read_bytes()
    for at in range(0, len(data), 2):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        with pytest.raises(ModelError, match="is damaged"):
            read_folder(saved)


def test_a_file_of_another_model_is_refused(saved, tmp_path, make_files):
    other = write_folder(tmp_path / "other", make_files(1), {})
    (mine,), (theirs,) = saved.glob("head-*"), other.glob("head-*")
    shutil.copy(theirs, mine)
    with pytest.raises(ModelError, match="is damaged"):
        read_folder(saved)


@pytest.mark.parametrize("name", ["head", "model.json"])
def test_links_and_devices_are_refused(saved, tmp_path, name):
    (path,) = saved.glob(f"{name}*")
    moved = path.rename(tmp_path / "elsewhere")
    path.symlink_to(moved)
    with pytest.raises(ModelError, match="is a link"):
        read_folder(saved)
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match=r"plain file|can't be read"):
        read_folder(saved)
    path.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)  # a reader that opened it blocking would wait for ever
        with pytest.raises(ModelError, match="plain file"):
            read_folder(saved)


def test_no_model_is_said_plainly(tmp_path):
    with pytest.raises(ModelError, match=r"is not a model: it has no model\.json"):
        read_folder(tmp_path)
    with pytest.raises(ModelError, match="does not exist"):
        read_folder(tmp_path / "gone")
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(ModelError, match="is not a model folder"):
        read_folder(tmp_path / "photo.jpg")


def test_names_that_no_disk_takes_are_refused_in_our_words(tmp_path, make_files):
    long = tmp_path / ("x" * 300)
    with pytest.raises(ModelError, match="is not a model folder"):
        read_folder(long)
    with pytest.raises(StorageError):
        write_folder(long, make_files(), {})
    with pytest.raises(UsageError, match="home folder"):
        write_folder("~nobody-of-that-name/model", make_files(), {})


def test_a_folder_saved_onto_itself_stays_whole(saved):
    files = read_folder(saved)
    write_folder(saved, files, {})
    assert read_folder(saved) == files


def test_a_disk_that_is_full_at_the_last_file_leaves_the_old_report_beside_the_old_model(
    tmp_path, make_files, monkeypatch
):
    folder = tmp_path / "model"
    write_folder(folder, make_files(0, extras={"report.html": b"old"}), {"report.html": b"old"})
    before = (folder / "model.json").read_bytes()
    real = folder_module.atomic_write_bytes

    def full_at_the_manifest(path, data, **options):
        if path.name == "model.json":
            raise StorageError("no space left")
        real(path, data, **options)

    monkeypatch.setattr(folder_module, "atomic_write_bytes", full_at_the_manifest)
    with pytest.raises(StorageError):
        write_folder(folder, make_files(1, extras={"report.html": b"new"}), {"report.html": b"new"})

    assert (folder / "model.json").read_bytes() == before
    assert (folder / "report.html").read_bytes() == b"old"
