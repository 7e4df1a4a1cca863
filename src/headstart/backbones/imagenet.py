"""() => names and WordNet ids of ImageNet's classes, in the order of the logits of networks trained on it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from headstart.backbones.adapter import Classes

IMAGENET_1K = "imagenet-1k"


@cache
def imagenet_classes(subset: str = IMAGENET_1K) -> Classes:
    """Unique class names and WordNet ids.

    The thousand names are those of torchvision's own weights, which tell the two cranes and the two
    maillots apart; the ids, and all names of larger subsets, are those of timm's tables.

    Args:
        subset: "imagenet-1k", or another of `timm.data.ImageNetInfo` ("imagenet-12k", "imagenet-22k", …).

    Example:
        >>> classes = imagenet_classes()
        >>> classes.names[134], classes.ids[134], classes.names[517]
        ('crane bird', 'n02012849', 'crane')
        >>> len(set(classes.names))
        1000
    """
    from timm.data.imagenet_info import ImageNetInfo

    info: Any = ImageNetInfo(subset)
    ids = tuple(info.label_names())
    if subset == IMAGENET_1K:
        from torchvision.models import ResNet18_Weights

        return Classes(tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"]), ids)
    return Classes(unique_names([info.index_to_description(index) for index in range(len(ids))], ids), ids)


@cache
def imagenet_words() -> dict[str, frozenset[str]]:
    """All words that WordNet has for each of the thousand classes, by WordNet id, in small letters.

    Example:
        >>> sorted(imagenet_words()["n02111889"])
        ['samoyed', 'samoyede']
    """
    from timm.data.imagenet_info import ImageNetInfo

    info: Any = ImageNetInfo(IMAGENET_1K)
    return {
        number: frozenset(info.index_to_description(index).casefold().split(", "))
        for index, number in enumerate(info.label_names())
    }


def unique_names(lemmas: list[str], ids: tuple[str, ...]) -> tuple[str, ...]:
    """The first word for each class; where classes share it, all their words, and the id as a last resort.

    Example:
        >>> unique_names(["crane", "crane", "maillot", "maillot, tank suit"], ("n1", "n2", "n3", "n4"))
        ('crane (n1)', 'crane (n2)', 'maillot (n3)', 'maillot, tank suit')
    """
    first = [words.split(", ")[0] for words in lemmas]
    shared = Counter(first)
    names = [words if shared[word] > 1 else word for word, words in zip(first, lemmas, strict=True)]
    still = Counter(names)
    return tuple(
        f"{name} ({number})" if still[name] > 1 or (shared[name] > 1 and name == word) else name
        for name, word, number in zip(names, first, ids, strict=True)
    )
