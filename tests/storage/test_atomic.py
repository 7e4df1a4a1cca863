import errno
import os
import resource
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from headstart.errors import DownloadError, StorageError
from headstart.storage import atomic
from headstart.storage.atomic import atomic_write, atomic_write_bytes, atomic_write_text

OLD, NEW = b"old " * 5000, b"new " * 5000
CALLS = ("open", "fdopen", "write", "flush", "fsync", "replace", "close")


class Shim:
    """`os` for the module under test, whose Nth call that touches the disk does something else."""

    def __init__(self, nth, happens):
        self.left = nth
        self.done = []
        self._happens = happens

    def __getattr__(self, name):
        real = getattr(os, name)
        return self._counted(name, real) if name in CALLS else real

    def _counted(self, name, real):
        def call(*args, **options):
            self.done.append(name)
            self.left -= 1
            if self.left == 0:
                self._happens()
            result = real(*args, **options)
            return File(result, self) if name == "fdopen" else result

        return call


class File:
    """A file whose writes and flushes are counted too."""

    def __init__(self, file, shim):
        self._file = file
        self.write = shim._counted("write", file.write)
        self.flush = shim._counted("flush", file.flush)
        self.fileno = file.fileno

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


def write_twice(file):
    file.write(NEW[:7000])
    file.write(NEW[7000:])


def only(folder):
    """The one file in a folder: nothing else may be left there."""
    (path,) = folder.iterdir()
    return path.read_bytes()


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(OLD)
    return folder / "file"


def test_what_was_written_is_there_and_nothing_else(target):
    atomic_write(target, write_twice)
    assert only(target.parent) == NEW


def test_a_new_file_is_created_for_its_owner_only(target):
    atomic_write_bytes(target.parent / "fresh", b"x")
    assert (target.parent / "fresh").stat().st_mode & 0o777 == 0o600
    atomic_write_bytes(target.parent / "shown", b"x", mode=0o644)
    assert (target.parent / "shown").stat().st_mode & 0o777 == 0o644


def test_text_keeps_file_names_that_are_not_utf8(target):
    atomic_write_text(target, os.fsdecode(b"caf\xe9.jpg") + "\n\u00e9")
    assert target.read_bytes() == b"caf\xe9.jpg\n\xc3\xa9"


@pytest.mark.parametrize("name", [os.fsdecode(b"caf\xe9"), "a\nb", "-rf", "x" * 255, "\u202egpj"])
def test_any_file_name_will_do(target, name):
    atomic_write_bytes(target.parent / name, b"x")
    assert (target.parent / name).read_bytes() == b"x"


def test_the_writer_may_seek(target):
    def write(file):
        file.write(b"????rest")
        file.seek(0)
        file.write(b"head")

    atomic_write(target, write)
    assert target.read_bytes() == b"headrest"


def test_a_link_is_replaced_and_what_it_leads_to_is_not_touched(target, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(target)
    atomic_write_bytes(link, NEW)
    assert not link.is_symlink()
    assert target.read_bytes() == OLD


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, DownloadError])
def test_an_error_of_the_writer_passes_and_leaves_the_old_content(target, error):
    def write(file):
        file.write(NEW)
        raise error("stop")

    with pytest.raises(error, match="stop"):
        atomic_write(target, write)
    assert only(target.parent) == OLD


def count_of_calls(target, monkeypatch):
    shim = Shim(-1, None)
    monkeypatch.setattr(atomic, "os", shim)
    atomic_write(target, write_twice)
    return shim.done


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.EROFS]
)
def test_a_disk_that_refuses_at_any_call_leaves_old_content_and_no_other_file(target, monkeypatch, code):
    def refuse():
        raise OSError(code, os.strerror(code))

    calls = count_of_calls(target, monkeypatch)
    assert {"fdopen", "write", "flush", "fsync", "replace", "open"} <= set(calls)
    for nth in range(1, len(calls) + 1):
        target.write_bytes(OLD)
        monkeypatch.setattr(atomic, "os", Shim(nth, refuse))
        with pytest.raises(StorageError, match=r"file was not saved") as caught:
            atomic_write(target, write_twice)
        assert str(target.parent) in str(caught.value)
        renamed = nth > calls.index("replace") + 1
        assert only(target.parent) == (NEW if renamed else OLD)


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(target, monkeypatch):
    calls = count_of_calls(target, monkeypatch)
    syncs = [place for place, name in enumerate(calls) if name == "fsync"]
    last_write = max(place for place, name in enumerate(calls) if name in {"write", "flush"})
    assert last_write < syncs[0] < calls.index("replace") < syncs[1]


