"""Identical photos: copies stay, contradictions are reported and left out."""

from __future__ import annotations

import random
from pathlib import Path

from headstart.images.conflicts import resolve_duplicates
from headstart.images.photo import Hashed, Photo, Reason


def hashed(*named):
    """Photos from "label/name=content" (no label: "name=content")."""
    photos = []
    for text in named:
        name, content = text.split("=")
        label = name.split("/")[0] if "/" in name else None
        photos.append(Hashed(Photo(Path(name), name, label), content * 64, len(content)))
    return photos


def names(group):
    return [each.photo.name for each in group]


def test_nothing_to_report():
    photos = hashed("cat/1=a", "cat/2=b", "dog/3=c")
    report = resolve_duplicates(photos)
    assert report.used == tuple(photos)
    assert (report.groups, report.conflicts, report.skipped, report.notes) == ((), (), (), ())
    assert resolve_duplicates([]).used == ()


def test_copies_in_one_class_stay_and_are_grouped():
    report = resolve_duplicates(hashed("dog/9=c", "cat/2=a", "dog/8=c", "cat/1=a", "cat/3=a", "cat/4=b"))
    assert names(report.used) == ["dog/9", "cat/2", "dog/8", "cat/1", "cat/3", "cat/4"]
    assert [names(group) for group in report.groups] == [["cat/1", "cat/2", "cat/3"], ["dog/8", "dog/9"]]
    assert report.skipped == ()
    assert report.notes == ("3 photos are exact copies of another one",)


def test_a_photo_in_two_classes_is_not_used_anywhere():
    report = resolve_duplicates(hashed("cat/1=a", "dog/1=a", "cat/1 copy=a", "dog/2=b"))
    assert names(report.used) == ["dog/2"]
    assert [names(group) for group in report.conflicts] == [["cat/1", "cat/1 copy", "dog/1"]]
    assert report.groups == ()
    assert [(entry.name, entry.label) for entry in report.skipped] == [
        ("cat/1", "cat"),
        ("cat/1 copy", "cat"),
        ("dog/1", "dog"),
    ]
    assert {(entry.reason, entry.stage, entry.bytes) for entry in report.skipped} == {
        (Reason.IN_TWO_CLASSES, "read", 1)
    }
    assert report.skipped[0].detail == "the same photo is 'cat' as 'cat/1' and 'dog' as 'dog/1'"
    assert report.notes == ("3 photos not used: the same photo has two labels",)


def test_without_labels_nothing_contradicts():
    report = resolve_duplicates(hashed("1.jpg=a", "2.jpg=a"))
    assert len(report.used) == 2
    assert len(report.groups) == 1


def test_the_report_does_not_depend_on_the_order():
    photos = hashed(
        "cat/1=a", "dog/1=a", "cat/2=b", "cat/3=b", "bird/4=c", "dog/4=c", "dog/5=d", "cat/\udce9=b"
    )
    first = resolve_duplicates(photos)
    for seed in range(5):
        shuffled = random.Random(seed).sample(photos, len(photos))
        again = resolve_duplicates(shuffled)
        assert (again.groups, again.conflicts, again.skipped) == (
            first.groups,
            first.conflicts,
            first.skipped,
        )
        assert list(again.used) == [each for each in shuffled if each in first.used]
