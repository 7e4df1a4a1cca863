import hashlib
import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import BackboneError, StorageError
from headstart.features.hashing import hash_photos
from headstart.features.store import FeatureStore
from headstart.images.photo import Reason


@pytest.fixture
def store(path):
    with FeatureStore(path) as opened:
        yield opened


class Recorded:
    def __init__(self):
        self.events = []

    def start(self, total, what):
        self.events.append(["start", total, what])

    def advance(self, count=1):
        if self.events[-1][0] != "advance":
            self.events.append(["advance", 0])
        self.events[-1][1] += count

    def stop(self):
        self.events.append(["stop"])


def expected(fakes, photos):
    """The rows by a way of their own: one after the other, without store and batches."""
    reader, engine = fakes.FakeReader(), fakes.FakeEngine()
    decoded = reader.decode(list(reader.hash(photos)), fakes.SPEC.preprocessing.resize)
    return np.stack(list(engine.rows(each.pixels for each in decoded))).astype(np.float16)


def test_rows_stand_in_the_order_of_the_photos(fakes, store, photos):
    for order in (photos, photos[::-1], photos[3:] + photos[:3]):
        table = fakes.run(order, store)
        assert list(table.photos) == order
        assert np.array_equal(table.rows, expected(fakes, order))
        assert table.rows.dtype == np.float32


def test_identical_photos_are_computed_once(fakes, store, photos):
    reader = fakes.FakeReader()
    table = fakes.run(photos, store, reader=reader)
    assert (table.computed, table.reused, len(table.rows)) == (10, 1, 11)
    assert reader.decoded["3.jpg"] + reader.decoded["twin.jpg"] == 1
    assert np.array_equal(table.rows[3], table.rows[10])
    assert table.sha256[3] == table.sha256[10]


def test_the_second_time_nothing_is_computed(fakes, store, photos):
    first = fakes.run(photos, store)
    reader, engine = fakes.FakeReader(), fakes.FakeEngine()
    second = fakes.run(photos, store, reader=reader, engine=engine)
    assert (second.computed, second.reused) == (0, 11)
    assert not reader.decoded
    assert engine.pictures == 0
    assert second.rows.tobytes() == first.rows.tobytes()


def test_only_what_is_missing_is_computed(fakes, store, photos):
    fakes.run(photos[:4], store)
    reader = fakes.FakeReader()
    table = fakes.run(photos, store, reader=reader)
    assert (table.computed, table.reused) == (6, 5)
    assert not {photo.name for photo in photos[:4]} & set(reader.decoded)


def test_another_layer_is_another_row(fakes, store, photos):
    fakes.run(photos, store)
    assert fakes.run(photos, store, layer="other").computed == 10


def test_photos_that_were_hashed_are_not_read_again(fakes, store, photos):
    hashed, skipped = hash_photos(photos, fakes.FakeReader())
    assert skipped == ()
    reader = fakes.FakeReader()
    table = fakes.run(hashed, store, reader=reader)
    assert not reader.hashed
    assert list(table.photos) == photos


def test_no_photos_no_rows(fakes, store):
    table = fakes.run([], store)
    assert table.rows.shape == (0, fakes.WIDTH)
    assert (table.computed, table.reused) == (0, 0)


def test_photos_that_can_not_be_used_are_listed_and_the_others_go_on(fakes, store, photos):
    photos.insert(2, replace(photos[0], path=photos[0].path.with_name("gone.jpg"), name="gone.jpg"))
    reader = fakes.FakeReader({"5.jpg": Reason.CORRUPT})
    table = fakes.run(photos, store, reader=reader)
    assert [(each.name, each.reason, each.stage) for each in table.skipped] == [
        ("gone.jpg", Reason.MISSING, "read"),
        ("5.jpg", Reason.CORRUPT, "decode"),
    ]
    used = [photo for photo in photos if photo.name not in {"gone.jpg", "5.jpg"}]
    assert list(table.photos) == used
    assert np.array_equal(table.rows, expected(fakes, used))
    assert table.computed + table.reused == len(table.rows) == 10


def test_a_bad_content_skips_every_file_that_has_it(fakes, store, photos):
    reader = fakes.FakeReader({"3.jpg": Reason.TRUNCATED})
    table = fakes.run(photos, store, reader=reader)
    assert [(each.name, each.label) for each in table.skipped] == [("3.jpg", "a"), ("twin.jpg", "a")]
    assert reader.decoded["twin.jpg"] == 0


def test_a_file_that_changed_leaves_its_twin_in_use(fakes, store, photos):
    reader = fakes.FakeReader({"3.jpg": Reason.CHANGED_DURING_READ})
    table = fakes.run(photos, store, reader=reader)
    assert [each.name for each in table.skipped] == ["3.jpg"]
    assert "twin.jpg" in {photo.name for photo in table.photos}
    assert len(table.rows) == 10


def test_remarks_of_the_decoder_name_the_photo(fakes, store, photos):
    (photos[0].path.parent / "odd.jpg").write_bytes(b"odd")
    table = fakes.run(fakes.photos_in(photos[0].path.parent), store)
    assert table.notes == ("odd.jpg: odd",)


