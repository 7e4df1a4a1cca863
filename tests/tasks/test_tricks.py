"""The whole list on photos: figures that are the same again, one page, refusals before any work."""

import json

import pytest

from headstart.errors import PhotosError, UsageError
from headstart.tasks.trials.catalogue import briefly
from headstart.tasks.tricks import listed_tricks, tricks
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("red", "<blue>"), each=12)
    return folder


@pytest.mark.slow
def test_every_trick_on_both_networks_gives_one_page(world):
    page = world / "page.html"
    found = tricks(
        world / "photos",
        backbone=tiny_backbone(),
        seeds=3,
        output=page,
        home=world / "home",
        shorten=briefly(1),
    )

    result = found.to_json()
    json.dumps(result, allow_nan=False)
    assert {entry["network"] for entry in result["tricks"]} == {"small network", "module:tiny"}
    expected = {trick["name"] for trick in listed_tricks()} - {"frozen-batch-norm"}
    assert {entry["trick"] for entry in result["tricks"]} == expected
    assert len({(entry["network"], entry["name"]) for entry in result["tricks"]}) == len(result["tricks"])
    for entry in result["tricks"]:
        effect = entry["with"]["accuracy"] - entry["without"]["accuracy"]
        assert entry["effect"]["value"] == pytest.approx(effect)
        assert len(entry["with"]["per_seed"]) == 3
    assert any(entry["note"].startswith("Softened") for entry in result["tricks"])
    norms = [each["norms"] for each in result["gradients"] if each["network"] == "module:tiny"]
    assert norms
    assert all(all(norm is None or norm > 0 for norm in each) for each in norms)
    text = page.read_text("utf-8")
    assert "<script" not in text
    assert "Where gradients vanish or explode" in text
    assert "--backbone module:tiny --seeds 3 --seed 0" in text


@pytest.mark.slow
def test_the_same_photos_and_seed_give_the_same_figures(world):
    options = {"seeds": 3, "home": world / "home", "shorten": briefly(1), "on": "backbone"}
    options["only"] = ("dropout", "new-layer")
    once, again = (
        tricks(world / "photos", backbone=tiny_backbone(), workers=workers, **options).to_json()
        for workers in (1, 2)
    )

    assert once["tricks"] == again["tricks"]


def test_digits_come_with_headstart(tmp_path):
    found = tricks("digits", only=("averaging",), most_photos=40, home=tmp_path, shorten=briefly(1)).to_json()

    assert [entry["name"] for entry in found["tricks"]] == ["averaging: all together"]
    assert found["photos"]["train"] == 40


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seeds": 2}, "--seeds is 2; expected 3 to 20"),
        ({"only": ("nothing",)}, "--only names 'nothing'"),
        ({"on": "moon"}, "--on is 'moon'"),
        ({"most_photos": 3}, "--photos is 3"),
        ({"seed": -1}, "--seed is -1"),
        ({"output": "page.txt"}, "ends in .html"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_any_work(options, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        tricks(tmp_path / "not-there", home=tmp_path / "home", **options)
    assert not (tmp_path / "home").exists()


def test_too_few_photos_are_refused(tmp_path):
    photos = write_photos(tmp_path / "photos", each=2)
    with pytest.raises(PhotosError, match="4 usable photos; tricks are compared on at least 8"):
        tricks(photos, on="small", home=tmp_path / "home")
