"""The reader as part of a program: scripts, Ctrl-C, sudden death, the folder one is in."""

import signal
import subprocess
import sys
import time

import pytest

from tests.images import makers
from tests.images.test_reader import wait_until_gone

SCRIPT = """
import sys, time
from pathlib import Path
from headstart.images.photo import Photo
from headstart.images.reader import PhotoReader

photos = [Photo(path, path.name) for path in sorted(Path(sys.argv[1]).iterdir())]
with PhotoReader(workers=2) as reader:
    hashed = list(reader.hash(photos))
    print(len(hashed), *[worker._process.pid for worker in reader._workers if worker._process], flush=True)
    if len(sys.argv) > 2:
        time.sleep(600)
"""


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n}.png").write_bytes(makers.encode(makers.noise(seed=n), "PNG"))
    return folder


@pytest.fixture
def script(tmp_path):
    """A user's script that has no `if __name__ == "__main__"`."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def start(script, photos, **options):
    """Start it, let it work, then have it wait; returns it and its workers' ids."""
    process = subprocess.Popen(
        [sys.executable, str(script), str(photos), "wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    count, *workers = map(int, process.stdout.readline().split())
    assert count == 12
    assert workers
    return process, workers


def test_a_script_without_a_main_guard_works_and_leaves_nothing(script, photos):
    done = subprocess.run(
        [sys.executable, str(script), str(photos)], capture_output=True, text=True, timeout=60, check=False
    )
    count, *workers = map(int, done.stdout.split())

    assert (done.returncode, done.stderr, count) == (0, "", 12)
    assert wait_until_gone(workers)


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_the_workers_end_with_their_parent(script, photos, death):
    process, workers = start(script, photos)

    process.send_signal(death)
    process.communicate(timeout=30)

    assert wait_until_gone(workers)


def test_ctrl_c_ends_everything_in_order(script, photos):
    process, workers = start(script, photos)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert errors.count("Traceback") == 1
    assert wait_until_gone(workers)


def test_ctrl_c_at_the_terminal_does_not_reach_the_workers(script, photos):
    import os

    process, workers = start(script, photos, start_new_session=True)

    assert all(os.getpgid(worker) != os.getpgid(process.pid) for worker in workers)
    process.kill()
    process.communicate(timeout=30)


def test_nothing_is_imported_from_the_folder_one_is_in(script, photos):
    for name in ("PIL", "numpy", "json", "struct"):
        (photos.parent / "photos" / f"{name}.py").write_text("raise SystemExit('imported from the photos')")

    done = subprocess.run(
        [sys.executable, "-P", str(script), "."],
        cwd=photos,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.split()[0] == "16"


def test_a_worker_loads_only_what_decoding_needs():
    program = (
        "import sys, headstart.images.worker, headstart.images.decode; "
        "print({'numpy', 'torch', 'torchvision', 'sklearn', 'scipy', 'pydantic', 'rich'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "set()"


@pytest.mark.slow
def test_a_worker_ends_by_itself_when_nobody_ends_a_hang(tmp_path):
    from headstart.images.wire import receive, send

    path = tmp_path / "hang.jpg"
    path.write_bytes(b"HASH:HANG")
    script = __file__.replace("test_reader_process.py", "odd_worker.py")
    program = (
        "import runpy, sys; from headstart.images import worker; worker._GRACE_SECONDS = 0.3; "
        f"sys.argv = sys.argv[1:]; runpy.run_path({script!r}, run_name='__main__')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "odd", str(2**32), "0.2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        receive(process.stdout)
        send(process.stdin, {"do": "hash"}, bytes(path))
        start = time.monotonic()

        assert receive(process.stdout) is None
        assert process.wait(30) == -signal.SIGALRM
        assert time.monotonic() - start < 30
