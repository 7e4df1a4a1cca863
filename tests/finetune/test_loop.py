"""The one training loop: seeded, stopped in time, and nothing of chance left behind."""

import math
import random

import numpy as np
import pytest
import torch

from headstart.finetune.fabric import make_fabric
from headstart.finetune.inputs import Kept, own_share
from headstart.finetune.loop import Examples, drawn_from, fit, logits_of
from headstart.finetune.optimisers import MIDDLE, make_optimiser, make_schedule
from headstart.finetune.settings import OPTIMISERS, SCHEDULES
from tests.finetune.fakes import copied, examples, perceptron, same, training


def run(watch=None, module=None, given=None, **options):
    module = perceptron() if module is None else module
    extra = {name: options.pop(name) for name in ("keep_last", "until") if name in options}
    fitted = fit(module, given or examples(), training(**options), watch=watch, **extra)
    return module.state_dict(), fitted


def weights(state):
    """Without batch norm's statistics: a step that is watched has added its batch to them already."""
    return {name: value for name, value in state.items() if "running" not in name and "tracked" not in name}


def rates(**options):
    seen = []
    run(lambda moment: seen.append(moment.learning_rate), **options)
    return seen


MIXED = {"mixup": 0.2, "cutmix": 0.0, "average": 0.9}


@pytest.mark.parametrize("options", [{}, MIXED], ids=["plain", "mixed"])
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(options):
    first, told = run(**options)
    again, told_again = run(**options)
    other, _ = run(seed=1, **options)

    assert same(first, again)
    assert told.history == told_again.history
    assert not same(first, other)


def test_chance_and_threads_outside_stay_as_they_were():
    before = (
        torch.get_rng_state(),
        np.random.get_state()[1].copy(),  # noqa: NPY002
        random.getstate(),
        torch.get_num_threads(),
    )

    run(mixup=0.4, average=0.9, epochs=1)

    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    assert random.getstate() == before[2]
    assert torch.get_num_threads() == before[3]


