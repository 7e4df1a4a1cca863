"""(model, photo, what it shall be taken for) => a photo that looks the same and is taken for it."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import UsageError
from headstart.pixels.attacks import AttackSettings, attack_pixels, parse_epsilon
from headstart.pixels.attacks.goal import Goal
from headstart.pixels.attacks.methods import find_method
from headstart.pixels.attacks.smallest import most_tries
from headstart.pixels.attacks.smallest import smallest as search_smallest
from headstart.pixels.network import class_index
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import Home
from headstart.tasks.attacks.facts import Attacked, reached
from headstart.tasks.attacks.files import Asker, check_png, jpeg, marked_png
from headstart.tasks.attacks.picture import attack_picture
from headstart.tasks.attacks.subject import Counted, as_received, in_full
from headstart.tasks.network import open_network
from headstart.tasks.one_photo import read_photo
from headstart.tasks.paths import given_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.model.model import Model
    from headstart.pixels.attacks.settings import Loss
    from headstart.pixels.constraints import Norm
    from headstart.tasks.attacks.files import Answers, Said
    from headstart.tasks.attacks.subject import Subject

_LEVELS = 255


def attack(
    model: str | Path | Model,
    photo: str | Path | NDArray[np.uint8],
    *,
    target: str | None = None,
    method: str = "pgd",
    norm: Norm | None = None,
    epsilon: str | float | None = None,
    steps: int | None = None,
    step_size: float | None = None,
    restarts: int = 1,
    loss: Loss = "log_probability",
    full_size: bool = False,
    smallest: bool = False,
    seed: int = 0,
    output: str | Path | None = None,
    picture: str | Path | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Attacked:
    """Change a photo as little as asked, so that a network takes it for something else.

    The photo is attacked as the network receives it; the result is saved with the margin that the network's
    centre crop leaves out, so that reading it again gives the attacked pixels, bit for bit.

    Args:
        model: a trained `Model`, its folder, or the name of a network with classes of its own.
        photo: a file, or (h, w, 3) uint8 RGB.
        target: the class that it shall be taken for; None: anything but what it is taken for.
        method: a name in `headstart.pixels.attacks.METHODS`.
        norm: "linf" or "l2"; None: the method's own.
        epsilon: the budget in pixels of [0, 1], "8/255" or 0.03; None: 8/255, in "l2" 3.0.
        steps: how many; None: the method's own.
        step_size: the length of a step; None: the method's own.
        restarts: how often to begin anew while the attack has not succeeded.
        loss: "log_probability" or "margin": see `AttackSettings`.
        full_size: change the photo's own pixels, through the resizing; epsilon bounds their change.
        smallest: search the smallest epsilon that is enough.
        seed: of all chance.
        output: a .png file to write; None: no file stays.
        picture: a .png file for photo, difference and result side by side.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each step.

    Raises:
        UsageError: settings that can't be meant, an unknown class, a photo that is taken for it already.
        PhotosError: the photo can't be used.

    Example:
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos, home = write_photos(Path(folder, "photos")), Path(folder, "home")
        ...     model = train(photos, backbone=tiny_backbone(), home=home)
        ...     found = attack(model, photos / "red" / "0.jpg", target="blue", epsilon="64/255", home=home)
        >>> found.before.label, found.after.label, found.linf <= 64 / 255
        ('red', 'blue', True)
    """
    began = time.monotonic()
    settings = AttackSettings(
        method,
        norm,
        None if epsilon is None else parse_epsilon(epsilon),
        steps,
        step_size,
        restarts,
        loss=loss,
        on_lattice=True,
        seed=seed,
    )
    _require_room(settings, smallest=smallest)
    if isinstance(photo, np.ndarray):
        _check_array(photo)
        given = None
    else:
        given = given_path(photo, "the photo")
    wanted = check_png(output, "--output", given)
    drawing = check_png(picture, "--picture", given)
    if wanted is not None and drawing is not None and wanted.resolve() == drawing.resolve():
        raise UsageError(f"{str(wanted)!r} was given twice; each picture needs a name of its own")
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        scratch = Path(folder)
        path = scratch / "photo.png" if given is None else given
        if isinstance(photo, np.ndarray):
            atomic_write_bytes(Path(path), marked_png(photo))
        job = _Job(model, path, target, settings, wanted or scratch / "result.png", scratch, Home.find(home))
        attacked = job.run(progress, full_size=full_size, smallest=smallest, kept=wanted is not None)
    attacked = replace(attacked, seconds=time.monotonic() - began)
    if drawing is not None:
        atomic_write_bytes(drawing, marked_png(attack_picture(attacked)))
    return attacked


@dataclass(frozen=True)
class _Candidate:
    """Pixels that may have done it, and the epsilon that they took."""

    epsilon: float
    pixels: NDArray[np.float32]


@dataclass(frozen=True)
class _Search:
    """What a search found: candidates, the most wanted first."""

    candidates: Sequence[_Candidate]
    tried: tuple[tuple[float, bool], ...]
    network: Counted


@dataclass(frozen=True)
class _Job:
    """One photo's journey: read, asked about, attacked, saved, asked about again."""

    model: str | Path | Model
    path: str | Path
    target: str | None
    settings: AttackSettings
    file: Path
    scratch: Path
    home: Home

    def run(self, progress: Progress | None, *, full_size: bool, smallest: bool, kept: bool) -> Attacked:
        network = open_network(self.model, self.home, progress)
        photo = read_photo(self.path, None if full_size else network.resize)
        index = None if self.target is None else class_index(network, self.target)
        target = None if index is None else network.classes[index]
        asker = Asker(self.model, target, len(network.classes), self.home)
        [before] = asker.ask([self.path]).said
        _refuse_reached(network.name, before, target)
        subject = in_full(photo.pixels, network) if full_size else as_received(self.path, network, photo.size)
        goal = Goal(network.classes.index(before.label), index)
        found = _search(subject, goal, self.settings, progress, smallest=smallest)
        candidate, saved, answers = self._first_that_holds(found, subject, asker, before)
        after, after_jpeg = answers.said
        result = read_photo(self.file, subject.resize).pixels
        change = (result.astype(np.float64) - subject.photo) / _LEVELS
        return Attacked(
            network=network.name,
            before=before,
            after=after,
            after_jpeg=after_jpeg,
            target=target,
            settings=self.settings.resolved(),
            full_size=full_size,
            linf=float(np.abs(change).max()),
            l2=float(np.sqrt(np.square(change).sum())),
            gradients=found.network.gradients,
            vanished=found.network.vanished,
            smallest=candidate.epsilon if smallest and reached(before.label, target, after) else None,
            tried=found.tried,
            picture=saved,
            photo_seen=subject.photo,
            result_seen=result,
            seconds=0.0,
            notes=answers.notes,
            engine=answers.engine,
            output=self.file if kept else None,
        )

    def _first_that_holds(
        self, found: _Search, subject: Subject, asker: Asker, before: Said
    ) -> tuple[_Candidate, NDArray[np.uint8], Answers]:
        """Save one candidate after the other, until `predict` gives the wanted answer for a file."""
        for candidate in found.candidates:
            saved = subject.picture(candidate.pixels)
            atomic_write_bytes(self.file, marked_png(saved))
            copy = self.scratch / "result.jpg"
            atomic_write_bytes(copy, jpeg(saved))
            answers = asker.ask([self.file, copy])
            if reached(before.label, asker.target, answers.said[0]):
                break
        return candidate, saved, answers


