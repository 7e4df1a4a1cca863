"""(folder or table of photos) => what is wrong with them; nothing of them is changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.spec import POCKET
from headstart.features.extract import extract
from headstart.features.hashing import hash_photos
from headstart.features.looks import look_at, near_pairs
from headstart.images.names import has_photo_suffix
from headstart.images.photo import Reason
from headstart.images.reader import PhotoReader
from headstart.report.doctor import render_doctor
from headstart.storage.home import Home
from headstart.tasks.doctoring.classes import class_findings
from headstart.tasks.doctoring.command import Request, better_network
from headstart.tasks.doctoring.copies import find_copies
from headstart.tasks.doctoring.doubts import LEAST_PHOTOS
from headstart.tasks.doctoring.finding import KINDS, Finding, in_order
from headstart.tasks.doctoring.labels import Rows, odd_ones, wrong_labels
from headstart.tasks.doctoring.material import Material, scan
from headstart.tasks.doctoring.page import page_facts
from headstart.tasks.doctoring.sight import hard_to_see
from headstart.tasks.doctoring.written import (
    CORRECTIONS_FILE,
    CSV_FILE,
    JSON_FILE,
    PAGE_FILE,
    check_folder,
    corrections_csv,
    findings_csv,
    write_files,
)
from headstart.tasks.paths import photos_path, refuse_among_photos
from headstart.tasks.rows import Wanted, best_engine, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headstart.backbones.base import Backbone
    from headstart.features.choosing import Choosing
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import Hashed, Skipped
    from headstart.tasks.doctoring.copies import Copies


@dataclass(frozen=True)
class CheckUp:
    """What was found.

    Attributes:
        source: the photos, as they were given.
        findings: the most important kind first; within a kind the clearest first.
        photos: that can be used, copies included, by name.
        material: what was looked at.
        notes: what people should know.
        unchecked: kinds that could not be looked for here.
        folder: where the page and the tables were written; None: nowhere.
    """

    source: str
    findings: tuple[Finding, ...]
    photos: dict[str, Hashed]
    material: Material
    notes: tuple[str, ...]
    unchecked: frozenset[str] = frozenset()
    folder: Path | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind there are, the most important kind first, without zeros."""
        found = Counter(each.kind for each in self.findings)
        return {kind.name: found[kind.name] for kind in KINDS if found[kind.name]}

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind."""
        return tuple(each for each in self.findings if each.kind == kind)

    @property
    def files(self) -> dict[str, str]:
        """The files that were written, by what they are."""
        if self.folder is None:
            return {}
        names = {"page": PAGE_FILE, "csv": CSV_FILE, "json": JSON_FILE, "corrections": CORRECTIONS_FILE}
        return {what: str(self.folder / name) for what, name in names.items()}

    def to_json(self) -> dict[str, Any]:
        """What `doctor --json` prints."""
        return {
            "source": self.source,
            "parts": list(self.material.parts),
            "classes": sorted(self.material.labels),
            "photos": {
                "files": len(self.material.photos) + len(self.material.skipped),
                "used": len(self.photos),
            },
            "counts": self.counts,
            "findings": [each.to_json() for each in self.findings],
            "unchecked": sorted(self.unchecked),
            "notes": list(self.notes),
            "files": self.files,
        }


def doctor(
    photos: str | Path,
    *,
    output: str | Path | None = None,
    test: str | Path | None = None,
    backbone: str | Backbone = POCKET,
    labels: bool = True,
    engine: str | None = None,
    precision: str | None = None,
    seed: int = 0,
    follow_links: bool = False,
    rehash: bool = False,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> CheckUp:
    """Look for what spoils a classifier: broken files, copies, leaks, doubtful labels, odd and dim photos.

    Looks and features are kept in the home's store, so a second check-up reads what is new only. The same
    photos, backbone and seed give the same findings.

    Args:
        photos: a folder with a folder for each class, one with parts (train, test, val …) that hold such
            folders, a folder of photos without classes, or a CSV with the columns path and label.
        output: the folder to write a page and tables to; None: nothing is written.
        test: another part, among which photos of the first are looked for.
        backbone: whose features tell likely wrong labels and odd ones.
        labels: whether folders are classes; False looks for what can be found without.
        engine: "openvino", "torch" or "tensorflow"; None: the one that is fastest here.
        precision: "f32", "bf16" or "int8"; None: f32, or bf16 where its features agree with f32's.
        seed: of the folds.
        follow_links: follow links that lead to other folders.
        rehash: read every photo again, also those that are known by their size and dates.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of each stretch of work.

    Raises:
        UsageError: an output among the photos, or a folder with other things in it.
        PhotosError: there is no file to look at.
        StorageError: the disk stands in the way; what was computed is kept.

    Example:
        >>> import tempfile
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder, "photos"))
        ...     _ = (photos / "red" / "empty.jpg").write_bytes(b"")
        ...     found = doctor(photos, backbone=tiny_backbone(), home=Path(folder, "home"))
        >>> [each.files for each in found.of("broken")]
        [('red/empty.jpg',)]
    """
    source = photos_path(photos, "photos", home)
    test = None if test is None else photos_path(test, "test", home, measure=True)
    place = Home.find(home)
    choosing = best_engine(place, engine, precision)
    wanted = Wanted.checked(backbone, None, place, progress)
    refuse_among_photos(place.root, "home", source, test)
    folder = None if output is None else check_folder(output, source, test)
    request = Request(
        source=source, backbone=backbone, output=None if output is None else str(output), test=test,
        labels=labels, engine=engine, precision=precision, seed=seed, follow_links=follow_links,
    )  # fmt: skip
    material = scan(source, test=test, labels=labels, follow_links=follow_links)
    better = better_network(request, place) if len(material.labels) > 1 else None
    with PhotoReader() as reader, open_store(place) as store:
        work = _CheckUp(material, reader, store, wanted, choosing, seed, progress)
        found = work.run(source, rehash=rehash)
        found = replace(found, folder=folder, notes=(*found.notes, *([better] if better else [])))
        if folder is not None:
            _write(found, reader, request.command)
    return found


@dataclass(frozen=True)
class _CheckUp:
    """One check-up under way."""

    material: Material
    reader: PhotoReader
    store: FeatureStore
    wanted: Wanted
    choosing: Choosing
    seed: int
    progress: Progress | None

    def run(self, source: str, *, rehash: bool) -> CheckUp:
        hashed, unread = hash_photos(
            self.material.photos, self.reader, files=self.store.files, rehash=rehash, progress=self.progress
        )
        seen = look_at(hashed, self.store, self.reader, self.progress)
        undecoded = {each.name for each in seen.skipped}
        usable = [each for each in hashed if each.photo.name not in undecoded]
        copies = find_copies(usable, self.material.part_of, near_pairs(seen.looks))
        judged, notes = self._judged(usable, copies)
        findings = [
            *_broken((*self.material.skipped, *unread, *seen.skipped)),
            *copies.findings,
            *class_findings(usable, self.material),
            *hard_to_see(usable, seen.looks),
            *judged,
        ]
        return CheckUp(
            source=source,
            findings=in_order(findings),
            photos={each.photo.name: each for each in usable},
            material=self.material,
            notes=tuple(dict.fromkeys((*self.material.notes, *notes))),
            unchecked=frozenset(_unchecked(self.material, copies, doubts=not notes)),
        )

    def _judged(self, usable: Sequence[Hashed], copies: Copies) -> tuple[list[Finding], list[str]]:
        """What the network's features tell; photos that stand under two classes are left out."""
        single = [each for each in usable if each.sha256 not in copies.contested]
        if len(single) < 2:
            return [], []
        table = extract(
            single,
            self.wanted.open(self.progress),
            store=self.store,
            reader=self.reader,
            engine=self.choosing,
            progress=self.progress,
        )
        rows = Rows.of(table, copies.group_of)
        doubted, note = wrong_labels(rows, seed=self.seed)
        return [*doubted, *odd_ones(rows, seed=self.seed)], [note] if note else []


