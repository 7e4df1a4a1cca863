"""Written digits: always there, or fetched and checked."""

import gzip
import hashlib

import numpy as np
import pytest

from headstart.errors import DownloadError, StorageError
from headstart.storage.checksums import Download
from headstart.storage.home import Home
from headstart.tasks.trials import known
from tests.loopback import Server


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def small_mnist():
    chance = np.random.default_rng(0)
    made = {}
    for name, count in (("train", 120), ("t10k", 60)):
        made[f"{name}-images-idx3-ubyte.gz"] = idx(chance.integers(0, 256, (count, 28, 28)))
        made[f"{name}-labels-idx1-ubyte.gz"] = idx(np.arange(count) % 10)
    return made


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.delenv("HEADSTART_OFFLINE", raising=False)
    server = Server(tmp_path)
    made = small_mnist()
    files = tuple(
        Download(
            server.serve(f"/{each.filename}", made[each.filename]),
            each.filename,
            size=len(made[each.filename]),
            sha256=hashlib.sha256(made[each.filename]).hexdigest(),
            md5=hashlib.md5(made[each.filename]).hexdigest(),
        )
        for each in known.mnist_files()
    )
    monkeypatch.setattr(known, "mnist_files", lambda: files)
    yield server
    server.close()


def test_mnist_is_fetched_once_and_checked(server, tmp_path):
    home = Home(tmp_path / "home")
    options = {"most": 40, "seed": 0, "downloader": server.downloader()}

    first, again = (known.known_pictures("mnist", home, **options) for _ in range(2))

    assert len(server.requests) == 4
    assert first.pixels.shape == (180, 1, 28, 28)
    assert float(first.pixels.max()) <= 1
    assert (len(first.parts.train), len(first.parts.validation), len(first.parts.held_out)) == (40, 20, 60)
    assert first.parts.held_out.min() >= 120  # its own test pictures judge
    assert (first.parts.train == again.parts.train).all()


def test_wrong_bytes_are_refused(server, tmp_path):
    server.files["/t10k-labels-idx1-ubyte.gz"].body = b"x" * 99

    with pytest.raises(DownloadError, match="t10k-labels"):
        known.known_pictures(
            "mnist", Home(tmp_path / "home"), most=None, seed=0, downloader=server.downloader()
        )


def test_without_a_network_mnist_says_how_and_digits_are_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"train-images.*By hand"):
        known.known_pictures("mnist", Home(tmp_path / "home"), most=None, seed=0)

    found = known.known_pictures("digits", Home(tmp_path / "home"), most=None, seed=0)
    assert len(found.parts.train) == 300
    assert len(found.parts.held_out) == 1797 - 450
    assert not set(found.parts.train) & set(found.parts.held_out)


def test_every_file_has_its_size_and_digests():
    for each in known.mnist_files():
        assert each.url.startswith("https://")
        assert each.size
        assert (len(each.sha256), len(each.md5)) == (64, 32)


@pytest.mark.parametrize(
    "packed",
    [b"", b"no gzip", gzip.compress(b""), gzip.compress(b"\0\0\x08\x02\0\0")],
    ids=["nothing", "no gzip", "empty", "short"],  # packed bytes have the time in them
)
def test_what_is_no_idx_file_is_refused(packed):
    with pytest.raises(StorageError, match="MNIST"):
        known.read_idx(packed)
