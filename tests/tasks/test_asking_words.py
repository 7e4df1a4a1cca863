"""Why a photo is asked about, in words."""

import pytest

from headstart.heads.asking import Choice
from headstart.model.answers import Answer
from headstart.tasks.asking.words import ask_command, introduction, why


def answer(**changes):
    given = {"label": "a", "probabilities": {"a": 0.6, "b": 0.3}, "unknown": False, "neighbours": []}
    return Answer(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "doubt", "words"),
    [
        ({}, 0.7, "unsure between a and b"),
        ({}, 0.2, "a with 60 %, to be confirmed"),
        ({"unknown": None}, 0.2, "a with 60 %, to be confirmed"),
        ({"unknown": True}, 0.2, "unlike anything learned"),
        ({"one_of": ("a", "b", "c")}, 0.2, "unsure between a, b and c"),
        ({"one_of": tuple("abcde")}, 0.2, "unsure among 5 classes, a and b first"),
        ({"one_of": ("a",)}, 0.7, "unsure between a and b"),
        ({"probabilities": {"a": 1.0}}, 0.0, "a with 100 %, to be confirmed"),
    ],
)
def test_each_kind_of_doubt_has_its_words(changes, doubt, words):
    assert why(Choice("0f", doubt, 0), answer(**changes)) == words


def test_how_many_it_stands_for_is_counted():
    assert why(Choice("0f", 0.9, 1), answer()).endswith("; stands for 1 similar photo")
    assert why(Choice("0f", 0.9, 1400), answer()).endswith("; stands for 1,400 similar photos")


def test_the_introduction_fits_the_numbers():
    assert introduction(3, 900, "m").startswith("The 3 of 900 photos whose class")
    assert introduction(1, 900, "m").startswith("The one of 900 photos whose class")
    assert introduction(9, 9, "m").startswith("All 9 photos that m was not trained on")


def test_the_command_survives_any_name(tmp_path):
    assert ask_command("/m", ["/a b"], 5, tmp_path / "it's") == (
        f"headstart ask /m '/a b' -n 5 -o '{tmp_path}/it'\"'\"'s'"
    )
