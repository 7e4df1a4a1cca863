"""(a frozen network, photos) => one linear layer on its features, trained as the lesson does it.

The layer sees all numbers of the network's last map, 25,088 of VGG-16's, and is trained by Adam at 0.001 for
as many epochs and with as many photos a step as in the lesson.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbones.source import FeatureSource
from headstart.finetune.inputs import in_batches
from headstart.heads.make import make_head
from headstart.heads.metrics import wilson
from headstart.tasks.lessons.draw import draw, read_rows
from headstart.tasks.lessons.measured import Measured

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from headstart.tasks.lessons.desk import Chosen, Desk
    from headstart.tasks.lessons.draw import Drawn, Rows
    from headstart.tasks.lessons.figures import Figure

RATE = 1e-3  # Adam's own, as both frameworks have it
OWN_HEAD_UP_TO = 1_000  # photos: with more of such wide rows, our own head takes minutes
_MEAN = ":mean"


@dataclass(frozen=True, eq=False)
class Layer:
    """A linear layer that was trained, and how it judged.

    Attributes:
        drawn: the photos.
        rows: their features.
        right: (m,) whether each photo that judges was named right.
    """

    drawn: Drawn
    rows: Rows
    right: NDArray[np.bool_]


def linear(figure: Figure, desk: Desk) -> Measured:
    """Train the layer and have it judge."""
    chosen = desk.chosen(figure)
    found = layer_of(figure, chosen, desk)
    rows = found.rows
    return Measured(
        value=float(found.right.mean()),
        photos=len(found.right),
        network=chosen.name,
        learned_from=len(rows.learn),
        reasons=(*chosen.reasons, *found.drawn.reasons, *width(rows), *fewer_steps(figure, len(rows.learn))),
        also=_own_head(rows, desk.seed),
    )


def layer_of(figure: Figure, chosen: Chosen, desk: Desk) -> Layer:
    """The layer on a network's features of a row's photos; trained once for equal settings.

    Raises:
        NotMeasuredError: too few photos, or it would take too long.
    """
    key = ("layer", chosen.name, figure.learn, figure.judge, figure.batch, figure.epochs, figure.outputs)
    return desk.once(key, lambda: _layer_of(figure, chosen, desk))


def _layer_of(figure: Figure, chosen: Chosen, desk: Desk) -> Layer:
    drawn = desk.once(("drawn", figure.learn, figure.judge), lambda: draw(figure, desk))
    photos, numbers = len(drawn.gathered.hashed), chosen.backbone.width(whole_map(chosen))
    desk.afford(figure, desk.pace(chosen) * photos, 4 * photos * numbers)
    rows = read_rows(drawn, FeatureSource.of(chosen.backbone, whole_map(chosen)), desk)
    layer = train_layer(
        rows, epochs=figure.epochs, batch=figure.batch, outputs=figure.outputs, seed=desk.seed
    )
    return Layer(drawn, rows, answers(layer, rows) == rows.codes[rows.judge])


def whole_map(chosen: Chosen) -> str:
    """The layer whose rows are the network's last map, every place of it.

    Example:
        >>> from headstart.tasks.lessons.desk import Chosen
        >>> from headstart.testing import tiny_backbone
        >>> whole_map(Chosen("tiny", tiny_backbone()))
        'last'
    """
    return chosen.backbone.spec.feature_layer.removesuffix(_MEAN)


def train_layer(rows: Rows, *, epochs: int, batch: int, outputs: int, seed: int) -> nn.Linear:
    """Train one linear layer by Adam on the rows that are learned from; torch's own chance stays as it was.

    Args:
        rows: features.
        epochs: passes over them.
        batch: rows a step.
        outputs: one for each class, or a single one with a sigmoid for two classes.
        seed: of the first weights and the order.
    """
    import torch
    from torch import nn

    values, codes = torch.from_numpy(rows.table.rows), torch.from_numpy(rows.codes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = nn.Linear(values.shape[1], outputs)
    optimiser = torch.optim.Adam(layer.parameters(), lr=RATE)
    chance = np.random.default_rng(seed)
    for _ in range(epochs):
        for at in in_batches(chance.permutation(rows.learn), batch):
            optimiser.zero_grad()
            torch.autograd.backward(_loss(layer(values[at]), codes[at]))
            optimiser.step()
    return layer


def _loss(said: Tensor, codes: Tensor) -> Tensor:
    """Cross-entropy: of a softmax, or of a sigmoid where there is one output."""
    from torch.nn import functional

    if said.shape[1] > 1:
        return functional.cross_entropy(said, codes)
    return functional.binary_cross_entropy_with_logits(said[:, 0], codes.to(said.dtype))


def answers(layer: nn.Linear, rows: Rows) -> NDArray[np.intp]:
    """(m,) the class that a layer gives each photo that judges."""
    import torch

    with torch.no_grad():
        said = layer(torch.from_numpy(rows.table.rows[rows.judge]))
    found = said[:, 0] > 0 if said.shape[1] == 1 else said.argmax(dim=1)
    return np.asarray(found.numpy(), dtype=np.intp)


def fewer_steps(figure: Figure, learned: int) -> list[str]:
    """Fewer photos in as many epochs are fewer steps.

    Example:
        >>> from headstart.tasks.lessons.figures import FIGURES
        >>> keras = next(each for each in FIGURES if each.key == "linear-keras")
        >>> fewer_steps(keras, 333), fewer_steps(keras, 3_200)
        (['6 steps of training in all instead of 50'], [])
    """
    ours, theirs = (figure.epochs * -(-photos // figure.batch) for photos in (learned, figure.learn))
    return [] if ours == theirs else [f"{ours:,} steps of training in all instead of {theirs:,}"]


def width(rows: Rows) -> list[str]:
    """Another network gives more or fewer numbers of a photo than VGG-16."""
    ours, theirs = rows.table.rows.shape[1], 25_088
    return [] if ours == theirs else [f"{ours:,} features a photo instead of VGG-16's {theirs:,}"]


def _own_head(rows: Rows, seed: int) -> tuple[str, ...]:
    """What `train`'s head gets on the same rows, where that takes seconds."""
    if len(rows.learn) > OWN_HEAD_UP_TO:
        return ()
    labels, shas = np.asarray(rows.classes)[rows.codes], np.asarray(rows.table.sha256)
    head = make_head("linear", seed=seed)
    head.fit(rows.table.rows[rows.learn], labels[rows.learn].tolist(), groups=shas[rows.learn].tolist())
    right = int((np.asarray(head.predict(rows.table.rows[rows.judge])) == labels[rows.judge]).sum())
    low, high = wilson(right, len(rows.judge))
    share = f"{right / len(rows.judge):.3f} ({low:.3f}-{high:.3f})"
    return (f"headstart's own linear head, trained to the end on the same rows: {share}",)
