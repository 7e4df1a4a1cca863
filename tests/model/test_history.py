"""A model that is changed and brought back: killed anywhere, on a full disk, by two at once."""

import errno
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headstart.errors import ModelError, StorageError, UsageError
from headstart.model import folder as folder_module
from headstart.model import snapshots
from headstart.model.folder import read_folder, write_folder
from headstart.model.history import changing, undo
from headstart.model.manifest import read_manifest
from headstart.model.snapshots import LEVELS, dropped_by_next, levels
from headstart.model.target import LOCK

REPORT = {"report.html": b"old", "skipped.csv": b"a"}


def whole(folder):
    """Every file of a model folder by its path, but for the lock."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LOCK
    }


def known_levels(folder):
    return levels(folder, read_manifest(folder)[0].before)


def plain(folder):
    """The same without the history."""
    return {name: each for name, each in whole(folder).items() if not name.startswith("before")}


def change(folder, files, report=b"new"):
    with changing(folder) as held:
        record = files.record.model_copy(update={"weights": held.files.record.weights})
        tensors = {part: data for part, data in files.tensors.items() if part != "backbone"}
        return held.replace(record, tensors, {"report.html": report})


@pytest.fixture
def old(make_files):
    return make_files(0, extras=REPORT)


@pytest.fixture
def folder(tmp_path, old):
    return write_folder(tmp_path / "model", old, REPORT)


@pytest.fixture
def make_next(make_files, old):
    """(seed) => the files of another model on the same backbone."""

    def make(seed):
        files = make_files(seed)
        return folder_module.ModelFiles(
            files.record.model_copy(update={"backbone": old.record.backbone, "weights": old.record.weights}),
            {**files.tensors, "backbone": old.tensors["backbone"]},
        )

    return make


def test_several_steps_are_undone_one_after_the_other_to_the_last_byte(folder, make_next):
    (folder / "notes.md").write_text("the user's own")
    states = [whole(folder)]
    for seed in (1, 2, 3):
        change(folder, make_next(seed), b"report %d" % seed)
        states.append(whole(folder))
    for state in reversed(states[:-1]):
        undo(folder)
        assert whole(folder) == state
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(folder)
    assert whole(folder) == states[0]


def test_the_weights_are_kept_once(folder, make_next):
    change(folder, make_next(1))
    assert len(list(folder.rglob("backbone-*"))) == 1


@pytest.mark.slow
def test_only_so_many_models_are_kept(folder, make_next):
    for seed in range(1, LEVELS + 3):
        change(folder, make_next(seed))
    kept = sorted(path.name for path in (folder / "before").iterdir())
    assert kept == [f"{number:04d}" for number in range(3, LEVELS + 3)]
    assert known_levels(folder) == LEVELS
    for left in reversed(range(LEVELS)):
        undo(folder)
        assert known_levels(folder) == left
    with pytest.raises(UsageError, match=f"last {LEVELS} are kept"):
        undo(folder)
    change(folder, make_next(99))
    assert known_levels(folder) == 1


def test_what_the_next_step_drops_is_known_before(folder, make_next, monkeypatch):
    monkeypatch.setattr(snapshots, "LEVELS", 2)
    dropped = []
    for seed in range(1, 5):
        dropped.append(dropped_by_next(folder, read_manifest(folder)[0].before))
        change(folder, make_next(seed))
    assert dropped == [0, 0, 1, 1]
    undo(folder)
    undo(folder)
    assert known_levels(folder) == 0
    assert dropped_by_next(folder, read_manifest(folder)[0].before) == 0


def test_a_model_that_is_saved_over_a_corrected_one_is_a_step_like_any_other(folder, make_next, make_files):
    first = whole(folder)
    change(folder, make_next(1))
    corrected = whole(folder)
    for seed in (7, 8):
        write_folder(folder, make_files(seed), {"report.html": b"trained"})
    assert len([name for name in plain(folder) if name.startswith("backbone-")]) == 1
    assert known_levels(folder) == 3
    undo(folder)
    undo(folder)
    assert whole(folder) == corrected
    undo(folder)
    assert whole(folder) == first


def test_a_model_that_is_saved_over_one_that_nobody_corrected_keeps_nothing(folder, make_files):
    write_folder(folder, make_files(7), {})
    assert not (folder / "before").exists()


def test_a_corrected_model_that_lacks_a_file_stands_in_nobodys_way(folder, make_next, make_files):
    record = change(folder, make_next(1))
    (folder / record.rows.file).unlink()
    write_folder(folder, make_files(7), {})
    assert read_manifest(folder)[0].before is None


def test_what_a_person_put_among_the_kept_models_stays_and_stands_in_no_ones_way(
    folder, make_next, tmp_path, make_files
):
    first = whole(folder)
    other = write_folder(tmp_path / "other", make_files(3), REPORT)
    theirs = whole(other)
    history = folder / "before"
    for name in ("2024", "0001", "0003/inner"):
        (history / name).mkdir(parents=True)
    (history / "2024" / "mine.txt").write_text("mine")
    (history / "0001" / "report.html").write_text("mine")
    (history / "0002").symlink_to(other)
    (history / "9999").symlink_to(other)
    (history / "7777").write_text("a file")
    states = []
    for seed in (1, 2):
        states.append(plain(folder))
        change(folder, make_next(seed))
    assert known_levels(folder) == 2
    for state in reversed(states):
        undo(folder)
        assert plain(folder) == state
    assert known_levels(folder) == 0
    assert {name: each for name, each in whole(folder).items() if name in first} == first
    assert whole(other) == theirs
    assert sorted(path.name for path in history.iterdir()) == ["0001", "0002", "0003", "2024", "7777", "9999"]
    assert (history / "2024" / "mine.txt").read_text() == "mine"


def test_a_snapshot_into_which_a_person_put_something_is_left(folder, make_next):
    change(folder, make_next(1))
    (folder / "before" / "0001" / "mine.txt").write_text("mine")
    undo(folder)
    assert (folder / "before" / "0001" / "mine.txt").exists()
    change(folder, make_next(2))
    assert known_levels(folder) == 1


def test_a_report_that_is_edited_in_place_changes_no_kept_one(folder, make_next):
    state = whole(folder)
    change(folder, make_next(1))
    with (folder / "before" / "0001" / "report.html").open("rb") as kept:
        before = kept.read()
    with (folder / "report.html").open("ab") as report:
        report.write(b"more")
    undo(folder)
    assert (whole(folder), before) == (state, REPORT["report.html"])


@pytest.mark.parametrize("name", ["report.html", "skipped.csv", "kept.sha256"])
def test_a_kept_file_for_people_that_was_damaged_or_lost_is_refused(folder, make_next, name):
    change(folder, make_next(1))
    kept = folder / "before" / "0001" / name
    data = kept.read_bytes()
    for damaged in (data + b"more", data[:-3], None):
        kept.unlink()
        if damaged is not None:
            kept.write_bytes(damaged)
        state = whole(folder)
        with pytest.raises(ModelError, match="nothing was changed"):
            undo(folder)
        assert whole(folder) == state
        kept.write_bytes(data)
    undo(folder)


def test_what_a_person_did_to_the_report_comes_back_too(folder, make_next):
    (folder / "report.html").write_bytes(b"with my own remarks")
    (folder / "skipped.csv").unlink()
    state = plain(folder)
    change(folder, make_next(1))
    undo(folder)
    assert plain(folder) == state


def test_a_snapshot_that_was_damaged_is_refused_and_nothing_is_changed(folder, make_next):
    change(folder, make_next(1))
    for name in ("head-*", "model.json"):
        [path] = (folder / "before" / "0001").glob(name)
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        state = whole(folder)
        with pytest.raises(ModelError):
            undo(folder)
        assert whole(folder) == state
        path.write_bytes(data)
    undo(folder)


def test_a_file_system_without_links_gets_copies(folder, make_next, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(snapshots.os, "link", refused)
    state = whole(folder)
    change(folder, make_next(1))
    assert whole(folder) != state
    undo(folder)
    assert whole(folder) == state


def test_a_folder_that_cannot_be_written_is_one_line_and_no_change(folder, make_next, monkeypatch):
    def refused(*_, **__):
        raise StorageError("no permission in it: the model was not changed")

    monkeypatch.setattr("headstart.model.history.require_writable", refused)
    state = whole(folder)
    with pytest.raises(StorageError, match="no permission"):
        change(folder, make_next(1))
    assert whole(folder) == state


@pytest.mark.parametrize("call", [1, 3, 4, 5])
def test_a_disk_that_is_full_loses_nothing(folder, make_next, monkeypatch, call):
    real, count = folder_module.atomic_write_bytes, 0

    def write(path, data, **options):
        nonlocal count
        count += 1
        if count == call:
            raise StorageError("no space left")
        real(path, data, **options)

    state = plain(folder)
    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "atomic_write_bytes", write)
        if call <= 4:
            with pytest.raises(StorageError, match="no space left"):
                change(folder, make_next(1))
            left = plain(folder)
            assert {name: left[name] for name in state} == state
        else:
            change(folder, make_next(1))
    if call <= 4:
        change(folder, make_next(1))
    undo(folder)
    assert {name: each for name, each in plain(folder).items() if not name.startswith(".")} == state


def test_two_changes_at_once_build_on_each_other(folder, make_next):
    threads = [threading.Thread(target=change, args=(folder, make_next(seed))) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record, _ = read_manifest(folder)
    assert record.before.folder == "0003"
    state = {name: each for name, each in whole(folder).items() if name.startswith("before/0001")}
    assert len(state) == 6
    for _ in range(3):
        undo(folder)
    assert read_manifest(folder)[0].before is None


KILLED = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from conftest import make_model_files
from headstart.model.folder import ModelFiles
from headstart.model.history import changing, undo
calls, left = {calls!r}, int(sys.argv[2])
def counted(real):
    def call(*args, **options):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(*args, **options)
    return call
files = make_model_files(1)
for name in calls:
    setattr(os, name, counted(getattr(os, name)))
if sys.argv[3] == "undo":
    undo(sys.argv[1])
else:
    with changing(sys.argv[1]) as held:
        known = held.files.record
        record = files.record.model_copy(update={{"backbone": known.backbone, "weights": known.weights}})
        tensors = {{part: data for part, data in files.tensors.items() if part != "backbone"}}
        held.replace(record, tensors, {{"report.html": b"new"}})
"""


