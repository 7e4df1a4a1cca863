"""`catalogue` on a small trained model: what is written, what an update costs, what is refused."""

import csv
import io
import json
import os
import shlex
import shutil
import sys

import pytest
from PIL import Image

from headstart import load_model, train
from headstart.errors import PhotosError, UsageError
from headstart.tasks.catalogue import catalogue
from headstart.tasks.cataloguing.record import read_catalogue
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "known", ("red", "blue"), each=8)
    train(folder / "known", backbone=tiny_backbone(), home=folder / "home", output=folder / "model")
    return folder


@pytest.fixture
def photos(tmp_path):
    """Five photos, nested, one of them twice; two files that are none."""
    folder = tmp_path / "pile"
    (folder / "summer").mkdir(parents=True)
    for at in range(4):
        (folder / "summer" / f"{at}.jpg").write_bytes(jpeg(fake_photo(at % 2, 500 + at)))
    shutil.copy(folder / "summer" / "0.jpg", folder / "again.jpg")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no photo")
    return folder


@pytest.fixture
def sort(world, tmp_path):
    model = load_model(world / "model", backbone=tiny_backbone())

    def go(photos, *, output=tmp_path / "out", model=model, **options):
        return catalogue(model, photos, output, home=world / "home", **options)

    return go


def content(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def test_every_photo_is_sorted_and_every_other_file_named(sort, photos, tmp_path):
    facts = sort(photos).to_json()

    assert facts["photos"] == facts["new"] == 5
    assert facts["duplicates"] == 1
    assert sum(facts[state] for state in ("sure", "unsure", "unknown", "unmeasured", "learned")) == 5
    assert facts["learned"] == facts["unmeasured"] == 0
    assert sum(facts["classes"].values()) == 5
    assert facts["skipped"] == {"files": 2, "reasons": {"empty": 1, "not an image": 1}}
    json.dumps(facts, allow_nan=False)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "catalogue.csv").read_text(encoding="utf-8"))))
    assert [row["file"] for row in rows] == ["again.jpg", *(f"summer/{at}.jpg" for at in range(4))]
    assert {row["path"] for row in rows} == {str(photos / row["file"]) for row in rows}
    assert float(rows[0]["probability"]) >= 0.5
    assert "red" in {row["label"] for row in rows}
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "2 files could not be used" in page


def test_the_record_is_read_back(sort, photos, tmp_path):
    done = sort(photos)

    read = read_catalogue(tmp_path / "out")
    assert read == done.catalogue
    assert read.photos[0].copies == read.photos[1].copies == 0
    assert read.photos[0].nearest[0].label in {"red", "blue"}


def test_thumbnails_are_small_upright_and_say_nothing_of_the_camera(sort, tmp_path):
    folder = tmp_path / "pile"
    folder.mkdir()
    wide = Image.fromarray(fake_photo(0, 1, side=800)).resize((1600, 800))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    wide.save(folder / "turned.jpg", exif=exif)
    sort(folder)

    [picture] = (tmp_path / "out" / "thumbnails").iterdir()
    with Image.open(picture) as small:
        assert small.size == (160, 320)
        assert not small.getexif()
    assert b"Camera" not in picture.read_bytes()


def test_the_same_photos_again_leave_every_byte_and_compute_nothing(sort, photos, tmp_path):
    sort(photos)
    before = content(tmp_path / "out")
    again = sort(photos)

    assert content(tmp_path / "out") == before
    assert (again.new, again.gone, again.thumbnails, again.features["computed"]) == (0, 0, 0, 0)


def test_an_update_costs_the_new_photos_and_drops_those_that_are_gone(sort, photos, tmp_path):
    sort(photos)
    (photos / "summer" / "1.jpg").unlink()
    (photos / "later.jpg").write_bytes(jpeg(fake_photo(1, 900)))
    done = sort(photos)

    assert (done.new, done.gone, done.thumbnails, done.features["computed"]) == (1, 1, 1, 1)
    assert len(list((tmp_path / "out" / "thumbnails").iterdir())) == 4
    added = {each.name: each.added for each in done.catalogue.photos}
    assert added == {"again.jpg": 1, "summer/0.jpg": 1, "summer/2.jpg": 1, "summer/3.jpg": 1, "later.jpg": 2}


