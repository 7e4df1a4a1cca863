"""(a model folder that is trained into again) => what people should know of the corrections in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.images.names import counted
from headstart.model.manifest import MANIFEST, read_manifest
from headstart.report.text import shell_word

if TYPE_CHECKING:
    from pathlib import Path


def over_corrections(target: Path | None, output: str) -> list[str]:
    """A note where a corrected model lies; it is kept as one more step, with those before it.

    Args:
        target: the folder, checked; None: the model is not saved.
        output: the same as it was written.

    Raises:
        ModelError: the model in it is damaged.
    """
    if target is None or not (target / MANIFEST).exists():
        return []
    record, _ = read_manifest(target)
    if record.before is None:
        return []
    times = 0 if record.training.learned is None else record.training.learned.times
    what = f"{counted(times, 'step')} of corrections" if times else "a training over corrections"
    return [
        f"the model that was there had {what}, which this one does not know; "
        f"`headstart learn {shell_word(output)} --undo` brings it back"
    ]
