"""Attacks with a budget, held to what pixels.md calls for: radius, identity, chance, order, closed forms."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.errors import UsageError
from headstart.pixels.attacks import AttackSettings, attack_pixels, parse_epsilon
from headstart.pixels.attacks.goal import Goal
from headstart.pixels.network import Seen, of_backbone
from headstart.pixels.steps import MomentumSteps
from headstart.testing import tiny_backbone
from tests.backbones.keras.nets import tiny_keras_backbone
from tests.pixels.attacks.linear_network import LinearNetwork, linear_world

NORMS = ("linf", "l2")
WALKS = ("fgsm", "pgd", "momentum")


@pytest.fixture(scope="module", params=["torch", pytest.param("keras", marks=pytest.mark.slow)])
def network(request):
    tiny = tiny_backbone if request.param == "torch" else tiny_keras_backbone
    return of_backbone(tiny(classes=("cat", "dog", "fish")))


@pytest.fixture(scope="module")
def photos():
    return np.round(np.random.default_rng(0).random((4, 3, 32, 32)) * 255).astype(np.float32) / np.float32(
        255
    )


@pytest.fixture(scope="module")
def labels(network, photos):
    return network.probabilities(torch.from_numpy(photos)).argmax(dim=1).numpy()


def length(change, norm):
    flat = change.astype(np.float64).reshape(len(change), -1)
    return abs(flat).max(axis=1) if norm == "linf" else np.sqrt((flat**2).sum(axis=1))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("method", WALKS)
@pytest.mark.parametrize("on_lattice", [False, True])
def test_nothing_leaves_the_ball_or_the_box_and_the_photos_stay(
    method, norm, on_lattice, network, photos, labels
):
    epsilon = {"linf": 5.6 / 255, "l2": 0.7}[norm]
    before = photos.copy()
    steps = 1 if method == "fgsm" else 6
    settings = AttackSettings(method, norm, epsilon, steps, step_size=epsilon / 3, on_lattice=on_lattice)

    changed = attack_pixels(network, photos, labels, settings=settings)

    assert length(changed - photos, norm).max() <= epsilon + 1e-6
    assert length(changed - photos, norm).min() > 0
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert changed.dtype == np.float32
    np.testing.assert_array_equal(photos, before)
    if on_lattice:
        whole = np.round(changed * 255)
        np.testing.assert_array_equal(changed, whole.astype(np.uint8).astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("method", WALKS)
@pytest.mark.parametrize("nothing", [{"epsilon": 0.0}, {"steps": 0}])
def test_no_budget_and_no_steps_leave_the_photo(method, nothing, network, photos, labels):
    changed = attack_pixels(network, photos, labels, settings=AttackSettings(method, **nothing))

    np.testing.assert_array_equal(changed, photos)


@pytest.mark.parametrize("method", [*WALKS, "descent"])
def test_neither_batch_nor_order_nor_workers_change_a_bit(method, network, photos, labels):
    settings = AttackSettings(method, steps=1 if method == "fgsm" else 5, restarts=2, random_start=True)

    together = attack_pixels(network, photos, labels, settings=settings, workers=3)
    backwards = attack_pixels(network, photos[::-1], labels[::-1], settings=settings, workers=1)
    alone = [
        attack_pixels(network, photos[place : place + 1], labels[place : place + 1], settings=settings)
        for place in range(len(photos))
    ]

    assert together.tobytes() == backwards[::-1].tobytes() == np.concatenate(alone).tobytes()


def test_another_seed_begins_elsewhere(network, photos, labels):
    settings = AttackSettings(steps=3)

    first, second, other = (
        attack_pixels(network, photos, labels, settings=replace(settings, seed=seed)) for seed in (0, 0, 1)
    )

    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("size", [(1, 3), (4, 6), (7, 7)])
def test_a_linear_network_falls_at_a_quarter_more_than_the_optimum(norm, targeted, size):
    # adversarial-library's test: the nearest boundary is known, and 1.25 times its distance is enough
    network, pixels, labels = linear_world(size)
    distances = network.distances(pixels, labels, norm)
    if targeted:
        targets = (labels + 1) % len(network.classes)
        optimum = distances.gather(1, targets[:, None])[:, 0]
        # The target must also beat all others: where it can, it is nearest to the photo among its rivals
        able = [bool(reachable(network, pixels[i], int(labels[i]), int(targets[i]), norm)) for i in range(8)]
    else:
        targets, able = None, [True] * len(pixels)
        optimum = distances.scatter(1, labels[:, None], float("inf")).amin(dim=1)
    assert sum(able) >= 2

    for place in np.flatnonzero(able):
        epsilon = 1.25 * float(optimum[place])
        one = slice(place, place + 1)
        changed = attack_pixels(
            network,
            pixels[one].numpy(),
            labels[one].numpy(),
            targets=None if targets is None else targets[one].numpy(),
            settings=AttackSettings("pgd", norm, epsilon, steps=60, restarts=10, loss="margin"),
        )
        goal = Goal(int(labels[place]), None if targets is None else int(targets[place]))
        assert float(goal.lead(network.logits(torch.from_numpy(changed)))) > 0
        assert length(changed - pixels[one].numpy(), norm)[0] <= 1.01 * epsilon


def reachable(network, photo, label, target, norm):
    """Whether the nearest point on the boundary between label and target, a tenth beyond, is the target's."""
    apart = network.weights[target] - network.weights[label]
    gap = float((network.weights[label] - network.weights[target]) @ (photo - 0.5).flatten())
    step = apart.sign() / apart.abs().sum() if norm == "linf" else apart / apart.norm() ** 2
    moved = (photo - 0.5).flatten() + 1.1 * gap * step
    return int((network.weights @ moved).argmax()) == target


