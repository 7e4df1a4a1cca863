"""A tiny network that is sure of what it says, so that a hundred steps change its mind."""

import torch

from headstart.backbones.module import module_backbone


def sharp_backbone(classes):
    """Two convolutions and a layer of large weights; it takes all for the last of its classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2),
            torch.nn.ReLU(),
            torch.nn.Conv2d(8, 16, 3, stride=2),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
            torch.nn.Linear(16, len(classes)),
        )
        network[-1].weight.data *= 20
    return module_backbone(
        network,
        name="sharp",
        input_size=32,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        feature_layer="2:mean",
        classes=classes,
    )
