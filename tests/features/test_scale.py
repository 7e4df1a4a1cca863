"""Memory that does not grow with the number of rows and files, on a store larger than any buffer."""

import tracemalloc

import numpy as np
import pytest

from headstart.features import sighting
from headstart.features.hashing import hash_photos
from headstart.features.store import FeatureStore
from headstart.images.photo import Hashed, Photo

pytestmark = pytest.mark.slow

ROWS, FEW = 20_000, 2_000
SLACK = 500_000  # bytes; a list with one number for each of the other 18,000 rows would take more


class Keys:
    """SHA-256 made when they are asked for; from 1 on every second number."""

    def __init__(self, count):
        self.numbers = range(1, 2 * count, 2)

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, at):
        return [f"{number:064x}" for number in self.numbers[at]]


def peak(job):
    """Bytes that a job holds at most, beyond what was there before."""
    job(FEW)  # what is made once for all is made
    found = {}
    for count in (FEW, ROWS):
        tracemalloc.start()
        job(count)
        found[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def write(store, space, count):
    row, keys = np.arange(8.0), Keys(count)
    for start in range(0, count, 250):
        store.put(space, dict.fromkeys(keys[start : start + 250], row))


@pytest.fixture
def space(fakes):
    return fakes.SPACE


def test_rows_are_written_and_read_in_flat_memory(path, space):
    day = 100
    with FeatureStore(path, today=lambda: day) as store:
        jobs = {
            "write": lambda count: write(store, space, count),
            "read": lambda count: sum(1 for _ in store.rows(space, Keys(count))),
            "verify": lambda count: store.verify(),
            "info": lambda count: store.info(),
        }
        for name, job in jobs.items():
            day += 1  # reading marks every row as used today
            found = peak(job)
            assert found[ROWS] < found[FEW] + SLACK, name
        assert store.info().rows == ROWS
        assert store.info().spaces[0].last_used == 102


@pytest.mark.parametrize(
    "choice",
    [
        {"keep_days": 5},
        pytest.param({"max_bytes": 16 * 1000}, marks=pytest.mark.exhaustive),
        pytest.param({"everything": True}, marks=pytest.mark.exhaustive),
    ],
)
def test_rows_are_pruned_in_flat_memory(path, space, choice):
    day = 100

    def job(count):
        nonlocal day
        day = 100
        write(store, space, count)
        day = 120
        store.put(space, {"ff" * 32: [1.0]})
        pruned = store.prune(**choice)
        assert pruned.rows in {count, count + 1, count - 999}

    with FeatureStore(path, today=lambda: day) as store:
        found = peak(job)
    assert found[ROWS] < found[FEW] + SLACK


@pytest.mark.exhaustive
def test_files_are_recognised_in_flat_memory(tmp_path, path, monkeypatch):
    """The same file under many paths: what is held is the answer, and no more for each photo than that."""
    real = sighting.now_ns
    monkeypatch.setattr(sighting, "now_ns", lambda: real() + 10**10)
    (tmp_path / "1.jpg").write_bytes(b"photo")
    (tmp_path / "a").mkdir()

    class Reader:
        def hash(self, photos):
            for photo in photos:
                yield Hashed(photo, "aa" * 32, 5)

    photos = [Photo(tmp_path / "1.jpg", str(number)) for number in range(ROWS)]

    with FeatureStore(path) as store:
        hash_photos(photos[:1], Reader(), files=store.files)
        for known in (True, False):
            found = peak(
                lambda count, again=not known: hash_photos(
                    photos[:count], Reader(), files=store.files, rehash=again
                )
            )
            each = (found[ROWS] - found[FEW]) / (ROWS - FEW)
            assert each < 350, "a Hashed with its SHA-256, and its place in the lists of the answer"
