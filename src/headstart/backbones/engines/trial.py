"""(source, a few real photos) => which engine runs it best here: at most two seconds of running."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.engines.agreement import Agreement, agreement
from headstart.backbones.engines.plan import EnginePlan
from headstart.errors import BackboneError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import Engine, EngineChoice, EngineName, Precision

SECONDS = 2.0
PHOTOS = 16
_REPEATS = 2  # of the same photos, to see the pace of a fast network
_FASTER = 1.1  # less is noise: the first of the list stays


@dataclass(frozen=True)
class Candidate:
    """An engine that may be chosen.

    Attributes:
        name: its name.
        precision: in which it would run.
        device: "cpu" or "cuda".
        engine: the engine itself, not loaded yet.
    """

    name: EngineName
    precision: Precision
    device: str
    engine: Engine

    @property
    def label(self) -> str:
        """How tables and plans call it."""
        return f"{self.name} {self.precision}" + ("" if self.device == "cpu" else f" {self.device}")


def try_engines(
    candidates: Sequence[Candidate],
    reference: Engine,
    pictures: Sequence[NDArray[np.uint8]],
    asked: EngineChoice,
    *,
    seconds: float = SECONDS,
) -> EnginePlan:
    """Run each candidate for a moment and take the fastest whose rows agree with the reference.

    A precision that was asked for is accepted as it is; one that was not must reach `LEAST_COSINE` for each
    photo. Loading and compiling the networks is not counted in the seconds.

    Args:
        candidates: in order of preference: a later one must be a tenth faster.
        reference: torch on the CPU in f32.
        pictures: real photos at the network's input size, at least 1.
        asked: what the user left open.
        seconds: of running, in all.

    Raises:
        BackboneError: none of the candidates can run the network; says why for each.
    """
    share = seconds / (len(candidates) + 1)
    wanted, pace = _measured(reference, pictures, share)
    sound = [bool(np.isfinite(row).all()) for row in wanted]  # others are named when their rows are due
    found: dict[str, Agreement] = {}
    speeds: dict[str, float] = {}
    refused: dict[str, str] = {}
    best: Candidate | None = None
    for each in candidates:
        try:
            known = each.engine is reference
            rows, speed = (wanted, pace) if known else _measured(each.engine, pictures[: len(wanted)], share)
        except (StorageError, MemoryError):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever one engine raises, another one may run it
            refused[each.label] = " ".join(str(fault).split())
            continue
        speeds[each.label] = round(speed, 1)
        both = [at for at in range(len(rows)) if sound[at]]
        if both:
            found[each.label] = agreement(rows[both], wanted[both])
        if asked.precision is None and both and not found[each.label].allows(each.precision):
            refused[each.label] = str(found[each.label])
        elif best is None or speed > _FASTER * speeds[best.label]:
            best = each
    if best is None:
        raise BackboneError(_none_left(refused))
    return EnginePlan(best.name, best.precision, best.device, found.get(best.label), speeds, refused)


def _measured(
    engine: Engine, pictures: Sequence[NDArray[np.uint8]], seconds: float
) -> tuple[NDArray[np.float32], float]:
    """Rows of as many photos as there is time for, and photos a second."""
    list(engine.rows(pictures[:1]))  # loads and compiles
    began = time.perf_counter()
    once = list(engine.rows(pictures[:1]))
    pace = 1 / (time.perf_counter() - began)
    if pace * seconds < 2:  # another pass would take longer than all may take
        return np.stack(once), pace
    most = max(_REPEATS * len(pictures), getattr(engine, "batch", 1))
    began = time.perf_counter()
    rows = list(engine.rows(islice(cycle(pictures), min(int(pace * seconds), most))))
    return np.stack(rows[: len(pictures)]), len(rows) / (time.perf_counter() - began)


def _none_left(refused: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{label}: {reason}" for label, reason in refused.items())
    return f"no engine can run this network here ({reasons}); choose --engine torch --precision f32"
