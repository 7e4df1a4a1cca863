"""Folders and lists of files: what is found, what is passed over, what stops before any work."""

from __future__ import annotations

import os
import shutil
import tempfile
import unicodedata
from pathlib import Path

import pytest

from headstart.errors import PhotosError
from headstart.images.folder import scan_files, scan_photos
from headstart.images.photo import Reason
from tests.images import trees


def names(found):
    return [photo.name for photo in found.photos]


def reasons(found):
    return {entry.name: entry.reason for entry in found.skipped}


@pytest.fixture
def tree(tmp_path):
    return trees.two_classes(tmp_path / "photos")


@pytest.fixture
def open_place():
    """A folder that a user without privileges can reach (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for place, folders, _ in os.walk(folder):  # top down: each one is opened before it is entered
        for name in folders:
            Path(place, name).chmod(0o755)
    shutil.rmtree(folder)


class TestClassFolders:
    def test_each_folder_is_a_class(self, tree):
        found = scan_photos(tree)
        assert [(photo.name, photo.label) for photo in found.photos] == [
            ("cat/1.jpg", "cat"),
            ("cat/2.jpg", "cat"),
            ("dog/3.jpg", "dog"),
        ]
        assert found.classes == ("cat", "dog")
        assert found.source == str(tree)
        assert (found.skipped, found.ignored, found.notes) == ((), 0, ())

    def test_paths_lead_to_the_files(self, tree, monkeypatch):
        monkeypatch.chdir(tree.parent)
        for source in (tree, str(tree), "photos", "photos/", "./photos/../photos"):
            found = scan_photos(source)
            assert [photo.path.read_text() for photo in found.photos] == names(found)

    def test_a_link_as_the_source_itself_is_followed(self, tree, tmp_path):
        (tmp_path / "link").symlink_to(tree)
        assert names(scan_photos(tmp_path / "link")) == names(scan_photos(tree))

    def test_deeper_photos_belong_to_their_class(self, tree):
        trees.plant(tree, "cat/kittens/2020/4.jpg", "dog/dog/5.jpg")
        labels = {photo.name: photo.label for photo in scan_photos(tree).photos}
        assert labels["cat/kittens/2020/4.jpg"] == "cat"
        assert labels["dog/dog/5.jpg"] == "dog"

    def test_one_folder_level_inside_every_class_is_not_ambiguous(self, tmp_path):
        trees.plant(tmp_path, "cat/originals/1.jpg", "dog/originals/2.jpg")
        assert scan_photos(tmp_path).classes == ("cat", "dog")

    def test_content_decides_later_so_every_file_in_a_class_stays(self, tree):
        trees.plant(tree, "cat/notes.txt", "cat/no_suffix", "cat/page.html")
        assert {"cat/notes.txt", "cat/no_suffix", "cat/page.html"} <= set(names(scan_photos(tree)))

    def test_files_beside_the_class_folders_are_noted(self, tree):
        trees.plant(tree, "README.md", "LICENSE")
        found = scan_photos(tree)
        assert len(found.photos) == 3
        assert found.notes == ("2 files beside the class folders not used: 'LICENSE', 'README.md'",)

    def test_empty_folders_inside_a_class_do_not_matter(self, tree):
        trees.plant(tree, "cat/later/")
        assert len(scan_photos(tree).photos) == 3

    def test_order_does_not_depend_on_the_disk(self, tree, monkeypatch):
        trees.plant(tree, "cat/B.jpg", "cat/a.jpg", "cat-2/1.jpg", "zebra/ä.jpg", "cat/b/1.jpg")
        (tree / "cat" / "gone").symlink_to("nowhere")
        (tree / "dog" / "gone").symlink_to("nowhere")
        first = scan_photos(tree)
        real = os.scandir

        class Backwards:
            def __init__(self, path):
                self.entries = real(path)

            def __enter__(self):
                return iter(sorted(self.entries, key=lambda entry: entry.name, reverse=True))

            def __exit__(self, *_):
                self.entries.close()

        monkeypatch.setattr(os, "scandir", Backwards)
        assert scan_photos(tree) == first
        assert names(first) == sorted(names(first), key=os.fsencode)


class TestClutter:
    def test_passed_over_and_counted(self, tree):
        trees.plant(tree, *trees.CLUTTER, *(f"cat/{name}" for name in trees.CLUTTER))
        found = scan_photos(tree)
        assert names(found) == ["cat/1.jpg", "cat/2.jpg", "dog/3.jpg"]
        assert found.classes == ("cat", "dog")
        assert found.ignored == 2 * len(trees.CLUTTER)
        assert (found.skipped, found.notes) == ((), ())

    def test_hidden_folders_do_not_make_up_for_a_missing_class(self, tmp_path):
        trees.plant(tmp_path, "cat/1.jpg", ".ipynb_checkpoints/1-checkpoint.jpg")
        with pytest.raises(PhotosError, match="only one class, 'cat'"):
            scan_photos(tmp_path)

    @pytest.mark.parametrize("name", ["thumbs.db.jpg", "Icon", "a.hidden", "MACOSX", "DS_Store"])
    def test_similar_names_are_files_like_others(self, tree, name):
        trees.plant(tree, f"cat/{name}")
        assert f"cat/{name}" in names(scan_photos(tree))


class TestLayoutsThatStop:
    @pytest.mark.parametrize(
        ("files", "says"),
        [
            ([], "no class folder"),
            (["README.md"], "no class folder"),
            ([".hidden/1.jpg"], "no class folder"),
            (["1.jpg", "2.PNG"], "2 photos outside any class folder, such as '1.jpg'"),
            (["cat/1.jpg", "dog/2.jpg", "3.jpeg"], "1 photo outside any class folder, such as '3.jpeg'"),
            (["cat/1.jpg"], "only one class, 'cat'"),
            (["cat/1.jpg", "dog/2.jpg", "bird/"], "class 'bird' in .* without any photo"),
            (["cat/1.jpg", "dog/2.jpg", "bird/.DS_Store"], "class 'bird' in .* without any photo"),
            (["cat/1.jpg", "a/", "b/", "c/", "d/"], "4 classes 'a', 'b', 'c' and 1 more in .* without any"),
            (["train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg", "test/dog/4.jpg"], "give for example"),
            (["animals/cat/1.jpg", "animals/dog/2.jpg"], "'animals' holds 'cat', 'dog'"),
            (["train/cat/1.jpg", "train/dog/2.jpg", "train/labels.csv"], "'train' holds 'cat', 'dog'"),
            (["train/cat/1.jpg", "train/dog/2.jpg", "README.md"], "'train' holds 'cat', 'dog'"),
        ],
    )
    def test_names_the_folder_and_the_layout(self, tmp_path, files, says):
        root = trees.plant(tmp_path / "my photos", "./", *files)
        with pytest.raises(PhotosError, match=says) as caught:
            scan_photos(root)
        message = str(caught.value)
        assert "my photos" in message
        assert "\n" not in message
        assert "CSV" in message or "take the class out" in message

    def test_one_class_is_enough_where_nothing_is_learned(self, tmp_path):
        trees.plant(tmp_path, "cat/1.jpg")
        assert scan_photos(tmp_path, least_classes=1).classes == ("cat",)

    def test_a_class_of_which_nothing_is_left_says_why(self, tree):
        trees.not_files(tree / "fish")
        with pytest.raises(PhotosError, match=r"class 'fish' .*this is a device, not a file"):
            scan_photos(tree)

    @pytest.mark.parametrize("source", ["", "no/such/place", "cats-vs-dogs", "-", "nul\0byte", "x" * 300])
    def test_a_source_that_is_not_there(self, source, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(PhotosError) as caught:
            scan_photos(source)
        assert repr(source) in str(caught.value)

    def test_a_source_that_is_a_fifo_is_never_opened(self, tmp_path):
        os.mkfifo(tmp_path / "photos.csv")
        with pytest.raises(PhotosError, match="neither a folder nor a table"):
            scan_photos(tmp_path / "photos.csv")

    def test_a_source_that_links_to_itself(self, tmp_path):
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(PhotosError, match="loop"):
            scan_photos(tmp_path / "loop")


class TestPermissions:
    def test_a_folder_that_may_not_be_listed(self, open_place):
        root = trees.two_classes(open_place / "photos")
        root.chmod(0o000)
        with trees.unprivileged(), pytest.raises(PhotosError, match="permissions"):
            scan_photos(root)

    def test_a_class_that_may_not_be_listed_is_not_lost_in_silence(self, open_place):
        root = trees.two_classes(open_place / "photos")
        trees.plant(root, "bird/4.jpg")
        (root / "bird").chmod(0o000)
        with trees.unprivileged(), pytest.raises(PhotosError, match=r"class 'bird' .*permissions"):
            scan_photos(root)

    def test_a_deeper_folder_that_may_not_be_listed_is_skipped(self, open_place):
        root = trees.two_classes(open_place / "photos")
        trees.plant(root, "cat/closed/4.jpg")
        (root / "cat" / "closed").chmod(0o000)
        with trees.unprivileged():
            labelled, flat = scan_photos(root), scan_files([root / "cat", root / "cat" / "closed"])
        assert len(labelled.photos) == 3
        (entry,) = labelled.skipped
        assert (entry.name, entry.reason, entry.label) == ("cat/closed", Reason.NO_PERMISSION, "cat")
        assert set(reasons(flat).values()) == {Reason.NO_PERMISSION}
        assert len(flat.photos) == 2


class TestLinks:
    def test_inside_the_folder_is_a_photo(self, tree):
        (tree / "dog" / "also.jpg").symlink_to("../cat/1.jpg")
        assert "dog/also.jpg" in names(scan_photos(tree))

    def test_inside_counts_however_the_folder_is_called(self, tree, monkeypatch):
        (tree / "dog" / "also.jpg").symlink_to(tree / "cat" / "1.jpg")
        (tree.parent / "link").symlink_to(tree)
        monkeypatch.chdir(tree.parent)
        for source in ("photos", "link", "./link/../photos"):
            assert "dog/also.jpg" in names(scan_photos(source))

    def test_outside_only_when_asked(self, tree, tmp_path):
        trees.plant(tmp_path / "photos and more", "9.jpg")  # begins with the root's own name
        (tree / "cat" / "out.jpg").symlink_to(tmp_path / "photos and more" / "9.jpg")
        found = scan_photos(tree)
        assert reasons(found) == {"cat/out.jpg": Reason.OUTSIDE_FOLDER}
        assert found.skipped[0].label == "cat"
        assert "cat/out.jpg" in names(scan_photos(tree, follow_links=True))

    @pytest.mark.parametrize("follow", [False, True])
    def test_dangling_and_circular_links_are_skipped(self, tree, follow):
        (tree / "cat" / "gone.jpg").symlink_to("nowhere.jpg")
        (tree / "cat" / "itself.jpg").symlink_to("itself.jpg")
        (tree / "gone").symlink_to("nowhere")
        found = scan_photos(tree, follow_links=follow)
        assert reasons(found) == {
            "cat/gone.jpg": Reason.MISSING,
            "cat/itself.jpg": Reason.NOT_A_FILE,
            "gone": Reason.MISSING,
        }
        assert {entry.stage for entry in found.skipped} == {"scan"}
        assert len(found.photos) == 3

    def test_folder_links_are_noted_and_not_followed(self, tree, tmp_path):
        trees.plant(tmp_path / "other", "9.jpg")
        (tree / "bird").symlink_to(tmp_path / "other")
        (tree / "cat" / "up").symlink_to("..")
        found = scan_photos(tree)
        assert len(found.photos) == 3
        assert found.classes == ("cat", "dog")
        assert found.notes == ("2 links to folders were not followed: 'bird', 'cat/up'",)

    def test_classes_that_are_all_links_say_so(self, tree, tmp_path):
        root = tmp_path / "links"
        root.mkdir()
        for name in ("cat", "dog"):
            (root / name).symlink_to(tree / name)
        with pytest.raises(PhotosError, match="2 links to folders were not followed: 'cat', 'dog'"):
            scan_photos(root)
        assert names(scan_photos(root, follow_links=True)) == ["cat/1.jpg", "cat/2.jpg", "dog/3.jpg"]

    @pytest.mark.parametrize(
        ("at", "target"),
        [
            ("cat/self", "."),
            ("cat/up", ".."),
            ("dog/across", "../cat"),
            ("zoo", "cat"),
            ("a", "cat"),
            ("top", "."),
        ],
    )
    def test_followed_loops_add_nothing(self, tree, at, target):
        (tree / at).symlink_to(target)
        found = scan_photos(tree, follow_links=True)
        assert [(photo.name, photo.label) for photo in found.photos] == [
            ("cat/1.jpg", "cat"),
            ("cat/2.jpg", "cat"),
            ("dog/3.jpg", "dog"),
        ]
        assert found.classes == ("cat", "dog")
        assert at in found.notes[0]

    def test_two_followed_links_that_lead_into_each_other(self, tree, tmp_path):
        trees.plant(tmp_path, "x/8.jpg", "y/9.jpg")
        (tmp_path / "x" / "to y").symlink_to(tmp_path / "y")
        (tmp_path / "y" / "to x").symlink_to(tmp_path / "x")
        (tree / "cat" / "more").symlink_to(tmp_path / "x")
        found = scan_photos(tree, follow_links=True)
        assert names(found) == [
            "cat/1.jpg",
            "cat/2.jpg",
            "cat/more/8.jpg",
            "cat/more/to y/9.jpg",
            "dog/3.jpg",
        ]

    def test_hard_links_are_two_photos_of_one_content(self, tree):
        os.link(tree / "cat" / "1.jpg", tree / "cat" / "copy.jpg")
        assert "cat/copy.jpg" in names(scan_photos(tree, follow_links=True))


class TestThingsThatAreNoFiles:
    @pytest.mark.parametrize("follow", [False, True])
    def test_are_skipped_without_being_opened(self, tree, follow, monkeypatch):
        made = trees.not_files(tree / "cat")

        def refuse(*arguments, **_):
            raise AssertionError(f"opened {arguments[0]}")

        monkeypatch.setattr("builtins.open", refuse)
        monkeypatch.setattr("io.open", refuse)
        monkeypatch.setattr(os, "open", refuse)
        found = scan_photos(tree, follow_links=follow)
        monkeypatch.undo()
        assert reasons(found) == {f"cat/{name}": Reason.NOT_A_FILE for name in made}
        assert len(found.photos) == 3

    def test_say_what_they_are(self, tmp_path):
        trees.not_files(tmp_path)
        details = {entry.name: entry.detail for entry in scan_files([tmp_path]).skipped}
        assert [text.split()[3] for _, text in sorted(details.items())] == [
            "device,",
            "FIFO,",
            "FIFO,",
            "socket,",
        ]


class TestNames:
    def test_nasty_ones_come_through_as_they_are(self, tree):
        made = trees.nasty(tree / "cat")
        found = scan_photos(tree)
        assert {f"cat/{name}" for name in made} <= set(names(found))
        assert {photo.label for photo in found.photos} == {"cat", "dog"}
        assert all(photo.path.is_file() for photo in found.photos)

    def test_nasty_ones_can_be_class_folders(self, tree):
        for name in trees.NASTY_NAMES:
            trees.plant(tree, os.fsdecode(name) + "/1.jpg")
        found = scan_photos(tree)
        assert all(name.encode() and unicodedata.is_normalized("NFC", name) for name in found.classes)
        assert {"caf\\xe9.jpg", "café.jpg", "-rf"} <= set(found.classes)
        assert len(found.photos) == 3 + len(trees.NASTY_NAMES)
        assert set(found.classes) == {photo.label for photo in found.photos}

    def test_classes_are_compared_in_one_unicode_form(self, tree):
        trees.plant(tree, "caf\u00e9/1.jpg", "cafe\u0301/2.jpg")
        found = scan_photos(tree)
        assert found.classes == ("café", "cat", "dog")
        assert sorted(name for name in names(found) if name.startswith("caf")) == [
            "cafe\u0301/2.jpg",
            "caf\u00e9/1.jpg",
        ]
        assert found.notes == (
            "2 folders differ in Unicode form or outer blanks only and make one class, 'café'",
        )

    def test_classes_that_differ_in_case_stay_apart_with_a_note(self, tree):
        trees.plant(tree, "Cat/1.jpg", "STRASSE/1.jpg", "straße/1.jpg")
        found = scan_photos(tree)
        assert found.classes == ("Cat", "STRASSE", "cat", "dog", "straße")
        assert len(found.notes) == 2
        assert "'Cat', 'cat'" in found.notes[0]
        assert "'STRASSE', 'straße'" in found.notes[1]

    def test_paths_longer_than_the_system_takes_end_in_an_outcome(self, tree):
        trees.deeper_than_a_path(tree / "cat")
        found = scan_photos(tree)
        assert len(found.photos) == 3
        (entry,) = found.skipped
        assert entry.reason == Reason.READ_ERROR
        assert entry.label == "cat"
        shutil.rmtree(tree)


class TestFilesToPredict:
    def test_files_keep_their_name_and_order(self, tmp_path, monkeypatch):
        monkeypatch.chdir(trees.plant(tmp_path, "b.jpg", "a.jpg", "-rf"))
        found = scan_files(["b.jpg", "./a.jpg", "-rf", Path("a.jpg"), "b.jpg"])
        assert names(found) == ["b.jpg", "./a.jpg", "-rf"]
        assert [photo.path.read_text() for photo in found.photos] == ["b.jpg", "a.jpg", "-rf"]
        assert {photo.label for photo in found.photos} == {None}
        assert found.classes == ()

    @pytest.mark.parametrize(
        ("given", "prefix"),
        [("in", "in/"), ("in/", "in/"), ("./in", "in/"), (".", "in/"), ("../x/in", "../x/in/")],
    )
    def test_folders_stand_before_their_files(self, tmp_path, monkeypatch, given, prefix):
        root = tmp_path / "x"
        monkeypatch.chdir(trees.plant(root, "in/2.jpg", "in/1.jpg", "in/sub/3.jpg", "in/.DS_Store"))
        found = scan_files([given])
        assert names(found) == [f"{prefix}{name}" for name in ("1.jpg", "2.jpg", "sub/3.jpg")]
        assert all(photo.path.is_file() for photo in found.photos)
        assert found.ignored == 1

    def test_a_single_path_is_not_taken_apart(self, tmp_path):
        trees.plant(tmp_path, "1.jpg")
        assert names(scan_files(str(tmp_path))) == [f"{tmp_path}/1.jpg"]
        assert names(scan_files(tmp_path / "1.jpg")) == [f"{tmp_path}/1.jpg"]

    def test_a_file_given_twice_is_used_once(self, tmp_path):
        trees.plant(tmp_path, "1.jpg", "2.jpg")
        given = [f"{tmp_path}/./2.jpg", tmp_path, tmp_path]
        assert names(scan_files(given)) == [f"{tmp_path}/./2.jpg", f"{tmp_path}/1.jpg"]

    def test_what_is_named_and_not_there_is_skipped(self, tmp_path):
        (tmp_path / "gone.jpg").symlink_to("nowhere")
        trees.plant(tmp_path, "1.jpg")
        given = [
            "no such.jpg",
            "nul\0.jpg",
            "",
            str(tmp_path / "gone.jpg"),
            str(tmp_path / "1.jpg" / "2.jpg"),
        ]
        found = scan_files([*given, tmp_path / "1.jpg"])
        assert [(entry.name, entry.reason) for entry in found.skipped] == [
            (name, Reason.MISSING) for name in given
        ]
        assert "link" in found.skipped[3].detail
        assert len(found.photos) == 1

    def test_hidden_and_linked_files_are_used_when_named(self, tmp_path):
        trees.plant(tmp_path, "in/.hidden.jpg", "out/1.jpg")
        (tmp_path / "in" / "link.jpg").symlink_to(tmp_path / "out" / "1.jpg")
        found = scan_files([tmp_path / "in" / ".hidden.jpg", tmp_path / "in" / "link.jpg"])
        assert len(found.photos) == 2
        assert reasons(scan_files([tmp_path / "in"])) == {f"{tmp_path}/in/link.jpg": Reason.OUTSIDE_FOLDER}

    def test_links_in_folders_follow_the_same_rules(self, tmp_path):
        trees.plant(tmp_path, "in/1.jpg", "out/2.jpg")
        (tmp_path / "in" / "more").symlink_to(tmp_path / "out")
        (tmp_path / "in" / "self").symlink_to(".")
        plain, followed = scan_files([tmp_path / "in"]), scan_files([tmp_path / "in"], follow_links=True)
        assert [Path(name).name for name in names(plain)] == ["1.jpg"]
        assert "not followed: 'more', 'self'" in plain.notes[0]
        assert [Path(name).name for name in names(followed)] == ["1.jpg", "2.jpg"]

    def test_an_empty_folder_beside_others_is_noted(self, tmp_path):
        trees.plant(tmp_path, "full/1.jpg", "empty/")
        found = scan_files([tmp_path / "full", tmp_path / "empty"])
        assert len(found.photos) == 1
        assert found.notes == (f"'{tmp_path}/empty' holds no file",)

    @pytest.mark.parametrize("given", [[], ["empty"], ["hidden"]])
    def test_nothing_to_look_at(self, tmp_path, monkeypatch, given):
        monkeypatch.chdir(trees.plant(tmp_path, "empty/", "hidden/.DS_Store"))
        with pytest.raises(PhotosError, match="no file to look at"):
            scan_files(given)

    def test_nasty_names(self, tmp_path):
        made = trees.nasty(tmp_path / "in")
        expected = sorted((f"{tmp_path}/in/{name}" for name in made), key=os.fsencode)
        assert names(scan_files([tmp_path / "in"])) == expected
        given = [str(tmp_path / "in" / name) for name in made]
        assert names(scan_files(given)) == given


def test_a_stray_photo_does_not_make_train_and_test_classes(tmp_path):
    for part in ("train", "test"):
        for label in ("cat", "dog"):
            folder = tmp_path / part / label
            folder.mkdir(parents=True)
            for number in range(10):
                (folder / f"{number}.jpg").touch()
        (tmp_path / part / "README").touch()
    (tmp_path / "train" / "overview.jpg").touch()

    with pytest.raises(PhotosError, match="would be a guess"):
        scan_photos(tmp_path)


def test_outer_blanks_are_no_part_of_a_class(tmp_path):
    for label in (" ants", "bees "):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.jpg").touch()

    assert scan_photos(tmp_path).classes == ("ants", "bees")