def test_chance_outside_changes_nothing_inside():
    first, _ = run(epochs=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        again, _ = run(epochs=1)

    assert same(first, again)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_each_optimiser_lowers_the_loss(optimiser):
    rate = 0.1 if optimiser in {"sgd", "momentum", "adagrad"} else 0.01
    _, fitted = run(optimiser=optimiser, learning_rate=rate, epochs=6, label_smoothing=0.0)

    assert fitted.best.loss < fitted.history[0].loss - 0.1
    assert fitted.history[-1].train_loss < fitted.history[1].train_loss


def test_plain_sgd_has_no_momentum_and_momentum_has_the_asked_one():
    module = perceptron()

    assert make_optimiser(module, training(optimiser="sgd")).defaults["momentum"] == 0.0
    assert make_optimiser(module, training(optimiser="rmsprop")).defaults["momentum"] == 0.0
    momentum = make_optimiser(module, training(optimiser="momentum", momentum=0.7)).defaults
    assert (momentum["momentum"], momentum["nesterov"]) == (0.7, False)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_no_step_is_without_a_learning_rate(schedule, warmup):
    seen = rates(schedule=schedule, warmup=warmup, epochs=4)

    assert min(seen) > 0
    assert max(seen) <= 0.01
    assert max(seen) >= 0.8 * 0.01
    if warmup:
        assert seen[0] < 0.3 * max(seen)
    if schedule == "cosine":
        assert seen[-1] < 0.05 * max(seen)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_single_step_trains(schedule):
    module = perceptron(dropout=0.0)
    before = copied(module)

    seen = rates(module=module, epochs=1, batch_size=64, schedule=schedule)

    assert len(seen) == 1
    assert seen[0] > 0
    assert not same(before, module.state_dict())


def test_decay_begins_with_the_second_epoch():
    seen = rates(schedule="decay", decay_rate=0.5, warmup=0.0, epochs=3, batch_size=16)

    np.testing.assert_allclose(seen, np.repeat([0.01, 0.005, 0.0025], 3))


def test_a_schedule_keeps_no_state():
    def at(numbers):
        optimiser = make_optimiser(perceptron(), training())
        schedule = make_schedule(optimiser, training(epochs=5), 10)
        for number in numbers:
            schedule.step_update(number + MIDDLE)
        return [group["lr"] for group in optimiser.param_groups]

    assert at([37]) == at(range(38))


def test_the_weights_of_the_best_epoch_are_kept():
    given = examples()
    states = []
    state, fitted = run(
        lambda moment: states.append((moment.epoch, copied(moment.module))),
        given=given,
        epochs=12,
        patience=12,
        learning_rate=0.3,
        schedule="constant",
    )
    best = fitted.best

    assert best == min(fitted.history[1:], key=lambda epoch: epoch.loss)
    assert best.number < 12, "or the test shows nothing"
    after = next(kept for number, kept in states if number == best.number + 1)
    assert same(weights(state), weights(after))


def test_without_patience_the_last_epoch_is_kept():
    _, fitted = run(epochs=12, learning_rate=0.3, schedule="constant")

    assert fitted.best == fitted.history[-1]
    assert fitted.best.number == 12


def test_it_ends_where_no_epoch_is_better():
    _, fitted = run(epochs=40, learning_rate=0.3, schedule="constant", patience=2)

    assert len(fitted.history) - 1 == fitted.best.number + 2 < 40
    assert fitted.stopped == "no better epoch for 2"


def test_keep_last_and_until():
    full, _ = run(epochs=4, keep_last=True)
    seen = []
    part, fitted = run(
        lambda moment: seen.append(copied(moment.module)), epochs=4, keep_last=True, until=2, patience=1
    )
    after_two = []
    run(lambda moment: after_two.append((moment.epoch, copied(moment.module))), epochs=4)

    assert [epoch.number for epoch in fitted.history] == [0, 1, 2]
    assert fitted.stopped == ""
    assert not same(full, part)
    third = next(state for epoch, state in after_two if epoch == 3)
    assert same(weights(part), weights(third)), "on the same schedule"


def test_a_loss_that_is_not_finite_ends_it_and_keeps_what_was_best():
    def poison(moment):
        if moment.epoch == 3:
            next(iter(moment.module.parameters())).grad.fill_(math.nan)

    kept = []
    state, fitted = run(
        lambda moment: (kept.append((moment.epoch, copied(moment.module))), poison(moment)), epochs=6
    )

    assert "not finite in epoch 3" in fitted.stopped
    assert "learning rate of" in fitted.stopped
    assert [epoch.number for epoch in fitted.history] == [0, 1, 2]
    assert fitted.best.number in {1, 2}
    after = next(each for epoch, each in kept if epoch == fitted.best.number + 1)
    assert same(weights(state), weights(after))
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize("rate", [1e3, 1e9])
def test_an_absurd_learning_rate_leaves_finite_weights(rate):
    state, fitted = run(optimiser="sgd", learning_rate=rate, clip=None, warmup=0.0)

    assert all(torch.isfinite(value).all() for value in state.values())
    assert all(math.isfinite(epoch.loss) for epoch in fitted.history)


def test_a_network_that_is_never_finite_is_left_as_it_was():
    rows = torch.full((8, 6), math.nan)
    given = Examples(Kept(rows[None]), np.arange(8) % 3, np.arange(6), np.arange(6, 8), 3)
    module = perceptron()
    before = copied(module)

    _, fitted = run(module=module, given=given)

    assert "not finite" in fitted.stopped
    assert fitted.best.number == 0
    assert same(weights(before), weights(module.state_dict()))


def test_gradients_are_clipped_after_they_were_watched():
    norms = []

    def look(moment):
        norms.append(float(torch.cat([p.grad.flatten() for p in moment.module.parameters()]).norm()))

    before = perceptron(dropout=0.0)
    start = copied(before)
    state, fitted = run(
        look,
        module=before,
        optimiser="sgd",
        learning_rate=1.0,
        clip=1e-3,
        warmup=0.0,
        weight_decay=0.0,
        epochs=1,
        batch_size=64,
        schedule="constant",
    )
    moved = torch.cat([(state[n] - start[n]).flatten() for n, _ in before.named_parameters()]).norm()

    assert max(norms) > 1e-2
    assert float(moved) == pytest.approx(1e-3, rel=1e-2)
    assert fitted.history[1].gradient == pytest.approx(max(norms), rel=1e-5)


def test_the_average_is_what_is_validated_and_kept():
    plain, _ = run(keep_last=True)
    mean, fitted = run(average=0.9, keep_last=True)
    given = examples()
    module = perceptron()
    module.load_state_dict(mean)
    logits = logits_of(module, given.inputs, given.validation, 16, make_fabric(training()))

    assert not same(plain, mean)
    right = (logits.argmax(1) == given.codes[given.validation]).mean()
    assert fitted.history[-1].accuracy == right


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"mixup": 0.4, "cutmix": 1.0}, {"cutmix": 1.0}])
def test_mixing_changes_the_training_and_it_still_learns(options):
    photos = torch.rand(48, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    codes = np.arange(48) % 3
    photos[torch.arange(48), torch.from_numpy(codes)] += 0.5
    given = Examples(Kept(photos[None]), codes, np.arange(36), np.arange(36, 48), 3)

    def network():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3))

    plain, _ = run(module=network(), given=given, keep_last=True)
    mixed, fitted = run(module=network(), given=given, epochs=8, **options)

    assert not same(plain, mixed)
    assert fitted.best.loss < fitted.history[0].loss


