"""Trees of files as people, systems and attackers leave them behind; nothing in them is a real photo."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path

LONGEST = 255  # bytes in a name, on every usual file system

NASTY_NAMES = [
    b"caf\xe9.jpg",  # Latin-1
    b"\xff\xfe.jpg",
    b"\xed\xa0\x80.jpg",  # a surrogate written as UTF-8
    "café.jpg".encode(),
    "cafe\u0301.jpg".encode(),
    "йцук.jpg".encode(),
    "שלום.jpg".encode(),
    "\u202egpj.exe.jpg".encode(),  # right to left override
    "\U0001f408\u200d\u2b1b.jpg".encode(),
    "zero\u200bwidth.jpg".encode(),
    "line\u2028separator.jpg".encode(),
    b"new\nline.jpg",
    b"carriage\rreturn.jpg",
    b"tab\there.jpg",
    b"bell\x07.jpg",
    b"\x1b[31mred.jpg",
    b" leading.jpg",
    b"trailing.jpg ",
    b"dot.",
    b"two  spaces.jpg",
    b"-rf",
    b"--help",
    b"-",
    b"=cmd()|'/C calc'!A0.jpg",
    b"+1.jpg",
    b"@SUM(A1).jpg",
    b"<img src=x onerror=alert(1)>.jpg",
    b"{{7*7}}.jpg",
    b"%s%n.jpg",
    b"$(touch x).jpg",
    b"`id`.jpg",
    b"a;b.jpg",
    b"a,b.jpg",
    b"a|b.jpg",
    b"a&b.jpg",
    b"a#b?c.jpg",
    b"a*b.jpg",
    b"[a].jpg",
    b"~.jpg",
    b"quote'.jpg",
    b'double".jpg',
    b'"whole"',
    b"back\\slash.jpg",
    b"C:colon.jpg",
    b"CON",
    b"nul.jpg",
    b"None",
    b"path",
    b"label",
    b"0",
    b"no_suffix",
    b"UPPER.JPG",
    b"upper.jpg",
    b"archive.tar.gz",
    b"notes.txt",
    b"%2e%2e%2f.jpg",
    b"file:.jpg",
    b"x" * (LONGEST - 4) + b".jpg",
    "ж".encode() * 125 + b".jpg",
    "\ufeffbom.jpg".encode(),
]

CLUTTER = [
    ".DS_Store",
    "._1.jpg",
    ".hidden.jpg",
    "Thumbs.db",
    "THUMBS.DB",
    "ehthumbs.db",
    "desktop.ini",
    "Icon\r",
    ".ipynb_checkpoints/1-checkpoint.jpg",
    ".git/objects/1.jpg",
    "__MACOSX/._1.jpg",
    "@eaDir/1.jpg",
    "#recycle/1.jpg",
    "$RECYCLE.BIN/1.jpg",
    "System Volume Information/1.jpg",
]


def plant(root: Path, *names: str) -> Path:
    """Make files (their content is their name) and, for names that end in `/`, empty folders."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.fsencode(name))
    return root


def two_classes(root: Path) -> Path:
    """The smallest tree that is laid out as needed."""
    return plant(root, "cat/1.jpg", "cat/2.jpg", "dog/3.jpg")


def nasty(folder: Path) -> list[str]:
    """A file for each nasty name that this file system takes; the names as Python shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in NASTY_NAMES:
        try:
            (folder / os.fsdecode(name)).write_bytes(name)
        except OSError:  # macOS refuses names that are no UTF-8
            continue
        made.append(os.fsdecode(name))
    return made


def not_files(folder: Path) -> list[str]:
    """Things that would block or never end if they were opened as photos."""
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "fifo.jpg")
    os.mknod(folder / "socket.jpg", stat.S_IFSOCK | 0o600)
    (folder / "device.jpg").symlink_to("/dev/zero")
    (folder / "link to fifo.jpg").symlink_to("fifo.jpg")
    return ["device.jpg", "fifo.jpg", "link to fifo.jpg", "socket.jpg"]


def deeper_than_a_path(root: Path, levels: int = 20) -> None:
    """Folders in folders until the path is longer than the system accepts, a photo in the last one."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * LONGEST, dir_fd=here)
        below = os.open("d" * LONGEST, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("1.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


@contextmanager
def unprivileged():
    """Inside, permissions count, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
