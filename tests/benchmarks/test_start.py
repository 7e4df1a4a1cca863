"""`start`: whole processes, and what they load."""

import json
from types import SimpleNamespace

import pytest

import commands
import start
from commands import Command, CommandFailedError, heavy_modules, packages, timed


def test_packages_are_those_that_the_interpreter_names():
    told = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       100 |        200 |     torch.nn.functional\n"
        "import time:       100 |        200 | sklearn\n"
        "reading photos: scipy | timm\n"
    )

    assert packages(told.splitlines()) >= {"torch", "sklearn"}
    assert not packages(told.splitlines()) & {"scipy", "timm"}


def test_a_command_that_loads_a_heavy_package(tmp_path):
    (tmp_path / "timm.py").write_text("")

    assert heavy_modules(Command(("-c", "import timm"), folder=tmp_path)) == ["timm"]
    assert heavy_modules(Command(("-c", "pass"), folder=tmp_path)) == []


def test_a_command_that_fails_says_why():
    with pytest.raises(CommandFailedError, match="ValueError: too bad"):
        Command(("-c", "raise ValueError('too bad')")).run()
    with pytest.raises(CommandFailedError, match="exit code 3"):
        Command(("-c", "raise SystemExit(3)")).run()


def test_a_job_gives_seconds():
    assert timed(Command(("-c", "pass")))() > 0


def test_commands_are_compared_with_nothing_and_the_peer():
    several = {
        start.NOTHING: Command(("-c", "pass")),
        start.PEER: Command(("-c", "import json")),
        "broken": Command(("-c", "raise SystemExit(2)")),
    }

    result = start.compare(several, 1)

    nothing, peer = result["commands"]
    assert (nothing["over_nothing"], peer["to_peer"]) == (0, 1)
    assert nothing["to_peer"] == pytest.approx(nothing["seconds"] / peer["seconds"])
    assert peer["heavy"] == []
    assert result["left_out"] == ["broken: exit code 2"]


def test_what_comes_ahead_of_a_command_is_done_each_time_and_not_timed(monkeypatch):
    order = []
    monkeypatch.setattr(commands, "time", SimpleNamespace(perf_counter=lambda: order.append("clock") or 0.0))
    monkeypatch.setattr(Command, "run", lambda self: order.append("run"))
    job = timed(Command(("-c", "pass"), before=lambda: order.append("ahead")))

    job()
    job()

    assert order == ["ahead", "clock", "run", "clock"] * 2


@pytest.mark.exhaustive
def test_the_whole_command(capsys, monkeypatch):
    monkeypatch.setattr(start, "peers_python", lambda: None)
    monkeypatch.setattr(start, "baselines", lambda: {start.NOTHING: Command(("-c", "pass"))})
    monkeypatch.setattr(start, "_SIDE", 48)

    assert start.main(["--rounds", "1", "--backbones", "pocket", "--json"]) == 0

    result = json.loads(capsys.readouterr().out)
    assert [each["command"] for each in result["commands"]] == [
        start.NOTHING,
        "headstart --help",
        "headstart predict, new photo, pocket",
        "headstart predict, known photo, pocket",
        "headstart embed again, pocket",
    ]
    assert all(each["seconds"] > 0 for each in result["commands"])
    assert result["left_out"] == [start.NO_PEERS]


def test_rounds_below_one_are_refused(capsys):
    assert start.main(["--rounds", "0"]) == 2

    assert "expected 1 or more" in capsys.readouterr().err