@pytest.mark.parametrize("norm", NORMS)
def test_descent_stops_just_behind_the_boundary(norm):
    network, pixels, labels = linear_world((7, 7))
    optimum = network.distances(pixels, labels, "l2").scatter(1, labels[:, None], float("inf")).amin(dim=1)
    settings = AttackSettings("descent", step_size=0.03)

    changed = attack_pixels(network, pixels.numpy(), labels.numpy(), settings=settings)

    assert (network.logits(torch.from_numpy(changed)).argmax(dim=1) != labels).all()
    gone = length(changed - pixels.numpy(), "l2")
    assert (gone <= 1.25 * optimum.numpy() + 0.03).all()
    assert (gone >= optimum.numpy() - 1e-6).all()


def test_descent_goes_on_until_the_rounded_picture_has_the_new_answer(network, photos, labels):
    changed = attack_pixels(network, photos, labels, settings=AttackSettings("descent", on_lattice=True))

    assert (network.logits(torch.from_numpy(changed)).argmax(dim=1).numpy() != labels).all()
    np.testing.assert_allclose(changed * 255, np.round(changed * 255), atol=1e-4)


@pytest.mark.parametrize("norm", NORMS)
def test_more_budget_steps_and_restarts_never_lead_less(norm, network, photos, labels):
    def leads(**options):
        epsilon = {"linf": 2 / 255, "l2": 0.5}[norm] * options.pop("times", 1)
        settings = AttackSettings("pgd", norm, epsilon, **{"steps": 4, **options})
        changed = attack_pixels(network, photos, labels, settings=settings)
        logits = network.logits(torch.from_numpy(changed))
        return np.array([float(Goal(int(k)).lead(row[None])) for k, row in zip(labels, logits, strict=True)])

    base = leads()
    assert (leads(restarts=3) >= base).all()
    assert (leads(steps=8) >= base).all()
    assert (leads(times=3) >= base).all()


def test_pgd_is_at_least_as_strong_as_one_step(network, photos, labels):
    # From the photo: 40 steps of a thirtieth of the ball's radius do not cross it from one side to the other
    def leads(method):
        settings = AttackSettings(method, epsilon=4 / 255, random_start=False)
        changed = attack_pixels(network, photos, labels, settings=settings)
        logits = network.logits(torch.from_numpy(changed))
        return np.array([float(Goal(int(k)).lead(row[None])) for k, row in zip(labels, logits, strict=True)])

    assert (leads("pgd") >= leads("fgsm") - 1e-6).all()


def test_a_photo_on_the_target_has_the_target_as_its_answer(network, photos, labels):
    targets = (labels + 1) % 3
    changed = attack_pixels(
        network, photos, labels, targets=targets, settings=AttackSettings(epsilon=0.5, steps=30)
    )

    said = network.logits(torch.from_numpy(changed)).argmax(dim=1).numpy()
    assert (said == targets).any()
    assert ((said == targets) <= (said != labels)).all()


@pytest.mark.parametrize("loss", ["log_probability", "margin"])
@pytest.mark.parametrize("target", [None, 2])
def test_the_gradient_is_that_of_finite_differences(loss, target):
    network, pixels, labels = linear_world((2, 2), photos=1)
    double = LinearNetwork(network.weights.double(), network.size)
    label = int(labels[0])
    target = None if target is None else (label + target) % 5
    wanted = Goal(label, target).objective(loss)
    point = pixels.double().requires_grad_()

    (gradient,) = torch.autograd.grad(wanted.value(double.see(point)).sum(), point)

    for place in range(12):
        step = torch.zeros(12, dtype=torch.float64)
        step[place] = 1e-5
        step = step.view(1, 3, 2, 2)
        high, low = (wanted.value(double.see(point.detach() + sign * step)) for sign in (1, -1))
        assert float((high - low) / 2e-5) == pytest.approx(float(gradient.flatten()[place]), abs=1e-6)


