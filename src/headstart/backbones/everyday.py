"""(a person's word for a class) => those of a network's own classes that it stands for: "cats" => five cats.

ImageNet's classes are finer than everyday words: it knows no "cat", but tabby, tiger cat, Persian, Siamese
and Egyptian cat. They stand in the order of WordNet's tree, so that many an everyday word is a range of them.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from headstart.backbones.imagenet import imagenet_classes, imagenet_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    "fish": (("tench", "stingray"), ("barracouta", "puffer")),
    "shark": (("great white shark", "hammerhead"),),
    "bird": (("cock", "great grey owl"), ("black grouse", "black swan"), ("white stork", "albatross")),
    "chicken": (("cock", "hen"),),
    "salamander": (("European fire salamander", "axolotl"),),
    "frog": (("bullfrog", "tailed frog"),),
    "turtle": (("loggerhead", "box turtle"),),
    "lizard": (("banded gecko", "Komodo dragon"),),
    "snake": (("thunder snake", "sidewinder"),),
    "spider": (("black and gold garden spider", "wolf spider"),),
    "crab": (("Dungeness crab", "king crab"), ("hermit crab", "hermit crab")),
    "lobster": (("American lobster", "spiny lobster"),),
    "stork": (("white stork", "black stork"),),
    "whale": (("grey whale", "killer whale"),),
    "dog": (("Chihuahua", "Mexican hairless"),),
    "husky": (("Eskimo dog", "Eskimo dog"), ("Siberian husky", "Siberian husky")),
    "wolf": (("timber wolf", "red wolf"),),
    "fox": (("red fox", "grey fox"),),
    "cat": (("tabby", "Egyptian cat"),),
    "big cat": (("cougar", "cheetah"),),
    "bear": (("brown bear", "sloth bear"),),
    "beetle": (("tiger beetle", "weevil"),),
    "insect": (("tiger beetle", "lycaenid"),),
    "butterfly": (("admiral", "lycaenid"),),
    "rabbit": (("wood rabbit", "Angora"),),
    "pig": (("hog", "warthog"),),
    "sheep": (("ram", "bighorn"),),
    "antelope": (("hartebeest", "gazelle"),),
    "ape": (("orangutan", "siamang"),),
    "monkey": (("guenon", "squirrel monkey"),),
    "elephant": (("Indian elephant", "African elephant"),),
    "panda": (("lesser panda", "giant panda"),),
    "guitar": (("acoustic guitar", "acoustic guitar"), ("electric guitar", "electric guitar")),
    "bus": (("minibus", "minibus"), ("school bus", "school bus"), ("trolleybus", "trolleybus")),
}
"""From the first to the last class of each range, in ImageNet's order; wild dogs and foxes are no "dog"."""

_AMBIGUOUS = {
    "admiral", "afghan", "amphibian", "anteater", "beam", "bell", "boa", "board", "bob", "bolo", "bonnet",
    "bow", "boxer", "brass", "buckeye", "bullet", "cab", "capuchin", "cardigan", "carriage", "carrier",
    "cell", "chain", "chest", "chime", "chopper", "clog", "coach", "cocker", "coil", "crane", "cricket",
    "drake", "drop", "drumstick", "ear", "essence", "file", "fitch", "grand", "groin", "groom", "hack",
    "head", "hedgehog", "helix", "hip", "hopper", "horn", "iron", "jack", "jersey", "killer", "kite",
    "light", "liner", "mail", "market", "mini", "mole", "monitor", "mortar", "mouse", "muzzle", "nail",
    "nipple", "notebook", "nursery", "organ", "ounce", "painter", "panther", "pembroke", "pick", "pirate",
    "pitcher", "plane", "plate", "pole", "polecat", "press", "puff", "racer", "reaper", "reel", "remote",
    "rig", "ringtail", "roach", "robin", "rocker", "rubber", "rule", "safe", "scale", "scooter", "scope",
    "screen", "shades", "shetland", "site", "slot", "sorrel", "speaker", "spike", "spindle", "spiral",
    "spot", "stage", "stole", "sub", "switch", "tank", "taper", "teddy", "torch", "torpedo", "trumpet",
    "tusker", "upright", "vault", "wagon", "washer", "wing", "wrecker",
}  # fmt: skip
"""Words that as often mean something else than the class that has them (a boa is a snake before it is a scarf
of feathers): alone they stand for no class, a WordNet id or a fuller synonym does."""

_ALSO = {
    "kitten": "cat", "puppy": "dog", "bunny": "rabbit",
    "geese": "goose", "mice": "mouse", "wolves": "wolf", "oxen": "ox",
}  # fmt: skip


