"""What a picture must survive: nothing where nothing is asked, every move, no drift."""

import collections

import pytest
import torch

from headstart.pixels.transforms import Crops, Jitter, Views


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def picture(height=12, width=12, count=1):
    return torch.rand((count, 3, height, width), generator=seeded(9))


@pytest.mark.parametrize("size", [(12, 12), (11, 7)])
def test_doing_nothing_changes_nothing(size):
    whole = picture(*size)
    every = [Jitter(size, 0), Views(size), Crops(size, steps=1, count=1, share=(9.0, 9.0), noise=0.0)]
    every = every if size[0] == size[1] else every[:2]

    for transform in every:
        assert torch.allclose(transform(whole, seeded()), whole, atol=1e-5)


def test_the_middle_is_what_a_still_view_shows():
    whole = picture(14, 14)

    assert torch.allclose(Views((8, 8))(whole, seeded()), whole[:, :, 3:11, 3:11], atol=1e-5)
    assert torch.equal(Jitter((8, 8), 0)(whole, seeded()), whole[:, :, 3:11, 3:11])


def test_jitter_reaches_every_place_equally_often():
    places = torch.arange(144.0).view(1, 1, 12, 12).expand(1, 3, 12, 12)
    chance, jitter = seeded(), Jitter((8, 8), 2)

    corners = collections.Counter(int(jitter(places, chance)[0, 0, 0, 0]) for _ in range(2500))

    assert set(corners) == {12 * top + left for top in range(5) for left in range(5)}
    assert min(corners.values()) > 60
    assert max(corners.values()) < 145


def test_jitter_beyond_the_border_mirrors():
    whole = picture(8, 8)
    chance, jitter = seeded(), Jitter((8, 8), 3)

    seen = [jitter(whole, chance) for _ in range(200)]

    assert all(each.shape == whole.shape for each in seen)
    assert all(float(each.min()) >= float(whole.min()) > 0 for each in seen)  # no black border
    assert any(torch.equal(each, whole) for each in seen)


def test_views_do_not_drift():
    """A ramp seen many times, moved, scaled and turned, is that ramp on average."""
    ramp = torch.linspace(0, 1, 40).view(1, 1, 1, 40).expand(1, 3, 40, 40).contiguous()
    views = Views((16, 16), count=4000, move=6, scale=(1 / 1.2, 1.2), turn=15)

    seen = views(ramp, seeded()).mean(dim=0)

    assert torch.allclose(seen, ramp[0, :, 12:28, 12:28], atol=0.02)


def test_a_view_that_is_enlarged_shows_less():
    step = torch.zeros(1, 3, 40, 40)
    step[:, :, :, :20] = 1.0
    step[:, :, :, :4] = 0.0

    seen = Views((40, 40), scale=(2.0, 2.0))(step, seeded())

    assert (seen[:, :, :, :18] > 0.99).all()  # the dark border is outside now
    assert (seen[:, :, :, 22:] < 0.01).all()


def test_views_of_several_pictures_stand_one_after_the_other():
    pictures = torch.stack([torch.full((3, 9, 9), value) for value in (0.1, 0.9)])

    seen = Views((6, 6), count=3, move=1, turn=20)(pictures, seeded())

    assert torch.allclose(seen.mean(dim=(1, 2, 3)), torch.tensor([0.1] * 3 + [0.9] * 3), atol=1e-5)


def test_crops_grow_smaller_and_stay_inside():
    places = torch.linspace(0, 1, 64).view(1, 1, 1, 64).expand(1, 3, 64, 64).contiguous()
    crops = Crops((16, 16), steps=5, count=64, share=(1.0, 0.25), noise=0.0)
    chance = seeded()

    seen = [crops(places, chance) for _ in range(5)]
    widths = [float((each[:, 0, 0, -1] - each[:, 0, 0, 0]).mean()) for each in seen]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.25, abs=0.05)
    assert all((torch.diff(each, dim=3) > -1e-6).all() for each in seen)  # nothing mirrored at a border


def test_the_same_chance_shows_the_same():
    for transform in (Jitter((8, 8), 3), Views((8, 8), 2, 2, (0.8, 1.2), 10, 0.1)):
        assert torch.equal(transform(picture(), seeded(4)), transform(picture(), seeded(4)))
        assert not torch.equal(transform(picture(), seeded(4)), transform(picture(), seeded(6)))
