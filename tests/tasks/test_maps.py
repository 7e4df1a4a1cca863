"""`maps`: sheets of any layer, kernels and the ladder, in Python and on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from headstart.cli.run import run
from headstart.errors import BackboneError, PhotosError, UsageError
from headstart.tasks.ladder import ladder
from headstart.tasks.maps import filters, layers, maps
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder, each=5)
    return folder


@pytest.fixture
def photo(photos):
    return photos / "red" / "0.jpg"


@pytest.fixture(scope="module")
def backbone():
    return tiny_backbone(classes=("cat", "dog", "elk"))


@pytest.mark.parametrize("layer", [None, "first", "classifier", "last:mean", "output", "pool", "first:in"])
def test_any_layer_becomes_a_picture(photo, backbone, tmp_path, layer):
    found = maps(photo, backbone=backbone, layer=layer, output=tmp_path / "maps.png")

    with Image.open(tmp_path / "maps.png") as picture:
        picture.load()
    assert found.to_json()["layer"] == (layer or "last")
    assert found.photo.shape == (32, 32, 3)
    json.dumps(found.to_json(), allow_nan=False)


def test_strongest_first_or_those_that_are_named(photo, backbone):
    few = maps(photo, backbone=backbone, layer="last", channels=3)
    named = maps(photo, backbone=backbone, layer="last", channels=[7, 2, 7])

    strengths = [few.found.strength[each] for each in few.channels]
    assert strengths == sorted(few.found.strength, reverse=True)[:3]
    assert named.channels == (7, 2)


def test_same_photo_same_bytes(photo, backbone, tmp_path):
    for name in ("a.png", "b.png"):
        maps(photo, backbone=backbone, output=tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"layer": "lsat"}, BackboneError, "close: last"),
        ({"layer": "nothing.like.it"}, BackboneError, "no layer is called"),
        ({"channels": 0}, UsageError, "at least 1"),
        ({"channels": [99]}, UsageError, "has no channel 99; it has 16"),
        ({"output": "no/such/maps.png"}, UsageError, "does not exist"),
        ({"output": "maps.jpg"}, UsageError, "ends in .png"),
    ],
)
def test_wrong_wishes_are_refused(photo, backbone, options, error, words):
    with pytest.raises(error, match=words):
        maps(photo, backbone=backbone, **options)


def test_wrong_places_are_refused_and_photos_stay(photo, photos, backbone, tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        maps(photo, backbone=backbone, output=tmp_path / "folder.png")
    (tmp_path / "photo.png").write_bytes(photo.read_bytes())
    with pytest.raises(UsageError, match="is the photo itself"):
        maps(tmp_path / "photo.png", backbone=backbone, output=tmp_path / "photo.png")
    with pytest.raises(UsageError, match="lies among the photos"):
        ladder(photos, backbone=backbone, output=photos / "ladder.png")
    with pytest.raises(UsageError, match="is a folder; expected one photo"):
        maps(photos, backbone=backbone)
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(PhotosError, match="not an image"):
        maps(tmp_path / "broken.jpg", backbone=backbone)


def test_kernels_and_layers(backbone, tmp_path):
    found = filters(backbone=backbone, output=tmp_path / "kernels.png", channels=5)

    assert found.to_json()["shape"] == [8, 3, 3, 3]
    assert len(found.channels) == 5
    assert (tmp_path / "kernels.png").read_bytes()[:4] == b"\x89PNG"
    assert [each.name for each in layers(backbone=backbone)][:2] == ["first", "relu"]
    with pytest.raises(BackboneError, match="no convolution"):
        filters(backbone=backbone, layer="relu")


def test_the_ladder_takes_one_patch_of_a_photo_and_lists_bad_ones(backbone, tmp_path):
    folder = write_photos(tmp_path / "photos", each=4)
    (folder / "red" / "bad.jpg").write_bytes(b"\xff\xd8 nothing")

    found = ladder(folder, backbone=backbone, steps=2, output=tmp_path / "ladder.png")

    assert found.photos == 8
    assert [each.name for each in found.skipped] == [f"{folder.as_posix()}/red/bad.jpg"]
    for rung in found.rungs:
        files = [each.file for each in rung.patches]
        assert len(files) == len(set(files)) == 8
        values = [each.value for each in rung.patches]
        assert values == sorted(values, reverse=True)
        assert rung.ideal.shape == (32, 32, 3)
    facts = found.to_json()
    assert facts["photos"] == {"used": 8, "skipped": 1}
    json.dumps(facts, allow_nan=False)


def test_patches_show_what_excites(tmp_path):
    """A channel that looks for brightness finds the one bright corner."""
    backbone = tiny_backbone()
    (tmp_path / "photos").mkdir()
    for number in range(3):
        picture = fake_photo(0, number, side=32) // 4
        picture[4:12, 20:28] = 60 + 90 * number
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(jpeg(picture))

    found = ladder(tmp_path / "photos", backbone=backbone, steps=1, layers=["last"], channels=[3])

    [rung] = found.rungs
    seen = {patch.file.rpartition("/")[2]: patch for patch in rung.patches}
    assert set(seen) == {"0.jpg", "1.jpg", "2.jpg"}
    assert all(patch.picture.shape == (rung.sees, rung.sees, 3) for patch in rung.patches)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": ["first"] * 4}, "4 layers were given"),
        ({"layers": ["first"], "channels": [1, 2]}, "2 channels were given for 1 layers"),
        ({"layers": ["first"], "channels": [8]}, "has no channel 8"),
        ({"layers": ["classifier"]}, "no maps of the photo"),
    ],
)
def test_a_ladder_that_can_not_be_is_refused(photos, backbone, options, words):
    with pytest.raises((UsageError, BackboneError), match=words):
        ladder(photos, backbone=backbone, **options)


def test_a_folder_without_a_usable_photo(tmp_path, backbone):
    (tmp_path / "bad.jpg").write_bytes(b"bad")

    with pytest.raises(PhotosError, match="no photo in"):
        ladder(tmp_path, backbone=backbone)


def test_the_command_line(photo, tmp_path, capsys):
    home = ["--home", str(tmp_path)]
    assert (
        run(["maps", str(photo), "-o", str(tmp_path / "m.png"), "--layer", "stages.1.0.c", "--json", *home])
        == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert (facts["layer"], facts["shape"]) == ("stages.1.0.conv", [128, 12, 12])
    assert len(facts["channels"]) == 32

    assert run(["maps", "--filters", "-o", str(tmp_path / "f.png"), *home]) == 0
    assert "stem.0.conv: 32 x 3 x 3 x 3" in capsys.readouterr().out
    assert run(["maps", "--layers", *home]) == 0
    assert "64 x 24 x 24" in capsys.readouterr().out
    with Image.open(tmp_path / "f.png") as picture:
        assert np.asarray(picture).std() > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no photo was given"),
        (["PHOTO"], "no output was given"),
        (["PHOTO", "--filters", "-o", "x.png"], "ask for one"),
        (["PHOTO", "--layer", "stem", "--layer", "top", "-o", "x.png"], "2 layers were given"),
        (["PHOTO", "--layer", "stages.1", "-b", "no-such-network", "-o", "x.png"], "no-such-network"),
        (["PHOTO", "--layer", "stages.1.0.x", "-o", "x.png"], "no layer is called"),
        (["PHOTO", "--layer", "stages.", "-o", "x.png"], "several layers begin with"),
        (["missing.jpg", "-o", "x.png"], "missing"),
    ],
)
def test_one_line_for_each_wrong_use(photo, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    given = [str(photo) if each == "PHOTO" else each for each in arguments]

    assert run(["maps", *given, "--home", str(tmp_path)]) == 2

    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
    assert not (tmp_path / "x.png").exists()
