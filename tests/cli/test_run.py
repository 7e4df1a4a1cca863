"""The command line as a process: exit codes, one line for each error, one JSON object."""

import json
import os
import subprocess
import sys

import pytest

from headstart import __version__
from headstart.cli.run import explain, run
from headstart.errors import HeadstartError


def headstart(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "headstart", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def loaded_by(code):
    probe = f"import sys; {code}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run(
            [sys.executable, "-c", probe], capture_output=True, text=True, check=True
        ).stdout.split()
    )


VERBS = (
    *("demo", "train", "predict", "evaluate", "embed"),
    *("maps", "explain", "ideal", "attack", "robustness"),
    *("backbones", "weights", "features"),
)
HEAVY = {"torch", "torchvision", "timm", "sklearn", "scipy", "PIL", "matplotlib"}


def test_importing_headstart_loads_nothing_heavy():
    assert not HEAVY & loaded_by("import headstart; dir(headstart)")


def test_help_loads_nothing_heavy():
    assert not HEAVY & loaded_by("from headstart.cli.app import build_app; build_app()")


def test_help_as_a_process():
    shown = headstart("--help")

    assert shown.returncode == 0
    assert all(f" {verb} " in shown.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS), ["weights", "add"]])
def test_help_of_each_verb(verb, capsys):
    assert run([*verb, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["trian", "photos"],
        ["train"],
        ["train", "photos", "-o", "model", "--seed", "many"],
        ["train", "photos", "-o", "model", "--head", "none"],
        ["train", "photos", "-o", "model"],
        ["train", "photos", "-o", "model", "--backbone", "resnet18@random", "--unknown-option"],
        ["predict", "no-such-model", "photo.jpg"],
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == []


def test_an_error_with_json_is_one_object(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert run(["predict", "no-such-model", "photo.jpg", "--json"]) == 2

    error = json.loads(capsys.readouterr().out)["error"]
    assert "no-such-model" in error["message"]


@pytest.mark.parametrize(
    ("environment", "tells"),
    [
        ({"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}, False),
        ({"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}, True),
        ({"RANK": "1"}, True),  # left by something else
    ],
)
def test_of_several_processes_the_first_one_tells_the_error(environment, tells, monkeypatch, capsys):
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert run(["predict", "no-such-model", "photo.jpg", "--json"]) == 2

    shown = capsys.readouterr()
    assert (bool(shown.out), bool(shown.err)) == (tells, tells)


def test_debug_shows_the_traceback(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(HeadstartError):
        run(["predict", "no-such-model", "photo.jpg", "--debug"])


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (ValueError("surprise"), "an error of headstart itself (ValueError: surprise)"),
        (MemoryError(), "out of memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory"), "a smaller --batch-size"),
        (PermissionError(13, "Permission denied", "/there"), "Permission denied: /there"),
        (HeadstartError("two\nlines\udce9"), "two lines\\udce9"),
    ],
)
def test_explain_is_one_printable_line(error, part):
    assert part in explain(error)
    assert "\n" not in explain(error)


PYTHON = f"{sys.executable} -m headstart"


def shell(script, **environment):
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "code"),
    [
        (f"{PYTHON} backbones --home home | true; exit ${{PIPESTATUS[0]}}", 0),
        (f"{PYTHON} backbones nothing-like-this --home home --json | true; exit ${{PIPESTATUS[0]}}", 2),
        (f"{PYTHON} --help | head -1; exit ${{PIPESTATUS[0]}}", 0),
        (f"{PYTHON} weights list --home home >&-", 0),
        (f"{PYTHON} backbones nothing-like-this --home home 2>&-", 2),
    ],
)
def test_output_that_nobody_reads_is_no_failure(script, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = shell(script)

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_ignored_for_us_stays_ignored():
    """`nohup` ignores SIGHUP before it starts us."""
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from headstart.cli.signals import unwind_on_signals; unwind_on_signals(); "
        "import os; os.kill(os.getpid(), signal.SIGHUP); print('alive')"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "alive\n"


@pytest.mark.slow
def test_a_training_that_could_not_be_measured_prints_well(tmp_path, capsys):
    from headstart.testing import write_photos

    photos = write_photos(tmp_path / "photos", each=1)
    words = ["-b", "squeezenet1_1@random", "--head", "prototypes", "-o", str(tmp_path / "model")]

    assert run(["train", str(photos), *words, "--home", str(tmp_path / "home")]) == 0
    assert "could not be measured" in capsys.readouterr().out


def test_errors_are_json_however_the_option_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert run(["predict", "no-such-model", "photo.jpg", "--json=true"]) == 2

    assert "no-such-model" in json.loads(capsys.readouterr().out)["error"]["message"]
