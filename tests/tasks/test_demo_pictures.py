"""The demo's pictures: the two parts share nothing, strangers are strangers, nothing is imported."""

import subprocess
import sys

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.tasks import demo_pictures as module
from headstart.tasks.demo_pictures import GAP, SIDE, STRANGERS, SURFACES, demo_pictures, grey_picture

REPAINTED = np.random.default_rng(0)


def of(pictures, part):
    return {name: pixels for name, pixels in pictures.items() if name.startswith(f"{part}/")}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def pictures_with(monkeypatch, repaint):
    """The demo's pictures if `repaint` had changed those that the packages carry."""

    def read(*where):
        picture = grey_picture(*where).copy()
        repaint(picture, where)
        return picture

    with monkeypatch.context() as patch:
        patch.setattr(module, "grey_picture", read)
        return demo_pictures()


def noise(pixels):
    pixels[...] = REPAINTED.integers(0, 256, pixels.shape)


def middle(picture):
    """The first row that is not learned from, worked out apart from the code."""
    return (picture.shape[0] - GAP) // SIDE // 2 * SIDE


@pytest.mark.slow
def test_what_is_learned_says_nothing_of_what_is_asked_about(monkeypatch):
    plain = demo_pictures()

    upper = pictures_with(monkeypatch, lambda picture, _: noise(picture[: middle(picture)]))
    lower = pictures_with(monkeypatch, lambda picture, _: noise(picture[middle(picture) + GAP :]))
    strip = pictures_with(
        monkeypatch, lambda picture, _: noise(picture[middle(picture) : middle(picture) + GAP])
    )

    assert same(of(upper, "surfaces-test"), of(plain, "surfaces-test"))
    assert not any(np.array_equal(of(upper, "surfaces")[name], plain[name]) for name in of(plain, "surfaces"))
    assert same(of(lower, "surfaces"), of(plain, "surfaces"))
    assert not any(
        np.array_equal(of(lower, "surfaces-test")[name], plain[name]) for name in of(plain, "surfaces-test")
    )
    assert same(of(strip, "surfaces"), of(plain, "surfaces"))
    assert same(of(strip, "surfaces-test"), of(plain, "surfaces-test"))


def test_strangers_are_in_neither_part(monkeypatch):
    plain = demo_pictures()
    strangers = set(STRANGERS.values())

    changed = pictures_with(
        monkeypatch, lambda picture, where: noise(picture) if where in strangers else None
    )

    assert not strangers & set(SURFACES.values())
    assert all(same(of(changed, part), of(plain, part)) for part in ("surfaces", "surfaces-test"))
    assert not any(np.array_equal(changed[name], plain[name]) for name in of(plain, "unknown"))
    assert len(of(plain, "unknown")) == len(STRANGERS)


def test_few_tiles_of_one_size_and_none_twice():
    pictures = demo_pictures()
    learned, asked = of(pictures, "surfaces"), of(pictures, "surfaces-test")

    for label in SURFACES:
        assert len(of(learned, f"surfaces/{label}")) == 6
        assert 6 <= len(of(asked, f"surfaces-test/{label}")) <= 12
    tiles = [*learned.values(), *asked.values()]
    assert {tile.shape for tile in tiles} == {(64, 64)}
    assert len({tile.tobytes() for tile in tiles}) == len(tiles)


def test_exposure_does_not_give_the_answer_away():
    pictures = demo_pictures()

    for part in ("surfaces", "surfaces-test"):
        means = {label: np.mean([*of(pictures, f"{part}/{label}").values()]) for label in SURFACES}
        assert all(100 < mean < 156 for mean in means.values()), means


@pytest.mark.parametrize(
    "where", [("no_such_package_at_all", "data", "brick.png"), ("skimage", "data", "gone.png")]
)
def test_a_picture_that_is_not_there_is_told_with_what_to_install(where):
    with pytest.raises(UsageError, match=rf"{where[2]}.*{where[0]}.*pip install scikit-image"):
        grey_picture(*where)


def test_the_packages_are_not_imported():
    script = (
        "import sys; from headstart.tasks.demo_pictures import grey_picture as read; "
        "read('skimage', 'data', 'coffee.png'); print('skimage' in sys.modules)"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert said == "False\n"
