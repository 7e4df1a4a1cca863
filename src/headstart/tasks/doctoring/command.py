"""(what is asked) => the command that asks it, and the one that would tell more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.backbones.spec import KERAS, POCKET
from headstart.report.text import shell_word

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone
    from headstart.storage.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A check-up as it was asked for.

    Attributes:
        source: the photos, as they were given.
        backbone: its name, or the network itself.
        output: the folder to write to; None: nowhere.
        test: another part.
        labels: whether folders are classes.
        engine: None: the fastest.
        precision: None: as the engine likes.
        seed: of the folds.
        follow_links: whether links to other folders are followed.

    Example:
        >>> Request(source="my pets", backbone="timm:mobilenetv2_100", labels=False).command
        "headstart doctor 'my pets' --backbone timm:mobilenetv2_100 --no-labels"
    """

    source: str
    backbone: str | Backbone
    output: str | None = None
    test: str | None = None
    labels: bool = True
    engine: str | None = None
    precision: str | None = None
    seed: int = 0
    follow_links: bool = False

    @property
    def command(self) -> str:
        """As one line for a shell; for a network without a name, as a line of Python."""
        if not isinstance(self.backbone, str):
            return f"headstart.tasks.doctor.doctor({self.source!r}, backbone=…)  # in Python"
        values = {
            "-o": self.output,
            "--test": self.test,
            "--backbone": self.backbone,
            "--engine": self.engine,
            "--precision": self.precision,
            "--seed": str(self.seed) if self.seed else None,
        }
        words = [word for name, value in values.items() if value is not None for word in (name, value)]
        switches = {"--no-labels": not self.labels, "--follow-links": self.follow_links}
        words += [name for name, on in switches.items() if on]
        return " ".join(map(shell_word, ["headstart", "doctor", self.source, *words]))


def better_network(request: Request, home: Home) -> str | None:
    """A note on a network that is at hand and knows more than pocket; None where there is none to name.

    Args:
        request: what was asked.
        home: where weights are registered. Of several networks that know ImageNet the one with the
            largest weights is named, Keras's last: TensorFlow takes long to load.
    """
    from headstart.backbones.keras.runtime import has_keras
    from headstart.backbones.weights import WeightsStore

    if request.backbone != POCKET:
        return None
    entries = [
        entry
        for entry in WeightsStore(home).readable_entries()
        if entry.classes is not None and (entry.framework != KERAS or has_keras())
    ]
    if not entries:
        return None
    best = max(entries, key=lambda entry: (entry.framework != KERAS, entry.bytes, entry.backbone))
    command = replace(request, backbone=best.backbone).command
    return f"pocket is small; {best.backbone} is at hand and would tell more of labels: {command}"
