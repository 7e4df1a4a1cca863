"""(model or network with classes, labelled photos) => how much it takes to fool it, and what would help."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import UsageError
from headstart.images.reader import PhotoReader
from headstart.model.model import Model
from headstart.pixels.attacks.settings import parse_epsilon
from headstart.pixels.robustness.defences import simple_defences
from headstart.pixels.robustness.ensemble import class_map, ensemble_of
from headstart.pixels.robustness.masking import check_masking
from headstart.pixels.robustness.masking_checks import check_larger, check_transfer
from headstart.storage.home import Home
from headstart.tasks.gather import reasons, skipped_json
from headstart.tasks.network import open_with_model
from headstart.tasks.paths import check_page, photos_path
from headstart.tasks.robust.curve import AttackPlan, Named, curve_json, walk_epsilons
from headstart.tasks.robust.photos import choose_photos
from headstart.tasks.robust.transfer import measure_ensemble, measure_transfer
from headstart.tasks.rows import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from headstart.features.progress import Progress
    from headstart.pixels.constraints import Norm
    from headstart.pixels.network import Differentiable, Network
    from headstart.pixels.robustness.masking_checks import Check
    from headstart.tasks.gather import Known
    from headstart.tasks.robust.curve import Walked
    from headstart.tasks.robust.photos import ChosenPhotos
    from headstart.tasks.robust.transfer import EnsembleResult, Transfer

PHOTOS = 60
MOST_PHOTOS = 1000
CHECKED = 16
EPSILONS: dict[str, tuple[float, ...]] = {
    "linf": (0.0, 1 / 255, 2 / 255, 4 / 255, 8 / 255),
    "l2": (0.0, 0.25, 0.5, 1.0, 2.0, 3.0),
}


@dataclass(frozen=True)
class Robustness:
    """What was measured, and on what.

    Attributes:
        model: as the user named it.
        plan: the attack.
        chosen: the photos.
        walked: what the attacks came to.
        checks: whether the gradients can be trusted; () where no photo is named right.
        transfer: the matrix; None where no other network was named.
        ensemble: likewise.
        notes: what people should know.
        seconds: wall time in all.
    """

    model: str
    plan: AttackPlan
    chosen: ChosenPhotos
    walked: Walked
    checks: tuple[Check, ...]
    transfer: Transfer | None
    ensemble: EnsembleResult | None
    notes: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        chosen = self.chosen
        resolved = self.plan.settings(self.plan.epsilons[-1]).resolved()
        return {
            "model": self.model,
            "method": self.plan.method,
            "norm": self.plan.norm,
            "steps": resolved.steps,
            "seed": self.plan.seed,
            "photos": {
                "used": len(chosen.hashed),
                "skipped": len(chosen.skipped),
                "reasons": reasons(chosen.skipped),
                "trained_on": chosen.leaked,
                "not_chosen": chosen.left,
            },
            "curve": curve_json(self.plan, self.walked),
            "defences": {defence.name: defence.title for defence in simple_defences()},
            "masking": [
                {"check": check.name, "raised": check.raised, "sentence": check.sentence}
                for check in self.checks
            ],
            "transfer": None if self.transfer is None else self.transfer.to_json(),
            "ensemble": None if self.ensemble is None else self.ensemble.to_json(),
            "skipped": skipped_json(chosen.skipped),
            "notes": list(self.notes),
            "seconds": {"total": round(self.seconds, 3)},
        }


def robustness(
    model: str | Path | Model | Network,
    photos: str | Path,
    *,
    epsilons: str | Sequence[float] | None = None,
    method: str = "pgd",
    norm: Norm | None = None,
    steps: int | None = None,
    most_photos: int = PHOTOS,
    against: Sequence[str | Path | Network] = (),
    ensemble: Sequence[str | Path | Network] = (),
    output: str | Path | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Measure how much it takes to fool a network, on photos that it was not trained on.

    Every picture is one that a file of 8 bits can hold. An accuracy counts a photo as broken as soon as one
    epsilon up to it breaks it, so it never rises.

    Args:
        model: a trained `Model`, its folder, or the name of a network with classes of its own.
        photos: a folder with a folder for each class, a CSV with the columns path and label, or the name of
            a data set (its test part); labels are names of classes or WordNet ids.
        epsilons: budgets, "0,1/255,2/255" or numbers; 0 is always among them; None: the norm's own.
        method: one of `headstart.pixels.attacks.METHODS`.
        norm: "linf" or "l2"; None: the method's first.
        steps: of each attack; None: the method's own.
        most_photos: how many photos are chosen by chance, 1 to 1000.
        against: other networks, for the matrix of how attacks transfer.
        ensemble: at least two networks that answer together.
        output: an HTML file to write.
        seed: of the choice of photos and of the attacks.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: a setting that can't be, or an output that can't be written.
        PhotosError: a label that the network does not know, or no usable photo.

    Example:
        >>> import tempfile
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> network = of_backbone(tiny_backbone(classes=("red", "blue")))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"), each=2)
        ...     result = robustness(network, photos, epsilons="0,8/255", steps=2, home=Path(folder, "home"))
        >>> result.to_json()["curve"][1]["written"], len(result.chosen.hashed)
        ('8/255', 4)
    """
    began = time.monotonic()
    source = photos_path(photos, "photos", home, measure=True)
    plan = make_plan(method, norm, epsilons, steps, seed)
    if not 1 <= most_photos <= MOST_PHOTOS:
        raise UsageError(
            f"--photos is {most_photos}; expected 1 to {MOST_PHOTOS}: each is attacked at every epsilon"
        )
    target = None if output is None else check_page(output, source)
    place = Home.find(home)
    given = _told_apart([model, *against, *ensemble])
    network, trained_on = _opened(model, given, place, progress)
    compared = [_opened(name, given, place, progress) for name in against]
    joined = [_opened(name, given, place, progress) for name in ensemble]
    others = _all_named([network, *(each for each, _ in compared)])
    members = _all_named([each for each, _ in joined])
    for _, known in (*compared, *joined):
        trained_on = {**trained_on, **known}
    whole = ensemble_of(members) if members else None
    for other in (*others[1:], *(() if whole is None else (whole,))):
        if not class_map(network, other):
            raise UsageError(
                f"{other.name} has no class of {network.name}'s, by name or WordNet id; name another"
            )
    with PhotoReader() as reader, open_store(place) as store:
        chosen = choose_photos(
            source,
            network,
            reader,
            most=most_photos,
            seed=seed,
            trained_on=trained_on,
            follow_links=follow_links,
            files=store.files,
            rehash=rehash,
            progress=progress,
        )
        walked = walk_epsilons(
            network, chosen.pixels, chosen.labels, plan, simple_defences(), progress=progress
        )
        transfer = (
            measure_transfer(
                others,
                chosen,
                plan,
                reader,
                largest=walked.largest,
                held=walked.right[-1],
                progress=progress,
            )
            if against
            else None
        )
        together = (
            None
            if whole is None
            else measure_ensemble(whole, network, chosen, plan, reader, progress=progress)
        )
    checks = _checks(network, chosen, plan, walked, transfer=transfer, progress=progress)
    result = Robustness(
        model=network.name,
        plan=plan,
        chosen=chosen,
        walked=walked,
        checks=checks,
        transfer=transfer,
        ensemble=together,
        notes=chosen.notes,
        seconds=time.monotonic() - began,
    )
    if target is not None:
        from headstart.tasks.robust.page import write_page

        write_page(target, result, network)
    return result


