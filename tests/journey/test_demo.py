"""`headstart demo` as a newcomer runs it, and on weights that are known to be good."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.tasks import demo as module
from headstart.tasks.demo import demo

ASSETS = Path(os.environ.get("HEADSTART_ASSETS", ""))
_NETWORK = re.compile(r"connect\(\d+, \{sa_family=AF_INET")

pytestmark = pytest.mark.slow


def newcomer(tmp_path, *before):
    """Run the demo in a process of its own, in an empty home."""
    return subprocess.run(
        [*before, sys.executable, "-m", "headstart", "demo", "--output", "demo", "--json"],
        cwd=tmp_path,
        env={**os.environ, "HEADSTART_HOME": str(tmp_path / "home"), "HEADSTART_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_ends_with_a_report(tmp_path):
    done = newcomer(tmp_path)

    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["report"] == "demo/model/report.html"
    assert (tmp_path / facts["report"]).is_file()
    assert facts["accuracy"]["photos"] == 97
    assert facts["backbone"] == "pocket"
    assert facts["accuracy"]["low"] > max(facts["compared"].values())


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_network_is_asked(tmp_path):
    trace = tmp_path / "trace"

    done = newcomer(tmp_path, "strace", "-f", "-qq", "-e", "trace=openat,connect", "-o", str(trace))
    if "ptrace" in done.stderr.lower():
        pytest.skip("this machine does not allow tracing")

    assert done.returncode == 0, done.stderr
    calls = trace.read_text(errors="replace")
    assert "brick.png" in calls, "the trace would show a connection"
    assert not _NETWORK.search(calls)


@pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS names no real weights")
@pytest.mark.parametrize(
    "backbone",
    [
        "timm:mobilenetv2_100@slim",
        pytest.param("torchvision:squeezenet1_1@zoo", marks=pytest.mark.exhaustive),
    ],
)
def test_a_trained_network_is_far_ahead(backbone, tmp_path, monkeypatch):
    from headstart.tasks.weights import add_weights

    add_weights(ASSETS / "weights" / "manifest.json", home=tmp_path / "home")
    monkeypatch.setattr(module, "DEMO_BACKBONE", backbone)

    result = demo(tmp_path / "demo", home=tmp_path / "home")

    assert result.model.training.accuracy.value >= 0.97
    assert max(result.compared.values()) < 0.80
    assert all(each.unknown for each in result.strangers)
    assert sum(bool(each.unknown) for each in result.tiles) <= 12