def test_a_full_disk_is_named(target, monkeypatch):
    def refuse():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "os", Shim(3, refuse))
    with pytest.raises(StorageError, match=f"no space left in {target.parent}"):
        atomic_write(target, write_twice)


KILLED = """
    import os, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from test_atomic import Shim, write_twice
    from headstart.storage import atomic
    for nth in range(1, 40):
        child = os.fork()
        if child == 0:
            atomic.os = Shim(nth, lambda: os._exit(9))
            atomic.atomic_write(Path(sys.argv[1]) / str(nth) / "file", write_twice)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            print(nth)
            break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_call_the_file_is_old_or_new_and_the_next_write_clears_up(tmp_path):
    for nth in range(1, 40):
        (tmp_path / str(nth)).mkdir()
        (tmp_path / str(nth) / "file").write_bytes(OLD)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(Path(__file__).parent)]
    calls = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert calls > 6
    seen = set()
    for nth in range(1, calls + 1):
        folder = tmp_path / str(nth)
        seen.add((folder / "file").read_bytes())
        assert len(list(folder.iterdir())) <= 2
        atomic_write_bytes(folder / "file", b"after")
        assert only(folder) == b"after"
    assert seen == {OLD, NEW}


def test_many_kills_leave_at_most_one_temporary_file(target):
    code = (
        "import os, sys; from pathlib import Path; from headstart.storage.atomic import atomic_write\n"
        "for _ in range(10):\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        half = lambda file: (file.write(b'half'), os.kill(os.getpid(), 9))\n"
        "        atomic_write(Path(sys.argv[1]), half)\n"
        "    os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(target)], check=True)
    assert target.read_bytes() == OLD
    assert len(list(target.parent.iterdir())) == 2
    atomic_write_bytes(target, NEW)
    assert only(target.parent) == NEW


def test_readers_never_see_a_mixture_while_several_write(target):
    contents = [bytes([65 + number]) * 20_000 for number in range(4)]
    stop = threading.Event()
    seen = set()

    def read():
        while not stop.is_set():
            seen.add(target.read_bytes())

    def write(content):
        for _ in range(25):
            atomic_write_bytes(target, content)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert seen <= {OLD, *contents}
    assert only(target.parent) in contents


def test_without_file_locks_it_works_as_well(target, monkeypatch):
    import fcntl

    def missing(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", missing)
    atomic_write_bytes(target.parent / "other", b"x")
    atomic_write_bytes(target, NEW)
    (target.parent / "other").unlink()
    # The attempt that found no locks may leave its empty file for the next one to take over.
    assert target.read_bytes() == NEW
    assert sum(path.stat().st_size for path in target.parent.iterdir()) == len(NEW)


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(StorageError, match=r"nowhere does not exist.*a\.json was not saved"):
        atomic_write_bytes(tmp_path / "nowhere" / "a.json", b"")


LIMITED = """
    import resource, signal, sys
    from pathlib import Path
    from headstart.errors import StorageError
    from headstart.storage.atomic import atomic_write_bytes
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        atomic_write_bytes(Path(sys.argv[1]), b"x" * 5000)
    except StorageError as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs RLIMIT_FSIZE")
def test_a_real_limit_on_file_sizes_is_an_error_and_changes_nothing(target):
    command = [sys.executable, "-c", textwrap.dedent(LIMITED), str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "grew larger than is allowed" in done.stdout
    assert only(target.parent) == OLD
