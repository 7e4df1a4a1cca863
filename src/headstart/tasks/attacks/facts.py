"""What came of an attack on one photo: arrays and facts, measured from the saved file."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from headstart.images.pixels import to_pixels
from headstart.tasks.attacks.files import JPEG_QUALITY, Said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from headstart.pixels.attacks.settings import ResolvedSettings


@dataclass(frozen=True)
class Attacked:
    """A photo that was attacked, and what `predict` says of its file.

    Distances and answers are those of the saved file, read again: after rounding to 8 bits.

    Attributes:
        network: how people know it.
        before: what is said of the photo.
        after: what is said of the result as a PNG file.
        after_jpeg: what is said of the result as a JPEG file of quality 90.
        target: what it was to be taken for; None: anything else.
        settings: how it was attacked, without gaps; `epsilon` is the budget.
        full_size: whether the photo's own pixels were changed, or those that the network receives.
        linf: the largest change of a value, in [0, 1].
        l2: the Euclidean length of all changes.
        gradients: how many were taken, in all tries together.
        vanished: how many of them were 0, but for rounding: they show no way.
        smallest: the smallest epsilon that was enough; None: not searched, or none was.
        tried: epsilons that were tried, smallest first, and whether they were enough.
        picture: (H, W, 3) uint8, what was saved: the photo with its changed part.
        photo_seen: (h, w, 3) uint8, the photo as the network receives it, or in full.
        result_seen: the result likewise.
        seconds: in all.
        notes: what people should know.
        engine: what computed the answers, as JSON values.
        output: the file that was written; None: none.
    """

    network: str
    before: Said
    after: Said
    after_jpeg: Said
    target: str | None
    settings: ResolvedSettings
    full_size: bool
    linf: float
    l2: float
    gradients: int
    vanished: int
    smallest: float | None
    tried: tuple[tuple[float, bool], ...]
    picture: NDArray[np.uint8]
    photo_seen: NDArray[np.uint8]
    result_seen: NDArray[np.uint8]
    seconds: float
    notes: tuple[str, ...]
    engine: Mapping[str, Any] | None
    output: Path | None

    @property
    def success(self) -> bool:
        """Whether the PNG file is taken for the target, or for anything but what the photo is taken for."""
        return reached(self.before.label, self.target, self.after)

    @property
    def survives_jpeg(self) -> bool:
        """The same of the JPEG file."""
        return reached(self.before.label, self.target, self.after_jpeg)

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(1, 3, h, w) float32 in [0, 1]: what the network receives of the result, or all of it."""
        return to_pixels([self.result_seen])

    @property
    def method_words(self) -> str:
        """The method and its budget in a few words."""
        from headstart.pixels.attacks.settings import show_epsilon

        asked, epsilon = self.settings, self.settings.epsilon
        budget = "" if epsilon == inf else f" within {show_epsilon(epsilon, asked.norm)} ({asked.norm})"
        return f"{asked.method}{budget}, {self.gradients} step{'' if self.gradients == 1 else 's'} in all"

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        asked = self.settings
        budget = None if asked.epsilon == inf else asked.epsilon
        return {
            "network": self.network,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "target": self.target,
            "success": self.success,
            "linf": self.linf,
            "l2": self.l2,
            "survives": {"png": self.success, f"jpeg_q{JPEG_QUALITY}": self.survives_jpeg},
            f"after_jpeg_q{JPEG_QUALITY}": self.after_jpeg.to_json(),
            "method": asked.method,
            "norm": asked.norm,
            "epsilon": budget,
            "steps": asked.steps,
            "step_size": asked.step_size,
            "restarts": asked.restarts,
            "loss": asked.loss,
            "seed": asked.seed,
            "full_size": self.full_size,
            "gradients": self.gradients,
            "vanished_gradients": self.vanished,
            "smallest": self._smallest_json(budget),
            "seconds": round(self.seconds, 3),
            "output": None if self.output is None else str(self.output),
            "engine": self.engine,
            "notes": list(self.notes),
        }

    def _smallest_json(self, budget: float | None) -> dict[str, Any] | None:
        if not self.tried:
            return None
        share = None if self.smallest is None or not budget else self.smallest / budget
        tried = [{"epsilon": epsilon, "success": success} for epsilon, success in self.tried]
        return {"epsilon": self.smallest, "share_of_budget": share, "tried": tried}


def reached(before: str, target: str | None, said: Said) -> bool:
    """Whether an answer is the target, or, without one, another than before."""
    return said.label != before if target is None else said.label == target
