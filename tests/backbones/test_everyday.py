"""Everyday words for ImageNet's classes: whole groups, no class under two words, else silence."""

import pytest

from headstart.backbones.everyday import _AMBIGUOUS, _groups, own_classes_of, plain_name, with_synonyms
from headstart.backbones.imagenet import imagenet_classes, imagenet_words


def found(*labels):
    classes = imagenet_classes()
    places = own_classes_of(labels, classes.names, classes.ids)
    return {label: [classes.names[at] for at in of] for label, of in places.items()}


def test_cats_are_the_five_tame_ones_and_dogs_all_breeds():
    named = found("cat", "dog")

    assert len(named["cat"]) == 5
    assert len(named["dog"]) == 118
    assert {"pug", "Samoyed", "Mexican hairless"} <= set(named["dog"])
    assert not {"dingo", "timber wolf", "red fox"} & set(named["dog"])


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("ants", ["ant"]),
        ("Bees", ["bee"]),
        ("egyptian_CAT", ["Egyptian cat"]),
        ("n02111889", ["Samoyed"]),
        ("scottish_terrier", ["Scotch terrier"]),  # a synonym of WordNet's
        ("foxes", ["red fox", "kit fox", "Arctic fox", "grey fox"]),
        ("wolves", ["timber wolf", "white wolf", "red wolf"]),
        ("puppies", None),
        ("Huskies", ["Eskimo dog", "Siberian husky"]),
        ("computer mouse", ["mouse"]),
        ("n03126707", ["crane"]),
        ("lobster", ["American lobster", "spiny lobster"]),
    ],
)
def test_names_plurals_ids_and_synonyms(label, names):
    assert found(label)[label] == (found("dog")["dog"] if names is None else names)


def test_a_class_that_one_word_names_goes_to_it_alone():
    named = found("pug", "dog")

    assert named["pug"] == ["pug"]
    assert len(named["dog"]) == 117
    assert "pug" not in named["dog"]


def test_words_that_overlap_or_are_unknown_have_none():
    assert found("beetle", "insect", "meadow", "River") == {}
    assert found("kitten", "cats") == {}  # two words for the same classes


AMBIGUOUS = ["boa", "mice", "plane", "crane", "ear", "hip", "chest", "jersey", "kite", "Cardigan", "coach"]


@pytest.mark.parametrize("word", AMBIGUOUS)
def test_a_word_that_means_something_else_as_often_stands_for_no_class(word):
    assert found(word) == {}


def test_ambiguous_words_are_those_of_imagenet_and_of_no_other_network():
    words = set().union(*imagenet_words().values())

    assert words >= _AMBIGUOUS
    assert own_classes_of(["mouse"], ["mouse", "elk"]) == {"mouse": (0,)}


def test_synonyms_let_a_match_be_judged():
    assert with_synonyms("hip", "n12620546") == "hip (rose hip, rosehip)"
    assert with_synonyms("elk", "") == "elk"


def test_without_ids_only_names_count():
    assert own_classes_of(["cats", "dog", "elk"], ["Cat", "elk"]) == {"cats": (0,), "elk": (1,)}


def test_every_group_is_a_range_that_lies_in_imagenet():
    every = set(imagenet_classes().ids)

    assert all(ids and ids <= every for ids in _groups().values())
    assert len(_groups()["bird"]) == 59  # WordNet has as many below "bird" among the thousand
    assert plain_name(" Big_Cat ") == "big cat"
