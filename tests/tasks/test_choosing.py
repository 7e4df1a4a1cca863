"""The parts of `choose`, on figures made up for the purpose: parts, halving, the rule, the front."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.heads.metrics import measure
from headstart.heads.paired import paired_difference
from headstart.storage.home import Home
from headstart.tasks.baselines import is_raw_pixels, raw_pixels
from headstart.tasks.choosing.candidates import Candidate, find_candidates
from headstart.tasks.choosing.decide import Budget, best_within, choose_among, front
from headstart.tasks.choosing.fetchable import could_be_fetched
from headstart.tasks.choosing.halving import KEPT, Verdict, difference, successive_halving
from headstart.tasks.choosing.page import next_step
from headstart.tasks.choosing.parts import growing_parts
from headstart.tasks.choosing.prediction import evidence
from headstart.tasks.choosing.ranking import ranked
from headstart.tasks.choosing.work import Speed

PHOTOS = 400


def contents(number):
    return [f"{at:05x}" for at in range(number)]


def right(share, photos=PHOTOS):
    """Named right: the same photos are easy for every network."""
    return np.arange(photos) * 7919 % photos < share * photos


# Parts


def test_parts_grow_and_hold_each_class_in_proportion():
    labels = ["cat"] * 300 + ["dog"] * 100
    parts = growing_parts(labels, contents(400), seed=0)
    assert [len(part) for part in parts] == [58, 100, 200, 400]
    for smaller, larger in pairwise(parts):
        assert set(smaller) < set(larger)
    assert Counter(labels[at] for at in parts[2]) == {"cat": 150, "dog": 50}


def test_the_parts_hang_on_contents_and_seed_alone():
    names = contents(400)
    parts = growing_parts(["cat", "dog"] * 200, names, seed=0)
    turned = growing_parts(["dog", "cat"] * 200, names[::-1], seed=0)
    assert {names[at] for at in parts[0]} == {names[::-1][at] for at in turned[0]}
    assert parts[0].tolist() != growing_parts(["cat", "dog"] * 200, names, seed=1)[0].tolist()


@pytest.mark.parametrize(("each", "sizes"), [(3, [6]), (20, [40]), (30, [40, 60]), (10, [20])])
def test_few_photos_make_few_parts(each, sizes):
    parts = growing_parts(["a", "b"] * each, contents(2 * each), seed=0)
    assert [len(part) for part in parts] == sizes


# Halving


class Judge:
    """Counts the photos that pass, each once for a network."""

    def __init__(self, shares, parts):
        self.shares, self.parts, self.passed = shares, parts, {}

    def __call__(self, network, stage):
        self.passed.setdefault(network, set()).update(self.parts[stage].tolist())
        return right(self.shares[network])[self.parts[stage]]

    @property
    def photos(self):
        return sum(map(len, self.passed.values()))


def halve(shares, **options):
    parts = growing_parts(["cat", "dog"] * (PHOTOS // 2), contents(PHOTOS), seed=0)
    judge = Judge(shares, parts)
    return successive_halving(list(shares), len(parts), judge, **options), judge


def test_twenty_networks_cost_little_more_than_five():
    good = {f"good{at}": 0.9 - 0.01 * at for at in range(5)}
    poor = {f"poor{at}": 0.5 for at in range(15)}
    five, judge_of_five = halve(good)
    twenty, judge_of_twenty = halve({**poor, **good})
    assert judge_of_five.photos == 5 * PHOTOS
    assert judge_of_twenty.photos == 20 * 50 + 10 * 50 + 5 * 300
    assert judge_of_twenty.photos <= 1.6 * judge_of_five.photos
    assert [name for name, verdict in twenty.items() if verdict.dropped is None] == list(good)
    assert {name: five[name].right.sum() for name in good} == {
        name: twenty[name].right.sum() for name in good
    }


def test_none_that_may_be_as_good_drops_out():
    verdicts, judge = halve({f"n{at}": 0.9 - 0.001 * at for at in range(12)})
    assert all(verdict.dropped is None for verdict in verdicts.values())
    assert judge.photos == 12 * PHOTOS


def test_never_more_than_the_worse_half_goes_at_once():
    verdicts, _ = halve({"best": 0.95} | {f"poor{at}": 0.3 + 0.01 * at for at in range(15)})
    stages = Counter(verdict.stage for verdict in verdicts.values())
    assert stages == {0: 8, 1: 3, 3: 5}
    assert stages[3] == KEPT
    assert all(verdict.dropped.behind.low > 0 for verdict in verdicts.values() if verdict.dropped)


def test_what_the_budget_rules_out_goes_first_unless_all_are():
    shares = {"large": 0.99} | {f"n{at}": 0.9 for at in range(6)}
    verdicts, _ = halve(shares, over_budget=lambda name: name == "large")
    assert verdicts["large"].dropped.over_budget
    assert verdicts["large"].dropped.behind.value < 0
    assert all(verdicts[name].dropped is None for name in shares if name != "large")
    everything, _ = halve(dict.fromkeys(shares, 0.9), over_budget=lambda name: True)
    assert all(verdict.dropped is None for verdict in everything.values())


def test_networks_are_compared_on_the_photos_that_both_could_read():
    unread = np.ma.MaskedArray(right(0.5), np.arange(PHOTOS) < 3)
    assert difference(right(0.9), unread) == paired_difference(right(0.9)[3:], right(0.5)[3:])
    shares = {f"n{at}": 0.9 for at in range(6)} | {"poor": 0.2}
    parts = growing_parts(["cat", "dog"] * (PHOTOS // 2), contents(PHOTOS), seed=0)
    judge = Judge(shares, parts)

    def some_unread(network, stage):
        found = judge(network, stage)
        return np.ma.MaskedArray(found, np.arange(len(found)) == 0) if network == "poor" else found

    verdicts = successive_halving(list(shares), len(parts), some_unread)
    assert verdicts["poor"].dropped.behind.photos == len(parts[0]) - 1


# The rule and the front


class Figures:
    """What `Work` would have measured."""

    def __init__(self, home, networks):
        self.computed = dict.fromkeys(networks, PHOTOS)
        self.photos, self.scores = dict(self.computed), {}
        self.speeds, self.measured, self.verdicts = {}, {}, {}
        for name, (share, milliseconds, megabytes) in networks.items():
            which = right(share)
            said = np.stack([which, ~which], axis=1).astype(float)
            self.speeds[name] = Speed(milliseconds, False, "torch", "f32")
            self.measured[name] = measure(["a"] * PHOTOS, said, ["a", "b"], how="folds")
            learned = not name.startswith(("raw", "random"))
            candidate = Candidate(name, name, megabytes, learned, home)
            self.verdicts[candidate] = Verdict(3, which, None)


NETWORKS = {
    "raw pixels": (0.3, 0.1, 0.0),
    "slow": (0.902, 40.0, 90.0),
    "fast": (0.9, 10.0, 30.0),
    "faster": (0.8, 5.0, 40.0),
    "useless": (0.2, 1.0, 1.0),
}


def rank(tmp_path, networks=NETWORKS, **budget):
    figures = Figures(Home(tmp_path), networks)
    return ranked(figures.verdicts, figures, Budget(**budget))


def test_the_fastest_that_is_not_worse_is_chosen(tmp_path):
    rows, chosen = rank(tmp_path)
    assert [row.backbone for row in rows] == ["slow", "fast", "faster", "raw pixels", "useless"]
    assert chosen.backbone == "fast"
    by_name = {row.backbone: row for row in rows}
    assert by_name["slow"].is_best
    assert by_name["fast"].as_good_as_best
    assert not by_name["faster"].as_good_as_best
    assert by_name["faster"].behind == paired_difference(right(0.902), right(0.8))


def test_a_file_is_named_by_its_path_in_commands(tmp_path):
    figures = Figures(Home(tmp_path), {"keras_model:pets": (0.9, 10.0, 30.0), "fast": (0.8, 5.0, 4.0)})
    verdicts = {
        replace(each, given="my models/pets.keras" if ":" in each.name else each.given): verdict
        for each, verdict in figures.verdicts.items()
    }

    rows, chosen = ranked(verdicts, figures, Budget())
    found = SimpleNamespace(source="photos", chosen=chosen)

    assert [row.word for row in rows] == ["my models/pets.keras", "fast"]
    assert next_step(found) == "headstart train photos -o MODEL --backbone 'my models/pets.keras'"


def test_the_front_leaves_out_what_the_floor_beats(tmp_path):
    rows, _ = rank(tmp_path)
    assert {row.backbone for row in rows if row.front_milliseconds} == {"slow", "fast", "faster"}
    assert {row.backbone for row in rows if row.front_megabytes} == {"slow", "fast"}
    assert front([]) == []


@pytest.mark.parametrize(
    ("budget", "name"),
    [
        ({"milliseconds": 8.0}, "faster"),
        ({"megabytes": 35.0}, "fast"),
        ({"milliseconds": 8.0, "megabytes": 35.0}, "raw pixels"),
        ({"milliseconds": 0.5}, None),
    ],
)
def test_budgets(tmp_path, budget, name):
    rows, chosen = rank(tmp_path, **budget)
    assert (chosen and chosen.backbone) == name
    assert len(rows) == len(NETWORKS)
    best = best_within(rows)
    assert best is None or (best.fits and best.is_best)


def test_the_raw_pixels_are_chosen_only_where_no_network_is_better(tmp_path):
    level = {"raw pixels": (0.9, 0.1, 0.0), "network": (0.902, 30.0, 9.0)}
    assert rank(tmp_path, level)[1].backbone == "network"
    equal = {"raw pixels": (0.9, 0.1, 0.0), "network": (0.9, 30.0, 9.0)}
    assert rank(tmp_path, equal)[1].backbone == "raw pixels"


def test_a_fast_network_below_the_raw_pixels_is_not_chosen(tmp_path):
    few = {"raw pixels": (0.65, 0.1, 0.0), "good": (0.652, 30.0, 9.0), "poor": (0.649, 1.0, 1.0)}
    rows, chosen = rank(tmp_path, few)
    assert next(row for row in rows if row.backbone == "poor").behind.low <= 0
    assert chosen.backbone == "good"


def test_random_weights_are_chosen_only_where_nothing_else_can_be(tmp_path):
    networks = {"raw pixels": (0.5, 0.1, 0.0), "random": (0.9, 1.0, 1.0), "learned": (0.89, 30.0, 9.0)}
    rows, chosen = rank(tmp_path, networks)
    assert chosen.backbone == "learned"
    assert chosen.is_best
    assert next(row for row in rows if row.backbone == "random").behind.value < 0
    assert rank(tmp_path, networks, milliseconds=10.0)[1].backbone == "random"
    below = networks | {"learned": (0.4, 30.0, 9.0)}
    assert rank(tmp_path, below)[1].backbone == "raw pixels"


def test_scores_come_with_their_evidence_or_not_at_all(tmp_path):
    rows, _ = rank(tmp_path, {f"n{at}": (0.5 + 0.05 * at, 1.0, 1.0) for at in range(6)})
    scored = [replace(row, scores={"logme": row.accuracy, "h_score": -row.accuracy}) for row in rows]
    said = evidence(scored)
    assert [(each.score, each.networks) for each in said] == [("logme", 6), ("h_score", 6)]
    assert [each.tau for each in said] == pytest.approx([1.0, -1.0])
    assert evidence(scored[:4]) == []
    unlearned = [replace(row, learned=row.backbone not in {"n0", "n1"}) for row in scored]
    assert evidence(unlearned) == []
    assert [each.networks for each in evidence([replace(scored[0], learned=False), *scored[1:]])] == [5, 5]
    assert evidence([replace(row, scores={"logme": 1.0, "h_score": 1.0}) for row in rows]) == []


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_that_nothing_can_meet_is_refused(value):
    with pytest.raises(UsageError, match="--budget-ms"):
        Budget.checked(value, None)
    with pytest.raises(UsageError, match="--budget-mb"):
        Budget.checked(None, value)


def test_the_rule_needs_no_floor(tmp_path):
    rows, _ = rank(tmp_path)
    assert choose_among([row for row in rows if not row.is_floor]).backbone == "fast"


# Candidates


@pytest.mark.slow
def test_each_network_once_and_the_floor_by_itself(tmp_path):
    names = ["squeezenet1_1@random", "torchvision:squeezenet1_1@random", "raw pixels"]
    [only], left_out = find_candidates(names, Home(tmp_path))
    assert (only.name, only.learned, left_out) == ("torchvision:squeezenet1_1@random", False, [])
    assert only.megabytes == pytest.approx(4.94, abs=0.01)


def test_nothing_to_compare_and_unknown_names(tmp_path):
    with pytest.raises(UsageError, match="--backbones"):
        find_candidates([], Home(tmp_path))
    with pytest.raises(ValueError, match="no network is called 'squeezenet9'"):
        find_candidates(["squeezenet1_1@random", "squeezenet9"], Home(tmp_path))


def test_what_could_be_fetched_has_no_accuracy(tmp_path):
    found = [each.to_json() for each in could_be_fetched(Home(tmp_path))]
    assert len(found) >= 5
    for each in found:
        assert set(each) == {"backbone", "megabytes", "address", "licence"}
        assert each["address"].startswith("https://")
        assert each["megabytes"] > 0


def test_raw_pixels_are_the_photo_shrunk():
    import torch

    backbone = raw_pixels()
    pixels = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rows = backbone.features(pixels)
    assert torch.allclose(rows.view(2, 3, 16, 16) / 4 + 0.5, pixels)
    assert is_raw_pixels(backbone.spec.name)
    assert backbone.spec.weights_digest == raw_pixels(8).spec.weights_digest  # the grid is in the recipe
    assert backbone.spec.preprocessing.resize != raw_pixels(8).spec.preprocessing.resize
