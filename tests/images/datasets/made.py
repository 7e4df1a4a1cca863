"""A made-up data set, served on loopback, in the layout of each kind that headstart knows."""

import dataclasses
import io

import numpy as np
from PIL import Image

from headstart.images.datasets.facts import DataSet, PublishedFile
from headstart.images.datasets.layouts import class_folders
from tests.loopback import digest
from tests.storage.hostile import made_zip


def photo(number, colour=(200, 30, 30), kind="jpeg"):
    """A small photo, another one for each number."""
    pixels = np.full((40, 48, 3), colour, np.uint8)
    pixels[: number % 40, :, 1] = 10 * (number % 20)
    pixels[0, 0] = number % 256
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def shapes_zip(each=6):
    """Two classes in two parts; of the files called .jpg one is empty, one breaks off and one is a PNG."""
    members = []
    for part, start in (("train", 0), ("val", 100)):
        for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
            members += [(f"shapes/{part}/{label}/{i}.jpg", photo(start + i, colour)) for i in range(each)]
    members += [
        ("shapes/train/red/empty.jpg", b""),
        ("shapes/train/red/cut.jpg", photo(70)[:600]),
        ("shapes/train/blue/other.jpg", photo(60, (30, 30, 200), "png")),
        ("shapes/readme.txt", b"hello"),
    ]
    return made_zip(*members)


def shapes(url, data, **facts):
    """Its facts, as they would be published."""
    known = {"size": len(data), "sha256": digest(data)} | facts
    return DataSet(
        name="shapes",
        title="Shapes",
        files=(PublishedFile(url, "shapes.zip", **known),),
        layout=class_folders("shapes.zip", {"shapes/train": "train", "shapes/val": "val"}),
        parts=("train", "val"),
        test="val",
        photos=27,
        classes=2,
        licence="CC0",
        citation="Nobody: Shapes. 2026",
        page="https://example.org/shapes",
    )


def known(*sets):
    return {each.name: each for each in sets}


def replaced(dataset, **changes):
    return dataclasses.replace(dataset, **changes)
