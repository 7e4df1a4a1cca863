"""Who judges an ideal image: networks that know the class, each once, none that is the same one again."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.backbones.load import load_backbone
from headstart.errors import BackboneError, UsageError
from headstart.pixels.network import Network, of_backbone
from headstart.storage.home import Home
from headstart.tasks.embed import embed
from headstart.tasks.train import train
from headstart.tasks.verifiers import Belief, Bench, Candidate, believes, candidates, named_candidate
from headstart.testing import tiny_backbone, write_photos

CLASSES = ("cat", "dog", "elk")


def tiny(seed=0, classes=CLASSES, ids=(), name="tiny"):
    backbone = tiny_backbone(seed=seed, classes=classes)
    return Network(name, backbone, tuple(classes), tuple(ids))


def twin(network):
    """The same weights, written down by other hands: other numbers in the last digits."""
    other = tiny_backbone(classes=network.classes)
    for parameter in other.module.parameters():
        parameter.data *= 1.0001
    return Network("keras twin", other, network.classes, network.ids)


def picture(side=32, seed=0):
    from headstart.tasks.ideal import png_of

    return png_of(np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))


@pytest.mark.slow
def test_the_same_weights_elsewhere_are_no_verifier():
    network = tiny()
    bench = Bench(network, "dog")
    asked = [
        Candidate("keras twin", lambda: twin(network)),
        Candidate("another", lambda: tiny(seed=1)),
        Candidate("another, again", lambda: tiny(seed=1)),
    ]

    (said,) = bench.ask(asked, [picture()])

    assert list(said) == ["another"]
    assert "keras twin was not asked" in bench.notes[0]
    assert "another, again was not asked" in bench.notes[1]


def test_classes_are_found_by_identifier_not_by_their_place():
    network = tiny(ids=("n1", "n2", "n3"))
    other = tiny(seed=1, classes=("hound", "moggy"), ids=("n2", "n1"))
    bench = Bench(network, "cat")

    (said,) = bench.ask([Candidate("other", lambda: other)], [picture()])

    assert replace(said["other"], noise=0.0) == believes(other, 1, picture())
    assert 0 < said["other"].noise < 1
    assert said["other"].classes == 2


def test_one_that_does_not_know_the_class_or_can_not_be_opened_says_nothing():
    def broken():
        raise BackboneError("it is gone")

    bench = Bench(tiny(), "elk")
    asked = [Candidate("small", lambda: tiny(1, ("cat", "dog"))), Candidate("broken", broken)]

    assert bench.ask(asked, [picture(), picture(40)]) == [{}, {}]
    assert bench.notes == ["broken was not asked: it is gone"]


def test_rank_and_probability_are_those_of_the_network_itself():
    network = tiny(seed=2)
    every = [believes(network, index, picture()) for index in range(3)]

    assert sorted(each.rank for each in every) == [1, 2, 3]
    assert sum(each.probability for each in every) == pytest.approx(1)
    assert min(every, key=lambda each: each.rank).probability == max(each.probability for each in every)


@pytest.mark.parametrize(
    ("rank", "classes", "believed"),
    [(1, 2, True), (2, 2, False), (2, 200, True), (10, 1000, True), (11, 1000, False)],
)
def test_what_counts_as_believed(rank, classes, believed):
    assert Belief(0.6, rank, classes, noise=0.5).believed is believed
    assert not Belief(0.6, rank, classes, noise=0.7).believed  # it is as sure of noise


def test_another_head_on_the_same_network_is_no_judge():
    network = tiny()
    head = Network("other head", network.backbone, CLASSES, (), "last:mean", lambda rows: rows[:, :3])
    bench = Bench(network, "cat")
    assert bench.ask([Candidate("other head", lambda: head)], [picture()]) == [{}]
    assert "looks through the same network" in bench.notes[0]


def test_networks_at_hand_are_found_but_not_oneself(tmp_path):
    pocket = of_backbone(load_backbone("pocket"))
    imagenet = Network("other", pocket.backbone, pocket.classes, pocket.ids)

    assert candidates(pocket, None, Home(tmp_path)) == []
    assert [each.name for each in candidates(tiny(), None, Home(tmp_path))] == []
    assert imagenet.ids


def test_a_named_verifier_must_know_the_class(tmp_path):
    with pytest.raises(UsageError, match="does not know 'elk'"):
        named_candidate(tiny(), "elk", "pocket", Home(tmp_path))


@pytest.mark.slow
def test_heads_on_the_same_photos_judge_a_trained_model(tmp_path):
    photos, home = write_photos(tmp_path / "photos"), tmp_path / "home"
    model = train(photos, backbone="pocket", home=home)
    network = model.network()

    assert candidates(network, model, Home(home)) == []

    embed(photos, backbone="squeezenet1_1@random", home=home)
    found = candidates(network, model, Home(home))
    assert [each.name for each in found] == ["torchvision:squeezenet1_1@random on the same photos"]

    judge = found[0].open()
    assert set(judge.classes) == {"red", "blue"}
    for name in judge.classes:
        photo = next((photos / name).iterdir()).read_bytes()
        assert believes(judge, judge.classes.index(name), photo).rank == 1

    # one photo more that the store does not know for that network: no rows of all of them
    again = write_photos(tmp_path / "more", each=7)
    larger = train(again, backbone="pocket", home=home)
    assert candidates(larger.network(), larger, Home(home)) == []


def test_a_file_that_its_name_does_not_open_is_no_verifier(tmp_path, monkeypatch):
    from headstart.tasks import verifiers

    spaces = [(SimpleNamespace(backbone=name), None) for name in ("keras_model:pets", "pocket")]
    monkeypatch.setattr(verifiers, "rows_at_hand", lambda model, home: spaces)

    found = candidates(tiny(), object(), Home(tmp_path))

    assert [each.name for each in found] == ["pocket on the same photos"]
