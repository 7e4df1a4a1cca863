"""What the benchmarks are made of: turns, data sets, accuracies, networks at hand."""

import shutil
import zipfile
from dataclasses import replace
from itertools import count

import pytest
import torch
from safetensors.torch import save_file

import at_hand
from accuracy import accuracy_of, accuracy_on, archive_accuracy, fold_accuracy, folder_accuracy
from alternating import alternating
from headstart.backbones.weights import WeightsStore
from headstart.features.extract import extract
from headstart.features.store import FeatureStore
from headstart.images.decode import decode
from headstart.images.folder import scan_photos
from headstart.images.pixels import to_pixels
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.testing import fake_photo, jpeg, tiny_backbone, write_photos
from labelled import find_labelled

pytestmark = pytest.mark.slow

IDS = ("n01", "n02", "n03")


@pytest.fixture(scope="module")
def reader():
    with PhotoReader(workers=1) as opened:
        yield opened


@pytest.fixture
def store():
    with FeatureStore(None) as opened:
        yield opened


def with_classes():
    backbone = tiny_backbone(classes=("one", "two", "three"))
    backbone.spec = replace(backbone.spec, class_ids=IDS)
    return backbone


def asked_directly(backbone, photos):
    """The network's own class ids for files' bytes, one by one."""
    resize = backbone.spec.preprocessing.resize
    pixels = [torch.from_numpy(to_pixels([decode(data, resize).pixels])) for data in photos]
    return [IDS[int(backbone.logits(each).argmax())] for each in pixels]


def test_jobs_take_turns_and_the_first_round_does_not_count():
    order, now = [], [0.0]

    def job(name, seconds):
        took = iter(seconds)

        def run():
            order.append(name)
            now[0] += next(took)

        return run

    jobs = {"a": job("a", [100, 1, 9, 2]), "b": job("b", [100, 4, 4, 50])}

    assert alternating(jobs, 3, clock=lambda: now[0]) == {"a": 2, "b": 4}
    assert order == ["a", "b"] * 4


def test_accuracy_has_its_interval():
    found = accuracy_of(["a", "b", "b"], ["a", "b", "a"], "test")

    assert (round(found.value, 3), round(found.low, 3), round(found.high, 3)) == (0.667, 0.208, 0.939)
    assert (found.photos, found.how) == (3, "test")


def test_a_head_is_judged_on_test_photos(tmp_path, reader, store):
    learn, test = write_photos(tmp_path / "learn", each=8), write_photos(tmp_path / "test", each=5, side=56)
    swapped = tmp_path / "swapped"
    shutil.copytree(test / "red", swapped / "blue")
    shutil.copytree(test / "blue", swapped / "red")
    shutil.copy(test / "red" / "0.jpg", test / "red" / "copy.jpg")
    tables = [
        extract(scan_photos(folder).photos, tiny_backbone(), store=store, reader=reader)
        for folder in (learn, test, swapped)
    ]

    right, wrong = accuracy_on(tables[0], tables[1]), accuracy_on(tables[0], tables[2])

    assert right.value == 1
    assert right.photos == 10, "a copy is judged once"
    assert wrong.value == 0


def test_a_head_is_judged_by_folds(tmp_path, reader, store):
    photos = scan_photos(write_photos(tmp_path, each=10)).photos
    mixed = [replace(photo, label="ab"[number % 2]) for number, photo in enumerate(photos)]

    found = fold_accuracy(extract(photos, tiny_backbone(), store=store, reader=reader))
    chance = fold_accuracy(extract(mixed, tiny_backbone(), store=store, reader=reader))

    assert (found.value, found.photos, found.how) == (1, 20, "5 folds")
    assert chance.value < 0.9, "labels that mean nothing can't be learned"


