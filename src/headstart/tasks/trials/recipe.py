"""(one way to make and train a network) as a value: two that differ in one thing are a trick."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from headstart.finetune.settings import Training

CONSTANT = Training(
    epochs=20,
    batch_size=32,
    optimiser="momentum",
    learning_rate=0.02,
    weight_decay=0.0,
    layer_decay=1.0,
    schedule="constant",
    warmup=0.0,
    clip=None,
    label_smoothing=0.0,
    patience=None,
    batch_norm="trained",
)
"""A training without any trick but momentum; what is tried is added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A network and how it is trained; everything but the seed.

    Attributes:
        network: "small", "deep", "perceptron", or "tuned": a pretrained network's last part.
        weights: what new weights are drawn from, a word of `networks.WEIGHTS`; for "tuned" those of the new
            linear layer, or "probe": a linear head that was fitted first ("soft probe": the same, less sure).
        pixels: "normalised" (mean 0 and standard deviation 1 in each channel), "unit" (0 to 1), or "bytes"
            (0 to 255).
        width: how many times as many channels as usual.
        batch_norm: after each convolution.
        dropout: share of numbers that are dropped before the last layer, below 1.
        body: whether a pretrained network is trained too, not the linear layer alone.
        stops: end early and keep the best epoch of the validation part; otherwise the last epoch answers.
        training: the rest.
    """

    network: str = "small"
    weights: str = "he"
    pixels: str = "normalised"
    width: float = 1.0
    batch_norm: bool = False
    dropout: float = 0.0
    body: bool = True
    stops: bool = False
    training: Training = field(default=CONSTANT)

    def with_seed(self, seed: int) -> Training:
        """The training of one run."""
        return replace(self.training, seed=seed)

    def trained(self, **changes: object) -> Recipe:
        """The same with another setting of its training.

        Example:
            >>> Recipe().trained(clip=1.0).training.clip
            1.0
        """
        return replace(self, training=replace(self.training, **changes))  # type: ignore[arg-type]