@pytest.mark.parametrize(
    "every",
    [pytest.param(7, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.exhaustive)],
)
@pytest.mark.parametrize("verb", ["change", "undo"])
def test_killed_before_any_system_call_the_old_or_the_new_model_is_there_and_can_be_undone(
    tmp_path, folder, make_next, verb, every
):
    script = tmp_path / "step.py"
    calls = ["open", "fsync", "replace", "unlink", "mkdir", "link", "rmdir"]
    script.write_text(KILLED.format(here=str(Path(__file__).parent), calls=calls))
    first = plain(folder)
    if verb == "undo":
        change(folder, make_next(1))
    start, outcomes, code = plain(folder), set(), 9
    for call in range(1, 300, every):
        place = tmp_path / f"model-{call}"
        shutil.copytree(folder, place)
        code = subprocess.run([sys.executable, script, place, str(call), verb], check=False).returncode
        found = read_folder(place)
        changed = found.record.before is not None
        outcomes.add(changed)
        if changed:
            undo(place)
        else:
            change(place, make_next(1))
            undo(place)
        left = plain(place)
        assert {name: left[name] for name in left if not name.startswith(".")} == first, call
        assert not (place / "before").exists()
        shutil.rmtree(place)
        if code == 0:
            break
        assert code == 9
    assert code == 0
    assert outcomes == {True, False}
    assert plain(folder) == start


@pytest.mark.slow
def test_readers_never_see_a_mixture_while_a_model_is_changed_and_undone(folder, make_next):
    faults, stop = [], threading.Event()
    known = {read_folder(folder).record.rows.sha256, make_next(1).record.rows.sha256}

    def read():
        while not stop.is_set():
            try:
                if read_folder(folder).record.rows.sha256 not in known:
                    faults.append("mixture")
            except Exception as error:
                faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(8):
        change(folder, make_next(1))
        undo(folder)
    stop.set()
    reader.join()
    assert faults == []


def test_a_report_that_a_kill_left_waiting_gets_its_place(folder, make_next):
    record = change(folder, make_next(1))
    (folder / "report.html").rename(folder / ".next-report.html")
    (folder / "report.html").write_bytes(b"old")
    with changing(folder):
        pass
    assert record.extras.keys() == {"report.html"}
    assert (folder / "report.html").read_bytes() == b"new"


def test_no_model_is_said_plainly_and_nothing_is_left_behind(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(ModelError, match="is not a model"):
        undo(tmp_path / "photos")
    assert list((tmp_path / "photos").iterdir()) == []
