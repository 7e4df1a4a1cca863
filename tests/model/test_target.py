import os

import pytest

from headstart.errors import StorageError, UsageError
from headstart.model.folder import write_folder
from headstart.model.target import LOCK, check_target


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_missing_path_is_fine_and_stays_missing(tmp_path):
    assert check_target(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert tree(tmp_path) == []


def test_an_empty_folder_is_fine_and_stays_empty(tmp_path):
    check_target(tmp_path)
    assert tree(tmp_path) == []


def test_a_model_is_fine_and_stays_as_it_was(saved):
    before = tree(saved)
    check_target(saved)
    assert tree(saved) == before


def test_what_a_killed_first_save_left_is_fine(tmp_path):
    (tmp_path / ".probe-123").touch()
    check_target(tmp_path)
    for name in (LOCK, "head-0123456789abcdef.safetensors", ".0123456789abcdef.0.tmp", "report.html"):
        (tmp_path / name).touch()
    check_target(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "cat.jpg",
        "model.bin",
        "report.html",
        "head-0123456789abcdef.safetensors",
        ".hidden",
        "-o",
        "caf\udce9",
        "a\nb",
    ],
)
def test_a_folder_with_other_files_is_refused(tmp_path, name):
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(UsageError, match="holds other files") as caught:
        check_target(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isascii()


def test_a_strange_file_beside_leftovers_is_refused(tmp_path):
    (tmp_path / LOCK).touch()
    (tmp_path / "cat.jpg").touch()
    with pytest.raises(UsageError, match=r"holds other files \(cat.jpg\)"):
        check_target(tmp_path)


def test_somebody_elses_model_json_is_refused(tmp_path):
    (tmp_path / "model.json").write_text('{"architecture": "mine"}')
    with pytest.raises(UsageError, match="can't be replaced"):
        check_target(tmp_path)


def test_a_newer_model_is_not_replaced(saved):
    (saved / "model.json").write_text('{"format": 2, "made_by": "headstart 9.0"}')
    with pytest.raises(UsageError, match=r"headstart 9\.0.*upgrade"):
        check_target(saved)


def test_a_file_is_refused(tmp_path):
    (tmp_path / "model").touch()
    with pytest.raises(UsageError, match="is not a folder"):
        check_target(tmp_path / "model")
    with pytest.raises((UsageError, StorageError), match="not a folder"):
        check_target(tmp_path / "model" / "inside")


def test_a_link_to_nothing_is_refused(tmp_path):
    (tmp_path / "model").symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError, match="link to nothing"):
        check_target(tmp_path / "model")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused_before_work(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(StorageError, match="no permission"):
            check_target(tmp_path / "model")
    finally:
        tmp_path.chmod(0o755)


def test_the_probe_finds_a_disk_that_refuses(tmp_path, monkeypatch):
    def refuse(folder, purpose, **_):
        raise StorageError(f"{purpose} can't be written: no space left in {folder}")

    monkeypatch.setattr("headstart.model.target.require_writable", refuse)
    with pytest.raises(StorageError, match=f"no space left in {tmp_path}"):
        check_target(tmp_path / "new" / "model")


def test_nothing_is_written_into_a_refused_folder(tmp_path, make_files):
    (tmp_path / "cat.jpg").touch()
    with pytest.raises(UsageError):
        write_folder(tmp_path, make_files(), {})
    assert tree(tmp_path) == ["cat.jpg"]
