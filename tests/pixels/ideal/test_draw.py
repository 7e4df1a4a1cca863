"""Ideal images: every method works, repeats, is bounded, and leaves the network as it was."""

import numpy as np
import pytest
import torch

from headstart.backbones.module import module_backbone
from headstart.errors import UsageError
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.images.resize import Resize
from headstart.pixels.ideal.draw import Wanted, canvas, channels, draw, framed
from headstart.pixels.ideal.recipes import OPTIMISERS, RECIPES, choose_recipe
from headstart.pixels.network import of_backbone
from headstart.pixels.objectives import total_variation
from headstart.report.sheet import png
from headstart.testing import tiny_backbone
from tests.backbones.keras.nets import tiny_keras_backbone

CLASSES = ("cat", "dog", "elk")
METHODS = sorted(RECIPES)


def network(kind="torch"):
    """Its logits are as steep as those of a network that has learned something."""
    backbone = (tiny_backbone if kind == "torch" else tiny_keras_backbone)(classes=CLASSES)
    classifier = backbone.module.classifier
    (classifier.weight if kind == "torch" else classifier.kernel).data *= 300
    return of_backbone(backbone)


def with_batch_norm():
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3),
        torch.nn.BatchNorm2d(6),
        torch.nn.ReLU6(inplace=True),
        torch.nn.Dropout(0.5),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(6, 2),
    )
    return of_backbone(
        module_backbone(
            module,
            name="normed",
            input_size=32,
            mean=(0.5,) * 3,
            std=(0.2,) * 3,
            feature_layer="2:mean",
            classes=("cat", "dog"),
        )
    )


@pytest.mark.parametrize("kind", ["torch", pytest.param("keras", marks=pytest.mark.slow)])
@pytest.mark.parametrize("method", METHODS)
def test_the_class_is_driven_and_the_picture_is_one(method, kind):
    asked = network(kind)
    for index in range(len(CLASSES)):
        made = draw(asked, Wanted(index=index), choose_recipe(method, steps=30))
        start = draw(asked, Wanted(index=index), choose_recipe(method, steps=0))

        assert made.shape == (1, 3, 32, 32)
        assert made.min() >= 0
        assert made.max() <= 1
        if method == "lesson":  # which climbs the probability
            assert asked.probabilities(made)[0, index] > 0.99
        else:
            assert asked.logits(made)[0, index] > asked.logits(start)[0, index]


@pytest.mark.parametrize("method", METHODS)
def test_a_channel_is_driven_too(method):
    asked, wanted = network(), Wanted(layer="last", channel=3)
    made, start = (draw(asked, wanted, choose_recipe(method, steps=steps)) for steps in (30, 0))

    def activation(pixels):
        return asked.see(pixels, ["last"]).activations["last"][:, 3].mean()

    assert activation(made) > activation(start)
    assert channels(asked, "last")[0] == 16


@pytest.mark.parametrize("layer", ["tokens", "places"])
def test_channels_that_do_not_come_first_are_found(layer):
    asked = of_backbone(
        module_backbone(
            Turned(),
            name="turned",
            input_size=32,
            mean=(0.5,) * 3,
            std=(0.25,) * 3,
            feature_layer="places:mean",
            classes=("a", "b"),
        )
    )
    count, layout = channels(asked, layer)
    assert count == 6
    pixels = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    seen = asked.see(pixels, [layer])
    wanted = Wanted(layer=layer, channel=5, layout=layout).objective()
    assert torch.allclose(wanted.value(seen), seen.activations[layer].flatten(1, -2)[:, :, 5].mean(1))


