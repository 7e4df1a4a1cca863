"""python keras_side.py NETWORK ROUNDS => JSON: ms of a pass and of a gradient at the pixels, two ways.

One photo, random weights, on the backend that KERAS_BACKEND names: one process has one. Ours is the whole
way from pixels in [0, 1]; Keras's own is its model on what `preprocess_input` would give.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import torch

from alternating import alternating
from headstart.backbones.keras.adapter import construct
from headstart.backbones.keras.runtime import TENSORFLOW, backend, tensorflow
from headstart.backbones.load import load_backbone

if TYPE_CHECKING:
    from collections.abc import Callable

    Jobs = dict[str, Callable[[], object]]


def ours(name: str, pixels: torch.Tensor) -> Jobs:
    """Headstart's backbone."""
    backbone = load_backbone(f"keras:{name}@random")

    def forward() -> object:
        with torch.no_grad():
            return backbone.logits(pixels)

    def gradient() -> object:
        watched = pixels.clone().requires_grad_()
        return torch.autograd.grad(backbone.logits(watched).square().sum(), watched)

    return {"ours, pass": forward, "ours, gradient": gradient}


def on_torch(model: Any, pixels: torch.Tensor) -> Jobs:
    """Keras's model as its own documents use it on torch."""
    photo = pixels.permute(0, 2, 3, 1).contiguous()

    def forward() -> object:
        with torch.no_grad():
            return model(photo, training=False)

    def gradient() -> object:
        watched = photo.clone().requires_grad_()
        return torch.autograd.grad(model(watched, training=False).square().sum(), watched)

    return {"Keras, pass": forward, "Keras, gradient": gradient}


def on_tensorflow(model: Any, pixels: torch.Tensor) -> Jobs:
    """Keras's model in compiled graphs, as fast as TensorFlow is."""
    tf = tensorflow()
    photo = tf.constant(pixels.permute(0, 2, 3, 1).numpy())

    def gradient() -> object:
        with tf.GradientTape() as tape:
            tape.watch(photo)
            score = tf.reduce_sum(tf.square(model(photo, training=False)))
        return tape.gradient(score, photo)

    forward, backward = tf.function(lambda: model(photo, training=False)), tf.function(gradient)
    return {"Keras, pass": lambda: forward().numpy(), "Keras, gradient": lambda: backward().numpy()}


def main() -> None:
    """Print the medians."""
    name, rounds = sys.argv[1], int(sys.argv[2])
    pixels = torch.rand((1, 3, 224, 224), generator=torch.Generator().manual_seed(0))
    jobs = ours(name, pixels)
    model, _ = construct(name, {})
    jobs |= (on_tensorflow if backend() == TENSORFLOW else on_torch)(model, pixels)
    print(json.dumps({job: 1000 * seconds for job, seconds in alternating(jobs, rounds).items()}))


if __name__ == "__main__":
    main()
