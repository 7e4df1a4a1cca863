import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from headstart.errors import StorageError
from headstart.storage import home as home_module
from headstart.storage.home import Home, private_folder, require_private, require_writable


def test_the_flag_wins_over_the_environment_and_that_over_the_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_HOME", str(tmp_path / "environment"))
    assert Home.find(tmp_path / "flag").root == tmp_path / "flag"
    assert Home.find(str(tmp_path / "flag")).root == tmp_path / "flag"
    assert Home.find().root == tmp_path / "environment"
    monkeypatch.setenv("HEADSTART_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in Home.find().root.parents
    assert Home.find().root.name == "headstart"


def test_a_tilde_and_a_relative_path_become_absolute(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert Home.find("~/here").root == tmp_path / "here"
    assert Home.find("here").root == tmp_path / "here"


def test_finding_a_home_creates_nothing(tmp_path):
    found = Home.find(tmp_path / "home")
    assert [found.weights, found.datasets, found.features, found.cache]
    assert not found.root.exists()


def test_every_part_lies_in_the_home(tmp_path):
    home = Home(tmp_path)
    parts = {home.weights, home.datasets, home.features, home.cache}
    assert len(parts) == 4
    assert {part.parent for part in parts} == {tmp_path}


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702, 0o1777])
def test_a_home_that_others_may_write_in_is_refused_and_the_cure_is_named(tmp_path, mode):
    root = tmp_path / "home"
    root.mkdir()
    root.chmod(mode)
    with pytest.raises(StorageError, match="chmod go-w") as caught:
        Home.find(root)
    assert str(root) in str(caught.value)
    assert "HEADSTART_HOME" in str(caught.value)
    with pytest.raises(StorageError):
        private_folder(root)


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o500])
def test_a_home_that_others_may_only_read_is_fine(tmp_path, mode):
    root = tmp_path / "home"
    root.mkdir()
    root.chmod(mode)
    assert Home.find(root).root == root
    root.chmod(0o700)


def test_a_home_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(StorageError, match="is not a folder"):
        Home.find(tmp_path / "home")


def test_folders_are_created_for_their_owner_only(tmp_path):
    previous = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(previous)
    assert made == tmp_path / "a" / "b"
    assert {made.stat().st_mode & 0o777, made.parent.stat().st_mode & 0o777} == {0o700}
    require_private(made)


def test_a_writable_folder_passes_and_the_probe_is_gone(tmp_path):
    require_writable(tmp_path / "new" / "folder", "features")
    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_a_folder_under_a_file_is_refused_with_purpose_place_and_choice(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        require_writable(tmp_path / "file" / "sub", "features")
    said = str(caught.value)
    assert all(
        part in said for part in ("features can't be written", str(tmp_path / "file"), "HEADSTART_HOME")
    )
    with pytest.raises(StorageError, match="give -o elsewhere"):
        require_writable(tmp_path / "file" / "sub", "the model", choose="give -o elsewhere")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_the_probe_syncs_and_renames(tmp_path, monkeypatch, call):
    def fail(*args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match="the disk failed"):
        require_writable(tmp_path, "features")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


AS_NOBODY = """
import os, sys
from pathlib import Path
from headstart.errors import StorageError
from headstart.storage.home import Home, private_folder, require_writable
folder = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
for act in (lambda: require_writable(folder, "features"), lambda: private_folder(folder / "weights")):
    try:
        act()
    except StorageError as error:
        print(error)
print(Home.find(folder).root)
"""


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX permissions")
def test_a_folder_of_another_owner_is_refused_for_writing_and_fine_for_reading():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "home"
        folder.mkdir()
        folder.chmod(0o555)
        Path(name).chmod(0o755)
        command = [sys.executable, "-c", AS_NOBODY, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        assert len(lines) == 3
        assert all(f"no permission in {folder}" in line and "HEADSTART_HOME" in line for line in lines[:2])
        assert lines[2] == str(folder)


def test_without_any_home_the_message_names_the_variable(monkeypatch):
    monkeypatch.delenv("HEADSTART_HOME", raising=False)
    monkeypatch.setattr(home_module, "_platform_folder", lambda: "~/.local/share/headstart")

    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    with pytest.raises(StorageError, match="HEADSTART_HOME"):
        Home.find()
