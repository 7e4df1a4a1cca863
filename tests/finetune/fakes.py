"""Small networks and examples that a training of milliseconds can learn."""

from collections import OrderedDict

import numpy as np
import torch
from torch import nn

from headstart.backbones.module import module_backbone
from headstart.finetune.inputs import Kept
from headstart.finetune.loop import Examples
from headstart.finetune.settings import Training

SIDE = 16


def network():
    """Three convolutions with batch norm and ReLUs that write into their input, and a classifier."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        built = nn.Sequential(
            OrderedDict(
                stem=nn.Conv2d(3, 6, 3, padding=1),
                norm=nn.BatchNorm2d(6),
                act=nn.ReLU(inplace=True),
                middle=nn.Sequential(nn.Conv2d(6, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
                deep=nn.Sequential(nn.Conv2d(8, 12, 3, stride=2), nn.BatchNorm2d(12), nn.ReLU(inplace=True)),
                pool=nn.AdaptiveAvgPool2d(1),
                flat=nn.Flatten(),
                classifier=nn.Linear(12, 5),
            )
        )
        for norm in (built.norm, built.middle[1], built.deep[1]):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(norm.weight, 0.5, 1.5)
    return built


def own_backbone(module=None, layer="deep:mean"):
    return module_backbone(
        network() if module is None else module,
        name="small",
        input_size=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        feature_layer=layer,
    )


def own_keras_backbone():
    """As `own_backbone`: the same layers under the same names, in Keras, two of them nested models."""
    from headstart.backbones.keras.own import keras_backbone
    from headstart.backbones.keras.runtime import usual_settings
    from tests.backbones.keras.nets import filled

    with usual_settings() as keras:
        part = keras.layers

        def block(name, size, filters):
            return keras.Sequential(
                [
                    keras.Input(size),
                    part.Conv2D(filters, 3, strides=2, name="conv"),
                    part.BatchNormalization(name="bn"),
                    part.ReLU(name="relu"),
                ],
                name=name,
            )

        model = keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                part.Conv2D(6, 3, padding="same", name="stem"),
                part.BatchNormalization(name="norm"),
                part.ReLU(name="act"),
                block("middle", (SIDE, SIDE, 6), 8),
                block("deep", (7, 7, 8), 12),
                part.GlobalAveragePooling2D(name="pool"),
                part.Dense(5, name="classifier"),
            ],
            name="small",
        )
    return keras_backbone(
        filled(model), name="small", mean=(0.5,) * 3, std=(0.25,) * 3, feature_layer="deep:mean"
    )


def pixels(count=6, seed=0):
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def examples(count=64, width=6, noise=0.3, **options):
    """Rows of three overlapping classes; the last quarter validates; three views that differ by noise."""
    chance = torch.Generator().manual_seed(0)
    codes = np.arange(count) % 3
    plain = torch.randn(count, width, generator=chance)
    plain[torch.arange(count), torch.from_numpy(codes)] += 1.5
    views = plain + noise * torch.randn(3, count, width, generator=chance)
    cut = count * 3 // 4
    return Examples(Kept(views, plain), codes, np.arange(cut), np.arange(cut, count), 3, **options)


def perceptron(seed=1, dropout=0.2, width=6):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(width, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 3)
        )


def training(**options):
    return Training(**{"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "patience": None, **options})


def same(first, second):
    """Whether two states are the same bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def copied(module):
    return {name: value.clone() for name, value in module.state_dict().items()}
