"""(a photo, a class) => the photo walked down the gradient to that class, by the lesson's own way.

The lesson walks all its steps: plain descent at rate 1 on the cross-entropy, of the numbers that the network
takes in, nothing that bounds them. (`headstart attack --method descent` ends as soon as the answer is there.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.features.progress import NoProgress
from headstart.tasks.ideal import png_of

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from headstart.features.progress import Progress
    from headstart.pixels.network import Network
    from headstart.pixels.optimise import Step
    from headstart.tasks.attacks.subject import Subject

_RATE = 1.0


@dataclass(frozen=True, eq=False)
class Walked:
    """A photo that was walked to a class.

    Attributes:
        label: what the network calls the pixels, before they are rounded for a file.
        probability: of the class, likewise.
        file: the bytes of a PNG file; read again, it is the picture but for rounding.
        linf: the largest change of a value in the file, in [0, 1].
        steps: that were taken.
    """

    label: str
    probability: float
    file: bytes
    linf: float
    steps: int


def walk(
    network: Network, photo: Path, index: int, *, steps: int, progress: Progress | None = None
) -> Walked:
    """Walk all the steps.

    Args:
        network: that is to take the photo for the class.
        photo: a file.
        index: of the class.
        steps: how many, at least 1.
        progress: told of each.

    Raises:
        UsageError: the photo is too long and narrow to be kept as the network sees it.
        PhotosError: it can't be used.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photo = write_photos(Path(folder)) / "red" / "0.jpg"
        ...     short, long = (walk(network, photo, 0, steps=steps) for steps in (1, 20))
        >>> long.steps, long.probability > short.probability
        (20, True)
    """
    from headstart.tasks.attacks.subject import as_received
    from headstart.tasks.one_photo import read_photo

    subject = as_received(photo, network, read_photo(photo, network.resize).size)
    show = NoProgress() if progress is None else progress
    show.start(steps, "steps from a dog to a cat")
    try:
        found, taken = _descend(network, subject, index, steps, show)
    finally:
        show.stop()
    said = subject.network.probabilities(found)[0]
    return Walked(
        label=network.classes[int(said.argmax())],
        probability=float(said[index]),
        file=png_of(subject.picture(found.numpy())),
        linf=_largest(subject, found),
        steps=taken,
    )


def _descend(
    network: Network, subject: Subject, index: int, steps: int, show: Progress
) -> tuple[Tensor, int]:
    """The pixels after the steps, in no bounds, and how many steps were taken."""
    import torch

    from headstart.pixels.images import Normalised
    from headstart.pixels.objectives import log_probability
    from headstart.pixels.optimise import optimise

    prepared, seen = network.backbone.spec.preprocessing, subject.network
    start = network.backbone.normalise(torch.from_numpy(subject.pixels))
    image, taken = Normalised(start, prepared.mean, prepared.std), []

    def watch(step: Step) -> None:
        taken.append(step.number)
        show.advance()

    sgd = torch.optim.SGD(image.parameters(), lr=_RATE)
    found = optimise(seen, image, log_probability(index), optimiser=sgd, steps=steps, watch=watch)
    return found, len(taken)


def _largest(subject: Subject, found: Tensor) -> float:
    from headstart.images.pixels import to_pictures, to_pixels

    return float(np.abs(to_pixels(list(to_pictures(found))) - subject.pixels).max())
