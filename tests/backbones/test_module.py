"""A user's own network."""

import copy
import hashlib

import pytest
import torch
from torch import nn

from headstart.backbones.check import check_backbone
from headstart.backbones.module import module_backbone
from headstart.backbones.restore import restore_backbone
from headstart.errors import BackboneError
from headstart.images.resize import Resize

HALF = (0.5, 0.5, 0.5)


def network(classes: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 5, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(5, classes),
    )


def backbone_of(module=None, **facts):
    given = {"name": "mine", "mean": HALF, "std": HALF, "input_size": 12, **facts}
    return module_backbone(module if module is not None else network(), **given)


def test_everything_stated_is_in_the_spec():
    spec = backbone_of(classes=("a", "b", "c"), class_ids=("1", "2", "3"), licence="MIT", source="me").spec

    assert (spec.name, spec.framework, spec.feature_layer, spec.feature_width) == (
        "module:mine",
        "module",
        "3:mean",
        5,
    )
    assert (spec.classes, spec.class_ids, spec.licence, spec.source) == (
        ("a", "b", "c"),
        ("1", "2", "3"),
        "MIT",
        "me",
    )
    assert spec.preprocessing.resize == Resize(12, 12, 12)


def test_the_users_network_stays_as_it_is():
    own = network().train()
    before = {name: value.clone() for name, value in own.state_dict().items()}

    backbone = backbone_of(own)
    backbone.features(torch.rand(2, 3, 12, 12))
    with torch.no_grad():
        own[0].weight.zero_()

    assert own.training
    assert all(each.requires_grad for each in own.parameters())
    assert torch.equal(before["1.running_mean"], own.state_dict()["1.running_mean"])
    assert bool(backbone.module[0].weight.any())


def test_the_digest_is_that_of_the_weights():
    first, second = network(), network()
    second.load_state_dict(first.state_dict())
    backbone = backbone_of(first)

    assert backbone.spec.weights_digest == backbone_of(second).spec.weights_digest
    assert backbone.spec.weights_digest == hashlib.sha256(backbone.weights()).hexdigest()
    with torch.no_grad():
        second[0].weight[0, 0, 0, 0] += 1
    assert backbone.spec.weights_digest != backbone_of(second).spec.weights_digest


def test_shared_weights_are_fine():
    own = network()
    own.add_module("again", nn.Linear(3, 3))
    own.again.weight = nn.Parameter(torch.eye(3))
    own.add_module("twice", nn.Linear(3, 3))
    own.twice.weight = own.again.weight

    assert len(backbone_of(own).weights()) > 0


def test_another_resize_and_layer_are_taken():
    resize = Resize(10, 14, 16, "lanczos", "squash")
    spec = backbone_of(input_size=None, resize=resize, feature_layer="2").spec

    assert spec.preprocessing.resize == resize
    assert (spec.feature_layer, spec.feature_width) == ("2", 8 * 8 * 12)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"mean": (0.5,)}, "mean should have three numbers"),
        ({"std": (0, 1, 1)}, "std should be above 0"),
        ({"input_size": None}, "expected input_size or resize"),
        ({"resize": Resize(8, 8, 8)}, "expected input_size or resize"),
        ({"input_size": 0}, "input_size should be 1 or more"),
        ({"classes": ("a", "a", "b")}, "unique"),
        ({"classes": ("a", "b")}, "gives 3 numbers, but has 2 names"),
        ({"classes": ("a", "b", "c"), "class_ids": ("1",)}, "1 class_ids were given for 3 classes"),
        ({"feature_layer": "nothing"}, "no layer is called 'nothing'"),
    ],
)
def test_what_cannot_be_is_refused(facts, message):
    with pytest.raises(BackboneError, match=message):
        backbone_of(**facts)


def test_only_the_user_can_build_it_again():
    backbone = backbone_of()

    with pytest.raises(BackboneError, match="build it again with module_backbone"):
        restore_backbone(backbone.spec, backbone.weights())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_network_in_another_precision_computes_in_float32(dtype):
    own = network().to(dtype)
    backbone = backbone_of(own)

    assert own[0].weight.dtype == dtype
    assert backbone.features(torch.rand(1, 3, 12, 12)).dtype == torch.float32
    assert backbone.spec.weights_digest == backbone_of(copy.deepcopy(own).float()).spec.weights_digest
    check_backbone(backbone)


class Around(nn.Module):
    """A network inside something odd."""

    def __init__(self):
        super().__init__()
        self.body = network()

    def forward(self, x):
        return self.body(x)


class Volume(Around):
    def __init__(self):
        super().__init__()
        self.volume = nn.Conv3d(1, 4, 3)

    def forward(self, x):
        return self.volume(x[:, None]).flatten(2).mean(2)


class Masked(Around):
    def __init__(self, *, persistent=True):
        super().__init__()
        self.register_buffer("mask", torch.full((4, 4), -torch.inf).triu(1), persistent=persistent)


class Extra(Around):
    def get_extra_state(self):
        return {"version": 1}


class Uncopied(Around):
    def __deepcopy__(self, memo):
        raise TypeError("cannot pickle a lock")


class Fickle(Around):
    def forward(self, x):
        return self.body(nn.functional.dropout(x))


class Infinite(Around):
    def forward(self, x):
        return self.body(x).exp() / 0


class Deaf(Around):
    def forward(self, x):
        raise KeyError("nothing works")


def with_nan():
    own = network()
    with torch.no_grad():
        own[0].weight[0] = torch.nan
    return own


def test_tensors_of_five_axes_and_masks_that_are_not_kept_are_fine():
    check_backbone(backbone_of(Volume(), feature_layer="output"))
    check_backbone(backbone_of(Masked(persistent=False)))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda x: x, "mine is a function; expected a torch.nn.Module"),
        (Masked(), r"'mask' that are not finite.*persistent=False"),
        (with_nan(), r"'0\.weight' that are not finite"),
        (Extra(), r"'_extra_state'.*get_extra_state"),
        (Uncopied(), "can't be copied to the CPU: TypeError: cannot pickle a lock"),
        (Deaf(), "can't be run on a photo: KeyError"),
        (nn.Conv2d(1, 2, 3), "can't be run on a photo of 12 x 12 pixels"),
        (nn.Sequential(nn.LazyConv2d(2, 3)), "LazyModule"),
        (Fickle(), r"other features each time in evaluation mode \(dropout that is always on\?\)"),
    ],
)
def test_a_network_that_cannot_be_a_backbone_is_one_line(module, message):
    state = torch.random.get_rng_state()
    with pytest.raises(BackboneError, match=message) as caught:
        backbone_of(module)
    assert "\n" not in str(caught.value)
    assert torch.equal(state, torch.random.get_rng_state())


def test_features_that_are_not_finite_are_refused():
    with pytest.raises(BackboneError, match="features that are not finite"):
        backbone_of(Infinite(), feature_layer="output")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_compiled_network_is_refused():
    with pytest.raises(BackboneError, match="TorchScript"):
        backbone_of(torch.jit.script(network()))


@pytest.mark.parametrize("what", ["mean", "std"])
def test_mean_and_std_are_finite(what):
    with pytest.raises(BackboneError, match=f"{what} should be finite"):
        backbone_of(**{what: (0.5, float("nan"), 0.5)})


def test_the_contract_finds_weights_that_became_infinite():
    backbone = backbone_of()
    with torch.no_grad():
        backbone.module[6].weight[0] = torch.inf
    with pytest.raises(BackboneError, match=r"numbers in '6\.weight' are not finite"):
        check_backbone(backbone)
