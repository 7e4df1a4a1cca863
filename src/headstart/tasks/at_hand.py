"""(what a page of the lesson would like) => what there is: its photos or the demo's, its network or ours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.published import default_tag
from headstart.backbones.registry import BackboneName, parse_name
from headstart.backbones.spec import POCKET
from headstart.errors import PhotosError, UsageError
from headstart.images.datasets.store import DatasetStore
from headstart.storage.atomic import atomic_write_text
from headstart.storage.home import Home
from headstart.tasks.demo_pictures import (
    STRANGERS,
    TEST,
    TRAIN,
    UNKNOWN,
    carried_file,
    demo_pictures,
    write_picture,
)
from headstart.tasks.paths import photos_path
from headstart.tasks.weights import list_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.tasks.weights import WeightsFacts

DRAWN = "surfaces-drawn"  # the demo's surfaces as an edge filter draws them: another kind of image
DEMO = (TRAIN, TEST, UNKNOWN, DRAWN)


@dataclass(frozen=True, slots=True)
class AtHand:
    """What there is; printed, it says so and, where it is a substitute, how to get the real thing.

    Attributes:
        name: a path of photos, or the name of a network; any verb takes it.
        real: whether it is what was asked for.
        note: the sentence that is printed.
    """

    name: str
    real: bool
    note: str

    def __str__(self) -> str:
        """Give the sentence."""
        return self.note

    def __fspath__(self) -> str:
        """Stand wherever a path may stand."""
        return self.name


def photos_at_hand(*wanted: str, demo: str = TRAIN, home: str | Path | None = None) -> AtHand:
    """Give the first of some sets of photos that is here, or pictures that installed packages carry.

    Args:
        wanted: folders, or data sets (`NAME` or `NAME/PART`): the first that is here is given.
        demo: what stands in: "surfaces" (nine classes), "surfaces-test" (others of the same), "unknown" (no
            class), "surfaces-drawn" (the same surfaces as an edge filter draws them).
        home: the folder for data sets; None: `HEADSTART_HOME` or the platform's.

    Returns:
        The path. The demo's pictures are written below the home, once.

    Raises:
        UsageError: no such pictures.
        StorageError: the home can't be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = photos_at_hand("oxford-pets", home=folder)
        ...     print(photos)
        photos: the demo's surfaces; oxford-pets is not here (headstart datasets fetch oxford-pets)
    """
    if demo not in DEMO:
        raise UsageError(f"demo is {demo!r}; expected one of {', '.join(DEMO)}")
    for name in wanted:
        path = _found(name, home)
        if path is not None:
            return AtHand(path, real=True, note=f"photos: {name}")
    path = str(_demo_folder(Home.find(home)) / demo)
    return AtHand(path, real=not wanted, note=f"photos: the demo's {demo}{_why(wanted, home)}")


def _found(name: str, home: str | Path | None) -> str | None:
    try:
        path = photos_path(name, "photos", home)
    except PhotosError:
        return None
    return path if Path(path).exists() else None


def _why(wanted: tuple[str, ...], home: str | Path | None) -> str:
    if not wanted:
        return ""
    store = DatasetStore(Home.find(home).datasets)
    known = [name.split("/")[0] for name in wanted if store.knows(name.split("/")[0])]
    how = f"headstart datasets fetch {known[0]}" if known else f"no folder of that name in {os.curdir}"
    return f"; {known[0] if known else wanted[0]} is not here ({how})"


def network_at_hand(*wanted: str, home: str | Path | None = None) -> AtHand:
    """Give the first of some networks whose weights are here, or pocket, which comes with headstart.

    Where a network has several weights, the name says which: the framework's own, else the first that
    `headstart weights list` names. A tag that was asked for is what must be here.

    Args:
        wanted: names of networks, such as "timm:mobilenetv2_100", in the order of preference.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.

    Raises:
        BackboneError: there is no network of such a name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(network_at_hand("torchvision:vgg16", home=folder))
        network: pocket; torchvision:vgg16 is not here (headstart weights fetch torchvision:vgg16)
    """
    here = list_weights(home=home)
    for name in wanted:
        loads = _loads(name, here)
        if loads is not None:
            return AtHand(loads, real=True, note=f"network: {loads}")
    if not wanted:
        return AtHand(POCKET, real=True, note=f"network: {POCKET}")
    why = f"{wanted[0]} is not here (headstart weights fetch {wanted[0]})"
    return AtHand(POCKET, real=False, note=f"network: {POCKET}; {why}")


def _loads(name: str, here: Sequence[WeightsFacts]) -> str | None:
    """Give the name that loads a network from what is here: as it is, unless it leaves open which weights."""
    wanted = parse_name(name)
    network = str(BackboneName(wanted.framework, wanted.architecture))
    tags = [each.tag for each in here if each.network == network]
    if wanted.tag is not None:
        return name if wanted.tag in tags else None
    if len(tags) <= 1:
        return name if tags else None
    own = default_tag(wanted.framework, wanted.architecture)
    return f"{name}@{own if own in tags else tags[0]}"


def _demo_folder(home: Home) -> Path:
    """Write the demo's pictures, unless all are there."""
    folder = home.cache / "demo-pictures"
    written = folder / "written.txt"  # their names: to make them only to see which are there takes longer
    if written.exists() and all((folder / name).exists() for name in written.read_text("utf-8").split()):
        return folder
    pictures = demo_pictures()
    drawn = {
        name.replace(TEST, DRAWN, 1): _drawn(pixels) for name, pixels in pictures.items() if TEST in name
    }
    for name, pixels in {**pictures, **drawn}.items():
        write_picture(folder / name, pixels)
    atomic_write_text(written, "\n".join({**pictures, **drawn}))
    return folder


def _drawn(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Draw a picture's edges in black on white, as a sketch would."""
    down, across = np.gradient(picture.astype(np.float64))
    edges = np.hypot(down, across)
    strong = edges / max(float(np.percentile(edges, 95)), 1.0)
    return np.asarray(255 * (1 - np.clip(strong, 0, 1)), dtype=np.uint8)


def example_photo(name: str = "cat") -> Path:
    """Give a photo in colour that an installed package carries.

    Args:
        name: "cat", "coffee", "rocket", "astronaut", "flower", "temple" or "retina".

    Raises:
        UsageError: there is no such photo, or the package no longer carries it.

    Example:
        >>> example_photo("cat").name
        'chelsea.png'
    """
    if name not in STRANGERS:
        raise UsageError(f"no example photo is called {name!r}; there are {', '.join(STRANGERS)}")
    return carried_file(*STRANGERS[name])
