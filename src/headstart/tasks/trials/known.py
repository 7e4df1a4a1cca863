"""(a word: digits, mnist) => pictures of written digits, for the dropout experiment."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import StorageError
from headstart.images.splits import holdout
from headstart.storage.checksums import Download
from headstart.storage.download import Downloader
from headstart.tasks.trials.ground import Parts
from headstart.tasks.trials.pictures import Pictures

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.storage.home import Home

KNOWN = ("digits", "mnist")

_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FILES = {
    # name: (bytes, SHA-256, MD5). The MD5 are torchvision's, the SHA-256 those of TensorFlow Datasets.
    "train-images-idx3-ubyte.gz": (
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    "train-labels-idx1-ubyte.gz": (
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "d53e105ee54ea40749a09fcbcd1e9432",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "9fb629c4189551a2d022fa330f9573f3",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
}
_LEARNED = {"digits": 300, "mnist": 1000}
"""Few, so that a network can learn them by heart: that is what dropout is against."""
_JUDGED = 2000
_CLASSES = tuple("0123456789")


def mnist_files() -> tuple[Download, ...]:
    """Address, size and digests of MNIST's four files (LeCun et al. 1998).

    Example:
        >>> sum(each.size or 0 for each in mnist_files())
        11594722
    """
    return tuple(
        Download(_ADDRESS + name, name, size=size, sha256=sha256, md5=md5)
        for name, (size, sha256, md5) in _FILES.items()
    )


def known_pictures(
    name: str, home: Home, *, most: int | None, seed: int, downloader: Downloader | None = None
) -> Pictures:
    """Written digits: scikit-learn's (1,797 of 8 x 8, always there) or MNIST (70,000 of 28 x 28, fetched).

    Args:
        name: one of `KNOWN`.
        home: where MNIST is kept.
        most: how many pictures are learned from; None: 300 of the digits, 1,000 of MNIST.
        seed: of the choice.
        downloader: how to connect; None: the default.

    Raises:
        DownloadError: MNIST is not there and could not be fetched.
        StorageError: a file that is there is not what it was.
    """
    if name == "digits":
        pixels, codes = _digits()
        learned = np.ones(len(codes), bool)
    else:
        files = mnist_files()
        fetcher = Downloader() if downloader is None else downloader
        paths = [fetcher.fetch(each, home.datasets / "mnist") for each in files]
        first, second = _mnist(paths[0], paths[1]), _mnist(paths[2], paths[3])
        pixels = np.concatenate([first[0], second[0]])
        codes = np.concatenate([first[1], second[1]])
        learned = np.arange(len(codes)) < len(first[1])
    return Pictures(name, pixels, _parted(codes, learned, _LEARNED[name] if most is None else most, seed))


def _digits() -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.images[:, None] / 16).astype(np.float32), found.target.astype(np.intp)


def _mnist(images: Path, labels: Path) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    pictures, codes = read_idx(images.read_bytes()), read_idx(labels.read_bytes())
    return (pictures[:, None] / 255).astype(np.float32), codes.astype(np.intp)


def read_idx(packed: bytes) -> NDArray[np.uint8]:
    """The array in a gzipped IDX file of bytes: its header has the number of axes and their lengths.

    Raises:
        StorageError: no such file.

    Example:
        >>> read_idx(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))).tolist()
        [7, 9]
    """
    try:
        data = gzip.decompress(packed)
        axes = data[3]
        shape = tuple(np.frombuffer(data, ">u4", axes, 4).tolist())
        return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    except (OSError, EOFError, ValueError, IndexError) as fault:
        raise StorageError(f"an MNIST file can't be read ({fault}); delete it and run this again") from fault


def _parted(codes: NDArray[np.intp], learned: NDArray[np.bool_], most: int, seed: int) -> Parts:
    """Some pictures to learn from, half as many to validate, the rest or `_JUDGED` to judge by."""
    within = np.flatnonzero(learned)
    most = min(most, len(within) // 3)
    inside = within[_share(codes[within], within, most * 3 // 2, seed)]
    checks = _share(codes[inside], inside, most // 2, seed)
    left = np.setdiff1d(within if learned.all() else np.flatnonzero(~learned), inside)
    judged = left if len(left) <= _JUDGED else left[_share(codes[left], left, _JUDGED, seed)]
    return Parts(codes, _CLASSES, inside[~checks], inside[checks], judged)


def _share(codes: NDArray[np.intp], which: NDArray[np.intp], wanted: int, seed: int) -> NDArray[np.bool_]:
    labels, names = [str(code) for code in codes], [str(number) for number in which]
    return holdout(labels, names, share=wanted / len(which), seed=seed)
