"""The table of files that were not used: read back whole, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os

import pytest

from headstart.images.csvout import skipped_csv
from headstart.images.photo import Reason, Skipped
from tests.images import trees


def rows(skipped):
    text = skipped_csv(skipped)
    text.encode("utf-8")  # no surrogate is left: it can be saved anywhere
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_line_for_each_file():
    skipped = [
        Skipped("cat/1.jpg", Reason.EMPTY, "it has no bytes", "read", 0, "cat"),
        Skipped("a, b.jpg", Reason.MISSING, 'there is no "such" file', "scan"),
    ]
    assert rows(skipped) == [
        {
            "file": "cat/1.jpg",
            "reason": "empty",
            "detail": "it has no bytes",
            "stage": "read",
            "bytes": "0",
            "label": "cat",
        },
        {
            "file": "a, b.jpg",
            "reason": "missing",
            "detail": 'there is no "such" file',
            "stage": "scan",
            "bytes": "",
            "label": "",
        },
    ]


def test_nothing_skipped_is_a_header():
    assert skipped_csv([]) == '"file","reason","detail","stage","bytes","label"\n'


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_runs_as_a_formula(start):
    (row,) = rows([Skipped(f"{start}1", Reason.EMPTY, f"{start}2", "read", 3, f"{start}4")])
    assert (row["file"], row["detail"], row["label"]) == (f"'{start}1", f"'{start}2", f"'{start}4")


def test_nasty_names_come_back_row_by_row():
    names = [os.fsdecode(name) for name in trees.NASTY_NAMES]
    found = rows([Skipped(name, Reason.CORRUPT, f"about {name!r}", "decode", 1, name) for name in names])
    assert len(found) == len(names)
    assert len({row["file"] for row in found}) == len(names)
    assert {row["file"] for row in found} >= {"caf\\xe9.jpg", "'-rf", "new\nline.jpg", "carriage\rreturn.jpg"}
    assert not any(row["file"].startswith(("=", "+", "-", "@")) for row in found)
