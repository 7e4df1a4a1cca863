import errno
import fcntl
import logging
import subprocess
import sys
import threading

import pytest

from headstart.errors import StorageError
from headstart.storage.locks import locked, locked_if_free

HOLDER = """
import sys, time
from pathlib import Path
if sys.argv[2] == "soft":
    import errno, fcntl
    def missing(*args):
        raise OSError(errno.ENOLCK, "No locks available")
    fcntl.flock = missing
from headstart.storage.locks import locked
with locked(Path(sys.argv[1]), waiting=None):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Starts another process that holds the lock."""
    started = []

    def start(kind="flock"):
        command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock"), kind]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def no_flock(monkeypatch):
    def missing(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", missing)


def take(path, lines, taken):
    with locked(path, waiting=lines.append, every=0.1):
        taken.set()


def test_one_at_a_time_among_threads(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(10):
            with locked(tmp_path / "lock", waiting=None):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(most) == 40


@pytest.mark.parametrize("kind", ["flock", "soft"])
def test_who_waits_is_told_and_goes_on_when_the_holder_is_killed(tmp_path, holder, kind, request):
    if kind == "soft":
        request.getfixturevalue("no_flock")
    process = holder(kind)
    lines, taken = [], threading.Event()
    waiter = threading.Thread(target=take, args=(tmp_path / "lock", lines, taken))
    waiter.start()
    while sum("waiting for another headstart process" in line for line in lines) < 2:
        assert not taken.is_set()
    process.kill()
    process.wait()
    waiter.join(timeout=30)
    assert taken.is_set()
    assert any(str(tmp_path / "lock") in line for line in lines)


def test_without_waiting_the_lines_go_to_the_log(tmp_path, holder, caplog):
    process = holder()
    taken = threading.Event()

    def work():
        with locked(tmp_path / "lock", waiting=None, every=0.05):
            taken.set()

    with caplog.at_level(logging.WARNING, logger="headstart"):
        waiter = threading.Thread(target=work)
        waiter.start()
        while not caplog.records:
            pass
        process.kill()
        waiter.join(timeout=30)
    assert taken.is_set()
    assert "waiting" in caplog.records[0].getMessage()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_file_locks_a_marker_is_used_and_said(tmp_path, monkeypatch, code):
    def missing(*args):
        raise OSError(code, "no")

    monkeypatch.setattr(fcntl, "flock", missing)
    lines = []
    with locked(tmp_path / "lock", waiting=lines.append):
        assert (tmp_path / "lock.soft").exists()
    assert not (tmp_path / "lock.soft").exists()
    assert len(lines) == 1
    assert "no file locks" in lines[0]


def test_an_error_inside_passes_and_frees_the_lock(tmp_path):
    with pytest.raises(ValueError, match="inside"), locked(tmp_path / "lock", waiting=None):
        raise ValueError("inside")
    with locked(tmp_path / "lock", waiting=None):
        pass


def test_a_lock_where_none_can_be_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match="lock was not taken"),
        locked(tmp_path / "file" / "lock", waiting=None),
    ):
        pass


@pytest.mark.parametrize("kind", ["flock", "soft"])
def test_who_does_not_wait_learns_at_once_whether_it_is_free(tmp_path, kind, request):
    if kind == "soft":
        request.getfixturevalue("no_flock")
    with locked_if_free(tmp_path / "lock") as free:
        assert free
        answers = []

        def other():
            with locked_if_free(tmp_path / "lock") as also:
                answers.append(also)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert answers == [False]
    with locked_if_free(tmp_path / "lock") as free:
        assert free
