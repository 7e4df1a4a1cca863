"""The command as a whole: what it prints, leaves out and refuses."""

import json

import pytest

from backbones import main, ratios, with_ratios
from headstart.testing import write_photos
from tables import accuracy_cell, heads_table, networks_table, show, speed_cell

SQUEEZENET, OLDER = "torchvision:squeezenet1_1@random", "torchvision:squeezenet1_0@random"


def row(name, value, speed):
    accuracy = {"value": value, "low": value - 0.1, "high": value + 0.05, "photos": 40, "how": "test"}
    return {
        "backbone": name,
        "parameters": 2_000_000,
        "megabytes": 4.0,
        "input": [128, 128],
        "accuracy": {"cats": accuracy},
        "own_classes": {},
        "photos_per_second": {"engine": speed, "with_decoding": speed / 2},
    }


@pytest.fixture
def command(tmp_path, capsys):
    def call(*arguments, code=0):
        everywhere = ("--data", tmp_path / "data", "--home", tmp_path / "home", "--rounds", 1)
        assert main([*map(str, (*everywhere, *arguments))]) == code
        return capsys.readouterr()

    return call


@pytest.mark.exhaustive
def test_the_whole_command(command, tmp_path):
    write_photos(tmp_path / "data" / "styles" / "photo")

    result = json.loads(command("--backbones", SQUEEZENET, "--reference", OLDER, "--json").out)

    older, newer = result["rows"]
    assert (older["backbone"], newer["backbone"]) == (OLDER, SQUEEZENET)
    assert newer["parameters"] == 1_235_496
    assert newer["megabytes"] == pytest.approx(4 * 1.235496, rel=0.01)
    assert newer["input"] == [224, 224]
    assert newer["accuracy"]["styles/photo"]["photos"] == 12
    assert newer["accuracy"]["styles/photo"]["how"] == "5 folds"
    assert newer["own_classes"] == {}
    assert set(older["speed_ratio"].values()) == {1.0}
    assert newer["speed_ratio"]["engine"] == pytest.approx(
        newer["photos_per_second"]["engine"] / older["photos_per_second"]["engine"]
    )
    left_out = " ".join(result["left_out"])
    assert all(name in left_out for name in ("cats-vs-dogs", "aerial", "styles/sketch", "imagenet-sample"))
    assert "styles/photo" not in left_out


def test_no_photos_is_one_line(command):
    said = command("--backbones", SQUEEZENET, code=2)

    assert said.out == ""
    assert "has no data set" in said.err.splitlines()[-1]
    assert "--data DIR" in said.err


def test_no_data_folder_is_one_line(monkeypatch, capsys):
    monkeypatch.delenv("HEADSTART_ASSETS", raising=False)

    assert main([]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "HEADSTART_ASSETS" in line


def test_no_weights_at_all_is_one_line(command, tmp_path):
    write_photos(tmp_path / "data" / "aerial")

    said = command("--backbones", "timm:mobilenetv2_100@slim", code=2)

    [line] = said.err.splitlines()
    assert "has no weights" in line


@pytest.mark.parametrize("arguments", [("--backbones", "squeezenet9"), ("--reference", "squeezenet9")])
def test_a_network_that_nobody_knows_stops_before_any_work(command, arguments):
    [line] = command(*arguments, code=2).err.splitlines()

    assert "squeezenet9" in line


def test_rounds_below_one_are_refused(command):
    assert "expected 1 or more" in command("--rounds", 0, code=2).err


def test_ratios_leave_out_what_can_not_be_divided():
    assert ratios({"a": 3.0, "b": 1.0, "c": 1.0}, {"a": 2.0, "b": 0.0}) == {"a": 1.5}


def test_ratios_are_to_the_reference():
    fast, base = with_ratios([row("fast", 0.75, 200.0), row("base", 0.9, 40.0)], "base")

    assert fast["accuracy_ratio"] == {"cats": pytest.approx(0.75 / 0.9)}
    assert fast["speed_ratio"] == {"engine": 5.0, "with_decoding": 5.0}
    assert base["accuracy_ratio"] == {"cats": 1.0}


def test_without_the_reference_there_are_no_ratios():
    [alone] = with_ratios([row("fast", 0.75, 200.0)], "base")

    assert (alone["accuracy_ratio"], alone["speed_ratio"]) == ({}, {})


def test_cells():
    accuracy = row("fast", 0.75, 1.0)["accuracy"]["cats"]

    assert accuracy_cell(accuracy, 0.8333).splitlines() == ["0.750", "0.650-0.800", "x 0.83"]
    assert accuracy_cell(accuracy).splitlines() == ["0.750", "0.650-0.800"]
    assert accuracy_cell(None) == "-"
    assert speed_cell(123.44, 5.254).splitlines() == ["123.4", "x 5.25"]


def test_tables_have_a_row_for_each_network(capsys):
    rows = with_ratios([row("fast", 0.75, 200.0), row("base", 0.9, 40.0)], "base")
    rows[0]["own_classes"] = {"its-photos": rows[0]["accuracy"]["cats"]}

    show(networks_table(rows), heads_table(rows))

    shown = capsys.readouterr().out
    assert all(text in shown for text in ("2,000,000", "128 x 128", "x 5.00", "its-photos", "x 0.83"))
    firsts = [line.split()[0] for line in shown.splitlines() if line.strip()]
    assert [first for first in firsts if first in {"fast", "base"}] == ["fast", "base"] * 2
    assert "40, test" in shown, "how many photos, and which"
