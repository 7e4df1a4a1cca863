"""Photos that show the same picture are found without comparing all with all in full."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.images import near
from headstart.images.look import Look
from headstart.images.near import groups_of, near_duplicates, near_pairs


def picture(seed: int) -> NDArray[np.float32]:
    """A smooth picture of 32 x 32, as photos are when they are small."""
    draw = np.random.default_rng(seed)
    spectrum = draw.normal(size=(32, 32)) / (1 + np.add.outer(np.arange(32), np.arange(32))) ** 1.5
    points = np.cos(np.pi * np.arange(32)[:, None] * (2 * np.arange(32)[None] + 1) / 64)
    plane = points.T @ spectrum @ points
    return np.rint(128 + 60 * (plane - plane.mean()) / plane.std()).astype(np.float32)


def look(grid: NDArray[np.float32], contrast: float = 0.2) -> Look:
    return Look(0.5, 0.0, 0.0, contrast, 0.1, 0.6, 500, 400, grid)


def test_no_photo_is_a_copy_of_another_one() -> None:
    assert near_duplicates({f"{seed:02}": look(picture(seed)) for seed in range(60)}) == ()


def test_copies_are_one_group_whatever_the_order() -> None:
    grids = {"d": picture(1), "b": picture(1) * 0.9 + 20, "a": picture(2), "c": picture(1)[:, ::-1]}
    looks = {name: look(grid) for name, grid in grids.items()}
    assert near_duplicates(looks) == (("b", "c", "d"),)
    assert near_duplicates(dict(reversed(looks.items()))) == (("b", "c", "d"),)


def test_pairs_say_how_alike_they_are() -> None:
    noisy = picture(3) + np.random.default_rng(0).normal(0, 10, (32, 32)).astype(np.float32)
    [pair] = near_pairs({"x": look(picture(3)), "y": look(noisy), "z": look(picture(4))})
    assert (pair.one, pair.other) == ("x", "y")
    assert near.LEAST_ALIKE <= pair.likeness < 1


def test_blank_pages_are_no_copies_of_each_other() -> None:
    assert near_duplicates({name: look(picture(5), contrast=0.001) for name in "ab"}) == ()


def test_nothing_and_one_photo_have_no_copies() -> None:
    assert near_duplicates({}) == near_duplicates({"a": look(picture(6))}) == ()


def test_many_frames_of_one_film_are_one_group() -> None:
    draw = np.random.default_rng(1)
    frames = [picture(7) + draw.normal(0, 2, (32, 32)).astype(np.float32) for _ in range(80)]
    [group] = near_duplicates({f"{number:02}": look(frame) for number, frame in enumerate(frames)})
    assert len(group) == 80


def test_groups_join_over_several_pairs() -> None:
    assert groups_of([("a", "b"), ("c", "d"), ("d", "b")]) == (("a", "b", "c", "d"),)
    assert groups_of([]) == ()
