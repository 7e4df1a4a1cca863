"""(one finished training, photos of nothing learned) => how well it sees that they are none of its own.

Near kinds are measured by holding classes out: in up to five groups, each time a head learns from the other
classes without a fifth of their photos. The photos of the groups are the strange ones; the fifths of all
groups together set one threshold. Far kinds are photos that the user gives.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.errors import PhotosError
from headstart.features.hashing import hash_photos
from headstart.heads.detection import Detection, compare, detection
from headstart.heads.kinds import Kinds
from headstart.heads.make import make_head
from headstart.heads.unknown import doubt, fewest_known
from headstart.images.folder import scan_files
from headstart.images.names import counted
from headstart.images.photo import Reason, Skipped
from headstart.images.probe import what_is_wrong
from headstart.images.splits import folds
from headstart.tasks.gather import Gathered, count_reasons
from headstart.tasks.judge import FOLDS, different, labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.features.extract import FeatureTable
    from headstart.features.known import KnownFiles
    from headstart.features.progress import Progress
    from headstart.images.photo import Hashed, Photo, PhotoSet
    from headstart.images.reader import PhotoReader
    from headstart.tasks.judge import Learned

FEWEST_CLASSES = 4
MOST_PHOTOS = 1_000
"""Photos that near kinds are measured on at most: the interval hardly narrows from there on."""


@dataclass(frozen=True)
class Near:
    """How well classes that were held out are seen; `why` says why not, where `found` is None."""

    found: Detection | None
    why: str = ""


def near_kinds(table: FeatureTable, learned: Learned, *, head: str, seed: int) -> Near:
    """Hold classes out in groups, and place their photos among held-out photos of the other classes.

    Of many photos a sample is taken, the same for the same photos. The heads take over the strength that the
    kept one chose.

    Args:
        table: rows of the training photos.
        learned: what the training left.
        head: its name.
        seed: of folds and groups.
    """
    index = _sample(table)
    labels = np.asarray(labels_of(table))[index]
    classes = np.unique(labels)
    if not learned.novelty.measured:
        return Near(None, "no photo could be held out")
    if len(classes) < FEWEST_CLASSES:
        return Near(None, f"that takes at least {FEWEST_CLASSES} classes of two photos or more")
    alarms = learned.novelty.false_alarms
    fewest = fewest_known(alarms)
    if len(index) < fewest:
        return Near(None, _too_few(len(index), alarms))
    known, above, kinds = dict[int, float](), [np.empty(0)], list[str]()
    for number, group in enumerate(_groups(classes.tolist(), seed)):
        strange = np.isin(labels, group)
        places, usual, scores = _without(table, index, strange, learned, head=head, seed=seed, number=number)
        known = {**dict(zip(places.tolist(), usual.tolist(), strict=True)), **known}  # each photo once
        above.append(scores)
        kinds += labels[strange].tolist()
    if len(known) < fewest:
        return Near(None, _too_few(len(known), alarms))
    return Near(detection(compare(np.array([*known.values()]), np.concatenate(above), alarms), kinds))


def _too_few(photos: int, false_alarms: float) -> str:
    return (
        f"to call {100 * false_alarms:g} in 100 good photos unknown takes {fewest_known(false_alarms)} "
        f"good ones, held out as well, and there were {photos}"
    )


def _sample(table: FeatureTable) -> NDArray[np.intp]:
    """Choose each content once, of classes with two or more, and of each equally many."""
    own = defaultdict[str, list[int]](list)
    for at in different(table.sha256, np.arange(len(table.rows))):
        own[str(table.photos[at].label)].append(int(at))
    usable = [places for places in own.values() if len(places) > 1]
    most = max(2, MOST_PHOTOS // max(len(usable), 1))
    # Rows lie in the order of their content, so the first ones are chosen by chance.
    return np.array(sorted(at for places in usable for at in places[:most]), dtype=np.intp)


def _groups(classes: list[str], seed: int) -> list[list[str]]:
    shuffled = sorted(classes, key=lambda name: _chance(seed, name))
    count = min(FOLDS, len(shuffled))
    return [shuffled[number::count] for number in range(count)]


def _chance(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()


def _without(
    table: FeatureTable,
    index: NDArray[np.intp],
    strange: NDArray[np.bool_],
    learned: Learned,
    *,
    head: str,
    seed: int,
    number: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Learn without some classes and a fifth of the other photos: give its positions, and scores of both."""
    labels, known = labels_of(table), index[~strange]
    content = [table.sha256[at] for at in known]
    fold = folds([labels[at] for at in known], content, count=FOLDS, seed=seed)
    held = fold == number % (int(fold.max()) + 1)
    train = known[~held]
    estimator = make_head(head, seed=seed, min_photos=1)
    strength = learned.settings.get("L2 strength")
    if strength is not None:
        estimator.set_params(strengths=(strength,))
    names = [labels[at] for at in train]
    contents = [table.sha256[at] for at in train]
    estimator.fit(table.rows[train], names, groups=contents)
    kinds = Kinds(table.rows[train], np.unique(names, return_inverse=True)[1], contents)
    asked = table.rows[np.concatenate([known[held], index[strange]])]
    scores = kinds.distances(asked)
    if learned.novelty.doubt:
        scores = scores + learned.novelty.doubt * doubt(estimator.head_.predict_proba(asked))
    return known[held], scores[: held.sum()], scores[held.sum() :]


