"""What a training says of photos that spoil its own figures, from rows alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.images.photo import Photo
from headstart.tasks.doctoring import training
from headstart.tasks.doctoring.command import Request
from headstart.tasks.doctoring.doubts import likely_wrong
from headstart.tasks.doctoring.labels import Rows, wrong_labels
from headstart.tasks.doctoring.training import near_copies, training_notes

CHECKING = Request(source="my pets", backbone="timm:mobilenetv2_100")
COMMAND = "headstart doctor 'my pets' --backbone timm:mobilenetv2_100"


def table(rows, names=None):
    names = names or [f"{number}.jpg" for number in range(len(rows))]
    photos = tuple(Photo(Path(name), name, "ab"[number % 2]) for number, name in enumerate(names))
    return SimpleNamespace(rows=rows.astype(np.float32), photos=photos, sha256=tuple(names))


def judged(method, of, index, sure=0.99):
    true = [of.photos[at].label for at in index]
    probabilities = np.array([[sure, 1 - sure] if label == "a" else [1 - sure, sure] for label in true])
    return SimpleNamespace(
        method=method, table=of, index=np.asarray(index), true=true, probabilities=probabilities
    )


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(40, 32)) + 0.5


def test_photos_that_differ_get_no_note(rows):
    of = table(rows)
    assert training_notes(of, judged("folds", of, range(40)), CHECKING) == ()
    assert training_notes(of, None, CHECKING) == ()


def test_a_near_copy_among_the_other_photos_is_named_once_for_both(rows):
    rows[7] = rows[3] * 1.5 + 0.01
    of = table(rows)
    [note] = training_notes(of, judged("folds", of, range(40)), CHECKING)
    assert note.startswith("2 judged photos are nearly the same as another photo")
    assert note.count("'3.jpg and 7.jpg'") == 1


def test_held_out_photos_are_compared_with_those_learned_from_only(rows):
    rows[1], rows[30] = rows[0] * 2, rows[2] * 2
    of = table(rows)
    assert near_copies(of, judged("held-out", of, range(20))) == [("2.jpg", "30.jpg")]


def test_a_copy_in_the_test_part_is_found_and_identical_bytes_are_another_matter(rows):
    of = table(rows)
    apart = table(np.concatenate([rows[:2] * 2, np.random.default_rng(1).normal(size=(25, 32)) + 0.5]))
    apart.sha256 = ("0.jpg", *(f"test {number}" for number in range(26)))
    assert near_copies(of, judged("test", apart, range(27))) == [("1.jpg", "1.jpg")]


def test_a_network_to_which_all_photos_are_the_same_names_none():
    draw = np.random.default_rng(2)
    of = table(1 + 1e-3 * draw.normal(size=(40, 32)))
    assert near_copies(of, judged("folds", of, range(40))) == []


def test_a_label_that_is_all_but_impossible_is_named_with_the_command_that_shows_it(rows, monkeypatch):
    of = table(rows)
    judgement = judged("test", of, range(40))
    judgement.probabilities[4] = [0.01, 0.99]
    [note] = training_notes(of, judgement, CHECKING)
    assert note.startswith("1 label is likely wrong ('4.jpg')")
    assert note.endswith(COMMAND)
    monkeypatch.setattr(training, "find_spec", lambda _: None)
    [note] = training_notes(of, judgement, CHECKING)
    assert note.endswith("(that needs cleanlab; install it with: pip install headstart[quality])")


@pytest.mark.slow
def test_what_one_draw_of_folds_doubts_is_named_only_where_a_check_up_lists_it_too(rows):
    rows[::2] += 3
    of = table(rows)
    judgement = judged("folds", of, range(40))
    judgement.probabilities[4] = [0.01, 0.99]
    assert not any("wrong" in note for note in training_notes(of, judgement, CHECKING))
    rows[4] -= 3
    of = table(rows)
    found, _ = wrong_labels(Rows.of(of, {sha: sha for sha in of.sha256}), seed=0)
    assert [each.files for each in found if each.kind == "wrong_label"] == [("4.jpg",)]
    note = training_notes(of, judgement, CHECKING)[-1]
    assert note.startswith("1 label is likely wrong ('4.jpg')")


def test_improbable_labels_that_are_no_more_frequent_than_their_probabilities_say_are_not_named():
    draw = np.random.default_rng(5)
    of_b = draw.uniform(0.01, 0.1, size=2000)
    honest = np.stack([1 - of_b, of_b], axis=1)
    labels = np.where(draw.random(2000) < of_b, "b", "a")
    labels[:5], honest[:5] = "b", [0.05, 0.95]
    improbable = int(np.sum((labels == "b") & (honest[:, 1] < 0.05)))
    assert improbable > 20
    assert len(likely_wrong(labels.tolist(), honest)) < 0.1 * improbable


def test_no_label_is_doubted_by_a_network_that_does_not_know_the_classes():
    draw = np.random.default_rng(3)
    guesses = draw.dirichlet([0.3, 0.3], size=60)
    assert likely_wrong(list("ab" * 30), guesses) == []


def test_doubts_come_worst_first_and_need_all_classes():
    sure = np.array([[0.995, 0.005]] * 10 + [[0.005, 0.995]] * 10)
    sure[0], sure[12] = [0.02, 0.98], [0.99, 0.01]
    given = list("a" * 10 + "b" * 10)
    assert likely_wrong(given, sure) == [12, 0]
    assert likely_wrong(["a"] * 20, sure) == []
