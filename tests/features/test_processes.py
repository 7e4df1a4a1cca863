"""Kills at chosen moments, several processes at once: the rows are those of an undisturbed run."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from headstart.features.store import FeatureStore

PROGRAM = Path(__file__).with_name("fakes.py")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
STEPS = 6  # ten contents are three batches, with a step before and after each is kept


@pytest.fixture
def folder(photos):
    return photos[0].path.parent


@pytest.fixture
def undisturbed(fakes, photos):
    with FeatureStore(None) as store:
        return fakes.run(photos, store).rows


def command(*arguments):
    return [sys.executable, str(PROGRAM), *map(str, arguments)]


def finish(store, folder, out):
    subprocess.run(command(store, folder, out), check=True, timeout=60)
    with np.load(out) as saved:
        return saved["rows"], int(saved["computed"])


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 4])
def test_killed_and_started_again(path, folder, tmp_path, undisturbed, step):
    killed = subprocess.run(command(path, folder, tmp_path / "out.npz", step), check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    rows, computed = finish(path, folder, tmp_path / "out.npz")
    assert rows.tobytes() == undisturbed.tobytes()
    assert computed == 10 - 4 * (step // 2)


@pytest.mark.slow
def test_killed_again_and_again(path, folder, tmp_path, undisturbed):
    for step in range(1, STEPS + 1):
        subprocess.run(command(path, folder, tmp_path / "out.npz", step), check=False, timeout=60)
        with FeatureStore(path) as store:
            assert store.verify().sound
            store.prune(max_bytes=300)  # three rows of ten, so that the next round has work again
    rows, _ = finish(path, folder, tmp_path / "out.npz")
    assert rows.tobytes() == undisturbed.tobytes()


@pytest.mark.slow
def test_three_processes_share_one_store(path, folder, tmp_path, undisturbed):
    outs = [tmp_path / f"{number}.npz" for number in range(3)]
    running = [subprocess.Popen(command(path, folder, out)) for out in outs]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    for out in outs:
        with np.load(out) as saved:
            assert saved["rows"].tobytes() == undisturbed.tobytes()
    with FeatureStore(path) as store:
        assert store.verify().sound
        assert store.info().rows == 10


def traceable():
    probe = ["strace", "-f", "-o", "/dev/null", "true"]
    return shutil.which("strace") is not None and subprocess.run(probe, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "ftruncate", "unlink"])
def test_killed_inside_of_a_system_call(path, folder, tmp_path, undisturbed, call):
    if not traceable():
        pytest.skip("needs strace and the right to trace")
    killed = 0
    for number in (1, 2, 3, 5, 9, 14):
        inject = f"--inject={call}:signal=KILL:when={number}"
        trace = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", inject]
        ran = subprocess.run([*trace, *command(path, folder, tmp_path / "out.npz")], check=False, timeout=60)
        killed += ran.returncode != 0
        with FeatureStore(path) as store:
            assert store.verify().sound
            store.prune(max_bytes=300)
    rows, _ = finish(path, folder, tmp_path / "out.npz")
    assert rows.tobytes() == undisturbed.tobytes()
    assert killed or call in {"fdatasync", "ftruncate"}  # a file system may need neither


def mountable():
    probe = ["unshare", "-m", "true"]
    return shutil.which("unshare") is not None and subprocess.run(probe, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [8, 40, 64])
def test_a_disk_that_fills_up(folder, tmp_path, undisturbed, kilobytes):
    if not mountable():
        pytest.skip("needs the right to mount")
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    saved = tmp_path / "saved"
    store = disk / "home" / "features.sqlite"
    first = " ".join(command(store, folder, tmp_path / "out.npz"))
    script = (
        f"mount -t tmpfs -o mode=0700,size={kilobytes}k disk {disk} && "
        f"{first}; code=$?; mkdir {saved}; cp -r {disk}/home {saved}; exit $code"
    )
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("headstart.errors.StorageError"), ran.stderr
    assert "no space left" in last
    assert str(disk) in last
    rows, _ = finish(saved / "home" / "features.sqlite", folder, tmp_path / "out.npz")
    assert rows.tobytes() == undisturbed.tobytes()


@pytest.mark.slow
def test_a_disk_that_is_read_only(path, folder, tmp_path, undisturbed):
    if not mountable():
        pytest.skip("needs the right to mount")
    finish(path, folder, tmp_path / "out.npz")
    script = f"mount --bind {path.parent} {path.parent} && mount -o remount,ro,bind {path.parent} && exec "
    again = script + " ".join(command(path, folder, tmp_path / "again.npz"))
    subprocess.run(["unshare", "-m", "sh", "-c", again], check=True, timeout=60)
    with np.load(tmp_path / "again.npz") as saved:
        assert saved["rows"].tobytes() == undisturbed.tobytes()
        assert int(saved["computed"]) == 0
    (folder / "new.jpg").write_bytes(b"new")
    ran = subprocess.run(
        ["unshare", "-m", "sh", "-c", again], capture_output=True, text=True, check=False, timeout=60
    )
    last = ran.stderr.strip().splitlines()[-1]
    assert "StorageError" in last
    assert str(path.parent) in last
    assert "HEADSTART_HOME" in last
    assert "read-only" in last
