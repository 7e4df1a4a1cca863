"""The benchmark of doubted labels changes what it says, and its table adds up."""

from __future__ import annotations

import io

import numpy as np
from rich.console import Console

import doctor
from headstart.tasks.doctoring.labels import Rows


def test_as_many_labels_are_changed_as_asked_and_the_same_ones_again():
    names = tuple(f"{number}.jpg" for number in range(20))
    rows = Rows(np.zeros((20, 2), np.float32), names, tuple("ab" * 10), names)
    given, wrong = doctor.changed(rows, 4, seed=1)
    differ = {name for name, old, new in zip(names, rows.labels, given.labels, strict=True) if old != new}
    assert differ == wrong
    assert len(wrong) == 4
    assert doctor.changed(rows, 4, seed=1)[1] == wrong


def test_the_table_ends_with_the_sum_of_each_network():
    counts = {"right": 2, "listed": 3, "clean": 1}
    found = [
        {"backbone": "pocket", "set": name, "changed": 10, "wrong_label": counts, "doubtful_label": counts}
        for name in ("one", "two")
    ]
    console = Console(file=io.StringIO(), width=120)
    console.print(doctor.table_of(found))
    last = next(line for line in console.file.getvalue().splitlines() if " all " in line)
    assert last.split() == ["pocket", "all", "20", "4/6", "2", "4/6", "2"]
