"""The costs of many photos and rows: that they are measured at all, and told against a straight line."""

import json
import mmap

import pytest

from costs import Cost, Stretch
from headstart.testing import fake_photo, jpeg
from scale import main, scale_table, with_ratios
from scale_stages import Keys, make_folder, originals
from tables import show

pytestmark = pytest.mark.slow


def test_every_stage_at_every_size(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.jpg").write_bytes(jpeg(fake_photo(0, 0)))
    sizes = ("--photos", "25", "50", "--rows", "8", "--work", str(tmp_path), "--data", str(tmp_path / "data"))

    assert main([*sizes, "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)["rows"]
    counts = [row["count"] for row in rows]
    assert counts == [25, 50] * 3 + [8] * 5
    assert all(row["seconds"] > 0 for row in rows)
    assert [row["ratio"] for row in rows if row["count"] in {8, 25}] == [1.0] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "what it made is removed"


def test_the_table_ends_with_the_ratio(capsys):
    found = [
        ("scan", 100, Cost(3.0, 0.5, 9_000_000)),
        ("scan", 10, Cost(0.2, 0.1, None)),
        ("look", 10, Cost(1.0, 0.1, 0)),
    ]

    rows = with_ratios(found)
    show(scale_table(rows))

    assert [(row["stage"], row["count"], round(row["ratio"], 6)) for row in rows] == [
        ("scan", 10, 1.0),
        ("scan", 100, 1.5),
        ("look", 10, 1.0),
    ]
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "scan" in line]
    assert lines == [
        ["scan", "10", "0.200", "20000.0", "10000.0", "-", "-", "1.00"],
        ["scan", "100", "3.000", "30000.0", "5000.0", "9.0", "90,000", "1.50"],
    ]


@pytest.mark.parametrize(
    "arguments", [("--photos", "0"), ("--rows", "1", "5"), ("--data", "no-such-folder")], ids=lambda a: a[0]
)
def test_what_can_not_be_measured_is_one_line(arguments, capsys):
    assert main([*arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert arguments[0] in line


def test_photos_are_those_given_or_made(tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a.jpg").write_bytes(b"a")

    assert originals(tmp_path / "given", tmp_path / "made") == [tmp_path / "given" / "a.jpg"]
    made = originals(None, tmp_path / "made")
    assert len({file.read_bytes() for file in made}) == len(made) > 1


def test_a_folder_has_as_many_photos_as_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("scale_stages._SETTLED_SECONDS", 0)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(jpeg(fake_photo(0, 0)))

    make_folder([photo], tmp_path / "many", 45)

    files = [file for file in (tmp_path / "many").rglob("*") if file.is_file()]
    assert len(files) == 45
    assert len({file.stat().st_ino for file in files}) == 1
    assert photo.stat().st_nlink == 1, "the user's own file is left alone"


def test_keys_are_distinct_and_ascend():
    keys, others = Keys(300), Keys(300, others=True)
    assert list(keys) == sorted(set(keys))
    assert keys[10:20] == list(keys)[10:20]
    assert len(keys) == len(others) == 300
    assert set(keys).isdisjoint(others)


def test_memory_is_what_came_on_top():
    with Stretch() as measured:
        held = mmap.mmap(-1, 50_000_000)  # not from what was freed before and stayed in this process
        held[:] = b"x" * len(held)
    held.close()
    if measured.cost.bytes is not None:
        assert 40_000_000 < measured.cost.bytes < 120_000_000
