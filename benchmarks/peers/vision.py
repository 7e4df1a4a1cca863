"""(torchvision's name of a network) => the network, its pooled features and the transform before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peers.steady import IMAGENET_MEAN, IMAGENET_STD

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def network_of(name: str) -> Module:
    """Build a network with random weights, for evaluation."""
    import torch
    from torchvision import models

    torch.manual_seed(0)
    network: Module = models.get_model(name, weights=None).eval()
    return network


def body_of(network: Module) -> Module:
    """The part that ends before pooling: `features`, or for a ResNet all but its last two modules."""
    from torch import nn

    features = getattr(network, "features", None)
    return features if isinstance(features, nn.Module) else nn.Sequential(*list(network.children())[:-2])


def features_of(network: Module, photos: Tensor) -> Tensor:
    """Pooled features (n, width) of photos (n, 3, 224, 224)."""
    pooled: Tensor = body_of(network)(photos).mean((2, 3))
    return pooled


def transform() -> Any:
    """The usual one: short side 256, centre 224, ImageNet's mean and deviation."""
    from torchvision import transforms

    return transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )
