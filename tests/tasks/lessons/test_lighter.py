"""A lighter network beside VGG-16: the lesson's sentence is judged beside that network only."""

import pytest

from headstart.heads.paired import PairedDifference
from headstart.tasks.lessons.desk import Chosen
from headstart.tasks.lessons.lighter import judged, reasons_beside
from headstart.testing import tiny_backbone

FAR, NEAR, BETTER = (
    PairedDifference(*each, 100) for each in ((-0.2, -0.3, -0.1), (0, -0.1, 0.1), (0.2, 0.1, 0.3))
)


@pytest.mark.parametrize("name", ["torchvision:vgg16@v1", "keras:VGG16"])
def test_beside_vgg_the_difference_decides(name):
    heavy = Chosen(name, tiny_backbone())

    assert [judged(heavy, each) for each in (FAR, NEAR, BETTER)] == ["behind", "within noise", "ahead"]
    assert reasons_beside(heavy) == ()


def test_vgg_of_another_framework_is_named():
    heavy = Chosen("keras:VGG16", tiny_backbone(), ("keras:VGG16 instead of torchvision:vgg16",))

    assert reasons_beside(heavy) == ("beside it keras:VGG16 instead of torchvision:vgg16",)


def test_beside_anything_else_nothing_is_said_of_the_lesson():
    heavy = Chosen("torchvision:squeezenet1_1", tiny_backbone())

    assert {judged(heavy, each) for each in (FAR, NEAR, BETTER)} == {"not comparable"}
    [reason] = reasons_beside(heavy)
    assert "torchvision:squeezenet1_1, no VGG-16" in reason
