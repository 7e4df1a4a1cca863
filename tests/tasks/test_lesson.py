"""The lesson's figures beside ours: counts, missing rows, each way of measuring on small fakes, intervals."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.backbones.weights import WeightsStore
from headstart.errors import PhotosError, UsageError
from headstart.storage.home import Home
from headstart.tasks.lesson import lesson
from headstart.tasks.lessons.counting import weights
from headstart.tasks.lessons.desk import Desk
from headstart.tasks.lessons.drawing import ideal
from headstart.tasks.lessons.figures import FIGURES
from headstart.tasks.lessons.measured import Measured, Row, compared
from headstart.tasks.lessons.ways import WAYS
from headstart.testing import tiny_backbone, write_photos

ASSETS = os.environ.get("HEADSTART_ASSETS")
BY_KEY = {figure.key: figure for figure in FIGURES}
COUNTED = {
    "features": (25_088, None),
    "count-torch": (50_178, 14_764_866),
    "count-keras": (25_089, 14_739_777),
    "count-last": (7_104_513, 14_739_777),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("Cat", "Dog"), each=20)
    for name in ("red", "blue", "green"):
        write_photos(folder / "pets", (name,), each=1)
    return folder


def measured(world, *only, **more):
    photos = {"cats-vs-dogs": world / "photos"}
    found = lesson(only=only, photos=photos, home=world / "home", **more)
    return {row.figure.key: row for row in found.rows}


def test_a_bare_machine_counts_and_says_what_to_fetch_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = lesson(home=tmp_path / "home")

    there = {row.figure.key: (row.ours.value, row.ours.of) for row in found.rows if row.ours}
    assert there == COUNTED
    assert all(row.missing and row.fetch for row in found.rows if row.ours is None)
    assert "headstart weights fetch torchvision:vgg16" in found.fetch
    assert "headstart datasets fetch cats-vs-dogs" in found.fetch
    assert found.stand_ins == ("pocket",)
    assert [row["verdict"] for row in found.to_json()["rows"]].count("the same") == len(COUNTED)
    assert list((tmp_path / "home").rglob("*")) == []


def test_every_row_has_a_way_and_a_notebook():
    assert {figure.way for figure in FIGURES} == set(WAYS)
    assert len(BY_KEY) == len(FIGURES)
    assert all(figure.where and (figure.value is not None or figure.says) for figure in FIGURES)


def test_the_counts_are_those_that_keras_counts_itself():
    keras = pytest.importorskip("keras")
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    network = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(1)])
    with Desk.of(Path("unused")) as desk:
        frozen, last = (weights(BY_KEY[key], desk) for key in ("count-keras", "count-last"))

    base.trainable = False
    assert frozen.of == network.count_params()
    assert frozen.value == sum(each.value.numel() for each in network.trainable_variables)
    base.trainable = True
    for layer in base.layers[:-4]:
        layer.trainable = False
    assert last.value == sum(each.value.numel() for each in network.trainable_variables)


def test_one_layer_learns_in_the_lessons_proportions_and_says_so(world):
    row = measured(world, "linear-torch", backbone=tiny_backbone())["linear-torch"]

    assert (row.ours.learned_from, row.ours.photos) == (35, 5)
    assert row.ours.value >= 0.8
    assert row.reasons[0] == f"photos of {world / 'photos'} instead of cats-vs-dogs"
    assert "35 of 40 photos learned from instead of 700 of 800" in row.reasons
    assert "module:tiny instead of torchvision:vgg16" in row.reasons
    assert any("steps of training" in each for each in row.reasons)
    assert "headstart's own linear head" in row.ours.also[0]


def test_the_same_seed_gives_the_same_figures(world):
    first, again = (
        measured(world, "linear-torch", backbone=tiny_backbone(), seed=3)["linear-torch"].to_json()
        for _ in range(2)
    )

    assert {**first, "seconds": 0} == {**again, "seconds": 0}


def test_the_network_trained_on_shows_its_start_and_its_end(world):
    rows = measured(world, "dip", "tuned-torch", backbone=tiny_backbone())

    assert rows["dip"].ours.photos == rows["tuned-torch"].ours.photos == 8
    before = rows["tuned-torch"].ours.also[0].split()[5].rstrip(";")
    assert rows["tuned-torch"].ours.also[0].endswith("; all weights trained")
    assert rows["dip"].reasons[1] == "after step 1; the lesson's is after 90"  # 32 photos are two steps
    end = rows["tuned-torch"].ours.value
    assert rows["dip"].ours.also == (
        f"looked at after step 1; {before} before, {end:.3f} in the end",
        f"lowest of 1 looks: {rows['dip'].ours.value:.3f} after step 1",
    )


def test_only_the_last_layers_are_trained_where_the_lesson_trains_those(world):
    row = measured(world, "tuned-keras", backbone=tiny_backbone())["tuned-keras"]

    # The last convolution has 8 x 16 x 9 weights and 16 more, the first 3 x 8 x 9 and 8 more.
    assert row.ours.also[0].endswith(
        f"trained from last on, {100 * 1168 / (1168 + 224):.0f} % of the weights"
    )
    assert "two outputs with a softmax; the lesson has one with a sigmoid" in row.reasons
    assert any("squeezes" in each for each in row.reasons)


def test_descent_makes_its_own_network_surer_and_a_class_must_be_known(world):
    network = tiny_backbone(classes=("Siamese cat", "dog", "elk"), surer=20)
    figure = replace(BY_KEY["ideal-plain"], steps=200)
    with Desk.of(world / "home", backbone=network) as desk:
        start, end = (ideal(each, desk) for each in (replace(figure, steps=1), figure))

    assert start.value < 0.1 < 0.9 < end.value
    assert (start.verdict, end.verdict) == ("fails", "holds")
    assert "elk" in start.also[0]
    assert "Siamese cat" in end.also[0]
    assert end.reasons[-1].startswith("inputs are normalised as module:tiny was trained")
    missing = measured(world, "ideal-zebra", backbone=network)["ideal-zebra"]
    assert missing.ours is None
    assert "no class 'zebra'" in missing.missing


def test_broken_files_are_found_named_and_left_alone(world, tmp_path):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=6)
    whole = (photos / "cat" / "1.jpg").read_bytes()
    (photos / "cat" / "1.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "dog" / "2.jpg").write_bytes(b"")
    row = lesson(only=["broken"], photos={"cats-vs-dogs": photos}, home=tmp_path / "home").rows[0]

    assert (row.ours.value, row.ours.of, row.verdict) == (2, 12, "other files")
    assert "cat/1.jpg" in row.ours.also[0]
    assert (photos / "cat" / "1.jpg").read_bytes() == whole[: len(whole) // 2]


def test_breeds_are_counted_where_they_lie(world):
    found = lesson(only=["breeds"], photos={"oxford-pets": world / "pets"}, home=world / "home")

    assert (found.rows[0].ours.value, found.rows[0].verdict) == (3, "differs")
    assert found.rows[0].reasons == (
        f"photos of {world / 'pets'} instead of oxford-pets",
        "the classes of that folder are counted; of oxford-pets, its makers publish 37 breeds "
        "(Parkhi et al. 2012)",
    )


def test_a_data_sets_own_breeds_are_counted_as_such(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oxford-pets").symlink_to(world / "pets", target_is_directory=True)
    found = lesson(only=["breeds"], home=tmp_path / "home")

    assert found.rows[0].reasons == ("its makers publish 37 breeds (Parkhi et al. 2012)",)


def test_dropout_runs_on_digits_where_they_stand_in(world):
    found = lesson(only=["dropout-0.8"], photos={"mnist": "digits"}, home=world / "home")
    row = found.rows[0]

    assert row.ours.photos == 257
    assert 0.5 < row.ours.value < 1
    assert row.reasons == (
        "8 x 8 pictures of scikit-learn instead of MNIST's 28 x 28",
        "a border of zeros around what each convolution sees; the lesson has none",
        "1,540 pictures learned from and 257 judge instead of 60,000 and 10,000",
        "125 steps of training in all instead of 4,690",
    )


def test_pocket_stands_beside_what_stands_in_for_vgg(world):
    alone = measured(world, "pocket")["pocket"]
    beside = measured(world, "pocket", backbone=tiny_backbone())["pocket"]

    assert (alone.verdict, beside.verdict) == ("alone", "not comparable")
    assert "VGG-16 is not at hand" in alone.ours.also[0]
    assert "module:tiny names" in beside.ours.also[0]
    assert any(each.startswith("beside it module:tiny, no VGG-16") for each in beside.reasons)
    assert "20 steps of training in all instead of 220" in beside.reasons
    assert any(each.endswith("features a photo instead of VGG-16's 25,088") for each in beside.reasons)


def test_what_takes_long_waits_until_it_is_asked_for(world):
    row = measured(world, backbone=tiny_backbone(), minutes=1e-9)["linear-torch"]
    found = lesson(
        photos={"cats-vs-dogs": world / "photos"},
        home=world / "home",
        minutes=1e-9,
        backbone="pocket",
        seed=3,
    )

    assert row.ours is None
    assert row.slow
    assert "--only measures it" in row.missing
    command = next(each for each in found.fetch if each.startswith("headstart lesson --only"))
    assert "linear-torch,linear-keras" in command
    assert command.endswith("--backbone pocket --seed 3")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"only": ["linear"]}, "--only has 'linear'"),
        ({"photos": {"flowers": "x"}}, "--photos has 'flowers'"),
        ({"photos": {"mnist": "x"}}, "expected digits"),
        ({"minutes": 0}, "--minutes is 0"),
        ({"seed": -1}, "--seed is -1"),
    ],
)
def test_what_cannot_be_meant_is_refused(more, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        lesson(home=tmp_path, **more)


def test_photos_that_are_given_must_be_cats_and_dogs(world, tmp_path):
    for folder, words in ((world / "pets", "cat and dog"), (tmp_path / "none", "is not there")):
        with pytest.raises(PhotosError, match=words):
            lesson(only=["features"], photos={"cats-vs-dogs": folder}, home=tmp_path)


def test_an_accuracy_is_compared_by_the_photos_of_both():
    figure = BY_KEY["frozen-torch"]

    assert compared(figure, Measured(value=0.9672, photos=4_998)) == "within noise"
    assert compared(figure, Measured(value=0.95, photos=100)) == "within noise"
    assert compared(figure, Measured(value=0.95, photos=5_000)) == "beyond noise"
    low, high = Row(BY_KEY["linear-torch"], None).lesson_interval
    assert (round(low, 2), round(high, 2)) == (0.93, 0.99)


@pytest.mark.exhaustive
@pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos")
def test_real_weights_and_photos_measure_what_the_lesson_shows(tmp_path):
    WeightsStore(Home(tmp_path)).add_manifest(Path(ASSETS, "weights", "manifest.json"))
    found = lesson(
        only=["linear-torch", "ideal-zebra", "dog-before", "dog-after", "dog-other", "lighter", "breeds"],
        photos={
            "cats-vs-dogs": Path(ASSETS, "data", "cats-vs-dogs"),
            "oxford-pets": Path(ASSETS, "data", "pets-37"),
        },
        backbone="torchvision:squeezenet1_1",
        home=tmp_path,
    )
    rows = {row.figure.key: row for row in found.rows}
    json.dumps(found.to_json(), allow_nan=False)

    assert found.measured == 7
    assert rows["breeds"].ours.value == 37
    assert rows["linear-torch"].ours.value > 0.75
    assert rows["lighter"].ours.value > 0.9
    assert rows["lighter"].ours.network == "timm:mobilenetv2_100@slim"
    assert rows["ideal-zebra"].verdict.startswith("holds")
    assert rows["dog-after"].ours.label == "Siamese cat"
    assert rows["dog-other"].ours.label != "Siamese cat"