def scan_strangers(photos: str, *, follow_links: bool = False) -> PhotoSet:
    """Find the photos of nothing that is to be learned; nothing is read.

    Args:
        photos: a folder of them, flat or nested, or one photo.
        follow_links: follow links that lead to other folders.

    Raises:
        PhotosError: there is no such folder, or no file in it.
    """
    fault = None if Path(photos).is_dir() else what_is_wrong(photos)
    if fault is not None:
        raise PhotosError(
            f"--unknown {photos!r}: {fault.detail}; give a folder of photos of nothing that is to be learned"
        )
    return replace(scan_files([photos], follow_links=follow_links), source=photos)


def gather_strangers(
    found: PhotoSet,
    reader: PhotoReader,
    trained_on: Sequence[Hashed],
    tested: Sequence[Hashed] = (),
    *,
    files: KnownFiles | None = None,
    rehash: bool = False,
    progress: Progress | None = None,
) -> Gathered:
    """Look into the photos of nothing that is learned; each content once, and none of what is learned.

    Args:
        found: what `scan_strangers` found.
        reader: reads them.
        trained_on: the photos that are trained on.
        tested: those that are measured on; they are of classes that are learned.
        files: knows photos that were read before.
        rehash: read also those that are known.
        progress: told of the pace.

    Raises:
        PhotosError: none is left.
    """
    hashed, unusable = hash_photos(found.photos, reader, files=files, rehash=rehash, progress=progress)
    learned = {each.sha256: (Reason.ALSO_A_TEST, each.photo) for each in tested}
    learned |= {each.sha256: (Reason.ALSO_TRAINED_ON, each.photo) for each in trained_on}
    dropped = tuple(_dropped(each, *learned[each.sha256]) for each in hashed if each.sha256 in learned)
    skipped = (*found.skipped, *unusable)
    first = {each.sha256: each for each in reversed(hashed) if each.sha256 not in learned}
    if not first:
        raise PhotosError(
            f"--unknown {found.source!r}: no photo of it can be used (of {len(found.order)}: "
            f"{count_reasons((*skipped, *dropped), 3)}); give photos of nothing that is to be learned"
        )
    notes, copies = list(found.notes), len(hashed) - len(dropped) - len(first)
    if copies:
        notes.append(f"{counted(copies, 'photo')} of --unknown not used: the same content as another one")
    ordered = tuple(first[content] for content in sorted(first))
    return Gathered(found.source, ordered, skipped, (), tuple(notes), dropped)


def _dropped(each: Hashed, reason: Reason, other: Photo) -> Skipped:
    detail = f"the same photo is of the class {other.label!r}: {other.name!r}"
    return Skipped(each.photo.name, reason, detail, "read", each.bytes)


def far_kinds(table: FeatureTable, learned: Learned) -> Detection | None:
    """Place photos of nothing learned among photos of one's own that were held out; None without those.

    Each folder that holds some of them counts as a kind.

    Args:
        table: rows of the strange photos.
        learned: what the training left.
    """
    if not learned.novelty.measured or not len(learned.known_scores) or not len(table.rows):
        return None
    scores = learned.novelty.scores(table.rows, learned.head.predict_proba(table.rows))
    placed = compare(learned.known_scores, scores, learned.novelty.false_alarms)
    return detection(placed, [str(photo.path.parent) for photo in table.photos])