class Turned(torch.nn.Module):
    """Channels last, and tokens: as Swin and ViT have them."""

    def __init__(self):
        super().__init__()
        self.patches = torch.nn.Conv2d(3, 6, 8, stride=8)
        self.places, self.tokens = torch.nn.Identity(), torch.nn.Identity()
        self.last = torch.nn.Linear(6, 2)

    def forward(self, pixels):
        places = self.places(self.patches(pixels).permute(0, 2, 3, 1))
        return self.last(self.tokens(places.flatten(1, 2)).mean(1))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_bits_and_another_one_others(method):
    recipe = choose_recipe(method, steps=6)
    one, again, other = (draw(network(), Wanted(index=0), recipe, seed=seed) for seed in (3, 3, 4))

    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_left_as_it_was(method):
    asked = with_batch_norm()
    module, chance = asked.backbone.module, torch.random.get_rng_state()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}

    draw(asked, Wanted(index=1), choose_recipe(method, steps=4))

    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert not any(each.training for each in module.modules())
    assert all(each.grad is None and not each.requires_grad for each in module.parameters())
    assert not any(each._forward_hooks or each._backward_hooks for each in module.modules())
    assert torch.equal(chance, torch.random.get_rng_state())


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_total_variation_falls_as_its_weight_grows(method):
    heaviest = {"lesson": 0.05, "pixel": 10.0, "fourier": 10.0, "maco": 100.0}[method]
    recipe = [choose_recipe(method, steps=40, tv=heaviest * share) for share in (0.0, 0.1, 1.0)]

    rough = [float(total_variation(draw(network(), Wanted(index=0), each))) for each in recipe]

    assert rough[0] > rough[1] > rough[2]


def test_the_magnitude_stays_through_a_whole_run(monkeypatch):
    from headstart.pixels.ideal import draw as ideal
    from headstart.pixels.images import Phases

    kept = []
    monkeypatch.setattr(ideal, "Phases", lambda *given: kept.append(Phases(*given)) or kept[-1])
    errors = []

    def watch(_step):
        found = torch.fft.rfft2(kept[0].values().detach().double()).abs()
        template = kept[0]._magnitude.double()
        errors.append(float(((found - template).abs() / template.max()).max()))

    draw(network(), Wanted(index=0), choose_recipe("maco", steps=12), watch=watch)

    assert len(errors) == 12
    assert max(errors) < 1e-5


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_any_optimiser_walks_in_the_right_direction(name):
    asked = network()
    recipe = choose_recipe("fourier", steps=20, optimiser=name)

    values = []
    draw(asked, Wanted(index=0), recipe, watch=lambda step: values.append(float(step.value.sum())))

    assert sum(values[-5:]) > sum(values[:5])


@pytest.mark.parametrize(
    "resize",
    [
        Resize(32, 32, 40),
        Resize(32, 32, 32),
        Resize(32, 32, 37),
        Resize(24, 40, 28),
        Resize(32, 32, 32, mode="squash"),
    ],
)
def test_a_saved_picture_reaches_the_network_pixel_for_pixel(resize):
    height, width = canvas(resize)
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    received = decode(png_of(picture), resize).pixels
    top, left = (height - resize.height) // 2, (width - resize.width) // 2

    found = [
        picture[top + down : top + down + resize.height, left + right : left + right + resize.width]
        for down in (0, 1)
        for right in (0, 1)
    ]
    assert any(np.array_equal(received, each) for each in found)


def test_the_frame_is_what_the_network_cuts_away():
    resize = Resize(32, 32, 40)
    inside = torch.rand(1, 3, 32, 32)

    picture = (framed(inside, resize)[0].permute(1, 2, 0) * 255).round().byte().numpy()
    seen = torch.from_numpy(to_pixels([decode(png_of(picture), resize).pixels]))

    assert picture.shape == (40, 40, 3)
    assert torch.allclose(seen, inside, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"method": "dream"}, "expected one of"),
        ({"steps": -1}, "--steps is -1"),
        ({"tv": -0.5}, "--tv is -0.5"),
        ({"tv": float("nan")}, "--tv is nan"),
        ({"learning_rate": float("inf")}, "--learning-rate is inf"),
        ({"optimiser": "lbfgs"}, "no optimiser"),
    ],
)
def test_what_can_not_be_right_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        choose_recipe(**given)


def test_a_walk_that_explodes_is_said():
    recipe = choose_recipe("fourier", steps=5, optimiser="sgd", learning_rate=1e38)
    with pytest.raises(UsageError, match="smaller"):
        draw(network(), Wanted(index=0), recipe)


def png_of(picture):
    from PIL import Image

    return png(Image.fromarray(picture))
