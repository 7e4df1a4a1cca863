"""(networks, photos, one attack) => how pictures made for one fool another, and what an ensemble is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import PhotosError, UsageError
from headstart.images.names import counted
from headstart.pixels.attacks import attack_pixels
from headstart.pixels.robustness.answers import answers_of
from headstart.pixels.robustness.ensemble import Shown, class_map
from headstart.tasks.robust.curve import Named, Share, share_of
from headstart.tasks.robust.photos import read_photos

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.images.reader import PhotoReader
    from headstart.images.resize import Resize
    from headstart.pixels.network import Differentiable
    from headstart.pixels.robustness.ensemble import Ensemble
    from headstart.tasks.robust.curve import AttackPlan
    from headstart.tasks.robust.photos import ChosenPhotos

WHOLE = "all of them"


@dataclass(frozen=True, slots=True)
class Cell:
    """How pictures made for `source` do against `target`.

    Attributes:
        source: whose gradients were followed.
        target: who is asked.
        fooled: of the photos that `target` names right as they are, the share that it then names wrong; None
            where it names none right.
    """

    source: str
    target: str
    fooled: Share | None


@dataclass(frozen=True)
class Transfer:
    """Every network against every other.

    Attributes:
        epsilon: of the attacks, as people write it.
        networks: names, the attacked model first.
        cells: row by row; each over the photos whose class both networks have.
        survivors: by name of another network: how many photos its pictures break that the model's own attack
            did not, and how many that left.
    """

    epsilon: str
    networks: tuple[str, ...]
    cells: tuple[Cell, ...]
    survivors: tuple[tuple[str, int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "epsilon": self.epsilon,
            "networks": list(self.networks),
            "cells": [
                {
                    "source": cell.source,
                    "target": cell.target,
                    "fooled": None if cell.fooled is None else cell.fooled.to_json(),
                }
                for cell in self.cells
            ],
        }


def measure_transfer(
    networks: Sequence[Differentiable],
    chosen: ChosenPhotos,
    plan: AttackPlan,
    reader: PhotoReader,
    *,
    largest: NDArray[np.float32],
    held: NDArray[np.bool_],
    progress: Progress | None = None,
) -> Transfer:
    """Attack each network on photos of its own size, and show the pictures, whole, to every other.

    Args:
        networks: the model first; names differ.
        chosen: the photos, with the model's labels.
        plan: the attack; its largest epsilon is taken.
        reader: decodes photos at other sizes.
        largest: (n, 3, h, w) the model's pictures at that epsilon, which are known already.
        held: (n,) which photos the model still names right there.
        progress: told of each photo.

    Raises:
        UsageError: no photo has a class that another network has.
    """
    places = _places(networks, chosen)
    if (places[1:] < 0).all():
        names = ", ".join(network.name for network in networks[1:])
        raise UsageError(f"no photo has a class that {names} knows, by name or WordNet id")
    cells: list[Cell] = []
    broken: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = {}
    for at, source in enumerate(networks):
        has = np.flatnonzero(places[at] >= 0)
        photos = chosen.pixels[has] if at == 0 else _again(chosen, has, source.resize, reader)
        made = largest[has] if at == 0 else _made(source, photos, places[at, has], plan, progress)
        for to, target in enumerate(networks):
            both = places[to, has] >= 0
            labels, shown = places[to, has[both]], Shown(target, source.resize)
            before = answers_of(shown, photos[both]) == labels
            after = answers_of(shown, made[both]) == labels
            cells.append(Cell(source.name, target.name, share_of(~after[before]) if before.any() else None))
            # Pictures of another size leave the ball when they are resized: they say nothing of gradients.
            if to == 0 and source.resize == networks[0].resize:
                wrong = np.zeros(len(chosen.labels), bool)
                wrong[has[both]] = before & ~after
                broken[source.name] = (wrong, held & np.isin(np.arange(len(held)), has))
    return Transfer(
        epsilon=plan.written(plan.epsilons[-1]),
        networks=tuple(network.name for network in networks),
        cells=tuple(cells),
        survivors=tuple(
            (name, int((wrong & stay).sum()), int(stay.sum()))
            for name, (wrong, stay) in broken.items()
            if name != networks[0].name
        ),
    )


def _again(
    chosen: ChosenPhotos, which: NDArray[np.intp], resize: Resize, reader: PhotoReader
) -> NDArray[np.float32]:
    """Some of the photos at another size."""
    pixels, kept, _ = read_photos([chosen.hashed[at] for at in which], resize, reader, len(which))
    if len(kept) != len(which):
        raise PhotosError(f"a photo in {chosen.source} changed while it was looked at; run the command again")
    return pixels


@dataclass(frozen=True, slots=True)
class Through:
    """What an ensemble and its members say of pictures that were made by one way.

    Attributes:
        way: whose gradients were followed; "no attack", a member, or `WHOLE`.
        members: how often each member alone is right.
        ensemble: how often all together are.
    """

    way: str
    members: tuple[Share, ...]
    ensemble: Share


@dataclass(frozen=True)
class EnsembleResult:
    """Whether an ensemble protects.

    Attributes:
        epsilon: of the attacks, as people write it.
        networks: the members.
        classes: how many they share.
        photos: how many; those whose class all members have.
        rows: no attack, then through each member, then through all.
    """

    epsilon: str
    networks: tuple[str, ...]
    classes: int
    photos: int
    rows: tuple[Through, ...]

    @property
    def sentence(self) -> str:
        """Whether ensembles protect, in one sentence with the figures."""
        clean, *single, whole = self.rows
        own = [row.members[at].value for at, row in enumerate(single)]
        left = [row.ensemble.value for row in single]
        return (
            f"{self._verdict(own, left)}: within {self.epsilon}, an attack on one member leaves that member "
            f"{_range(own)} right and the ensemble {_range(left)} (without an attack "
            f"{_percent(clean.ensemble.value)}); an attack on all of them leaves the ensemble "
            f"{_percent(whole.ensemble.value)} ({counted(self.photos, 'photo')})."
        )

    def _verdict(self, own: Sequence[float], left: Sequence[float]) -> str:
        clean, whole = self.rows[0].ensemble.value, self.rows[-1].ensemble.value
        if clean == 0:
            return "The ensemble names nothing right, so there is nothing to protect"
        if float(np.mean(left)) - float(np.mean(own)) < _LITTLE * clean or min(left) < _HALF * clean:
            return "This ensemble protects little, even against an attack on one member"
        if whole < _HALF * clean:
            return "This ensemble protects against an attack on one member, not against one on all of them"
        return (
            "This ensemble protects against an attack on one member, and as well against one on all of them"
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "epsilon": self.epsilon,
            "networks": list(self.networks),
            "classes": self.classes,
            "photos": self.photos,
            "sentence": self.sentence,
            "through": [
                {
                    "way": row.way,
                    "members": [share.to_json() for share in row.members],
                    "ensemble": row.ensemble.to_json(),
                }
                for row in self.rows
            ],
        }


_LITTLE, _HALF = 0.1, 0.5  # of what it gets right without an attack; less than half is no protection


def measure_ensemble(
    ensemble: Ensemble,
    model: Differentiable,
    chosen: ChosenPhotos,
    plan: AttackPlan,
    reader: PhotoReader,
    *,
    progress: Progress | None = None,
) -> EnsembleResult:
    """Attack an ensemble through each member, and through the whole.

    Args:
        ensemble: of at least two networks.
        model: whose classes `chosen.labels` are.
        chosen: the photos.
        plan: the attack; its largest epsilon is taken.
        reader: decodes photos at the ensemble's size.
        progress: told of each photo.

    Raises:
        UsageError: no photo has a class that all members have.
    """
    there = class_map(model, ensemble)
    common = [at for at, label in enumerate(chosen.labels) if int(label) in there]
    if not common:
        raise UsageError(f"no photo has a class that all members of the {ensemble.name} have")
    labels = np.array([there[int(chosen.labels[at])] for at in common], np.intp)
    photos = _again(chosen, np.array(common, np.intp), ensemble.resize, reader)
    ways: list[tuple[str, Differentiable]] = [(member.name, member) for member in ensemble.members]
    rows = [_through("no attack", ensemble, photos, labels)]
    for name, way in [*ways, (WHOLE, ensemble)]:
        made = _made(way, photos, labels, plan, progress)
        rows.append(_through(name, ensemble, made, labels))
    return EnsembleResult(
        plan.written(plan.epsilons[-1]),
        tuple(member.name for member in ensemble.members),
        len(ensemble.classes),
        len(common),
        tuple(rows),
    )


def _through(
    way: str, ensemble: Ensemble, pictures: NDArray[np.float32], labels: NDArray[np.intp]
) -> Through:
    each = tuple(share_of(answers_of(member, pictures) == labels) for member in ensemble.members)
    return Through(way, each, share_of(answers_of(ensemble, pictures) == labels))


def _made(
    network: Differentiable,
    photos: NDArray[np.float32],
    labels: NDArray[np.intp],
    plan: AttackPlan,
    progress: Progress | None,
) -> NDArray[np.float32]:
    told = None if progress is None else Named(progress, f"photos attacked through {network.name}")
    settings = plan.settings(plan.epsilons[-1])
    return attack_pixels(network, photos, labels, settings=settings, progress=told)


def _places(networks: Sequence[Differentiable], chosen: ChosenPhotos) -> NDArray[np.intp]:
    """(networks, photos): where each network has the class of each photo; -1 where it has not."""
    first, *others = networks
    rows = [chosen.labels]
    for other in others:
        there = class_map(first, other)
        rows.append(np.array([there.get(int(label), -1) for label in chosen.labels], np.intp))
    return np.stack(rows)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _range(shares: Sequence[float]) -> str:
    low, high = min(shares), max(shares)
    return _percent(low) if round(100 * low) == round(100 * high) else f"{100 * low:.0f} to {_percent(high)}"
