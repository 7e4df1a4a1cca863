"""How one would notice: only signs that the figures bear out are named."""

import re
from dataclasses import replace

import numpy as np
import pytest

from headstart.heads.detection import Share
from headstart.tasks.newkinds.apart import Counted, fall
from headstart.tasks.newkinds.fairness import BY_CHANCE, of_many_classes
from headstart.tasks.newkinds.shift import ClassFall, Shift, Sureness, matching
from headstart.tasks.newkinds.shift_words import how_to_notice, shift_notes, shift_sentences

OWN = Sureness(Counted(90, 100), 0.9, 0.02)
FOUND = Shift(
    model="m",
    photos=100,
    leaked=0,
    unmatched=(),
    confidence=0.88,
    now=Sureness(Counted(40, 100), 0.88, 0.5),
    own=OWN,
    unknown=Share(0.04, 0.02, 0.08),
    false_alarms=0.05,
    stranger=Share(0.52, 0.45, 0.6),
    not_measured="",
    classes=(ClassFall("cat", "cat", Counted(5, 50), Counted(48, 50), "dog"),),
)


def test_where_nothing_moves_you_would_hardly_notice():
    said = how_to_notice(FOUND)

    assert said.startswith("You would hardly notice")
    assert "accuracy is 40.0 %" in said
    assert "Label some photos" in said


def test_unknown_answers_and_falling_confidence_are_signs():
    shifted = replace(FOUND, unknown=Share(0.6, 0.5, 0.7), confidence=0.6)
    said = how_to_notice(shifted)

    assert "60.0 % of these photos unknown" in said
    assert "falls from 90.0 % to 60.0 %" in said


def test_without_figures_of_its_own_no_sign_is_claimed():
    said = how_to_notice(replace(FOUND, own=None, unknown=None))

    assert "nothing of that is a sign by itself" in said


def test_sentences_name_the_gap_the_distance_and_the_class():
    said = " ".join(shift_sentences(FOUND, trained_here=0.8))

    assert "48 points surer than it is right" in said
    assert "not told from its own" in said
    assert "'cat' 96.0 % → 10.0 %, called 'dog' instead" in said
    assert "gets 80.0 %" in said


@pytest.mark.parametrize(
    ("auroc", "words"),
    [(Share(0.9, 0.8, 0.95), "lie away"), (Share(0.2, 0.1, 0.3), "nearer"), (None, "not measured: why")],
)
def test_distance_in_words(auroc, words):
    found = replace(FOUND, stranger=auroc, not_measured="" if auroc else "why")
    assert any(words in sentence for sentence in shift_sentences(found))


def test_no_class_in_common():
    found = replace(FOUND, now=None, unmatched=("elk",), classes=(), leaked=2)

    assert "None of these classes is one of m's" in shift_sentences(found)[0]
    assert len(shift_notes(found)) == 2


def test_a_class_without_figures_of_its_own_is_not_called_broken():
    assert not ClassFall("cat", "cat", Counted(0, 50), None, "").breaks
    assert not ClassFall("cat", "cat", Counted(45, 50), Counted(46, 50), "").breaks


def test_names_match_whatever_their_capitals_and_the_very_name_wins():
    assert matching(("Cat", "cat", "big_dog"), ("CAT", "cat", "Big dog")) == {
        "Cat": "CAT", "cat": "cat", "big_dog": "Big dog",
    }  # fmt: skip


def test_a_fall_is_the_difference_and_its_ends_lie_around_it():
    value, low, high = fall(Counted(10, 10), Counted(0, 10))
    assert value == 1.0
    assert 0.5 < low < high <= 1.0


@pytest.mark.parametrize(("compared", "words"), [(37, "of 37 .* about 0.9 are"), (200, "about 5.0 are")])
def test_many_classes_are_expected_to_bring_some_that_fell_by_chance(compared, words):
    (said,) = of_many_classes(compared)
    assert re.search(words, said)


def test_the_chance_of_a_class_that_did_not_fall_to_be_called_fallen_is_what_is_said():
    """Drawn 4,000 times: both shares come from the same coin."""
    chance = np.random.default_rng(0)
    before, after = chance.binomial(60, 0.8, 4000), chance.binomial(60, 0.8, 4000)
    called = [
        fall(Counted(int(b), 60), Counted(int(a), 60))[1] > 0 for b, a in zip(before, after, strict=True)
    ]
    assert np.mean(called) == pytest.approx(BY_CHANCE, abs=0.01)


def test_one_class_needs_no_such_word():
    assert of_many_classes(1) == []
