"""(photos) => what each trick of training does on them: accuracy with and without, a few seeds each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import POCKET
from headstart.errors import UsageError
from headstart.finetune.fabric import require_fabric
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks import again
from headstart.tasks.gather import gather, reasons, scan_labelled, skipped_json
from headstart.tasks.paths import check_page, given_path, photos_path, refuse_among_photos
from headstart.tasks.rows import open_backbone, open_store
from headstart.tasks.trials.catalogue import Trick, chosen, digit_tricks, small_tricks, tuned_tricks
from headstart.tasks.trials.effects import LEAST_SEEDS
from headstart.tasks.trials.ground import Scratch
from headstart.tasks.trials.known import KNOWN, known_pictures
from headstart.tasks.trials.last_part import LastPart
from headstart.tasks.trials.measured import TrickResult, measure_all, typical
from headstart.tasks.trials.pictures import LEAST, Pictures, decoded, read_pictures, require_same

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.storage.download import Downloader
    from headstart.tasks.gather import Gathered
    from headstart.tasks.trials.ground import Ground

PHOTOS = 400
MOST_PHOTOS = 5000
SEEDS = 3
MOST_SEEDS = 20
_MOST_SEED = 2**32 - 2**21
"""Seeds are counted up from it, and the search for learning rates has one of its own."""
WHERE = ("both", "small", "backbone")

Shorten = Callable[[tuple[Trick, ...]], tuple[Trick, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked for beside the photos; the words are those of the command line."""

    only: tuple[str, ...]
    on: str
    seeds: int
    photos: int | None
    seed: int
    known: bool
    follow_links: bool = False

    def check(self) -> None:
        """Refuse what can't be meant.

        Raises:
            UsageError: names the option.
        """
        if self.on not in WHERE:
            raise UsageError(f"--on is {self.on!r}; expected one of {', '.join(WHERE)}")
        if self.known and self.on != "both":
            raise UsageError("--on is for photos; digits and mnist have an experiment of their own")
        if not LEAST_SEEDS <= self.seeds <= MOST_SEEDS:
            raise UsageError(
                f"--seeds is {self.seeds}; expected {LEAST_SEEDS} to {MOST_SEEDS}: with fewer, chance "
                "can't be told from an effect"
            )
        if self.photos is not None and not LEAST <= self.photos <= MOST_PHOTOS:
            raise UsageError(f"--photos is {self.photos}; expected {LEAST} to {MOST_PHOTOS}")
        if not 0 <= self.seed <= _MOST_SEED:
            raise UsageError(f"--seed is {self.seed}; expected 0 to {_MOST_SEED}")
        chosen((), self.only)

    def words(self, backbone: str | None) -> tuple[str, ...]:
        """The options that measure the same again."""
        words = ["--only", ",".join(self.only)] if self.only else []
        words += [] if self.on == "both" else ["--on", self.on]
        words += [] if backbone is None else ["--backbone", backbone]
        words += [] if self.photos is None else ["--photos", str(self.photos)]
        words += again.Asked(follow_links=self.follow_links).words()
        return (*words, "--seeds", str(self.seeds), "--seed", str(self.seed))


@dataclass(frozen=True, slots=True, eq=False)
class Tricks:
    """What was measured, and on what.

    Attributes:
        pictures: the photos and their parts.
        backbone: name of the pretrained network; None where none was used.
        part: of it, from which stage on it was trained; "" where none was.
        seeds: of the runs.
        seed: the first of them, also that of the parts.
        results: one for each trick and network, in the order of the lists.
        asked: what was asked for.
        notes: what people should know.
        seconds: wall time in all.
    """

    pictures: Pictures
    backbone: str | None
    part: str
    seeds: tuple[int, ...]
    results: tuple[TrickResult, ...]
    asked: Asked
    notes: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        pictures = self.pictures
        parts = pictures.parts
        entries = [entry for result in self.results for entry in result.to_json()]
        return {
            "tricks": entries,
            "beyond_noise": sum(not entry["effect"]["within_noise"] for entry in entries),
            "gradients": [
                {
                    "trick": result.trick.name,
                    "network": result.network,
                    "arm": arm.name,
                    "norms": [_finite(norm) for norm in typical(arm.norms)],
                }
                for result in self.results
                if result.trick.gradients
                for arm in result.arms
            ],
            "photos": {
                "used": len(parts.codes),
                "train": len(parts.train),
                "validation": len(parts.validation),
                "held_out": len(parts.held_out),
                "skipped": len(pictures.skipped),
                "reasons": reasons(pictures.skipped),
            },
            "classes": list(parts.classes),
            "backbone": self.backbone,
            "seeds": list(self.seeds),
            "skipped": skipped_json(pictures.skipped),
            "notes": list(self.notes),
            "seconds": {"total": round(self.seconds, 3)},
        }