def _search(
    subject: Subject, goal: Goal, settings: AttackSettings, progress: Progress | None, *, smallest: bool
) -> _Search:
    asked = settings.resolved()
    network = Counted(subject.network, (lambda: None) if progress is None else progress.advance)
    if progress is not None:
        tries = most_tries(settings) if smallest else 1
        progress.start(tries * asked.steps * asked.restarts, f"steps of {asked.method}")
    try:
        if smallest:
            done = search_smallest(network, subject.pixels, goal.label, goal.target, settings)
            enough = [_Candidate(each.epsilon, each.pixels) for each in done if each.success]
            nothing = [_Candidate(done[-1].epsilon, done[-1].pixels)]
            tried = tuple((each.epsilon, each.success) for each in done)
            return _Search(enough or nothing, tried, network)
        targets = None if goal.target is None else np.array([goal.target])
        changed = attack_pixels(
            network, subject.pixels, np.array([goal.label]), targets=targets, settings=settings
        )
        return _Search([_Candidate(asked.epsilon, changed)], (), network)
    finally:
        if progress is not None:
            progress.stop()


def _require_room(settings: AttackSettings, *, smallest: bool) -> None:
    """Refuse a budget that no file of 8 bits can use, and a search where there is nothing to search."""
    asked = settings.resolved()
    if smallest and not find_method(asked.method).budget:
        raise UsageError(f"{asked.method} goes no further than it must; leave --smallest out, or take pgd")
    if asked.epsilon > 0 and asked.epsilon * _LEVELS + 1e-6 < 1:
        raise UsageError(
            f"epsilon is {asked.epsilon:.4g}, less than 1/255: pictures of 8 bits can't change so little"
        )


def _refuse_reached(name: str, before: Said, target: str | None) -> None:
    if before.label == target:
        raise UsageError(
            f"{name} takes the photo for {target!r} already ({100 * before.probability:.1f} %); "
            "choose another --target"
        )


def _check_array(photo: NDArray[np.uint8]) -> None:
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise UsageError(
            f"an array of shape {photo.shape} and type {photo.dtype} was given; expected uint8 (h, w, 3)"
        )
