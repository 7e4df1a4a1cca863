"""Photos to sketches with the network that headstart carries: the known failure, seen and named."""

import os
from pathlib import Path

import pytest

from headstart.tasks.newkind import newkind
from headstart.tasks.train import train

ASSETS = Path(os.environ.get("HEADSTART_ASSETS", ""))
STYLES = ASSETS / "data" / "styles"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("HEADSTART_ASSETS" not in os.environ, reason="HEADSTART_ASSETS names no real photos"),
]


def test_a_model_of_photos_breaks_on_sketches_and_what_would_show_it(tmp_path):
    trained = train(STYLES / "photo", home=tmp_path, engine="torch", precision="f32")

    found = newkind(STYLES / "sketch", model=trained, home=tmp_path, scratch=False, engine="torch")

    ways = {way.key: way.accuracy for way in found.ways}
    assert ways["late"] > ways["early"] + 0.15
    assert ways["late"] > ways["random"] + 0.2
    assert found.verdict.carries in {"late", "late or earlier"}
    shift = found.shift
    assert shift.own.accuracy.value > 0.8
    assert shift.now.accuracy.value < 0.4
    assert shift.now.confidence > shift.now.accuracy.value + 0.3  # sure of what is wrong
    assert shift.unknown.low > 0.3
    assert shift.stranger.low > 0.85
    assert sum(each.breaks for each in shift.classes) >= 4
    assert "unknown" in found.shift_sentences[-1]