def plain_name(name: str) -> str:
    """A class's name without what does not matter: capitals, underscores, spaces at its ends.

    Example:
        >>> plain_name("Egyptian_cat ")
        'egyptian cat'
    """
    return " ".join(name.replace("_", " ").casefold().split())


def with_synonyms(name: str, number: str) -> str:
    """A class's name with WordNet's other words for it, by which a match can be judged.

    Args:
        name: of the class.
        number: its WordNet id; one that is not among the thousand has no other words.

    Example:
        >>> with_synonyms("mouse", "n03793489"), with_synonyms("bee", "n02206856"), with_synonyms("elk", "")
        ('mouse (computer mouse)', 'bee', 'elk')
    """
    others = sorted(imagenet_words().get(number, frozenset()) - {plain_name(name)})
    return f"{name} ({', '.join(others)})" if others else name


def own_classes_of(
    labels: Sequence[str], names: Sequence[str], ids: Sequence[str] = ()
) -> dict[str, tuple[int, ...]]:
    """Which of a network's own classes each label stands for: by WordNet id, name, synonym, or everyday word.

    Capitals, underscores and the plural do not matter. Of ImageNet's classes an ambiguous word ("mouse",
    "boa") alone stands for none, its id or a fuller synonym ("computer mouse") does. A class that one label
    names goes to it alone: where there are "pug" and "dog", "dog" is every other breed.

    Args:
        labels: a person's classes.
        names: the network's.
        ids: WordNet ids of the network's classes; () where it has none: then only names count.

    Returns:
        Places in `names`, ascending, for each label that has some; no place stands under two labels.

    Example:
        >>> classes = imagenet_classes()
        >>> found = own_classes_of(["cats", "Samoyed", "meadow"], classes.names, classes.ids)
        >>> {label: [classes.names[at] for at in places] for label, places in found.items()}
        {'cats': ['tabby', 'tiger cat', 'Persian cat', 'Siamese cat', 'Egyptian cat'], 'Samoyed': ['Samoyed']}
    """
    named = {label: _named(label, names, ids) for label in labels}
    meant = {at for places in named.values() for at in places}
    grouped = {
        label: tuple(at for at in _grouped(label, ids) if at not in meant)
        for label in labels
        if not named[label]
    }
    found = {label: named[label] or grouped[label] for label in labels}
    often = Counter(at for places in found.values() for at in places)
    # Where two everyday words overlap ("insect", "beetle"), neither can be told from the other.
    return {
        label: places for label, places in found.items() if places and all(often[at] == 1 for at in places)
    }


def _named(label: str, names: Sequence[str], ids: Sequence[str]) -> tuple[int, ...]:
    """The class of that id or name; else those of which it is a synonym, unless it is an everyday word."""
    if label in ids:
        return (ids.index(label),)
    forms = _forms(label)
    if ids and forms & _AMBIGUOUS:
        return ()
    plain = [plain_name(name) for name in names]
    exact = tuple(at for at, name in enumerate(plain) if name in forms)
    if exact or any(form in _groups() for form in forms):
        return exact
    words = imagenet_words()
    return tuple(at for at, number in enumerate(ids) if forms & words.get(number, frozenset()))


def _grouped(label: str, ids: Sequence[str]) -> tuple[int, ...]:
    """The classes of the group that a word names, in their order."""
    groups = _groups()
    wanted = next((groups[form] for form in sorted(_forms(label)) if form in groups), frozenset())
    return tuple(at for at, number in enumerate(ids) if number in wanted)


def _forms(label: str) -> frozenset[str]:
    """A word as it stands, and what it may be the plural of.

    Example:
        >>> sorted(_forms("Puppies"))
        ['dog', 'puppi', 'puppie', 'puppies', 'puppy']
    """
    word = plain_name(label)
    found = {word}
    if word.endswith("s"):
        found.add(word[:-1])
    if word.endswith("es"):
        found.add(word[:-2])
    if word.endswith("ies"):
        found.add(f"{word[:-3]}y")
    return frozenset(found | {_ALSO[form] for form in found if form in _ALSO})


@cache
def _groups() -> Mapping[str, frozenset[str]]:
    """WordNet ids by everyday word."""
    every = imagenet_classes()
    places = {name: at for at, name in enumerate(every.names)}
    return {
        word: frozenset(
            number for first, last in ranges for number in every.ids[places[first] : places[last] + 1]
        )
        for word, ranges in _GROUPS.items()
    }
