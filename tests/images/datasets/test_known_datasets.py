"""Each known set in its own published layout, made small here; nothing of the true ones is needed."""

import io
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotosError
from headstart.images.datasets.flower_names import FLOWERS
from headstart.images.datasets.known import KNOWN
from headstart.images.datasets.pixels import CELLS, CIFAR
from headstart.images.datasets.store import DatasetStore
from headstart.images.datasets.unusable import find_unusable
from tests.images.datasets.made import photo, replaced
from tests.storage.hostile import made_tar, made_zip

COLOURS = np.arange(3 * 32 * 32, dtype=np.uint16).astype(np.uint8)


def cats():
    return {
        "kagglecatsanddogs_5340.zip": made_zip(
            ("PetImages/Cat/0.jpg", photo(1)),
            ("PetImages/Cat/666.jpg", b""),
            ("PetImages/Cat/Thumbs.db", b"x"),
            ("PetImages/Dog/0.jpg", photo(2)),
            ("CDLA-Permissive-2.0.pdf", b"%PDF-1.7"),
            ("readme[1].txt", b"hello"),
        )
    }


def pets():
    names = {"trainval": ["Abyssinian_1", "american_bulldog_7"], "test": ["Abyssinian_2"]}
    lists = [
        (f"annotations/{part}.txt", "".join(f"{name} 1 1 1\n" for name in names[part]).encode())
        for part in names
    ]
    photos = [
        (f"images/{name}.jpg", photo(at)) for at, name in enumerate((*names["trainval"], *names["test"]))
    ]
    photos[0] = (photos[0][0], photo(0, kind="gif"))
    annotations = made_tar(*lists, ("annotations/trimaps/._Abyssinian_1.png", b"x"))
    return {"images.tar.gz": made_tar(*photos, ("images/a.mat", b"x")), "annotations.tar.gz": annotations}


def ants():
    folders = [f"hymenoptera_data/{part}/{label}" for part in ("train", "val") for label in ("ants", "bees")]
    return {"hymenoptera_data.zip": made_zip(*((f"{f}/{n}.jpg", photo(n)) for n, f in enumerate(folders)))}


def matlab(**values):
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {key: np.array([value]) for key, value in values.items()})
    return file.getvalue()


def flowers():
    return {
        "102flowers.tgz": made_tar(*((f"jpg/image_{n:05d}.jpg", photo(n)) for n in (1, 2, 3))),
        "imagelabels.mat": matlab(labels=[77, 1, 102]),
        "setid.mat": matlab(trnid=[1], valid=[3], tstid=[2]),
    }


def eurosat():
    return {
        "EuroSAT.zip": made_zip(*((f"2750/{label}/{label}_1.jpg", photo(1)) for label in ("River", "Forest")))
    }


def blood():
    arrays = {}
    for part in ("train", "val", "test"):
        arrays[f"{part}_images"] = np.full((2, 28, 28, 3), 7, np.uint8)
        arrays[f"{part}_labels"] = np.array([[0], [7]])
    file = io.BytesIO()
    np.savez(file, **arrays)
    return {"bloodmnist.npz": file.getvalue()}


def textures():
    parts = {
        "train": "banded/banded_0001.jpg",
        "val": "woven/woven_0002.jpg",
        "test": "banded/banded_0003.jpg",
    }
    lists = [(f"dtd/labels/{part}1.txt", f"{name}\n".encode()) for part, name in parts.items()]
    photos = [(f"dtd/images/{name}", photo(at)) for at, name in enumerate(parts.values())]
    return {"dtd-r1.0.1.tar.gz": made_tar(*lists, *photos)}


def cifar():
    row = bytes([9]) + COLOURS.tobytes()
    batches = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    return {"cifar-10-binary.tar.gz": made_tar(*((f"cifar-10-batches-bin/{b}.bin", row) for b in batches))}


MADE = {
    "cats-vs-dogs": (cats, {"all": 3}, "all/Cat/666.jpg"),
    "oxford-pets": (pets, {"trainval": 2, "test": 1}, "trainval/american_bulldog/american_bulldog_7.jpg"),
    "ants-bees": (ants, {"train": 2, "val": 2}, "val/bees/3.jpg"),
    "flowers": (flowers, {"train": 1, "val": 1, "test": 1}, "train/passion flower/image_00001.jpg"),
    "eurosat": (eurosat, {"all": 2}, "all/River/River_1.jpg"),
    "blood-cells": (blood, {"train": 2, "val": 2, "test": 2}, "test/platelet/test_00001.png"),
    "textures": (textures, {"train": 1, "val": 1, "test": 1}, "val/woven/woven_0002.jpg"),
    "cifar10": (cifar, {"train": 5, "test": 1}, "train/truck/data_batch_5_00000.png"),
}


def fetched(tmp_path, name, files, unusable=lambda photos, step: []):
    """Take a set in from files made here, as if somebody had brought them and nobody published digests.

    The photos are not looked through, which takes a process of its own, unless a test asks for it.
    """
    from headstart.storage.download import Downloader

    brought = tmp_path / "brought"
    brought.mkdir()
    for file, data in files.items():
        (brought / file).write_bytes(data)
    loose = tuple(replaced(each, size=None, sha256=None, md5=None, about=None) for each in KNOWN[name].files)
    store = DatasetStore(tmp_path / "datasets", {name: replaced(KNOWN[name], files=loose)}, unusable=unusable)
    return store, store.fetch(name, Downloader(), trust_first=True, brought=[brought])