def make_plan(
    method: str, norm: Norm | None, epsilons: str | Sequence[float] | None, steps: int | None, seed: int
) -> AttackPlan:
    """The attack, every setting checked.

    Raises:
        UsageError: a setting that can't be.

    Example:
        >>> make_plan("pgd", None, "2/255, 1/255", None, 0).epsilons == (0.0, 1 / 255, 2 / 255)
        True
    """
    from headstart.pixels.attacks import AttackSettings

    chosen = AttackSettings(method=method, norm=norm, steps=steps, seed=seed).resolved().norm
    given = EPSILONS[chosen] if epsilons is None else _epsilons(epsilons)
    plan = AttackPlan(method, chosen, tuple(sorted({0.0, *given})), steps, seed)
    for epsilon in plan.epsilons:
        # As a budget of PGD: the smallest changes that other methods find are compared with it afterwards.
        AttackSettings(method="pgd", norm=chosen, epsilon=epsilon)
    if steps == 0:
        raise UsageError("--steps is 0, which is no attack; expected 1 or more")
    if len(plan.epsilons) < 2:
        raise UsageError("--epsilons has nothing above 0; expected budgets such as 1/255,2/255,4/255")
    if min(plan.epsilons[1:]) < 1 / 255 - 1e-9:
        raise UsageError(
            f"--epsilons has {plan.written(plan.epsilons[1])}, less than one step of a file's 8 bits; "
            "expected 1/255 or more"
        )
    return plan


