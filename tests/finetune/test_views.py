"""Photos decoded while the network trains: seeded views, and a photo that is gone."""

import numpy as np
import pytest
import torch

from headstart.errors import PhotosError
from headstart.finetune.inputs import in_batches
from headstart.finetune.views import PhotoViews
from headstart.images.photo import Photo
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize
from headstart.images.view import Augmentation
from headstart.testing import write_photos

RESIZE = Resize(32, 32, 36)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = write_photos(tmp_path_factory.mktemp("views"), each=4)
    with PhotoReader(workers=1) as reader:
        yield (
            list(
                reader.hash(
                    Photo(path, path.name, path.parent.name) for path in sorted(folder.rglob("*.jpg"))
                )
            ),
            reader,
        )


def views(photos, seed=0, augmentation=None):
    hashed, reader = photos
    return PhotoViews(hashed, reader, RESIZE, augmentation or Augmentation(), seed)


def seen(batches):
    batches = list(batches)
    return torch.cat([taken for taken, _ in batches]), np.concatenate([at for _, at in batches])


ORDER = in_batches(np.array([5, 0, 3, 3, 7]), 2)


def test_views_are_seeded_and_new_in_each_epoch(photos):
    first, at = seen(views(photos).train(ORDER, 1))
    again, _ = seen(views(photos).train(ORDER, 1))
    later, _ = seen(views(photos).train(ORDER, 2))
    other, _ = seen(views(photos, seed=1).train(ORDER, 1))

    assert at.tolist() == [5, 0, 3, 3, 7]
    assert first.shape == (5, 3, 32, 32)
    assert first.dtype == torch.float32
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, again)
    assert torch.equal(first[2], first[3])
    assert not torch.equal(first, later)
    assert not torch.equal(first, other)


def test_a_photo_has_the_same_view_whatever_stands_beside_it(photos):
    first, _ = seen(views(photos).train(ORDER, 1))
    alone, _ = seen(views(photos).train([np.array([7])], 1))

    assert torch.equal(first[4], alone[0])


def test_plain_photos_have_no_chance_in_them(photos):
    first, _ = seen(views(photos).plain(ORDER))
    other, _ = seen(views(photos, seed=9).plain(ORDER))

    assert torch.equal(first, other)
    assert not torch.equal(first, seen(views(photos).train(ORDER, 1))[0])


def test_an_epoch_that_is_left_half_way_does_not_disturb_the_next(photos):
    whole, _ = seen(views(photos).plain(ORDER))
    half = views(photos).train(ORDER, 1)
    next(half)
    half.close()

    assert torch.equal(seen(views(photos).plain(ORDER))[0], whole)


@pytest.mark.parametrize("happens", ["removed", "changed"])
def test_a_photo_that_is_not_there_any_more_ends_it_with_its_name(tmp_path, happens):
    folder = write_photos(tmp_path / "photos", each=2)
    paths = sorted(folder.rglob("*.jpg"))
    with PhotoReader(workers=1) as reader:
        hashed = list(reader.hash(Photo(path, f"{path.parent.name}/{path.name}", "") for path in paths))
        if happens == "removed":
            paths[2].unlink()
        else:
            paths[2].write_bytes(paths[1].read_bytes())
        given = PhotoViews(hashed, reader, RESIZE, Augmentation(), 0)
        for batches in (given.train([np.arange(4)], 1), given.plain([np.arange(4)])):
            with pytest.raises(PhotosError, match="can't be read any more") as refused:
                list(batches)
            assert str(refused.value).startswith("red/0.jpg")
            assert "\n" not in str(refused.value)
            assert "run the same command again" in str(refused.value)
