"""What `learn`, `forget` and undoing give, and as JSON values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from headstart.tasks.gather import skipped_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headstart.heads.paired import PairedDifference
    from headstart.images.photo import Skipped
    from headstart.tasks.learning.compared import Apart


@dataclass(frozen=True, slots=True)
class Moved:
    """A photo whose answer is another one now.

    Attributes:
        file: what it is called.
        label: its class from now on; None where nobody has said.
        before: what it was called by the model; for a held-out photo by a head that had not seen it.
        after: what it is called now, in the same way.
    """

    file: str
    label: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Said:
    """A photo that the corrections speak of.

    Attributes:
        file: what it is called.
        sha256: of its content.
        label: its class from now on.
        was: its class in the model; None for a photo that was new to it.
        called: what the new model calls it.
    """

    file: str
    sha256: str
    label: str
    was: str | None
    called: str

    @property
    def taken_in(self) -> bool:
        """Whether the model calls it what it was told."""
        return self.called == self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What came of it.

    Attributes:
        model: the model folder as it was written.
        verb: "learn", "forget" or "undo".
        changed: whether the model is another one now.
        classes: of the model as it stands.
        photos: how many it has learned from.
        said: photos whose class was corrected, or that were added.
        removed: photos that were forgotten with their classes.
        new_classes: that it did not know before.
        gone_classes: that it does not know any more.
        before: accuracy of what it knew before, on held-out photos that it had learned from and whose class
            stayed the same; None where there are none. After undoing, what the model that is gone states.
        after: accuracy of what it knows now, on the same photos. After undoing, what the model states.
        difference: after less before, with its 95 % interval.
        apart: held-out photos that are left out of that: of new classes, relabelled, added.
        accuracy: of the model as it stands, on all held-out photos; None where there are none.
        moved: held-out photos that are called something else now.
        catalogue: photos of a catalogue that are called something else now; None where none was named.
        catalogue_photos: how many of the catalogue's photos were asked.
        refused: corrections that were not used.
        notes: what people should know.
        levels: how many steps can be undone.
        report: the page; None where nothing was changed.
        seconds: of the whole.
        computed: features that were computed now.
        reused: features that were kept.
    """

    model: str
    verb: str
    changed: bool
    classes: tuple[str, ...]
    photos: int
    said: tuple[Said, ...] = ()
    removed: int = 0
    new_classes: tuple[str, ...] = ()
    gone_classes: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    difference: PairedDifference | None = None
    apart: tuple[Apart, ...] = ()
    accuracy: Mapping[str, Any] | None = None
    moved: tuple[Moved, ...] = ()
    catalogue: tuple[Moved, ...] | None = None
    catalogue_photos: int = 0
    refused: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    levels: int = 0
    report: str | None = None
    seconds: float = 0.0
    computed: int = 0
    reused: int = 0

    @property
    def still(self) -> tuple[Said, ...]:
        """Photos that the model calls something else than it was told."""
        return tuple(each for each in self.said if not each.taken_in)

    @property
    def worse(self) -> bool:
        """Whether the accuracy fell by more than chance explains."""
        return self.difference is not None and self.difference.high < 0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        corrected = [each for each in self.said if each.was is not None]
        moved = None if self.catalogue is None else [asdict(each) for each in self.catalogue]
        return {
            "model": self.model,
            "verb": self.verb,
            "changed": self.changed,
            "classes": list(self.classes),
            "photos": {"used": self.photos, "refused": len(self.refused), "removed": self.removed},
            "corrected": [_said(each) for each in corrected],
            "added": [_said(each) for each in self.said if each.was is None],
            "still_called_otherwise": [_said(each) for each in self.still],
            "new_classes": list(self.new_classes),
            "gone_classes": list(self.gone_classes),
            "before": None if self.before is None else {"accuracy": dict(self.before)},
            "after": None if self.after is None else {"accuracy": dict(self.after)},
            "difference": None if self.difference is None else self.difference.to_json(),
            "worse": self.worse,
            "left_out_of_the_comparison": [each.to_json() for each in self.apart],
            "accuracy": None if self.accuracy is None else dict(self.accuracy),
            "changed_answers": [asdict(each) for each in self.moved],
            "catalogue": None if moved is None else {"photos": self.catalogue_photos, "changed": moved},
            "refused": skipped_json(self.refused),
            "notes": list(self.notes),
            "undo_levels": self.levels,
            "features": {"computed": self.computed, "reused": self.reused},
            "report": self.report,
            "seconds": {"total": round(self.seconds, 3)},
        }


def _said(each: Said) -> dict[str, Any]:
    return {
        "file": each.file,
        "sha256": each.sha256,
        "label": each.label,
        "was": each.was,
        "called": each.called,
    }
