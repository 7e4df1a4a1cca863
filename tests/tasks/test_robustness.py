"""How little it takes: curves that never rise, honest counts, matrices, ensembles, pages."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart import train
from headstart.errors import PhotosError, UsageError
from headstart.pixels.network import of_backbone
from headstart.tasks.robust.curve import AttackPlan, Share, walk_epsilons
from headstart.tasks.robust.transfer import EnsembleResult, Through
from headstart.tasks.robustness import make_plan, robustness
from headstart.testing import tiny_backbone, write_photos
from tests.pixels.robustness import planted

pytestmark = pytest.mark.slow

CLASSES = ("red", "blue")
EPSILONS = "0,2/255,8/255,32/255"


def network(seed=0, name="one", classes=CLASSES):
    return replace(of_backbone(tiny_backbone(seed=seed, classes=classes)), name=name)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", CLASSES, each=2)
    return folder


@pytest.fixture
def measure(world):
    def call(model=None, **options):
        options = {"epsilons": EPSILONS, "steps": 3, "home": world / "home", **options}
        return robustness(
            network() if model is None else model, options.pop("photos", world / "photos"), **options
        )

    return call


@pytest.fixture(scope="module")
def everything(world):
    """One measurement with all that there is, which several tests look at."""
    return robustness(
        network(),
        world / "photos",
        epsilons=EPSILONS,
        steps=3,
        against=[network(1, "other")],
        ensemble=[network(1, "other"), network(2, "<third>")],
        output=world / "page.html",
        home=world / "home",
    )


def test_the_curve_never_rises_whatever_the_attack_finds():
    """A network that a small change fools and a large one does not."""

    def function(pixels):
        away = (pixels.flatten(1).mean(dim=1) - 133 / 255).abs() * 255
        return planted.two(torch.where(away > 4, 1.0, 1 - away) + 0 * away)

    photos, labels = planted.photos(3), np.zeros(3, int)
    plan = AttackPlan("fgsm", "linf", (0.0, 3 / 255, 8 / 255), None, 0)
    walked = walk_epsilons(planted.Planted(function), photos, labels, plan)
    assert walked.alone.sum(axis=1).tolist() == [3, 0, 3]
    assert walked.right.sum(axis=1).tolist() == [3, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pgd", "fgsm", "momentum", "descent"])
def test_each_method_gives_a_curve_of_pictures_that_a_file_can_hold(measure, method):
    found = measure(
        method=method, steps=None if method == "fgsm" else 5, norm="linf" if method != "descent" else None
    )
    values = [row["accuracy"]["value"] for row in found.to_json()["curve"]]
    assert values == sorted(values, reverse=True)
    for right in (found.walked.right, *found.walked.defended.values()):
        assert (np.diff(right.astype(int), axis=0) <= 0).all()
    change = (found.walked.largest - found.chosen.pixels) * 255
    assert np.allclose(change, np.round(change), atol=1e-3)
    if method != "descent":
        assert np.abs(change).max() <= 32 * (1 + 1e-5)


def test_json_has_what_was_promised(everything):
    result = everything.to_json()
    assert result["method"] == "pgd"
    assert result["photos"] == {"used": 4, "skipped": 0, "reasons": {}, "trained_on": 0, "not_chosen": 0}
    assert [row["written"] for row in result["curve"]] == ["0", "2/255", "8/255", "32/255"]
    first = result["curve"][0]
    assert set(first["accuracy"]) == {"value", "low", "high", "photos"}
    assert first["accuracy"]["low"] <= first["accuracy"]["value"] <= first["accuracy"]["high"]
    assert set(first["defended"]) == set(result["defences"]) == {"jpeg", "blur", "median"}
    assert {check["check"] for check in result["masking"]} >= {"randomised", "zero gradients"}
    json.dumps(result, allow_nan=False)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_and_another_seed_other_photos(measure):
    first, again, other = (measure(most_photos=2, seed=seed) for seed in (0, 0, 3))
    assert first.chosen.names == again.chosen.names
    assert np.array_equal(first.walked.largest, again.walked.largest)
    assert first.chosen.names != other.chosen.names


def test_bad_photos_are_skipped_and_counted(measure, world, tmp_path):
    photos = write_photos(tmp_path / "photos", CLASSES, each=3)
    (photos / "red" / "cut.jpg").write_bytes((photos / "red" / "0.jpg").read_bytes()[:300])
    (photos / "blue" / "empty.jpg").write_bytes(b"")
    result = measure(photos=photos).to_json()
    assert result["photos"]["used"] == 6
    assert result["photos"]["skipped"] == 2
    assert {entry["file"] for entry in result["skipped"]} == {"red/cut.jpg", "blue/empty.jpg"}


@pytest.mark.slow
def test_photos_that_a_model_was_trained_on_are_left_out(world, tmp_path):
    train(world / "photos", backbone=tiny_backbone(), home=world / "home", output=tmp_path / "model")
    photos = write_photos(tmp_path / "more", CLASSES, each=2, side=40)
    (photos / "red" / "known.jpg").write_bytes((world / "photos" / "red" / "0.jpg").read_bytes())
    from headstart import load_model

    model = load_model(tmp_path / "model", backbone=tiny_backbone())
    result = robustness(model, photos, epsilons="8/255", steps=2, home=world / "home").to_json()
    assert result["photos"]["trained_on"] == 1
    assert result["photos"]["used"] == 4


def test_labels_are_names_or_identifiers(world, tmp_path):
    known = replace(network(classes=("Red Thing", "blue")), ids=("n01", "n02"))
    rows = ["path,label"]
    rows += [
        f"{world}/photos/red/0.jpg,red_thing",
        f"{world}/photos/red/1.jpg,n01",
        f"{world}/photos/blue/0.jpg,n02",
    ]
    (tmp_path / "photos.csv").write_text("\n".join(rows))
    found = robustness(known, tmp_path / "photos.csv", epsilons="8/255", steps=1, home=tmp_path / "home")
    assert sorted(found.chosen.labels.tolist()) == [0, 0, 1]


def test_a_label_that_is_no_class_is_one_line(measure, tmp_path):
    photos = write_photos(tmp_path / "photos", ("red", "mauve"), each=1)
    with pytest.raises(PhotosError, match=r"mauve.*it knows") as caught:
        measure(photos=photos)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epsilons": "0"}, "nothing above 0"),
        ({"epsilons": "8"}, "8 of 255 is written 8/255"),
        ({"epsilons": "a,b"}, "expected numbers with commas"),
        ({"epsilons": "0.5/255"}, "less than one step of a file's 8 bits"),
        ({"epsilons": "-1/255"}, "expected 0 or more"),
        ({"method": "pdg"}, "expected one of pgd"),
        ({"norm": "l7"}, "knows linf and l2"),
        ({"most_photos": 0}, "expected 1 to 1000"),
        ({"steps": -1}, "--steps is -1"),
        ({"ensemble": ["one.txt"]}, "neither a model folder nor"),
    ],
)
def test_what_can_not_be_is_refused_before_any_work(measure, options, words):
    with pytest.raises(UsageError, match=words) as caught:
        measure(photos="no such folder", **options)
    assert "\n" not in str(caught.value)


def test_outputs_that_can_not_be_are_refused_before_any_work(measure, world, tmp_path):
    (tmp_path / "folder.html").mkdir()
    for output, words in [
        (tmp_path / "page.txt", "ends in .html"),
        (tmp_path / "none" / "page.html", "not there"),
        (tmp_path / "folder.html", "is a folder"),
        (world / "photos" / "page.html", "among the photos"),
    ]:
        with pytest.raises(UsageError, match=words):
            measure(output=output)


def test_a_plan_always_holds_the_network_as_it_is():
    assert make_plan("pgd", "l2", "2, 0.5", None, 0).epsilons == (0.0, 0.5, 2.0)
    fewer = make_plan("pgd", "linf", "8/255", 10, 0).settings(8 / 255).resolved()
    assert fewer.steps * fewer.step_size == pytest.approx(40 * 8 / 255 / 30)


def test_transfer_is_a_matrix_with_each_network_against_each(everything):
    transfer = everything.to_json()["transfer"]
    assert transfer["networks"] == ["one", "other"]
    assert [(cell["source"], cell["target"]) for cell in transfer["cells"]] == [
        ("one", "one"),
        ("one", "other"),
        ("other", "one"),
        ("other", "other"),
    ]
    clean = everything.walked.right[0]
    fooled = transfer["cells"][0]["fooled"]
    assert fooled["photos"] == clean.sum()
    assert fooled["value"] == pytest.approx(1 - everything.walked.alone[-1][clean].mean())


def test_pictures_of_another_network_that_break_more_raise_the_alarm(tmp_path, world):
    hidden = replace(planted.shattered(), name="hidden", classes=CLASSES, side=32)
    open_ = replace(planted.honest(), name="open", classes=CLASSES, side=32)
    from headstart.images.reader import PhotoReader
    from headstart.tasks.robust.photos import choose_photos
    from headstart.tasks.robust.transfer import measure_transfer

    bright = tmp_path / "photos" / "red"
    bright.mkdir(parents=True)
    from headstart.testing import jpeg

    for number in range(3):
        (bright / f"{number}.jpg").write_bytes(jpeg(np.full((32, 32, 3), 134 + number, np.uint8)))
    plan = AttackPlan("pgd", "linf", (0.0, 12 / 255), 40, 0)
    with PhotoReader(workers=1) as reader:
        chosen = choose_photos(str(tmp_path / "photos"), hidden, reader, most=3, seed=0, trained_on={})
        walked = walk_epsilons(hidden, chosen.pixels, chosen.labels, plan)
        found = measure_transfer(
            [hidden, open_], chosen, plan, reader, largest=walked.largest, held=walked.right[-1]
        )
    [(source, broken, survivors)] = found.survivors
    assert (source, broken, survivors) == ("open", 3, 3)


def test_an_ensemble_is_attacked_through_each_member_and_the_whole(everything):
    together = everything.to_json()["ensemble"]
    assert [row["way"] for row in together["through"]] == ["no attack", "other", "<third>", "all of them"]
    assert all(len(row["members"]) == 2 for row in together["through"])
    assert together["classes"] == 2
    assert "32/255" in together["sentence"]
    assert together["sentence"].endswith("(4 photos).")


def test_networks_must_differ(measure):
    with pytest.raises(UsageError, match="one is named twice"):
        measure(against=[network()])


def test_models_in_memory_are_told_apart_and_each_counts_once(measure, world):
    options = {"backbone": tiny_backbone(), "home": world / "home"}
    one, two = (train(world / "photos", seed=seed, **options) for seed in (0, 1))
    # Photos that neither has learned from: the attacks are on what is new to both.
    others = write_photos(world / "others", CLASSES, each=2, side=40)

    found = measure(one, photos=others, against=[two], ensemble=[one, two]).to_json()

    assert found["transfer"]["networks"] == ["the model", "model 2"]
    assert found["ensemble"]["networks"] == ["the model", "model 2"]
    with pytest.raises(UsageError, match="named twice"):
        measure(one, photos=others, against=[one])


def test_networks_without_a_class_in_common_are_refused_before_any_work(measure):
    stranger = network(1, "stranger", ("mauve", "teal"))
    for options in ({"against": [stranger]}, {"ensemble": [stranger, replace(stranger, name="twin")]}):
        with pytest.raises(UsageError, match="no class of one's"):
            measure(photos="no such folder", **options)


@pytest.mark.slow
def test_a_network_that_is_never_right_is_measured_too(measure):
    wrong = network()
    flipped = replace(wrong, head=lambda rows: -rows)
    values = [measure(each).to_json()["curve"][0]["accuracy"]["value"] for each in (wrong, flipped)]
    assert sum(values) == pytest.approx(1)


def test_the_page_is_written_with_everything(everything, world):
    del everything
    html = (world / "page.html").read_text(encoding="utf-8")
    for words in ("weak evidence", "made for one fool another", "Do several together hold", "&lt;third&gt;"):
        assert words in html
    assert "<script" not in html
    assert "headstart robustness one" in html


@pytest.mark.parametrize(
    ("left", "whole", "words"),
    [
        (0.8, 0.0, "not against one on all"),
        (0.8, 0.8, "as well against"),
        (0.05, 0.0, "protects little"),
        (0.15, 0.12, "protects little"),
    ],
)
def test_the_ensembles_verdict_follows_from_its_figures(left, whole, words):
    def share(value):
        return Share(value, value, value, 20)

    single = [Through(name, (share(0.0), share(0.0)), share(left)) for name in ("a", "b")]
    rows = [Through("no attack", (share(0.9), share(0.9)), share(0.9)), *single]
    rows.append(Through("all of them", (share(0.0), share(0.0)), share(whole)))
    sentence = EnsembleResult("8/255", ("a", "b"), 10, 20, tuple(rows)).sentence
    assert words in sentence
    assert f"ensemble {100 * left:.0f} %" in sentence
