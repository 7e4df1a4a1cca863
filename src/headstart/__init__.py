"""headstart: a folder of photos becomes a measured, saved classifier.

    photos --decode--> pixels --backbone--> features --head--> probabilities --> report, prediction

The map, from what people call down to what everything rests on; imports go downwards only:

    cli         parse, call a task, show
    testing     the small fakes that tests and plug-in authors use
    tasks       one function a verb: train, predict, evaluate, embed, ideal, attack, …
    report      facts -> one self-contained HTML page
    model       one thing to keep: backbone + head + classes + how they were measured
    pixels      optimise the pixels: ideal images, attacks, maps; a network as one differentiable function
    heads       rows -> probabilities: linear, neighbours, prototypes; calibration; measurement
    features    activations -> rows kept: key, store, extract
    backbones   pixels -> activations: spec, registry, adapters, weights, engines; and pocket, the small
                network that comes with headstart and is the default everywhere
    images      files -> pixels: folders and tables of photos, decode, splits
    storage     the home folder, atomic writes, locks, checked downloads
    errors      every error that is raised on purpose

The names below load what they need when they are first used; everything else is public in its module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headstart.backbones.order import guard_the_order

if TYPE_CHECKING:
    from headstart.backbones.load import load_backbone
    from headstart.errors import HeadstartError
    from headstart.features.transformer import PhotoFeatures
    from headstart.heads.linear import LinearClassifier
    from headstart.model.model import Model, load_model
    from headstart.tasks.attack import attack
    from headstart.tasks.embed import embed
    from headstart.tasks.evaluate import evaluate
    from headstart.tasks.ideal import ideal_image
    from headstart.tasks.predict import predict
    from headstart.tasks.train import train

_HOMES = {
    "HeadstartError": "headstart.errors",
    "LinearClassifier": "headstart.heads.linear",
    "Model": "headstart.model.model",
    "PhotoFeatures": "headstart.features.transformer",
    "attack": "headstart.tasks.attack",
    "embed": "headstart.tasks.embed",
    "evaluate": "headstart.tasks.evaluate",
    "ideal_image": "headstart.tasks.ideal",
    "load_backbone": "headstart.backbones.load",
    "load_model": "headstart.model.model",
    "predict": "headstart.tasks.predict",
    "train": "headstart.tasks.train",
}

__all__ = [
    "HeadstartError",
    "LinearClassifier",
    "Model",
    "PhotoFeatures",
    "attack",
    "embed",
    "evaluate",
    "ideal_image",
    "load_backbone",
    "load_model",
    "predict",
    "train",
]

__version__ = "0.1.0"

guard_the_order()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'headstart' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