def _unchecked(material: Material, copies: Copies, *, doubts: bool) -> Iterator[str]:
    """Kinds of which nothing can be said here: a page must not claim that they were looked for."""
    if len(material.parts) < 2:
        yield from ("leak", "missing_class")
    if not material.labels:
        yield from ("two_classes", "empty_class", "tiny_class", "class_case", "imbalance", "missing_class")
    if len(material.labels) < 2 or not doubts:
        yield from ("wrong_label", "doubtful_label")
    if len(set(copies.group_of.values())) < LEAST_PHOTOS:
        yield "odd"


def _broken(skipped: Sequence[Skipped]) -> list[Finding]:
    return [
        Finding(
            "other_file" if _is_no_photo(each) else "broken",
            (each.name,),
            f"{each.reason.value}: {each.detail}",
            float(has_photo_suffix(each.name)),  # a spoilt photo matters more than what never was one
            label=each.label,
        )
        for each in skipped
    ]


def _is_no_photo(skipped: Skipped) -> bool:
    """Whether a file was never meant as a photo, such as a text that lies among them."""
    return skipped.reason in {Reason.NOT_AN_IMAGE, Reason.EMPTY} and not has_photo_suffix(skipped.name)


def _write(found: CheckUp, reader: PhotoReader, command: str) -> None:
    """Write the tables and the page."""
    folder, material, known = found.folder, found.material, found.photos
    if folder is None:
        return
    folder.mkdir(exist_ok=True)
    facts = page_facts(
        found.findings,
        material,
        known,
        reader,
        source=found.source,
        notes=found.notes,
        unchecked=found.unchecked,
        command=command,
    )
    files = {
        CSV_FILE: findings_csv(found.findings, material.paths, material.part_of, known),
        CORRECTIONS_FILE: corrections_csv(found.findings, material.paths, known),
        PAGE_FILE: render_doctor(facts),
    }
    write_files(folder, found.to_json(), files)
