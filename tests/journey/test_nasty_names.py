"""Names that break pipelines: the whole journey on a tree of them, and what comes out is well-formed."""

import csv
import io
import json
import os
import sys

import pytest

from headstart.cli.run import run
from headstart.testing import fake_photo, jpeg

FILES = [
    b"caf\xe9.jpg",
    "\N{DOG FACE}.jpg".encode(),
    "\u05db\u05dc\u05d1\u202e.jpg".encode(),
    b"two\nlines.jpg",
    b"tab\there.jpg",
    b"-rf.jpg",
    b"=cmd().jpg",
    b"'quoted\".jpg",
    b"<img src=x onerror=alert(1)>.jpg",
    b"\x1b[31mred.jpg",
    b"a" * 251 + b".jpg",
    b" spaces .jpg",
    b"%00{{ 7*7 }}.jpg",
]
CLASSES = ["caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode(), b"<b>bold</b>", b"=1+1", b"two\nlines"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")


@pytest.fixture
def photos(tmp_path):
    for label, folder in enumerate(CLASSES):
        path = tmp_path / "photos" / folder.decode()
        path.mkdir(parents=True)
        for number, name in enumerate(FILES):
            data = b"" if number == 0 else jpeg(fake_photo(label, number))
            (path / os.fsdecode(name)).write_bytes(data)
    return tmp_path / "photos"


@pytest.mark.slow
def test_the_whole_journey(photos, tmp_path, capfd):
    home, model = tmp_path / "home", tmp_path / "model"
    common = ["--home", str(home), "--json"]

    assert run(["train", str(photos), "--backbone", "squeezenet1_1@random", "-o", str(model), *common]) == 0
    trained = json.loads(capfd.readouterr().out)
    assert run(["predict", str(model), str(photos), *common]) == 0
    predicted = json.loads(capfd.readouterr().out)["predictions"]
    assert run(["predict", str(model), str(photos), "--home", str(home)]) == 0
    shown = capfd.readouterr().out

    assert trained["photos"] == {"used": 48, "skipped": 4, "reasons": {"empty": 4}}
    assert len(predicted) == 52
    assert sum(each["error"] is None for each in predicted) == 48
    assert "\x1b" not in shown, "no name reaches the terminal's control"
    page = (model / "report.html").read_bytes().decode("utf-8")
    assert "<img src=x" not in page
    assert "<b>bold" not in page
    table = (model / "skipped.csv").read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 4
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
