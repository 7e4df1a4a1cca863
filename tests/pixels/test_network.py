"""A network or a trained model as one differentiable function: its answers, gradients and names."""

import pytest
import torch

from headstart.errors import UsageError
from headstart.pixels.network import class_index, of_backbone
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    photos = write_photos(place / "photos", ("red", "blue", "green"))
    backbone = tiny_backbone()
    return {
        head: train(photos, backbone=backbone, head=head, home=place / "home")
        for head in ("linear", "neighbours", "prototypes")
    }


@pytest.mark.slow
@pytest.mark.parametrize("head", ["linear", "neighbours", "prototypes"])
def test_a_trained_model_gives_its_own_probabilities_and_gradients(trained, head):
    model, network = trained[head], trained[head].network()
    pixels = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)

    assert torch.allclose(network.probabilities(pixels), model.to_torch()(pixels), atol=1e-6)
    (gradient,) = torch.autograd.grad(network.logits(pixels)[:, 0].sum(), pixels)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


def test_layers_and_logits_come_from_one_pass(trained):
    network = trained["linear"].network()
    pixels = torch.rand(2, 3, 32, 32)

    seen = network.see(pixels, ["first", "last:mean"])

    assert seen.activations["first"].shape[:2] == (2, 8)
    assert torch.equal(seen.logits, network.logits(pixels))
    assert network.see(pixels).activations == {}


def test_gradients_agree_with_finite_differences():
    network = of_backbone(tiny_backbone(classes=("cat", "dog")))
    start = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    pixels = start.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network.logits(pixels)[0, 0], pixels)
    towards = gradient / gradient.norm()

    step = 0.05
    more, less = (network.logits(start + way * step * towards)[0, 0].item() for way in (1, -1))

    # A ReLU bends in between now and then: not exactly.
    assert (more - less) / (2 * step) == pytest.approx(gradient.norm().item(), rel=0.02)


def test_classes_are_found_by_name_and_by_identifier():
    backbone = tiny_backbone(classes=("tiger cat", "Egyptian cat", "ox"))
    network = of_backbone(backbone)
    assert [class_index(network, each) for each in ("ox", "egyptian_cat", "Tiger  cat")] == [2, 1, 0]
    with pytest.raises(UsageError, match=r"tiny\S* has no class 'tigre cat'; close: 'tiger cat'"):
        class_index(network, "tigre cat")
    with pytest.raises(UsageError, match=r"no class 'cat'; close: .*'tiger cat'.*'Egyptian cat'|it has"):
        class_index(network, "cat")
    with pytest.raises(UsageError, match="it has 3, such as 'tiger cat'"):
        class_index(network, "zzzz")
    with pytest.raises(UsageError, match="no class ''"):
        class_index(network, "")


def test_a_network_without_classes_is_refused():
    with pytest.raises(UsageError, match="has no classes of its own; train a model on it"):
        of_backbone(tiny_backbone())