def test_data_sets_that_are_there_and_lines_for_the_others(tmp_path, reader):
    cats = tmp_path / "cats-vs-dogs"
    write_photos(cats / "train", ("cat", "dog"), each=4)
    write_photos(cats / "test", ("cat", "dog"), each=3, side=40)
    shutil.copy(cats / "train" / "cat" / "0.jpg", cats / "test" / "cat" / "9.jpg")
    write_photos(tmp_path / "ants-bees" / "train", ("ants", "bees"), each=4)
    write_photos(tmp_path / "ants-bees" / "val", ("ants", "bees"), each=2, side=40)

    found, missing = find_labelled(tmp_path, reader)

    sizes = {each.name: (len(each.learn), len(each.test)) for each in found}
    assert sizes == {"cats-vs-dogs": (8, 6), "ants-bees": (12, 0)}, "test photos trained on are left out"
    assert {line.partition(":")[0] for line in missing} == {
        "pets-37",
        "aerial",
        "styles/photo",
        "styles/cartoon",
        "styles/sketch",
    }


def test_a_data_set_without_its_test_photos_is_left_out(tmp_path, reader):
    write_photos(tmp_path / "cats-vs-dogs" / "train", each=2)

    found, missing = find_labelled(tmp_path, reader)

    assert found == []
    assert any("cats-vs-dogs/test" in line for line in missing)


def test_own_classes_of_files_in_a_folder(tmp_path, reader, store):
    backbone, numbers = with_classes(), count()
    for label, name in enumerate(IDS):
        for _ in range(4):
            (tmp_path / f"{name}_{next(numbers)}.jpg").write_bytes(jpeg(fake_photo(label, next(numbers))))
    files = sorted(tmp_path.iterdir())
    answers = asked_directly(backbone, [path.read_bytes() for path in files])

    found = folder_accuracy(backbone, tmp_path, store=store, reader=reader)

    right = sum(path.name.startswith(answer) for path, answer in zip(files, answers, strict=True))
    assert (found.photos, found.value) == (12, right / 12)
    assert folder_accuracy(tiny_backbone(), tmp_path, store=store, reader=reader) is None


def test_own_classes_of_files_in_an_archive(tmp_path):
    backbone, archive = with_classes(), tmp_path / "val.zip"
    photos = {
        f"{name}/{number}.JPEG": jpeg(fake_photo(label, number))
        for label, name in enumerate(IDS)
        for number in range(7)
    }
    answers = asked_directly(backbone, photos.values())
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in photos.items():
            file.writestr(name, data)
        file.writestr("n01/broken.JPEG", b"not a photo")
        file.writestr("README.txt", "no photo")

    found = archive_accuracy(backbone, archive)

    right = sum(name.startswith(answer) for name, answer in zip(photos, answers, strict=True))
    assert (found.photos, found.value) == (21, right / 21)
    assert archive_accuracy(tiny_backbone(), archive) is None


def test_the_networks_at_hand_are_those_with_weights(tmp_path, monkeypatch):
    home, path = Home(tmp_path / "home"), tmp_path / "tiny.safetensors"
    monkeypatch.setattr(at_hand, "POCKET", "no-such-network")
    assert at_hand.names_at_hand(home) == []

    backbone = at_hand.load_backbone("squeezenet1_1@random")
    save_file({name: value.contiguous() for name, value in backbone.module.state_dict().items()}, path)
    WeightsStore(home).add_file(path, "torchvision:squeezenet1_1", "mine")
    assert at_hand.names_at_hand(home) == ["torchvision:squeezenet1_1@mine"]

    monkeypatch.setattr(at_hand, "POCKET", "resnet18")
    assert at_hand.names_at_hand(home) == ["resnet18", "torchvision:squeezenet1_1@mine"]


def test_a_network_that_does_not_load_is_told(tmp_path):
    names = ["squeezenet1_1@random", "torchvision:squeezenet1_1@random", "torchvision:vgg16@none"]

    loaded, left_out = at_hand.load_all(names, Home(tmp_path / "home"))

    assert list(loaded) == ["torchvision:squeezenet1_1@random"]
    assert len(left_out) == 1
    assert left_out[0].startswith("torchvision:vgg16@none: ")
