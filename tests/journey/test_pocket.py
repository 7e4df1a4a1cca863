"""What real features give on a bare machine: `pocket`, on pictures that installed packages carry."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from headstart import LinearClassifier, PhotoFeatures
from headstart.backbones.load import load_backbone
from headstart.cli.run import run
from headstart.images.decode import decode
from headstart.images.pixels import to_pixels
from headstart.model.model import load_model
from headstart.tasks.demo_pictures import demo_pictures, grey_picture
from headstart.tasks.embed import embed
from headstart.tasks.predict import predict
from headstart.tasks.train import train

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pocket")]

CATS = {"tabby", "Egyptian cat", "Persian cat", "cougar"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The demo's pictures, and a home for their rows."""
    folder = tmp_path_factory.mktemp("world")
    for name, pixels in demo_pictures().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def learned(world, **given):
    return train(world / "surfaces", test=world / "surfaces-test", home=world / "home", **given)


@pytest.mark.parametrize(("head", "least"), [("linear", 0.9), ("neighbours", 0.85), ("prototypes", 0.8)])
def test_every_head_is_far_above_chance(world, head, least):
    accuracy = learned(world, head=head).training.accuracy

    assert accuracy.photos == 97
    assert accuracy.value >= least
    assert accuracy.low > 12 / 97


def test_strangers_are_unknown_and_what_was_learned_is_not(world):
    model = learned(world)

    strangers = predict(model, world / "unknown", home=world / "home")
    tiles = predict(model, world / "surfaces-test", home=world / "home")

    assert sum(each.unknown for each in strangers) >= 6
    assert sum(each.unknown for each in tiles) <= 12


def test_nearest_rows_are_of_the_same_surface(world):
    home = world / "home"
    known = embed(world / "surfaces", home=home).table
    asked = embed(world / "surfaces-test", home=home).table
    rows, others = (each.rows / np.linalg.norm(each.rows, axis=1, keepdims=True) for each in (known, asked))

    nearest = (others @ rows.T).argmax(axis=1)

    right = [known.photos[i].label == photo.label for i, photo in zip(nearest, asked.photos, strict=True)]
    assert np.mean(right) >= 0.85


def test_a_saved_model_answers_the_same_and_knows_its_neighbours(world, tmp_path):
    model = learned(world, output=tmp_path / "model")
    asked = world / "surfaces-test" / "brick"

    before, after = (
        predict(each, asked, home=world / "home") for each in (model, load_model(tmp_path / "model"))
    )

    for one, other in zip(before, after, strict=True):
        assert (one.label, one.unknown) == (other.label, other.unknown)
        assert one.probabilities == pytest.approx(other.probabilities, rel=1e-9)
        assert [each["file"] for each in one.neighbours] == [each["file"] for each in other.neighbours]
    assert all(each.neighbours[0]["label"] == "brick" for each in after)


def test_pixels_to_answers_is_one_differentiable_function(world):
    model = learned(world)
    path = min((world / "surfaces-test" / "gravel").iterdir())
    pixels = torch.from_numpy(
        to_pixels([decode(path.read_bytes(), model.backbone_spec.preprocessing.resize).pixels])
    )
    pixels.requires_grad_()
    answers = model.to_torch()(pixels)

    [told] = predict(model, path, top=9, home=world / "home")
    given = [told.probabilities[name] for name in model.classes]
    assert answers[0].tolist() == pytest.approx(given, abs=0.02)
    answers[0].max().backward()
    assert float(pixels.grad.abs().sum()) > 0


def test_layers_can_be_searched(world):
    paths = sorted((world / "surfaces").rglob("*.png"))
    search = GridSearchCV(
        make_pipeline(PhotoFeatures(home=world / "home"), LinearClassifier(calibrate=False)),
        {"photofeatures__layer": ["top:mean", "stages.0:mean"]},
        cv=3,
    )

    search.fit([str(path) for path in paths], [path.parent.name for path in paths])

    assert search.best_score_ >= 0.9
    deep, early = search.cv_results_["mean_test_score"]
    assert deep >= early


@pytest.mark.parametrize(("name", "expected"), [("chelsea.png", CATS), ("coffee.png", {"espresso"})])
def test_its_own_classes_name_real_photos(name, expected, tmp_path, capsys):
    from importlib.util import find_spec

    photo = Path(find_spec("skimage").origin).parent / "data" / name

    assert run(["predict", "pocket", str(photo), "--top", "5", "--home", str(tmp_path), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert expected & set(found["predictions"][0]["probabilities"])
    assert any("larger" in note for note in found["notes"])


def test_half_precision_and_folding_cost_nothing_that_counts(world):
    """The file holds float16; the answers for real photos are finite, and far from all the same."""
    backbone = load_backbone("pocket")
    pictures = [
        np.asarray(Image.fromarray(grey_picture("skimage", "data", f"{name}.png")).resize((96, 96)))
        for name in ("astronaut", "chelsea", "coffee", "brick")
    ]
    pixels = torch.from_numpy(np.stack(pictures)).float().div(255)[:, None].expand(-1, 3, -1, -1)

    rows = backbone.features(pixels)

    assert bool(torch.isfinite(rows).all())
    near = torch.nn.functional.cosine_similarity(rows[:, None], rows[None], dim=2)
    assert float(near[~torch.eye(4, dtype=bool)].max()) < 0.95
