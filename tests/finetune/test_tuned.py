"""The network that is trained: what changes, what stays, and the backbone that comes of it."""

import numpy as np
import pytest
import torch

from headstart.backbones.load import load_backbone
from headstart.backbones.restore import restore_backbone
from headstart.backbones.state import digest
from headstart.finetune.inputs import Kept
from headstart.finetune.loop import Examples, fit
from headstart.finetune.optimisers import make_optimiser
from headstart.finetune.parts import find_part
from headstart.finetune.tuned import Tuned
from headstart.heads.fitted import LinearHead
from tests.finetune.fakes import copied, own_backbone, own_keras_backbone, pixels, same, training

CLASSES = ("cat", "cow", "dog")


@pytest.fixture(scope="module", params=["torch", pytest.param("keras", marks=pytest.mark.slow)])
def backbone(request):
    return own_backbone() if request.param == "torch" else own_keras_backbone()


def tuned(backbone, wanted="last", **options):
    return Tuned(backbone, find_part(backbone, wanted), classes=3, **options)


def given(backbone, module, count=12):
    photos = pixels(count)
    cut = module.part.cut
    return photos if cut is None else backbone.activations(photos, [cut])[cut]


def trained(backbone, module, **options):
    kept = given(backbone, module)
    codes = np.arange(len(kept)) % 3
    examples = Examples(Kept(kept[None]), codes, np.arange(9), np.arange(9, 12), 3)
    return fit(module, examples, training(epochs=2, batch_size=3, **options))


def buffers(module):
    return {name: each.clone() for name, each in module.body.network.named_buffers()}


@pytest.mark.parametrize("wanted", ["last", "whole"])
@pytest.mark.parametrize(("batch_norm", "stays"), [("frozen", True), ("trained", False)])
def test_statistics_of_batch_norm(backbone, wanted, batch_norm, stays):
    module = tuned(backbone, wanted, batch_norm=batch_norm)
    before = buffers(module)

    trained(backbone, module)

    assert before
    assert same(before, buffers(module)) is (stays or backbone.spec.evaluates_only)


@pytest.mark.parametrize("wanted", ["last", "whole"])
def test_only_what_leads_to_the_rows_has_gradients(backbone, wanted):
    module = tuned(backbone, wanted)
    before = copied(module)
    named = {name for name, each in module.named_parameters() if each.requires_grad}
    whole = {"stem", "norm"} if wanted == "whole" else set()

    assert {name.split(".")[2] for name in named if name.startswith("body")} == {"middle", "deep"} | whole
    trained(backbone, module)
    changed = {name for name, value in module.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == named


def test_learning_rates_fall_from_the_last_stage_to_the_first(backbone):
    module = tuned(backbone, "whole")
    optimiser = make_optimiser(module, training(layer_decay=0.5, body_rate=0.2))
    names = {id(each): name for name, each in module.named_parameters()}
    scale = {
        names[id(each)].removeprefix("body.network."): group["lr_scale"]
        for group in optimiser.param_groups
        for each in group["params"]
    }

    assert scale["head.weight"] == scale["head.bias"] == 1.0
    assert {value for name, value in scale.items() if name.startswith("deep")} == {0.2}
    assert {value for name, value in scale.items() if name.startswith("middle")} == {0.1}
    assert {value for name, value in scale.items() if name.startswith(("stem", "norm"))} == {0.05}


def test_biases_and_norms_do_not_decay(backbone):
    module = tuned(backbone, "whole")
    optimiser = make_optimiser(module, training(weight_decay=0.1))
    decays = {id(each): group["weight_decay"] for group in optimiser.param_groups for each in group["params"]}

    for each in module.parameters():
        if each.requires_grad:
            assert decays[id(each)] == (0.0 if each.ndim <= 1 else 0.1)


def test_it_starts_with_the_probabilities_of_the_linear_head(backbone):
    chance = np.random.default_rng(0)
    head = LinearHead(CLASSES, chance.normal(size=(3, 12)), chance.normal(size=3), temperature=0.3)
    module = tuned(backbone, dropout=0.5)
    module.start_from(head)

    with torch.no_grad():
        found = torch.softmax(module(given(backbone, module)), dim=1).numpy()

    rows = backbone.features(pixels(12)).numpy()
    np.testing.assert_allclose(found, head.predict_proba(rows), atol=1e-5)
    again = module.linear_head(CLASSES, 1.0)
    np.testing.assert_allclose(again.predict_proba(rows), head.predict_proba(rows), atol=1e-5)


def test_the_linear_layer_starts_from_its_seed_and_leaves_torchs_own_chance_alone(backbone):
    before = torch.get_rng_state()
    first, again, other = (tuned(backbone, seed=seed).head.weight for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("wanted", ["last", "whole"])
def test_the_backbone_that_comes_of_it(backbone, wanted):
    weights, spec = backbone.weights(), backbone.spec
    module = tuned(backbone, wanted)
    trained(backbone, module)
    made = module.backbone(backbone)

    assert backbone.weights() == weights
    assert backbone.spec == spec
    assert made.spec.weights_digest == digest(made.weights()) != spec.weights_digest
    assert made.spec.name == f"{spec.name}@tuned-{made.spec.weights_digest[:12]}"
    assert made.spec.classes == made.spec.class_ids == ()
    with torch.no_grad():
        rows = module.body(given(backbone, module))
    torch.testing.assert_close(made.features(pixels(12)), rows, rtol=1e-3, atol=1e-4)


def test_a_registered_network_is_restored_from_its_bytes_alone():
    start = load_backbone("squeezenet1_1@random")
    module = tuned(start, "features.12")
    with torch.no_grad():
        for each in module.body.parameters():
            each.mul_(1.1)
    made = module.backbone(start)
    again = restore_backbone(made.spec, made.weights())
    photos = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    assert again.spec == made.spec
    assert torch.equal(again.features(photos), made.features(photos))
    assert not torch.allclose(again.features(photos), start.features(photos))


def test_it_is_ready_to_measure_when_made_and_dropout_stays_off(backbone):
    module = tuned(backbone, dropout=0.9)
    kept = given(backbone, module)

    assert not module.training
    assert torch.equal(module(kept), module(kept))
    module.train()
    assert not torch.equal(module(kept), module(kept))
