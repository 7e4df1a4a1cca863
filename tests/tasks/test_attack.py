"""The whole way of one photo: read, attacked, saved, asked about again."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotosError, UsageError
from headstart.images.decode import decode
from headstart.tasks.attack import attack
from headstart.tasks.attacks.files import check_png, marked_png
from headstart.tasks.attacks.picture import amplify, attack_picture
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import tiny_backbone, write_photos

pytestmark = pytest.mark.slow

BUDGET = "64/255"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return tmp_path_factory.mktemp("attack")


@pytest.fixture(scope="module")
def home(world):
    return world / "home"


@pytest.fixture(scope="module")
def model(world, home):
    return train(write_photos(world / "photos", each=6), backbone=tiny_backbone(), home=home)


@pytest.fixture(scope="module")
def photo(world, model):
    return world / "photos" / "red" / "0.jpg"


def distances(file, photo, resize):
    pictures = [decode(path.read_bytes(), resize).pixels.astype(float) for path in (file, photo)]
    change = (pictures[0] - pictures[1]) / 255
    return abs(change).max(), np.sqrt((change**2).sum())


@pytest.mark.parametrize(("norm", "epsilon", "full_size"), [("linf", "64/255", False), ("l2", "25", True)])
def test_what_is_said_is_measured_from_the_file(norm, epsilon, full_size, model, photo, home, tmp_path):
    before = photo.read_bytes()
    output = tmp_path / "result.png"

    found = attack(
        model, photo, target="blue", norm=norm, epsilon=epsilon, full_size=full_size, output=output, home=home
    )

    [said] = predict(model, output, home=home)
    resize = None if full_size else model.backbone_spec.preprocessing.resize
    linf, l2 = distances(output, photo, resize)
    assert found.success
    assert (said.label, said.probabilities["blue"]) == ("blue", found.after.probability)
    assert found.before.label == "red"
    assert (found.linf, found.l2) == pytest.approx((linf, l2))
    assert {"linf": linf, "l2": l2}[norm] <= {"linf": 64 / 255, "l2": 25}[norm] + 1e-9
    np.testing.assert_array_equal(decode(output.read_bytes()).pixels, found.picture)
    np.testing.assert_array_equal(decode(output.read_bytes(), resize).pixels, found.result_seen)
    np.testing.assert_array_equal(decode(photo.read_bytes(), resize).pixels, found.photo_seen)
    assert photo.read_bytes() == before


@pytest.fixture(scope="module")
def turned(model, photo, home):
    return attack(model, photo, target="blue", epsilon=BUDGET, home=home)


def test_json_has_what_the_design_names(turned):
    facts = turned.to_json()

    assert {"before", "after", "success", "linf", "l2", "survives", "method", "epsilon", "seconds"} <= set(
        facts
    )
    assert set(facts["survives"]) == {"png", "jpeg_q90"}
    assert facts["before"]["label"] == "red"
    assert facts["output"] is None
    json.dumps(facts, allow_nan=False)


def test_an_array_is_a_photo_too_and_no_file_stays(turned, model, photo, home, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    array = decode(photo.read_bytes()).pixels
    kept = array.copy()

    of_array = attack(model, array, target="blue", epsilon=BUDGET, home=home)

    assert of_array.picture.tobytes() == turned.picture.tobytes()  # and the same seed gives the same
    np.testing.assert_array_equal(array, kept)
    assert of_array.pixels.shape == (1, 3, 32, 32)
    assert list(tmp_path.iterdir()) == []


def test_descent_says_how_far_it_went(model, photo, home):
    found = attack(model, photo, method="descent", home=home)

    facts = found.to_json()
    assert found.success
    assert facts["epsilon"] is None
    assert 0 < facts["gradients"] < 1000
    assert facts["l2"] > 0


def test_the_smallest_epsilon_is_enough_and_the_one_below_is_not(model, photo, home):
    found = attack(model, photo, epsilon=BUDGET, smallest=True, home=home)

    tried = dict(found.tried)
    assert found.success
    assert found.smallest == min(epsilon for epsilon, enough in tried.items() if enough)
    assert found.linf == pytest.approx(found.smallest)
    assert found.to_json()["smallest"]["share_of_budget"] < 1
    below = max((epsilon for epsilon, enough in tried.items() if not enough), default=0.0)
    assert found.smallest - below == pytest.approx(1 / 255)


def test_a_budget_that_is_too_small_is_no_success(model, photo, home, tmp_path):
    output = tmp_path / "result.png"

    found = attack(model, photo, target="blue", epsilon="1/255", smallest=True, output=output, home=home)

    assert not found.success
    assert found.after.label == "red"
    assert found.to_json()["survives"]["png"] is False
    assert output.exists()
    assert found.smallest is None
    assert found.tried == ((1 / 255, False),)


def test_a_head_without_gradients_is_said_to_have_none(world, photo, home):
    # All neighbours are of one class: their votes stay the same, however near each of them is
    voting = train(world / "photos", backbone=tiny_backbone(), head="neighbours", home=home)

    found = attack(voting, photo, method="momentum", home=home)

    assert not found.success
    assert found.gradients == found.vanished == found.settings.steps


def test_the_picture_shows_photo_difference_and_result(turned):
    assert attack_picture(turned).width > 3 * 300


def test_a_difference_is_amplified_as_far_as_it_fits():
    photo = np.full((2, 2, 3), 100, np.uint8)
    result = photo.copy()
    result[0, 0] = 92

    amplified, times = amplify(photo, result)

    assert times == 15
    assert amplified[0, 0].tolist() == [8, 8, 8]
    assert (amplified[1:] == 128).all()
    assert amplify(photo, photo)[0].tolist() == np.full((2, 2, 3), 128).tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "violet"}, "no class 'violet'"),
        ({"target": "red"}, "already"),
        ({"epsilon": "8"}, "8/255"),
        ({"epsilon": "half"}, r"8/255 or 0\.03"),
        ({"epsilon": 0.003}, "less than 1/255"),
        ({"method": "magic"}, "expected one of"),
        ({"method": "descent", "smallest": True}, "leave --smallest out"),
        ({"output": "result.jpg"}, "ends in .png"),
        ({"output": "missing/result.png"}, "is no folder"),
        ({"output": ""}, "is empty"),
        ({"output": "a.png", "picture": "a.png"}, "given twice"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, message, model, photo, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=message):
        attack(model, photo, home=home, **options)

    assert list(tmp_path.iterdir()) == []


def test_files_of_other_making_are_not_replaced(photo, tmp_path):
    mine = tmp_path / "mine.png"
    Image.new("RGB", (9, 9)).save(mine)
    ours = tmp_path / "ours.png"
    ours.write_bytes(marked_png(np.zeros((9, 9, 3), np.uint8)))
    odd = tmp_path / "odd.png"
    odd.write_bytes(b"\x89PNG no more than that")
    folder = tmp_path / "folder.png"
    folder.mkdir()

    assert check_png(ours, "--output", None) == ours
    for file in (mine, odd):
        with pytest.raises(UsageError, match="not written by attack"):
            check_png(file, "--output", None)
    with pytest.raises(UsageError, match="is a folder"):
        check_png(folder, "--output", None)
    with pytest.raises(UsageError, match="the photo itself"):
        check_png(ours, "--output", str(ours))


def test_a_photo_that_cannot_be_used_is_said(model, home, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")

    for photo, message in ((broken, "not an image"), (tmp_path / "none.jpg", "missing")):
        with pytest.raises(PhotosError, match=message):
            attack(model, photo, home=home)
    with pytest.raises(UsageError, match="is a folder"):
        attack(model, tmp_path, home=home)
    with pytest.raises(UsageError, match="expected uint8"):
        attack(model, np.zeros((8, 8, 3)), home=home)
