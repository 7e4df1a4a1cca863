"""Which photos are learned from and which judge: by chance, and no content on both sides."""

from headstart.tasks.lessons.desk import Desk
from headstart.tasks.lessons.draw import draw
from headstart.tasks.lessons.figures import FIGURES
from headstart.testing import write_photos

LINEAR = next(figure for figure in FIGURES if figure.key == "linear-torch")


def sides(photos, home, seed=0):
    """The contents of the files that are learned from, and of those that judge; and the draw."""
    with Desk.of(home, given={"cats-vs-dogs": str(photos)}, seed=seed) as desk:
        drawn = draw(LINEAR, desk)
    learn, judge = [], []
    for each in drawn.gathered.hashed:
        side = judge if each.sha256 in drawn.judge else learn
        side.append(each.photo.path.read_bytes())
    return learn, judge, drawn


def test_copies_of_a_photo_are_never_on_both_sides(tmp_path):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=10)
    for label in ("cat", "dog"):
        for number in range(10):
            data = (photos / label / f"{number}.jpg").read_bytes()
            (photos / label / f"copy{number}.jpg").write_bytes(data)
    contents = {path.read_bytes() for path in photos.rglob("*.jpg")}

    for seed in range(5):
        learn, judge, drawn = sides(photos, tmp_path / "home", seed)
        assert set(learn).isdisjoint(judge)
        assert sorted([*learn, *judge]) == sorted(contents)
        assert drawn.reasons[-1].startswith("20 copies of photos are left out here")


def test_a_seed_always_draws_the_same_photos_and_another_seed_others(tmp_path):
    photos = write_photos(tmp_path / "photos", ("cat", "dog"), each=20)
    first, again, other = (sides(photos, tmp_path / "home", seed) for seed in (0, 0, 1))

    assert first[:2] == again[:2]
    assert set(first[1]) != set(other[1])
    assert {len(each[1]) for each in (first, other)} == {5}
