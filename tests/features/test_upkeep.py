import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.features.store import FeatureStore

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32


@pytest.fixture
def space(fakes):
    return fakes.SPACE


def change(path, statement, *values):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_info_names_what_is_kept(path, space):
    other = replace(space, backbone="timm:other@x", layer="deep:mean")
    with FeatureStore(path, today=lambda: 100) as store:
        store.put(space, {A: [1.0, 2.0], B: [1.0, 1e6]})
        store.put(other, {A: [1.0]})
        info = store.info()
    assert info.file == path
    assert info.file_bytes > 4096
    assert info.rows == 3
    first, second = info.spaces
    assert (first.digest, first.backbone, first.layer, first.engine) == (
        space.digest(),
        "module:fake@own",
        "map",
        "fake",
    )
    assert (first.rows, first.bytes, first.last_used) == (2, 12, 100)
    assert (second.backbone, second.layer, second.rows) == ("timm:other@x", "deep:mean", 1)
    assert first.description == space.description() | {"preprocessing": first.description["preprocessing"]}


def test_info_of_an_empty_store(path):
    with FeatureStore(path) as store:
        assert store.info().spaces == ()


def test_a_sound_store_is_found_sound(path, space):
    with FeatureStore(path) as store:
        store.put(space, {f"{number:064x}": [float(number)] for number in range(300)})
        found = store.verify()
    assert found.sound
    assert (found.checked, found.bad, found.faults, found.deleted) == (300, (), (), False)


def test_a_damaged_row_is_listed_and_can_be_deleted(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0], B: [2.0]})
    change(path, "UPDATE rows SET data = ? WHERE photo = ?", b"\x00\x3d", bytes.fromhex(B))
    with FeatureStore(path) as store:
        found = store.verify()
        assert [(bad.space, bad.photo) for bad in found.bad] == [(space.digest(), B)]
        assert not found.sound
        assert not found.deleted
        assert store.info().rows == 2
        assert store.verify(delete=True).deleted
        assert store.verify().sound
        assert set(store.get(space, [A, B])) == {A}


def test_a_row_whose_space_is_lost_is_damaged(path, space):
    with FeatureStore(path) as store:
        store.put(space, {A: [1.0]})
    change(path, "DELETE FROM spaces")
    with FeatureStore(path) as store:
        assert [bad.space for bad in store.verify().bad] == [None]


def test_structural_damage_is_reported_and_mended(path, space):
    with FeatureStore(path) as store:
        store.put(space, {f"{number:064x}": np.full(500, float(number)) for number in range(40)})
    data = bytearray(path.read_bytes())
    data[-40960:] = b"\xff" * 40960
    path.write_bytes(data)
    with FeatureStore(path) as store:
        found = store.verify()
        assert not found.sound
        assert store.verify(delete=True).deleted
        assert store.verify().sound
        store.put(space, {A: [1.0]})
        assert set(store.get(space, [A])) == {A}


class TestPrune:
    def kept(self, store, space):
        return {photo[:2] for photo in store.get(space, [A, B, C])}

    def test_everything(self, path, space):
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0], B: [1.0, 2.0]})
            pruned = store.prune(everything=True)
            assert (pruned.rows, pruned.bytes) == (2, 6)
            assert store.info().spaces == ()

    def test_the_space_goes_back_to_the_disk(self, path, space):
        with FeatureStore(path) as store:
            store.put(space, {f"{number:064x}": np.ones(4000) for number in range(100)})
            large = store.info().file_bytes
            store.prune(everything=True)
            assert store.info().file_bytes < large / 4

    def test_by_days_since_a_row_was_last_used(self, path, space):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            store.put(space, {A: [1.0], B: [2.0]})
            day = 110
            store.put(space, {C: [3.0]})
            store.get(space, [B])
            day = 115
            assert store.prune(keep_days=20).rows == 0
            assert store.prune(keep_days=10).rows == 1
            assert self.kept(store, space) == {"bb", "cc"}

    def test_a_clock_that_was_set_back_prunes_nothing(self, path, space):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            store.put(space, {A: [1.0]})
            day = 50
            assert self.kept(store, space) == {"aa"}
            assert store.prune(keep_days=0).rows == 0
            day = 100
            assert store.prune(keep_days=0).rows == 0

    def test_by_size_the_longest_unused_go_first(self, path, space):
        day = 100
        with FeatureStore(path, today=lambda: day) as store:
            store.put(space, {A: np.ones(100)})
            day = 101
            store.put(space, {B: np.ones(100)})
            day = 102
            store.put(space, {C: np.ones(100)})
            store.get(space, [A])
            assert store.prune(max_bytes=400).rows == 1
            assert self.kept(store, space) == {"aa", "cc"}
            assert store.prune(max_bytes=400).rows == 0

    @pytest.mark.parametrize("name", ["digest", "beginning", "backbone"])
    def test_one_space(self, path, space, name):
        other = replace(space, backbone="timm:other@x")
        named = {"digest": space.digest(), "beginning": space.digest()[:10], "backbone": space.backbone}
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
            store.put(other, {A: [2.0]})
            assert store.prune(space=named[name]).rows == 1
            assert [each.backbone for each in store.info().spaces] == ["timm:other@x"]

    @pytest.mark.parametrize("name", ["", "module:fake@own", "xyz"])
    def test_a_space_that_is_not_the_only_one_is_refused(self, path, space, name):
        with FeatureStore(path) as store:
            store.put(space, {A: [1.0]})
            store.put(replace(space, layer="deep"), {A: [2.0]})
            with pytest.raises(UsageError, match="not one"):
                store.prune(space=name)
            assert store.info().rows == 2

    @pytest.mark.parametrize(
        "choice",
        [{}, {"keep_days": 3, "everything": True}, {"keep_days": -1}, {"max_bytes": -5}],
        ids=["none", "two", "negative days", "negative size"],
    )
    def test_unclear_choices_are_refused(self, path, choice):
        with FeatureStore(path) as store, pytest.raises(UsageError):
            store.prune(**choice)
