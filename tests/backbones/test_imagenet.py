"""ImageNet's classes."""

import pytest
from timm.data import ImageNetInfo

from headstart.backbones.imagenet import imagenet_classes


@pytest.mark.parametrize(
    ("subset", "count"), [("imagenet-1k", 1000), ("imagenet-12k", 11_821), ("imagenet-22k", 21_841)]
)
def test_names_and_ids_are_unique(subset, count):
    classes = imagenet_classes(subset)

    assert len(classes.names) == len(set(classes.names)) == count
    assert len(classes.ids) == len(set(classes.ids)) == count
    assert all(name.strip() for name in classes.names)


def test_names_belong_to_their_ids():
    classes, info = imagenet_classes(), ImageNetInfo()
    described = {number: info.label_name_to_description(number) for number in classes.ids}
    strange = [
        (name, described[number])
        for name, number in zip(classes.names, classes.ids, strict=True)
        if name.split()[0] not in described[number]
    ]

    assert strange == []


def test_the_cranes_and_maillots_are_told_apart():
    by_id = dict(zip(imagenet_classes().ids, imagenet_classes().names, strict=True))

    assert {by_id["n02012849"], by_id["n03126707"]} == {"crane bird", "crane"}
    assert by_id["n03710637"] != by_id["n03710721"]
