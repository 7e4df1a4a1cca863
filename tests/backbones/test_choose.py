"""Which layer stands for a photo, derived from one pass."""

import pytest
import torch
from torch import nn

from headstart.backbones.adapter import observe_plain
from headstart.errors import BackboneError


class Net(nn.Module):
    """body, then what `between` makes of its map, then a linear classifier."""

    def __init__(self, between, width: int, body: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body or nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(inplace=True), nn.Conv2d(6, 4, 3))
        self.between = between
        self.classifier = nn.Linear(width, 7)

    def forward(self, x):
        return self.classifier(self.between(self.body(x)))


class Wrapped(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 6, 4, stride=4)
        self.norm = nn.LayerNorm(6)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.norm(self.patches(x).flatten(2).transpose(1, 2))[:, 0])


def chosen(network: nn.Module, **facts) -> str:
    pixels = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]):
        return observe_plain(network.eval(), pixels, has_classifier=facts.get("has_classifier", True))[1]


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def test_an_averaged_map_has_a_readable_name():
    assert chosen(Net(lambda x: x.mean((2, 3)), 4)) == "body:mean"


def test_a_flattened_map_is_averaged_too():
    assert chosen(Net(nn.Sequential(nn.AdaptiveAvgPool2d(3), nn.Flatten()), 36)) == "body:mean"


def test_a_function_between_map_and_average_is_kept():
    assert chosen(Net(lambda x: x.relu().mean((2, 3)), 4)) == "classifier:in"


def test_another_pooling_is_kept():
    assert chosen(Net(lambda x: x.amax((2, 3)), 4)) == "classifier:in"


def test_channels_last_is_the_networks_own_affair():
    class Permuted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 5, 3)
            self.norm = nn.LayerNorm(5)

        def forward(self, x):
            return self.norm(self.conv(x).permute(0, 2, 3, 1))

    assert chosen(Net(lambda x: x.mean((1, 2)), 5, Permuted())) == "classifier:in"


def test_tokens_are_the_networks_own_affair():
    assert chosen(Tokens()) == "head:in"


def test_a_convolution_may_be_the_classifier():
    classifier = nn.Sequential(nn.Conv2d(6, 9, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert chosen(nn.Sequential(nn.Conv2d(3, 6, 3), classifier)) == "0:mean"


def test_a_wrapper_around_everything_is_looked_through():
    assert chosen(Wrapped(Net(lambda x: x.mean((2, 3)), 4))) == "net.body:mean"


def test_a_body_without_a_classifier_gives_what_it_gives():
    body = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 3))
    pooled = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten())

    assert chosen(pooled, has_classifier=False) in {"0:mean", "0.1:mean"}
    assert chosen(nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 3)), has_classifier=False) == "1:mean"


def test_a_network_of_one_layer_has_nothing_before_it():
    with pytest.raises(BackboneError, match="state a feature layer"):
        chosen(nn.Sequential(nn.Flatten(), nn.Linear(768, 2)))