def test_momentum_gathers_gradients_divided_by_their_own_length():
    # Dong et al. 2018: g1 = a / |a|_1; g2 = g1 + b / |b|_1; a picture's length is its own
    pixels = torch.zeros(2, 3, 1, 1, requires_grad=True)
    steps = MomentumSteps([pixels], lr=1.0, norm="linf")
    first = torch.tensor([[4.0, 0.0, -4.0], [400.0, 0.0, -400.0]]).view(2, 3, 1, 1)
    second = torch.tensor([[-1.0, 0.2, 1.0], [-1.0, 0.2, 1.0]]).view(2, 3, 1, 1)

    pixels.grad = first
    steps.step()
    pixels.grad = second
    steps.step()

    gathered = steps.state[pixels]["gathered"]
    expected = torch.tensor([0.5 - 1 / 2.2, 0.2 / 2.2, -0.5 + 1 / 2.2]).view(3, 1, 1)
    torch.testing.assert_close(gathered[0], expected)
    torch.testing.assert_close(gathered[1], expected)
    assert pixels.detach().flatten().tolist() == [-2.0, -1.0, 2.0] * 2


def test_a_margin_has_a_gradient_where_the_network_is_sure():
    # Softmax saturates in float32: the gradient of the log probability is exactly 0, and PGD stands still
    class Sure(LinearNetwork):
        def see(self, pixels, layers=()):
            seen = super().see(pixels)
            return Seen(pixels, 1000 * seen.logits, {})

    network, pixels, labels = linear_world((4, 6))
    sure = Sure(network.weights, network.size)
    optimum = network.distances(pixels, labels, "linf").scatter(1, labels[:, None], float("inf")).amin(dim=1)
    epsilon = 2 * float(optimum.max())

    def fallen(loss):
        settings = AttackSettings(epsilon=epsilon, loss=loss, random_start=False)
        changed = attack_pixels(sure, pixels.numpy(), labels.numpy(), settings=settings)
        return int((sure.logits(torch.from_numpy(changed)).argmax(dim=1) != labels).sum())

    assert fallen("margin") == len(pixels) > fallen("log_probability")


def test_the_network_and_the_process_are_as_before(network, photos, labels):
    module = network.backbone.module
    tensors = {name: each.clone() for name, each in module.state_dict().items()}
    state, threads = torch.get_rng_state(), torch.get_num_threads()

    attack_pixels(network, photos, labels, settings=AttackSettings(steps=2, restarts=2))

    assert not any(each.training for each in module.modules())
    assert not any(each.requires_grad or each.grad is not None for each in module.parameters())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in module.modules())
    assert all(torch.equal(tensors[name], each) for name, each in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magic"}, "expected one of pgd, fgsm"),
        ({"epsilon": 8.0}, "written 8/255"),
        ({"epsilon": -0.1}, "expected 0 or more"),
        ({"epsilon": float("nan")}, "expected 0 or more"),
        ({"method": "fgsm", "steps": 3}, "fgsm takes one"),
        ({"steps": -1}, "expected 0 or more"),
        ({"step_size": 0.0}, "above 0"),
        ({"restarts": 0}, "1 or more"),
        ({"method": "descent", "epsilon": 0.1}, "has no budget"),
        ({"method": "descent", "norm": "linf"}, "descent knows l2"),
        ({"loss": "softmax"}, "log_probability or margin"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        AttackSettings(**settings)


@pytest.mark.parametrize("text", ["eight", "8/0", "1/2/3", ""])
def test_an_epsilon_that_is_no_number_is_refused(text):
    with pytest.raises(UsageError, match=r"8/255 or 0\.03"):
        parse_epsilon(text)


def test_what_does_not_fit_is_refused(network, photos, labels):
    for wrong, message in (
        ({"pixels": photos * 255}, "divide by 255"),
        ({"pixels": photos.astype(np.float64)}, "expected float32"),
        ({"labels": labels[:2]}, "expected \\(4,\\)"),
        ({"labels": labels + 3}, "no class"),
        ({"targets": labels}, "its own label as its target"),
    ):
        arguments = {"pixels": photos, "labels": labels, **wrong}
        with pytest.raises(UsageError, match=message):
            attack_pixels(network, **arguments)
