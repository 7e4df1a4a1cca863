"""What the same Keras networks give on one backend, as arrays: run in two processes, compared in a third.

python both.py FILE.npz NETWORK…
"""

import sys

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from headstart.backbones.keras.own import keras_backbone
from headstart.backbones.load import load_backbone
from headstart.finetune.resumed import resumed
from tests.backbones.keras.nets import nested

MINE = "mine"
NETWORKS = {
    "MobileNet": ({"alpha": 0.25}, "conv_pw_6_relu"),
    "MobileNetV2": ({"alpha": 0.35}, "block_6_expand_relu"),
    "ResNet50": ({}, "conv3_block4_out"),
    "EfficientNetB0": ({}, "block4a_expand_activation"),
    "VGG16": ({}, "block3_pool"),
}


def of_backbone(backbone, layer):
    """Features, logits, a map, gradients at the pixels and at the map."""
    side = backbone.spec.preprocessing.resize.height
    pixels = torch.rand((2, 3, side, side), generator=torch.Generator().manual_seed(3)).requires_grad_()
    maps = []
    handle = backbone.module.get_submodule(layer).register_forward_hook(
        lambda _module, _args, result: maps.append(result)
    )
    score = backbone.activations(pixels, ["output"])["output"][:, 0].sum()
    handle.remove()
    at_pixels, at_map = torch.autograd.grad(score, [pixels, maps[0]])
    return {
        "features": backbone.features(pixels),
        "logits": backbone.logits(pixels),
        "map": maps[0],
        "gradient of pixels": at_pixels,
        "gradient of map": at_map,
    }


def of_training():
    """Gradients of the weights after a cut, and the loss after a step along them."""
    backbone = load_backbone("keras:MobileNet@random", options={"alpha": 0.25})
    part = resumed(backbone, "conv_pw_11_relu")
    photos = torch.rand((2, 3, 224, 224), generator=torch.Generator().manual_seed(4))
    kept = backbone.activations(photos, ["conv_pw_11_relu"])["conv_pw_11_relu"].detach()
    learning = dict(part.named_parameters())
    for each in learning.values():
        each.requires_grad_()
    target = torch.tensor([0, 1])
    loss = cross_entropy(part(kept)[:, :2], target)
    gradients = torch.autograd.grad(loss, list(learning.values()), allow_unused=True)
    found = dict(zip(learning, gradients, strict=True))
    with torch.no_grad():
        for each, gradient in zip(learning.values(), gradients, strict=True):
            if gradient is not None:
                each.sub_(10 * gradient)
        after = cross_entropy(part(kept)[:, :2], target)
    return {
        "kernel": found["network.conv_pw_12.kernel"],
        "gamma": found["network.conv_dw_12_bn.gamma"],
        "losses": torch.stack([loss, after]),
    }


def everything(names):
    """All of it by name."""
    backbones = {
        name: (load_backbone(f"keras:{name}@random", options=options), layer)
        for name, (options, layer) in NETWORKS.items()
        if name in names
    }
    if MINE in names:
        backbones[MINE] = keras_backbone(nested()), "base"
    found = {f"training {what}": each for what, each in of_training().items()}
    for name, (backbone, layer) in backbones.items():
        found |= {f"{name} {what}": each for what, each in of_backbone(backbone, layer).items()}
    digests = {f"{name} digest": backbone.spec.weights_digest for name, (backbone, _) in backbones.items()}
    return {name: each.detach().numpy() for name, each in found.items()} | digests


if __name__ == "__main__":
    np.savez(sys.argv[1], **everything(sys.argv[2:]))
