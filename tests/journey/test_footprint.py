"""What a run touches, as the kernel saw it: photos are only read, no network asked, no shell started."""

import re
import shutil
import subprocess
import sys

import pytest

from headstart.testing import write_photos

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]

_WRITES = re.compile(r'openat\([^"]*"(?P<path>[^"]+)".*(?:O_WRONLY|O_RDWR|O_CREAT)')
_NETWORK = re.compile(r"connect\(\d+, \{sa_family=AF_INET")


def test_photos_are_only_read_and_no_network_is_asked(tmp_path):
    write_photos(tmp_path / "photos", each=4)
    (tmp_path / "photos" / "red" / "bad.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0")
    trace = tmp_path / "trace"
    watch = ["strace", "-f", "-qq", "-e", "trace=openat,connect,execve", "-o", str(trace)]
    train = ["train", "photos", "-o", "model", "--home", "home"]

    done = subprocess.run(
        [*watch, sys.executable, "-m", "headstart", *train],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in done.stderr.lower():
        pytest.skip("this machine does not allow tracing")

    assert done.returncode == 0, done.stderr
    calls = trace.read_text(errors="replace")
    written = {found["path"] for found in _WRITES.finditer(calls)}
    assert any("features.sqlite" in path for path in written), "the trace would show a write"
    assert not [path for path in written if "/photos" in path or path.startswith("photos")]
    assert not _NETWORK.search(calls)
    assert not re.search(r'execve\("[^"]*(?:gs|ghostscript|/sh|bash)"', calls)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_read_only_home_with_everything_there_is_enough(tmp_path):
    write_photos(tmp_path / "photos", each=4)
    train = f"{sys.executable} -m headstart train photos --home home -o"
    subprocess.run([*train.split(), "first"], cwd=tmp_path, check=True, capture_output=True)
    script = (
        "mount --bind home home && mount -o remount,ro,bind home && mount --bind photos photos "
        f"&& mount -o remount,ro,bind photos && {train} second"
    )

    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine does not allow private mounts")

    assert done.returncode == 0, done.stderr
    heads = [next((tmp_path / name).glob("head-*")).name for name in ("first", "second")]
    assert heads[0] == heads[1]


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_a_read_only_home_that_lacks_something_is_one_clear_line(tmp_path):
    write_photos(tmp_path / "photos", each=4)
    (tmp_path / "home").mkdir(mode=0o700)
    script = (
        "mount --bind home home && mount -o remount,ro,bind home "
        f"&& {sys.executable} -m headstart train photos --home home -o model"
    )

    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine does not allow private mounts")

    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    assert "home" in line
    assert "--home" in line
    assert not (tmp_path / "model").exists()
