"""The same random numbers in two frameworks, with statistics as if they had been trained."""

import torch

from headstart.backbones.adapter import Classes, Network, Origin, assemble
from headstart.backbones.keras.adapter import construct, observe_graph
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.port import layout
from headstart.backbones.port.build import carried
from headstart.backbones.port.carry import carry
from headstart.backbones.registry import adapter, parse_name
from headstart.backbones.restore import random_backbone
from headstart.backbones.state import load_tensors, state_tensors

PIXELS = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(3))
RESNET50 = (3, 4, 6, 3)
TORCH_EPSILON, KERAS_EPSILON = 1e-5, 1.001e-5


def drawn(name, options=None, *, variance=1.0):
    """A random backbone whose batch norms have seen photos: fresh ones would hide mistakes.

    Args:
        name: "timm:mobilenetv2_035", without a tag.
        options: for its constructor.
        variance: about what enters a batch norm has.
    """
    wanted = parse_name(f"{name}@random")
    backbone = random_backbone(wanted, adapter(wanted.framework), options or {})
    generator = torch.Generator().manual_seed(1)

    def uniform(like, low, high):
        return torch.rand(like.shape, generator=generator) * (high - low) + low

    with torch.no_grad():
        for norm in (each for each in backbone.module.modules() if isinstance(each, torch.nn.BatchNorm2d)):
            norm.running_mean.copy_(uniform(norm.running_mean, -0.2, 0.2))
            norm.running_var.copy_(uniform(norm.running_var, 0.0, 2 * variance))
            # The signal neither dies nor explodes, however small the variances are.
            norm.weight.copy_(uniform(norm.weight, 0.5, 1.5) * (norm.running_var + norm.eps).sqrt())
            norm.bias.copy_(uniform(norm.bias, -0.5, 0.5))
    return backbone


def twin_of(backbone, target):
    """The same network in another framework, as `headstart port` makes it."""
    return carried(backbone, parse_name(backbone.spec.name), parse_name(f"{target}@twin")).backbone


def assembled(model, backbone):
    """A Keras model that sees photos as a backbone does, as a backbone."""
    network = KerasNetwork(model)
    described = Network(
        network,
        backbone.spec.preprocessing,
        has_logits=True,
        classes=Classes(),
        options={},
        observe=lambda pixels: observe_graph(network, pixels, has_classifier=True),
    )
    origin = Origin("keras:Model@twin", "keras", "Model", "twin", "0" * 64)
    return assemble(described, origin, weights=None)


def resnet50_in_keras(backbone, *, epsilon=KERAS_EPSILON):
    """torchvision's ResNet-50 in Keras, whose strides are moved to where torchvision has them.

    Args:
        backbone: torchvision's.
        epsilon: that the carrying believes Keras's batch norms to have.
    """
    twin = assembled(_strides_moved(construct("ResNet50", {})[0]), backbone)
    load_tensors(twin.module, _resnet50_tensors(backbone, epsilon), name="the twin")
    return twin


def _resnet50_tensors(backbone, epsilon=KERAS_EPSILON):
    """torchvision's numbers, by the names that they have in Keras."""
    tensors = state_tensors(backbone.module)
    for name, module in backbone.module.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            tensors[f"{name}.bias"] = torch.zeros(module.out_channels)  # Keras's convolutions have one
    return carry(tensors, list(_torch_resnet()), list(_keras_resnet(epsilon)))


def _blocks():
    return [(stage, block) for stage, blocks in enumerate(RESNET50, 1) for block in range(blocks)]


def _torch_resnet():
    yield from (layout.torch_layer("conv1"), layout.torch_norm("bn1", TORCH_EPSILON))
    for stage, block in _blocks():
        start = f"layer{stage}.{block}"
        if block == 0:
            yield layout.torch_layer(f"{start}.downsample.0")
            yield layout.torch_norm(f"{start}.downsample.1", TORCH_EPSILON)
        for step in (1, 2, 3):
            yield layout.torch_layer(f"{start}.conv{step}")
            yield layout.torch_norm(f"{start}.bn{step}", TORCH_EPSILON)
    yield layout.torch_layer("fc")


def _keras_resnet(epsilon):
    yield layout.keras_layer("conv1_conv", layout.KERAS_CONVOLUTION)
    yield layout.keras_norm("conv1_bn", epsilon)
    for stage, block in _blocks():
        for step in (1, 2, 3) if block else (0, 1, 2, 3):
            name = f"conv{stage + 1}_block{block + 1}_{step}"
            inside = ".moved" if _is_moved(f"{name}_conv") else ""
            yield layout.keras_layer(f"{name}_conv{inside}", layout.KERAS_CONVOLUTION)
            yield layout.keras_norm(f"{name}_bn", epsilon)
    yield layout.keras_layer("predictions", layout.KERAS_DENSE)


def _is_moved(name):
    return name in {f"conv{stage}_block1_2_conv" for stage in (3, 4, 5)}


def _strides_moved(model):
    """The stride of a stage from the first 1 x 1 convolution to the 3 x 3, which pads as torch's."""
    import keras

    first = {f"conv{stage}_block1_1_conv" for stage in (3, 4, 5)}

    def clone(layer):
        config = layer.get_config()
        if layer.name in first:
            return type(layer).from_config({**config, "strides": (1, 1)})
        if not _is_moved(layer.name):
            return type(layer).from_config(config)
        moved = {**config, "name": "moved", "strides": (2, 2), "padding": "valid"}
        return keras.Sequential(
            [keras.layers.ZeroPadding2D(1), keras.layers.Conv2D.from_config(moved)], name=layer.name
        )

    return keras.models.clone_model(model, clone_function=clone)
