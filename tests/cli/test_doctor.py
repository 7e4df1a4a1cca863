"""`headstart doctor` on the command line: one JSON object, or lines for people."""

from __future__ import annotations

import json
import shutil

import pytest

from headstart.cli.app import build_app
from tests.tasks.doctoring.pictures import write

pytestmark = pytest.mark.slow
QUICK = ("--engine", "openvino", "--precision", "f32")  # no trial of what is fastest


@pytest.fixture
def run(tmp_path, capsys):
    def go(*words):
        code = build_app()(
            ["doctor", *map(str, words), *QUICK, "--home", str(tmp_path / "home")],
            result_action="return_value",
        )
        return code, capsys.readouterr()

    return go


@pytest.fixture
def photos(tmp_path):
    folder = write(tmp_path / "photos", each=5)
    shutil.copyfile(folder / "red/0.jpg", folder / "red/twin\x1b[31m.jpg")
    (folder / "red/empty.jpg").write_bytes(b"")
    return folder


def test_json_is_one_object_with_counts_and_the_files_written(run, photos, tmp_path):
    code, said = run(photos, "-o", tmp_path / "out", "--json")
    told = json.loads(said.out)
    assert code == 0
    assert told["counts"] == {"broken": 1, "duplicate": 1}
    assert told["photos"] == {"files": 12, "used": 11}
    assert set(told["files"]) == {"page", "csv", "json", "corrections"}
    assert {each["kind"] for each in told["findings"]} == {"broken", "duplicate"}


def test_lines_name_the_findings_and_no_control_character(run, photos):
    code, said = run(photos)
    assert code == 0
    assert "12 files looked at" in said.out
    assert "Exact copies: 1 (medium)" in said.out
    assert "\x1b" not in said.out
    assert "written:" not in said.out