@pytest.mark.parametrize("name", MADE)
def test_each_set_is_laid_out_by_its_official_split(tmp_path, name):
    make, parts, one = MADE[name]
    store, kept = fetched(tmp_path, name, make())
    assert kept.parts == parts
    assert store.folder(name).joinpath(one).is_file()
    labels = [label.name for part in parts for label in (store.folder(name) / part).iterdir()]
    assert labels == [" ".join(label.split()) for label in labels]
    assert store.verify(name) == []


def test_every_set_is_tried():
    assert set(MADE) == set(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_the_facts_of_each_set_are_whole(name):
    facts = KNOWN[name]
    assert facts.name == name
    assert facts.title and facts.licence and facts.citation and facts.page.startswith("https://")  # noqa: PT018
    assert facts.test is None or facts.test in facts.parts[1:]
    for file in facts.files:
        assert file.to_download("").checked
        assert file.vouched
        assert not file.sha256 or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert not file.md5 or re.fullmatch(r"[0-9a-f]{32}", file.md5)
        assert file.size or file.about


def test_broken_and_mislabelled_files_are_reported(tmp_path):
    _, kept = fetched(tmp_path, "cats-vs-dogs", cats(), find_unusable)
    assert [(odd.file, odd.reason) for odd in kept.odd] == [("all/Cat/666.jpg", "empty")]
    (tmp_path / "pets").mkdir()
    _, kept = fetched(tmp_path / "pets", "oxford-pets", pets())
    assert [odd.what for odd in kept.odd] == ["it is a GIF photo, its name says JPEG"]


def test_pictures_made_here_from_pixels_are_not_looked_through(tmp_path):
    seen = []
    fetched(tmp_path, "blood-cells", blood(), lambda photos, step: seen.append(photos) or [])
    assert seen == [{}]


def test_pixels_come_out_as_they_were(tmp_path):
    store, _ = fetched(tmp_path, "cifar10", cifar())
    with Image.open(store.folder("cifar10") / "test/truck/test_batch_00000.png") as picture:
        pixels = np.asarray(picture)
    assert np.array_equal(pixels.transpose(2, 0, 1).reshape(-1), COLOURS)


def test_names_of_classes():
    assert (len(FLOWERS), len(set(FLOWERS)), FLOWERS[0], FLOWERS[101]) == (
        *(102, 102, "pink primrose", "blackberry lily"),
    )
    assert (len(CIFAR), len(CELLS)) == (10, 8)


@pytest.mark.parametrize("names", [FLOWERS, CIFAR, CELLS])
def test_no_name_of_a_class_has_odd_white_space(names):
    assert [name for name in names if name != " ".join(name.split()) or not name] == []


class Bomb:
    def __reduce__(self):
        return (print, ("unpickled",))


def pickled(key):
    arrays = {
        f"{part}_{what}": np.zeros(1) for part in ("train", "val", "test") for what in ("images", "labels")
    }
    file = io.BytesIO()
    np.savez(file, **(arrays | {key: np.array([Bomb()], object)}))
    return {"bloodmnist.npz": file.getvalue()}


def one_file(archive, name, data):
    return {archive: made_tar((name, data))}


DAMAGED = {
    "pickle": ("blood-cells", lambda: pickled("train_images"), "arrays of pixels"),
    "other arrays": ("blood-cells", lambda: pickled("x"), "no pictures|arrays"),
    "no arrays": ("blood-cells", lambda: {"bloodmnist.npz": b"PK nothing"}, "arrays of pixels"),
    "cut batch": (
        *(
            "cifar10",
            lambda: {"cifar-10-binary.tar.gz": made_tar(("cifar-10-batches-bin/data_batch_1.bin", b"x"))},
        ),
        "has 1 bytes",
    ),
    "no table": ("flowers", lambda: flowers() | {"setid.mat": b"nothing"}, "table of MATLAB"),
    "other photo": ("flowers", lambda: flowers() | {"setid.mat": matlab(trnid=[9])}, "names photo 9"),
    "other class": (
        "flowers",
        lambda: flowers() | {"imagelabels.mat": matlab(labels=[103] * 3)},
        "class 102",
    ),
    "list leads out": (
        *("textures", lambda: one_file("dtd-r1.0.1.tar.gz", "dtd/labels/train1.txt", b"../../x.jpg\n")),
        "no name of a photo",
    ),
    "missing photo": (
        *("textures", lambda: one_file("dtd-r1.0.1.tar.gz", "dtd/labels/train1.txt", b"a/x.jpg\n")),
        "holds no",
    ),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_not_the_set_is_refused_and_never_unpickled(tmp_path, what, capsys):
    name, make, why = DAMAGED[what]
    with warnings.catch_warnings(), pytest.raises(PhotosError, match=why):
        fetched(tmp_path, name, make())
    assert "unpickled" not in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [f".{name}.lock"]