def test_a_changed_model_is_told_by_the_photos_that_changed_class(sort, photos, world, tmp_path):
    first = sort(photos)
    swapped = tmp_path / "swapped"
    for label, other in (("red", "blue"), ("blue", "red")):
        shutil.copytree(world / "known" / label, swapped / other)
    other = train(swapped, backbone=tiny_backbone(), home=world / "home")
    done = sort(photos, model=other)

    assert done.to_json()["changed"] == len(done.changes) == 5
    assert {each.name: each.was for each in done.catalogue.photos} == {
        each.name: each.label for each in first.catalogue.photos
    }
    before = content(tmp_path / "out")
    assert sort(photos, model=other).changes == []
    assert content(tmp_path / "out") == before, "the marks stay until the model changes its mind again"


def test_training_photos_are_marked_and_are_no_neighbours_of_themselves(sort, world, tmp_path):
    done = sort(world / "known" / "red", known=world / "known")

    photo = done.catalogue.photos[0]
    assert photo.trained == "red"
    assert {each.state for each in done.catalogue.photos} == {"learned"}
    assert done.to_json()["learned"] == 8
    assert done.to_json()["sure"] == 0
    assert {row["state"] for row in rows_of(tmp_path / "out")} == {"learned"}
    assert all(near.sha256 != photo.sha256 for near in photo.nearest)
    assert all(near.pictured for near in photo.nearest)
    shown = {near.sha256[:16] for each in done.catalogue.photos for near in each.nearest}
    there = {path.stem for path in (tmp_path / "out" / "thumbnails").iterdir()}
    assert shown <= there


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_names_that_break_pipelines_are_kept_exactly(sort, tmp_path):
    names = [
        b"caf\xe9.jpg",
        b"two\nlines.jpg",
        b"=cmd().jpg",
        b"<script>.jpg",
        "\u202e.jpg".encode(),
        b"a" * 251 + b".jpg",
    ]
    (tmp_path / "pile").mkdir()
    for at, name in enumerate(names):
        (tmp_path / "pile" / os.fsdecode(name)).write_bytes(jpeg(fake_photo(at % 2, 700 + at)))
    done = sort(tmp_path / "pile")

    read = read_catalogue(tmp_path / "out")
    assert {os.fsencode(each.name) for each in read.photos} == set(names)
    assert all(os.path.exists(each.path) for each in read.photos)  # noqa: PTH110
    assert "<script>.jpg" not in (tmp_path / "out" / "index.html").read_bytes().decode("utf-8")
    table = (tmp_path / "out" / "catalogue.csv").read_bytes().decode("utf-8")
    cells = [cell for row in csv.DictReader(io.StringIO(table, newline="")) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    json.dumps(done.to_json()).encode("ascii")


def test_near_duplicates_are_one_group(sort, photos):
    data = pytest.importorskip("skimage.data")
    picture = Image.fromarray(data.astronaut())
    picture.save(photos / "big.png")
    picture.resize((400, 400)).save(photos / "small.jpg", quality=70)
    done = sort(photos)

    groups = {each.name: each.alike for each in done.catalogue.photos}
    assert groups["big.png"] is not None
    assert groups["big.png"] == groups["small.jpg"]
    assert done.to_json()["near_duplicates"] >= 1


def test_a_network_with_its_own_classes_catalogues_too(sort, photos, tmp_path):
    done = sort(photos, model="pocket")

    assert len(done.catalogue.photos) == 5
    assert done.catalogue.photos[0].nearest == []
    assert done.catalogue.learn == "headstart train corrections.csv -o MODEL"
    assert done.to_json()["unmeasured"] == 5
    assert {row["state"] for row in rows_of(tmp_path / "out")} == {"unmeasured"}
    [note] = [note for note in done.catalogue.notes if "measured" in note]
    assert "classes of its own" in note
    assert "headstart train" in note


def test_a_model_that_measured_nothing_says_why(sort, world, photos, tmp_path):
    write_photos(tmp_path / "few", ("red", "blue"), each=2)
    few = train(tmp_path / "few", backbone=tiny_backbone(), home=world / "home")
    old = train(world / "known", backbone=tiny_backbone(), home=world / "home")
    old.sets = None  # as a model that was saved before there were any
    found = {}
    for name, model in (("few", few), ("old", old)):
        done = sort(photos, model=model, output=tmp_path / f"out of {name}")
        facts = done.to_json()
        assert facts["sure"] == facts["unsure"] == 0
        assert facts["unmeasured"] + facts["unknown"] == 5
        [found[name]] = [note for note in facts["notes"] if "measure" in note]

    assert "too few" in found["few"]
    assert "train again with more photos" in found["few"]
    assert "from before headstart could measure" in found["old"]


def rows_of(out):
    with (out / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_source_that_is_not_there_changes_nothing(sort, photos, tmp_path):
    sort(photos)
    before = content(tmp_path / "out")
    wrong = {
        "no such file or folder": [tmp_path / "mistyped"],
        "is not there": [photos, tmp_path / "unmounted"],
    }
    (tmp_path / "unmounted").symlink_to(tmp_path / "nowhere")
    for words, sources in wrong.items():
        with pytest.raises(PhotosError, match=words) as error:
            sort(sources)
        assert "\n" not in str(error.value)
    with pytest.raises(PhotosError, match="no such file or folder"):
        sort(photos, known=tmp_path / "mistyped")
    with pytest.raises(PhotosError, match="mistyped"):
        sort(tmp_path / "mistyped", output=tmp_path / "new")

    assert content(tmp_path / "out") == before
    assert not (tmp_path / "new").exists()


def test_a_folder_without_a_usable_photo_empties_no_catalogue(sort, photos, tmp_path):
    sort(photos)
    before = content(tmp_path / "out")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "empty.jpg").write_bytes(b"")

    with pytest.raises(UsageError, match=r"has 5 photos; it was left as it is") as error:
        sort(tmp_path / "wrong")
    assert "empty.jpg" in str(error.value)
    assert "\n" not in str(error.value)
    assert content(tmp_path / "out") == before


def test_new_and_gone_count_the_same_thing(sort, photos):
    sort(photos)
    kept = (photos / "summer" / "0.jpg").read_bytes()
    (photos / "summer" / "0.jpg").unlink()
    (photos / "again.jpg").unlink()
    without = sort(photos)
    (photos / "again.jpg").write_bytes(kept)
    (photos / "summer" / "0.jpg").write_bytes(kept)
    back = sort(photos)

    assert (without.new, without.gone) == (0, 2)
    assert (back.new, back.gone) == (2, 0)


def test_none_usable_is_a_page_that_says_so(sort, tmp_path):
    folder = tmp_path / "pile"
    folder.mkdir()
    (folder / "text.jpg").write_text("no photo")
    done = sort(folder)

    assert done.to_json()["photos"] == 0
    assert "1 file could not be used" in (tmp_path / "out" / "index.html").read_text()


def test_commands_can_be_run_from_anywhere(world, photos, tmp_path):
    other = tmp_path / "it's a model"
    photo_model = train(world / "known", backbone="squeezenet1_1@random", home=world / "home", output=other)
    assert photo_model.classes == ("blue", "red")
    done = catalogue(other, photos, tmp_path / "out", home=world / "home")

    assert shlex.split(done.catalogue.learn) == ["headstart", "learn", str(other), "corrections.csv"]
    again = ["headstart", "catalogue", str(other), str(photos), "-o", str(tmp_path / "out")]
    assert shlex.split(done.catalogue.again) == [*again, "--home", str(world / "home")]
    options = {"follow_links": True, "engine": "torch", "precision": "f32", "known": world / "known"}
    done = catalogue(other, photos, tmp_path / "out", home=world / "home", **options)
    asked = ["--known", str(world / "known"), "--follow-links", "--engine", "torch", "--precision", "f32"]
    assert shlex.split(done.catalogue.again) == [*again, *asked, "--home", str(world / "home")]


def test_other_folders_and_places_among_the_photos_are_refused(sort, photos, tmp_path):
    with pytest.raises(UsageError, match="among the photos"):
        sort(photos, output=photos / "out")
    with pytest.raises(UsageError, match="holds other files"):
        sort(photos / "summer", output=photos)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        sort(photos, output=tmp_path / "file")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(PhotosError, match="no file"):
        sort(tmp_path / "nothing")
    sort(photos)
    with pytest.raises(UsageError, match=r"among the photos|own thumbnails"):
        sort(tmp_path / "out" / "thumbnails")
    assert not (photos / "out").exists()


@pytest.mark.parametrize(
    ("name", "spoil", "words"),
    [
        ("catalogue.json", lambda data: data[:-20], "is no JSON"),
        ("catalogue.json", lambda data: b"[]", "is not a headstart catalogue's"),
        ("catalogue.json", lambda data: data.replace(b'"format": 1', b'"format": 9'), "format 9"),
        ("catalogue.json", lambda data: data.replace(b'"state": "', b'"state": "x'), "is damaged"),
        ("index.html", lambda data: data + b" ", "is not the page"),
    ],
)
def test_a_damaged_catalogue_is_refused_in_one_line(sort, photos, tmp_path, name, spoil, words):
    sort(photos)
    path = tmp_path / "out" / name
    path.write_bytes(spoil(path.read_bytes()))

    for act in (lambda: read_catalogue(tmp_path / "out"), lambda: sort(photos)):
        with pytest.raises(UsageError, match=words) as error:
            act()
        assert "\n" not in str(error.value)


def test_a_folder_that_is_no_catalogue_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no catalogue"):
        read_catalogue(tmp_path)


def test_killed_at_any_write_the_page_has_its_record_and_the_next_run_ends_the_same(
    sort, photos, tmp_path, monkeypatch
):
    from headstart.tasks.cataloguing import pictures, write

    sort(photos)
    for name in ("later.jpg", "last.jpg"):
        (photos / name).write_bytes(jpeg(fake_photo(1, len(name))))
    (photos / "summer" / "1.jpg").unlink()
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(tmp_path / "out", undisturbed)
    sort(photos, output=undisturbed)
    for at in range(20):
        out = tmp_path / f"out{at}"
        shutil.copytree(tmp_path / "out", out)
        with monkeypatch.context() as patched:
            left = Countdown(at)
            for module, name in (
                (pictures, "atomic_write_bytes"),
                (write, "atomic_write_bytes"),
                (write, "replace_durably"),
            ):
                patched.setattr(module, name, left.before(getattr(module, name)))
            try:
                sort(photos, output=out)
                break
            except KeyboardInterrupt:
                pass
        assert len(read_catalogue(out).photos) in {5, 6}
        sort(photos, output=out)
        assert like(content(out), out) == like(content(undisturbed), undisturbed)
    assert at > 4, "no write was disturbed: the test has tested nothing"


class Countdown:
    """Kills at the n-th write, counted from 0."""

    def __init__(self, writes):
        self.left = writes

    def before(self, function):
        def disturbed(*given, **options):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return function(*given, **options)

        return disturbed


def like(files, out):
    """The files without the place that they name; the record's digest of its page goes with it."""
    place = str(out).encode()
    texts = {path: data.replace(place, b"OUT") for path, data in files.items()}
    record = next(path for path in texts if path.name == "catalogue.json")
    texts[record] = texts[record][texts[record].index(b'"catalogue": ') :]
    return texts


def test_a_first_run_that_was_killed_is_finished(sort, photos, tmp_path, monkeypatch):
    from headstart.tasks.cataloguing import write

    with monkeypatch.context() as patched:
        patched.setattr(write, "atomic_write_bytes", Countdown(1).before(write.atomic_write_bytes))
        with pytest.raises(KeyboardInterrupt):
            sort(photos)
    assert not (tmp_path / "out" / "index.html").exists()

    assert sort(photos).new == 5
    assert len(read_catalogue(tmp_path / "out").photos) == 5


def test_who_waits_for_another_run_is_told(sort, photos, monkeypatch):
    from headstart.tasks.cataloguing import write

    told, real = [], write.locked

    def locked(path, *, waiting):
        told.append(waiting)
        return real(path, waiting=waiting)

    monkeypatch.setattr(write, "locked", locked)
    sort(photos, waiting=print)

    assert told == [print]
