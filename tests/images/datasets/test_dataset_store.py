import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from headstart.errors import DownloadError, PhotosError, UsageError
from headstart.images.datasets.store import DatasetStore
from tests.images.datasets.made import known, photo, replaced, shapes, shapes_zip
from tests.loopback import Server
from tests.storage.hostile import JPEG, made_zip

DATA = shapes_zip(each=3)


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()


@pytest.fixture
def server(certified, monkeypatch):
    monkeypatch.delenv("HEADSTART_OFFLINE", raising=False)
    certified.files.clear()
    certified.requests.clear()
    return certified


@pytest.fixture
def served(server):
    return shapes(server.serve("/shapes.zip", DATA), DATA)


def store_of(tmp_path, *sets):
    """A store that does not look through the photos, which takes a process of its own."""
    return DatasetStore(tmp_path / "datasets", known(*sets), unusable=lambda photos, step: [])


def everything(folder):
    """Every file with its bytes, locks aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def test_a_fetched_set_lies_in_folders_by_part_and_class(tmp_path, server, served):
    store = store_of(tmp_path, served)
    kept = store.fetch("shapes", server.downloader())
    assert (kept.parts, kept.classes, kept.test) == ({"train": 9, "val": 6}, 2, "val")
    files = everything(tmp_path / "datasets")
    assert {name.split("/")[1] for name in files if name.count("/") == 3} == {"train", "val"}
    assert all(name.startswith("shapes/") for name in files)  # archives and temporary folders are gone
    assert "shapes/train/red/0.jpg" in files
    assert store.find("shapes") == kept
    assert store.verify("shapes") == []


def test_files_that_training_will_skip_are_named_with_its_reason_and_left_as_they_are(
    tmp_path, server, served
):
    looked = []
    store = DatasetStore(tmp_path / "datasets", known(served))
    kept = store.fetch("shapes", server.downloader(), looked=lambda: looked.append(1))
    assert [(each.file, each.reason, each.what) for each in kept.odd] == [
        ("train/blue/other.jpg", None, "it is a PNG photo, its name says JPEG"),
        ("train/red/cut.jpg", "truncated", kept.odd[1].what),
        ("train/red/empty.jpg", "empty", "empty: the file has no bytes"),
    ]
    assert kept.odd[1].what.startswith("truncated: ")
    assert len(looked) == 15
    assert (tmp_path / "datasets/shapes/train/red/empty.jpg").read_bytes() == b""
    assert len((tmp_path / "datasets/shapes/train/red/cut.jpg").read_bytes()) == 600


def test_the_same_photo_in_two_classes_is_named(tmp_path, server):
    data = made_zip(
        *((f"shapes/{part}/{label}/1.jpg", photo(9)) for part in ("train", "val") for label in ("a", "b")),
        ("shapes/train/a/2.jpg", photo(8)),
    )
    store = DatasetStore(tmp_path / "datasets", known(shapes(server.serve("/shapes.zip", data), data)))
    kept = store.fetch("shapes", server.downloader())
    assert {each.reason for each in kept.odd} == {"same photo in two classes"}
    assert [each.file for each in kept.odd] == [
        *("train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.jpg"),
    ]


def test_what_is_at_hand_and_whole_is_not_fetched_again(tmp_path, server, served):
    store = store_of(tmp_path, served)
    first = store.fetch("shapes", server.downloader())
    assert store.fetch("shapes", server.downloader()) == first
    assert len(server.requests) == 1


def test_the_same_archive_gives_the_same_bytes(tmp_path, server, served):
    one, two = tmp_path / "one", tmp_path / "two"
    for place in (one, two):
        store_of(place, served).fetch("shapes", server.downloader())
    assert everything(one) == everything(two)


def test_a_broken_connection_is_resumed(tmp_path, server):
    facts = shapes(server.serve("/shapes.zip", DATA, drop=[1000, 2000]), DATA)
    store_of(tmp_path, facts).fetch("shapes", server.downloader())
    assert server.ranges() == [None, "bytes=1000-", "bytes=2000-"]


def test_wrong_bytes_are_refused_and_nothing_is_kept(tmp_path, server):
    facts = shapes(server.serve("/shapes.zip", DATA[:-1] + b"x"), DATA)
    store = store_of(tmp_path, facts)
    with pytest.raises(DownloadError, match=r"By hand: get https://.*--from FILE"):
        store.fetch("shapes", server.downloader())
    assert store.find("shapes") is None


def test_offline_the_message_says_address_size_digest_and_the_way_by_hand(tmp_path, served, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    from headstart.storage.download import Downloader

    with pytest.raises(DownloadError) as caught:
        store_of(tmp_path, served).fetch("shapes", Downloader())
    file = served.files[0]
    said = str(caught.value)
    assert file.url in said
    assert file.sha256 in said
    assert " MB)" in said
    assert said.endswith("run `headstart datasets fetch shapes --from FILE`")


def two_files(served):
    """The set, as if it were made of two files."""
    other = replaced(served.files[0], url="https://example.org/more.zip", filename="more.zip", md5="0" * 32)
    return replaced(served, files=(served.files[0], other))


def test_offline_every_missing_file_is_named(tmp_path, served, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    from headstart.storage.download import Downloader

    with pytest.raises(DownloadError) as caught:
        store_of(tmp_path, two_files(served)).fetch("shapes", Downloader())
    said = str(caught.value)
    assert served.files[0].url in said
    assert f"and https://example.org/more.zip (0.0 MB, SHA-256 {served.files[0].sha256})" in said
    assert said.endswith("on any machine and run `headstart datasets fetch shapes --from FOLDER`")


def test_a_file_that_arrived_before_is_not_asked_for_again(tmp_path, served, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    from headstart.storage.download import Downloader

    both = two_files(served)
    both = replaced(both, files=(both.files[0], replaced(both.files[1], md5=None)))
    left = tmp_path / "datasets" / ".fetched" / "shapes"
    left.mkdir(parents=True)
    for folder in (tmp_path / "datasets", left.parent, left):
        folder.chmod(0o700)
    (left / "shapes.zip").write_bytes(DATA)
    with pytest.raises(DownloadError) as caught:
        store_of(tmp_path, both).fetch("shapes", Downloader())
    assert served.files[0].url not in str(caught.value)
    (tmp_path / "more.zip").write_bytes(DATA)
    store_of(tmp_path, both).fetch("shapes", Downloader(), brought=[tmp_path])
    assert store_of(tmp_path, both).verify("shapes") == []


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_brought_file_is_used_and_left_alone_offline(tmp_path, served, monkeypatch, as_folder):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    from headstart.storage.download import Downloader

    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine" / "shapes.zip"
    mine.write_bytes(DATA)
    store = store_of(tmp_path, served)
    store.fetch("shapes", Downloader(), brought=[mine.parent if as_folder else mine])
    assert store.verify("shapes") == []
    assert mine.read_bytes() == DATA


@pytest.mark.parametrize(("content", "why"), [(b"other", "is not the file"), (None, "no shapes.zip")])
def test_a_brought_file_that_is_wrong_is_refused(tmp_path, served, server, content, why):
    mine = tmp_path / "shapes.zip"
    if content is not None:
        mine.write_bytes(content)
    with pytest.raises(PhotosError, match=why):
        store_of(tmp_path, served).fetch("shapes", server.downloader(), brought=[mine])


def test_a_wrong_brought_file_costs_nothing_of_what_was_fetched(tmp_path, server):
    facts = shapes(server.serve("/shapes.zip", DATA, drop=[1000, 1000]), DATA)
    store = store_of(tmp_path, facts)
    with pytest.raises(DownloadError, match="is kept"):
        store.fetch("shapes", server.downloader())
    with pytest.raises(PhotosError):
        store.fetch("shapes", server.downloader(), brought=[tmp_path])
    store.fetch("shapes", server.downloader())
    assert server.ranges()[-1] == "bytes=1000-"


def test_without_a_published_digest_only_trust_first_fetches(tmp_path, server):
    facts = shapes(server.serve("/shapes.zip", DATA), DATA, sha256=None, size=None)
    store = store_of(tmp_path, facts)
    with pytest.raises(PhotosError, match="--trust-first"):
        store.fetch("shapes", server.downloader())
    assert not server.requests
    store.fetch("shapes", server.downloader(), trust_first=True)
    # Its digest is pinned from then on: another file under that address is not taken.
    (tmp_path / "datasets/shapes/train/red/0.jpg").unlink()
    server.serve("/shapes.zip", shapes_zip(each=7))
    with pytest.raises(DownloadError, match="SHA-256"):
        store.fetch("shapes", server.downloader())
    server.serve("/shapes.zip", DATA)
    store.fetch("shapes", server.downloader())
    assert store.verify("shapes") == []


def test_a_hostile_archive_leaves_nothing_even_where_it_is_trusted(tmp_path, server):
    data = made_zip(("shapes/train/red/1.jpg", JPEG), ("../../evil.jpg", JPEG))
    facts = shapes(server.serve("/shapes.zip", data), data, sha256=None, size=None)
    with pytest.raises(PhotosError, match=r"shapes\.zip is refused"):
        store_of(tmp_path, facts).fetch("shapes", server.downloader(), trust_first=True)
    assert not any(everything(tmp_path))


def test_another_archive_than_expected_is_refused(tmp_path, server):
    data = made_zip(("other/train/red/1.jpg", JPEG))
    facts = shapes(server.serve("/shapes.zip", data), data)
    with pytest.raises(PhotosError, match="not the data set that was expected"):
        store_of(tmp_path, facts).fetch("shapes", server.downloader())


def test_verify_names_what_was_changed_added_and_taken_away(tmp_path, server, served):
    store = store_of(tmp_path, served)
    store.fetch("shapes", server.downloader())
    folder = tmp_path / "datasets/shapes"
    (folder / "train/red/0.jpg").write_bytes(b"changed")
    (folder / "train/red/1.jpg").unlink()
    (folder / "val/blue/mine.jpg").write_bytes(b"mine")
    assert store.verify("shapes") == [
        "val/blue/mine.jpg is not of the data set",
        "train/red/1.jpg is missing",
        "train/red/0.jpg was changed",
    ]
    store.fetch("shapes", server.downloader())
    assert store.verify("shapes") == []


def test_a_damaged_record_is_said_and_fetching_again_mends_it(tmp_path, server, served):
    store = store_of(tmp_path, served)
    store.fetch("shapes", server.downloader())
    for damage in (b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": 9}'):
        (tmp_path / "datasets/shapes/dataset.json").write_bytes(damage)
        with pytest.raises(PhotosError, match="headstart datasets fetch shapes"):
            store.part("shapes")
    store.fetch("shapes", server.downloader())
    assert store.verify("shapes") == []


def test_a_damaged_list_of_digests_is_no_agreement(tmp_path, server, served):
    store = store_of(tmp_path, served)
    store.fetch("shapes", server.downloader())
    (tmp_path / "datasets/shapes/files.sha256").write_text("")
    assert store.verify("shapes") == ["the list of digests is damaged, so nothing can be compared"]


def test_parts_are_chosen_by_name_or_by_what_is_asked(tmp_path, server, served):
    store = store_of(tmp_path, served)
    with pytest.raises(PhotosError, match="not at hand; run `headstart datasets fetch shapes`"):
        store.part("shapes")
    store.fetch("shapes", server.downloader())
    assert store.part("shapes").name == "train"
    assert store.part("shapes", measure=True).name == "val"
    assert store.part("shapes", "val").name == "val"
    with pytest.raises(PhotosError, match="no part 'test'; it has train, val"):
        store.part("shapes", "test")


@pytest.mark.parametrize("name", ["", ".", "..", "../shapes", "a/b", "no-such", "\0", "~"])
def test_other_names_are_no_data_sets(tmp_path, served, server, name):
    store = store_of(tmp_path, served)
    assert not store.knows(name)
    with pytest.raises(UsageError, match="there are shapes"):
        store.fetch(name, server.downloader())


def test_a_class_that_is_no_file_name_is_refused(tmp_path, server, served):
    from headstart.images.datasets.facts import Placed

    evil = replaced(served, layout=lambda files: iter([Placed("train", "..", "1.jpg", b"x")]))
    with pytest.raises(PhotosError, match="no file name"):
        store_of(tmp_path, evil).fetch("shapes", server.downloader())


def test_two_that_want_the_same_set_fetch_it_once(tmp_path, server, served):
    said = []
    stores = [
        DatasetStore(
            tmp_path / "datasets", known(served), waiting=said.append, unusable=lambda photos, step: []
        )
        for _ in range(2)
    ]
    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(lambda store: store.fetch("shapes", server.downloader()), stores))
    assert kept[0] == kept[1]
    assert len(server.requests) == 1


def test_ended_between_two_names_the_next_fetch_needs_no_network(tmp_path, served, monkeypatch):
    """As a kill leaves it that came after the old folder was taken away and before the new one stood."""
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    from headstart.storage.download import Downloader

    left = tmp_path / "datasets" / ".fetched" / "shapes"
    (tmp_path / "datasets" / ".shapes.new" / "before" / "train").mkdir(parents=True)
    (tmp_path / "datasets" / ".shapes.new" / "set").mkdir()
    left.mkdir(parents=True)
    (left / "shapes.zip").write_bytes(DATA)
    for folder in (tmp_path / "datasets", left.parent, left):
        folder.chmod(0o700)
    store = store_of(tmp_path, served)
    store.fetch("shapes", Downloader())
    assert store.verify("shapes") == []
    assert sorted(path.name for path in (tmp_path / "datasets").iterdir()) == [".shapes.lock", "shapes"]


KILLED = """
import os, sys
from pathlib import Path
from headstart.images.datasets.store import DatasetStore
from headstart.storage.download import Downloader
from tests.images.datasets.made import known, shapes, shapes_zip

data = shapes_zip(each=3)
done = 0
def step():
    global done
    done += 1
    if done == int(sys.argv[2]):
        os._exit(9)
store = DatasetStore(Path(sys.argv[1]) / "datasets", known(shapes("https://example.org/shapes.zip", data)))
store.fetch("shapes", Downloader(), brought=[Path(sys.argv[1]) / "shapes.zip"], step=step)
"""


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 7, 14])
def test_killed_while_unpacking_the_next_fetch_ends_it(tmp_path, server, served, at):
    (tmp_path / "shapes.zip").write_bytes(DATA)
    env = os.environ | {"HEADSTART_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at)], env=env, check=False)
    assert ended.returncode == 9
    store = store_of(tmp_path, served)
    assert store.find("shapes") is None
    store.fetch("shapes", server.downloader())
    assert store.verify("shapes") == []
    assert sorted(path.name for path in (tmp_path / "datasets").iterdir()) == [".shapes.lock", "shapes"]