def test_class_weights_make_a_rare_class_count():
    codes = np.array([0] * 54 + [1] * 6 + [0, 1] * 6)
    chance = torch.Generator().manual_seed(0)
    rows = torch.randn(72, 6, generator=chance) + torch.from_numpy(codes)[:, None] * 0.8

    def recall(weights):
        given = Examples(Kept(rows[None]), codes, np.arange(60), np.arange(60, 72), 2, weights)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module = torch.nn.Linear(6, 2)
        fit(module, given, training(epochs=10, learning_rate=0.05), keep_last=True)
        said = module(rows[codes == 1]).argmax(1)
        return float((said == 1).float().mean())

    assert recall(np.array([0.55, 5.0], np.float32)) > recall(None)


def test_computing_in_bf16_is_close_to_f32():
    _, full = run(epochs=4)
    _, half = run(epochs=4, bf16=True)

    assert full.history != half.history
    for first, second in zip(full.history, half.history, strict=True):
        assert first.loss == pytest.approx(second.loss, abs=0.05)


def test_no_process_goes_without_a_photo():
    for count in range(1, 9):
        batch = np.arange(100, 100 + count)
        shares = [own_share(batch, rank, 3) for rank in range(3)]
        assert all(len(share) for share in shares)
        assert set(np.concatenate(shares)) == set(batch)
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_each_photo_is_seen_once_an_epoch_in_another_view():
    seen = []

    class Noting(Kept):
        def train(self, batches, epoch):
            for taken, at in super().train(batches, epoch):
                seen.append((epoch, at))
                yield taken, at

    given = examples()
    kept = Noting(given.inputs._views, given.inputs._plain)
    run(given=Examples(kept, given.codes, given.train, given.validation, 3), epochs=3, batch_size=10)

    orders = [np.concatenate([at for number, at in seen if number == epoch]) for epoch in (1, 2, 3)]
    assert all(sorted(order) == list(given.train) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    views = [[float(kept._views[(at + epoch) % 3, at, 0]) for epoch in (1, 2, 3)] for at in given.train]
    assert all(len(set(each)) == 3 for each in views)


def test_a_run_of_one_step_has_half_the_rate_and_nobody_complains(caplog):
    module = perceptron()
    asked = training(epochs=1, schedule="cosine")
    optimiser = make_optimiser(module, asked)
    make_schedule(optimiser, asked, 1).step_update(MIDDLE)

    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.005)
    assert caplog.records == []


@pytest.mark.parametrize("place", ["cpu", "cuda:1"])
def test_no_gpu_is_seeded_but_the_one_that_is_set_back(monkeypatch, place):
    current, done = [0], []

    class On:
        def __init__(self, device):
            self.number = device.index

        def __enter__(self):
            current.append(self.number)

        def __exit__(self, *_):
            current.pop()

    monkeypatch.setattr(torch.cuda, "device", On)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: ("state", device.index))
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: done.append((state, device.index)))
    monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: done.append(("seeded", current[-1])))
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: done.append(("all", seed)))
    monkeypatch.setattr(torch.mps, "manual_seed", lambda seed: done.append(("mps", seed)))
    before = torch.get_rng_state()
    with drawn_from(torch.device(place), 3, 1):
        first = torch.rand(2)
    with drawn_from(torch.device(place), 3, 1):
        assert torch.equal(torch.rand(2), first)

    assert torch.equal(torch.get_rng_state(), before)
    assert done == ([] if place == "cpu" else [("seeded", 1), (("state", 1), 1)] * 2)


def test_what_a_network_says_becomes_float64_only_where_every_device_has_it(monkeypatch):
    def missing(_):
        raise TypeError("the MPS framework doesn't support float64")

    class Elsewhere(torch.Tensor):
        """A tensor on a device without float64."""

        double = missing

        def cpu(self):
            return self.as_subclass(torch.Tensor)

    class Network(torch.nn.Module):
        def forward(self, rows):
            return rows.as_subclass(Elsewhere)

    said = logits_of(Network(), examples().inputs, np.arange(4), 2, make_fabric(training(), "cpu"))
    assert said.dtype == np.float64