def tricks(
    photos: str | Path,
    *,
    only: Sequence[str] = (),
    on: str = "both",
    backbone: str | Backbone = POCKET,
    seeds: int = SEEDS,
    most_photos: int | None = None,
    output: str | Path | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
    shorten: Shorten | None = None,
    downloader: Downloader | None = None,
) -> Tricks:
    """Try the tricks of training on photos, each with and without, everything else being equal.

    Photos are split by their content into a part to learn from (half), a validation part and a held-out part
    (35 %), on which alone the figures rest. Both arms of a comparison have the same seeds. Everything runs
    on the CPU, each training on one thread: same photos and seed, same result, bit for bit.

    Args:
        photos: a folder with a folder for each class, a CSV with the columns path and label, or the name of
            a data set, "digits" or "mnist", on which the dropout experiment is repeated. A folder of such a
            name is written "./digits".
        only: names of tricks; () for all.
        on: "small": networks trained from scratch on the photos at 32 px; "backbone": a pretrained network's
            last part; "both".
        backbone: the pretrained network.
        seeds: how many trainings each figure rests on, 3 to 20.
        most_photos: how many photos are chosen by chance, 8 to 5000; None: 400 (of a data set: its own).
        output: an HTML file to write.
        seed: the first of the seeds; also of the choice of photos and of their parts.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and data sets; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.
        workers: how many trainings at a time; None: one for each processor. No figure depends on it.
        shorten: changes the list of tricks before they are tried (for tests, and for lists of your own).
        downloader: how MNIST is fetched; None: the default.

    Raises:
        UsageError: a setting that can't be, or an output that can't be written.
        PhotosError: photos that can't be used.
        DownloadError: MNIST is not at hand and could not be fetched.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.trials.catalogue import briefly
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = tricks("digits", most_photos=40, home=folder, shorten=briefly(1))
        >>> [entry["name"] for entry in found.to_json()["tricks"]][:2]
        ['dropout: 0.2', 'dropout: 0.5']
    """
    began = time.monotonic()
    require_fabric()
    source = given_path(photos, "photos")
    asked = Asked(tuple(only), on, seeds, most_photos, seed, source in KNOWN, follow_links)
    asked.check()
    source = source if asked.known else photos_path(source, "photos", home)
    target = None if output is None else check_page(output, source)
    place = Home.find(home)
    loaded: Backbone | None = None
    if asked.known:
        pictures = known_pictures(source, place, most=most_photos, seed=seed, downloader=downloader)
        grounds: list[Ground] = [Scratch(pictures.pixels, pictures.parts, "perceptron")]
    else:
        refuse_among_photos(place.root, "home", source)
        if on != "small":
            loaded = open_backbone(backbone, place, progress) if isinstance(backbone, str) else backbone
        found = scan_labelled(source, follow_links=follow_links)
        with PhotoReader() as reader, open_store(place) as store:
            gathered = gather(found, reader, progress, files=store.files, rehash=rehash)
            pictures, grounds = _on_photos(gathered, loaded, asked, reader, progress)
    change = shorten or (lambda listed: listed)
    wanted = [(ground, change(chosen(_tricks_for(ground), asked.only))) for ground in grounds]
    if not any(listed for _, listed in wanted):
        raise UsageError(
            f"none of {', '.join(only)} can be tried on {source if asked.known else f'--on {on}'}; "
            "--list says on what each can"
        )
    runs = tuple(range(seed, seed + seeds))
    results = measure_all(wanted, runs, progress, workers)
    tried = Tricks(
        pictures=pictures,
        backbone=None if loaded is None else loaded.spec.name,
        part=next((ground.part.name for ground in grounds if isinstance(ground, LastPart)), ""),
        seeds=runs,
        results=tuple(results),
        asked=asked,
        notes=(*pictures.notes, *_notes(pictures)),
        seconds=time.monotonic() - began,
    )
    if target is not None:
        from headstart.tasks.trials.page import write_page

        write_page(target, tried)
    return tried


def listed_tricks() -> list[dict[str, Any]]:
    """Every trick that can be tried, with what it is, where it is from, and on what it is tried.

    Example:
        >>> listed_tricks()[0]["name"]
        'initial-weights'
    """
    grounds = {"small": small_tricks(), "backbone": tuned_tricks(batch_norm=True), "digits": digit_tricks()}
    found: dict[str, dict[str, Any]] = {}
    for ground, listed in grounds.items():
        for trick in listed:
            entry = found.setdefault(
                trick.name,
                {
                    "name": trick.name,
                    "title": trick.title,
                    "says": trick.says,
                    "source": trick.source,
                    "arms": {},
                },
            )
            entry["arms"][ground] = [arm.name for arm in trick.arms]
    return list(found.values())


def _on_photos(
    gathered: Gathered,
    backbone: Backbone | None,
    asked: Asked,
    reader: PhotoReader,
    progress: Progress | None,
) -> tuple[Pictures, list[Ground]]:
    most = PHOTOS if asked.photos is None else asked.photos
    pictures = read_pictures(gathered, reader, most=most, seed=asked.seed, progress=progress)
    grounds: list[Ground] = []
    if asked.on != "backbone":
        grounds.append(Scratch(pictures.pixels, pictures.parts, "small network"))
    if backbone is not None:
        resize = backbone.spec.preprocessing.resize
        pixels, kept, failed = decoded(pictures.hashed, resize, reader, progress)
        require_same(kept, failed)
        grounds.append(LastPart(backbone, pixels, pictures.parts, progress))
    return pictures, grounds


def _tricks_for(ground: Ground) -> tuple[Trick, ...]:
    if isinstance(ground, LastPart):
        return tuned_tricks(batch_norm=ground.has_batch_norm)
    return digit_tricks() if ground.name == "perceptron" else small_tricks()


def _notes(pictures: Pictures) -> list[str]:
    held_out = len(pictures.parts.held_out)
    if held_out >= 100:
        return []
    return [f"{held_out} held-out photos tell large effects only: one of them is {100 / held_out:.1f} points"]


def _finite(number: float) -> float | None:
    return number if number == number and abs(number) != float("inf") else None  # noqa: PLR0124 - nan