def _epsilons(given: str | Sequence[float]) -> list[float]:
    parts: Sequence[str | float] = given.split(",") if isinstance(given, str) else given
    try:
        return [parse_epsilon(part.strip() if isinstance(part, str) else part) for part in parts]
    except UsageError:
        raise UsageError(
            f"--epsilons is {given!r}; expected numbers with commas between them, such as 0,1/255,2/255"
        ) from None


def _told_apart(given: Sequence[str | Path | Model | Network]) -> dict[int, str]:
    """Names for models that are in memory, by `id`: one has no folder to be called after."""
    models = dict.fromkeys(id(each) for each in given if isinstance(each, Model))
    return {each: "the model" if at == 1 else f"model {at}" for at, each in enumerate(models, 1)}


def _opened(
    model: str | Path | Model | Network, called: Mapping[int, str], home: Home, progress: Progress | None
) -> tuple[Network, Mapping[str, Known]]:
    """The network, and the photos that it is known to have been trained on."""
    network, trained = open_with_model(model, home, progress)
    if isinstance(model, Model):
        network = replace(network, name=called[id(model)])
    return network, {} if trained is None else {photo.sha256: photo for photo in trained.photos}


def _all_named(networks: Sequence[Differentiable]) -> list[Differentiable]:
    names = [_real_name(network.name) for network in networks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{twice[0]} is named twice; name each network once, the model not again")
    return list(networks)


def _real_name(name: str) -> str:
    """One name for a folder, however it is written."""
    return str(Path(name).resolve()) if Path(name).is_dir() else name


def _checks(
    network: Differentiable,
    chosen: ChosenPhotos,
    plan: AttackPlan,
    walked: Walked,
    *,
    transfer: Transfer | None,
    progress: Progress | None,
) -> tuple[Check, ...]:
    """Where about half of the photos are broken, gradients and their rivals can be told apart."""
    clean = np.flatnonzero(walked.right[0])
    if not len(clean):
        return ()
    shares = walked.right[1:].mean(axis=1)
    nearest = 1 + int(np.abs(shares - walked.right[0].mean() / 2).argmin())
    strict = AttackPlan("pgd", plan.norm, plan.epsilons, plan.steps if plan.budget else None, plan.seed)
    which = clean[:CHECKED]
    found = check_masking(
        network,
        chosen.pixels[which],
        chosen.labels[which],
        strict.settings(plan.epsilons[nearest]),
        None if progress is None else Named(progress, "checks of the gradients"),
        method=plan.method,
        claimed=int(walked.right[nearest][which].sum()),
    )
    written = [plan.written(epsilon) for epsilon in plan.epsilons]
    found.append(check_larger(walked.alone[:, clean].sum(axis=1).tolist(), written, len(clean)))
    for source, broken, survivors in () if transfer is None else transfer.survivors:
        found.append(check_transfer(source, broken, survivors))
    return tuple(found)
