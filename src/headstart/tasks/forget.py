"""(model folder, classes) => the same model without those classes and their photos."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.images.names import label_from
from headstart.model.history import changing
from headstart.tasks.learning.change import require_known, without
from headstart.tasks.learning.standing import Standing
from headstart.tasks.learning.step import Step, take_step
from headstart.tasks.learning.taught_folder import taught_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from headstart.tasks.learning.result import Taught


def forget(
    model: str | Path,
    classes: str | Sequence[str],
    *,
    waiting: Callable[[str], None] | None = None,
) -> Taught:
    """Drop classes with their photos; the others keep theirs. `learn.undo` brings them back.

    Args:
        model: the model folder.
        classes: one class, or several.
        waiting: gets a line every few seconds while another process changes the model.

    Raises:
        UsageError: no class was named, or the model does not know one of them.
        FitError: fewer than two classes would be left.
        ModelError: no model, or a damaged one.
        StorageError: the disk stands in the way; the model is as it was.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> with tempfile.TemporaryDirectory() as place:
        ...     photos = write_photos(Path(place, "photos"), ("red", "blue", "green"))
        ...     folder = Path(place, "model")
        ...     _ = train(photos, backbone=tiny_backbone(), home=Path(place, "home"), output=folder)
        ...     taught = forget(folder, "green")
        >>> taught.classes, taught.removed
        (('blue', 'red'), 6)
    """
    began = time.monotonic()
    folder = taught_folder(model)
    names = [classes] if isinstance(classes, str) else list(classes)
    if not names:
        raise UsageError("no class was named; name the classes to forget")
    with changing(folder, waiting=waiting) as held:
        standing = Standing.of(held)
        known = standing.record.head.classes
        # As it was written, or in the form in which folders and tables give their labels.
        chosen = [name if name in known else label_from(name) for name in names]
        require_known(chosen, known)
        change = without(standing.rows, standing.photos, set(chosen))
        command = shlex.join(["headstart", "forget", folder, *names])
        step = Step(verb="forget", model=folder, command=command, began=began)
        return take_step(step, held, standing, change)