def test_progress_counts_every_photo(fakes, store, photos):
    shown = Recorded()
    fakes.run(photos, store, reader=fakes.FakeReader({"5.jpg": Reason.CORRUPT}), progress=shown)
    assert shown.events == [
        ["start", 11, "reading photos"],
        ["advance", 11],
        ["stop"],
        ["start", 10, "photos to features"],
        ["advance", 10],
        ["stop"],
    ]


def test_progress_ends_also_when_the_work_fails(fakes, store, photos):
    def fail(number):
        raise RuntimeError("no memory")

    shown = Recorded()
    with pytest.raises(RuntimeError, match="no memory"):
        fakes.run(photos, store, engine=fakes.FakeEngine(fail), progress=shown)
    assert shown.events[-1] == ["stop"]


def test_ctrl_c_keeps_every_finished_batch(fakes, store, photos):
    def interrupt(number):
        if number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fakes.run(photos, store, engine=fakes.FakeEngine(interrupt))
    assert store.info().rows == 8
    assert fakes.run(photos, store).computed == 2


def test_ctrl_c_while_a_batch_is_kept_keeps_it(fakes, path, photos):
    class Interrupted(FeatureStore):
        interrupts = 1

        def put(self, space, rows):
            if self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            super().put(space, rows)

    with Interrupted(path) as store:
        with pytest.raises(KeyboardInterrupt):
            fakes.run(photos, store)
        assert store.info().rows == 4


def test_a_photo_without_finite_features_is_named_and_the_others_are_kept(fakes, store, photos):
    class Broken(fakes.FakeEngine):
        def rows(self, pictures):
            for number, row in enumerate(super().rows(pictures)):
                yield np.full_like(row, np.nan) if number == 5 else row

    sixth = sorted({hashlib.sha256(photo.path.read_bytes()).hexdigest(): photo for photo in photos}.items())[
        5
    ]
    with pytest.raises(BackboneError, match=rf"not finite.*{sixth[1].name}"):
        fakes.run(photos, store, engine=Broken())
    assert store.info().rows == 5


def test_a_damaged_row_is_computed_again_with_a_note(fakes, path, photos):
    with FeatureStore(path) as store:
        first = fakes.run(photos, store)
    data = bytearray(path.read_bytes())
    data[data.index(first.rows[4].astype("<f2").tobytes())] ^= 1
    path.write_bytes(data)
    with FeatureStore(path) as store:
        again = fakes.run(photos, store)
        assert again.computed == 1
        assert "damaged" in again.notes[0]
        assert again.rows.tobytes() == first.rows.tobytes()
        assert fakes.run(photos, store).notes == ()


def test_a_read_only_store_is_enough_where_it_has_everything(fakes, path, photos):
    with FeatureStore(path) as store:
        first = fakes.run(photos, store)
    with FeatureStore(path, read_only=True) as store:
        again = fakes.run(photos, store)
    assert again.rows.tobytes() == first.rows.tobytes()
    assert again.computed == 0


def test_a_store_that_can_not_be_written_stops_before_any_work(fakes, path, photos):
    with FeatureStore(path) as store:
        fakes.run(photos[1:], store)
    reader = fakes.FakeReader()
    with FeatureStore(path, read_only=True) as store, pytest.raises(StorageError, match="HEADSTART_HOME"):
        fakes.run(photos, store, reader=reader)
    assert not reader.decoded


def test_a_store_that_forgets_ends_in_an_error_and_not_in_a_loop(fakes, path, photos):
    class Forgetful(FeatureStore):
        def put(self, space, rows):
            pass

    with Forgetful(path) as store, pytest.raises(StorageError, match="read back"):
        fakes.run(photos, store)


def test_a_store_that_was_pruned_meanwhile_is_filled_again(fakes, path, photos):
    class Pruned(FeatureStore):
        prunes = 1

        def rows(self, space, wanted):
            if self.info().rows and self.prunes:
                self.prunes -= 1
                self.prune(everything=True)
            return super().rows(space, wanted)

    with Pruned(path) as store:
        table = fakes.run(photos, store)
    assert np.array_equal(table.rows, expected(fakes, photos))


def test_photos_are_only_read(fakes, store, photos):
    folder = photos[0].path.parent
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}
    fakes.run(photos, store)
    assert {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in folder.iterdir()} == before


def test_a_touched_file_is_the_same_photo_and_a_changed_one_is_another(fakes, store, photos):
    fakes.run(photos, store)
    os.utime(photos[0].path, (10**9, 2 * 10**9))
    assert fakes.run(photos, store).computed == 0
    status = photos[1].path.stat()
    photos[1].path.write_bytes(b"PHOTO 1")
    os.utime(photos[1].path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fakes.run(photos, store).computed == 1


def test_every_batch_is_kept_before_the_next_is_computed(fakes, store, photos):
    kept = Counter()

    def look(number):
        kept[number] = store.info().rows

    fakes.run(photos, store, engine=fakes.FakeEngine(look))
    assert kept == {1: 0, 2: 4, 3: 8}
