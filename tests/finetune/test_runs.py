"""The folder of a run: alone in it, tidied up, and the rate that it began with."""

import os
import stat
import threading
import time

import pytest

from headstart.finetune.finder import RateTest
from headstart.finetune.runs import KEPT_DAYS, RunFolder, remove_runs
from headstart.storage.locks import locked_if_free

KEY, OTHER, THIRD = ("0" * 32, "a" * 32, "b" * 32)
TEST = RateTest((1e-6, 1 / 3), (0.7, 0.1), 1 / 30)


def left(training, key, days, size=100):
    """What a killed run left: a folder in its folder, a file in that one, and its lock."""
    inside = training / key / "chosen"
    inside.mkdir(parents=True)
    lock = training / f"{key}.lock"
    lock.touch()
    (inside / "epoch").write_bytes(bytes(size))
    past = time.time() - days * 86400
    for path in (inside / "epoch", inside, inside.parent, lock):
        os.utime(path, (past, past))
    return inside.parent


def names(training):
    return sorted(path.name for path in training.iterdir())


def test_only_its_owner_reads_it_and_nothing_is_left_in_the_end(tmp_path):
    run = RunFolder(tmp_path / "training", KEY)
    with run.held():
        run.checkpoints("chosen").folder.mkdir()
        (run.path / "chosen" / ".0123456789abcdef.0.tmp").write_bytes(b"half a file")
        assert {stat.S_IMODE(each.stat().st_mode) for each in (run.path, run.path.parent)} == {0o700}
    assert names(tmp_path / "training") == [KEY, f"{KEY}.lock"]
    run.forget()

    assert names(tmp_path / "training") == []
    run.forget()
    assert names(tmp_path / "training") == []


def test_what_nobody_touched_for_long_goes(tmp_path):
    left(tmp_path, OTHER, KEPT_DAYS + 1)
    left(tmp_path, THIRD, KEPT_DAYS - 1)
    left(tmp_path, KEY, KEPT_DAYS + 1)
    (tmp_path / "mine").mkdir()
    os.utime(tmp_path / "mine", (0, 0))
    with RunFolder(tmp_path, KEY).held():
        pass

    assert names(tmp_path) == sorted([KEY, f"{KEY}.lock", THIRD, f"{THIRD}.lock", "mine"])
    assert (tmp_path / KEY / "chosen" / "epoch").exists()


def test_one_new_file_keeps_an_old_run(tmp_path):
    run = left(tmp_path, OTHER, KEPT_DAYS + 1)
    os.utime(run / "chosen" / "epoch")

    assert remove_runs(tmp_path, untouched_days=KEPT_DAYS) == 0
    assert run.exists()


def test_a_run_at_work_is_left_alone(tmp_path):
    run = left(tmp_path, OTHER, KEPT_DAYS + 1)
    with locked_if_free(tmp_path / f"{OTHER}.lock") as free:
        assert free
        with RunFolder(tmp_path, KEY).held():
            pass
        assert remove_runs(tmp_path, but=KEY) == 0
    assert run.exists()


def test_all_runs_can_be_removed_and_it_says_how_much(tmp_path):
    left(tmp_path, OTHER, 0, size=10_000)
    left(tmp_path, THIRD, 40, size=20_000)

    assert remove_runs(tmp_path) >= 30_000
    assert names(tmp_path) == []
    assert remove_runs(tmp_path / "none") == 0


def test_of_two_that_are_the_same_one_waits_and_says_so(tmp_path, monkeypatch):
    first, second = RunFolder(tmp_path, KEY), RunFolder(tmp_path, KEY)
    told, entered, lines = threading.Event(), threading.Event(), []
    monkeypatch.setattr("headstart.finetune.runs.locked", quick())

    def other():
        with second.held(waiting=lambda line: (lines.append(line), told.set())):
            entered.set()
            second.keep_rate_test(TEST)

    thread = threading.Thread(target=other)
    with first.held():
        thread.start()
        assert told.wait(20)
        assert not entered.is_set()
        first.keep_rate_test(TEST)
    thread.join()
    assert entered.is_set()
    assert "waiting for another headstart process" in lines[0]
    first.forget()
    assert names(tmp_path) == []


def test_who_is_done_does_not_remove_what_another_uses(tmp_path, monkeypatch):
    first, second = RunFolder(tmp_path, KEY), RunFolder(tmp_path, KEY)
    monkeypatch.setattr("headstart.finetune.runs.locked", quick())
    with first.held():
        pass
    thread = threading.Thread(target=first.forget)
    with second.held():
        thread.start()
        thread.join(0.1)
        assert second.path.is_dir()
    thread.join()
    assert not second.path.exists()


def test_who_waited_for_a_lock_that_was_removed_is_alone_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.finetune.runs.locked", quick())
    inside, most = [], []

    def work():
        run = RunFolder(tmp_path, KEY)
        for _ in range(5):
            with run.held(waiting=lambda _: None):
                inside.append(1)
                most.append((len(inside), run.path.is_dir()))
                inside.pop()
            run.forget()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(most) == {(1, True)}
    assert len(most) == 15


def quick():
    """The lock, with its lines coming sooner."""
    from functools import partial

    from headstart.storage.locks import locked

    return partial(locked, every=0.05)


def test_processes_that_only_compute_leave_the_folder_to_the_first(tmp_path):
    run = RunFolder(tmp_path, KEY, writes=False)
    with run.held():
        run.keep_rate_test(TEST)
    run.forget()

    assert names(tmp_path) == []


def test_the_range_test_comes_back_as_it_was(tmp_path):
    run = RunFolder(tmp_path, KEY)
    assert run.rate_test() is None
    run.keep_rate_test(TEST)

    assert RunFolder(tmp_path, KEY).rate_test() == TEST


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff\xfe",
        b"{}",
        b'{"rates": [1], "losses": [], "suggested": 1}',
        b'{"rates": [], "losses": [], "suggested": NaN}',
        b'{"rates": 1, "losses": [], "suggested": 1}',
        b'{"rates": ["a"], "losses": [1], "suggested": 1}',
    ],
)
def test_a_damaged_range_test_is_none(tmp_path, written):
    run = RunFolder(tmp_path, KEY)
    run.keep_rate_test(TEST)
    (run.path / "rate-test.json").write_bytes(written)

    assert run.rate_test() is None
