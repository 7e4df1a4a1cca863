"""(pixels in [0, 1]) => activations, features, logits: what every network looks like from outside."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from headstart.backbones.layers import LayerRef, as_rows, first_tensor, listening, taken
from headstart.backbones.state import state_bytes
from headstart.backbones.trace import trace as traced
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from headstart.backbones.layers import LayerInfo
    from headstart.backbones.spec import BackboneSpec, Preprocessing
    from headstart.backbones.trace import Trace


class Backbone:
    """A frozen network: RGB float32 pixels (n, 3, h, w) in [0, 1] go in, activations come out.

    It is in evaluation mode in every call, whatever was done to `module` before; it never changes its
    input; gradients reach the pixels and never the parameters. Mean and standard deviation are applied
    inside, so pixels mean the same for every backbone. Photos of other sizes than `spec.preprocessing`
    states are passed on, and refused only where the network itself can't take them.

    Attributes:
        spec: the facts, as data.
        module: the network itself, which takes normalised pixels.

    Example:
        >>> import torch
        >>> from headstart.backbones.load import load_backbone
        >>> backbone = load_backbone("squeezenet1_1@random")
        >>> backbone.spec.feature_layer, backbone.spec.feature_width
        ('features:mean', 512)
        >>> backbone.features(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 512])
    """

    def __init__(
        self,
        module: nn.Module,
        spec: BackboneSpec,
        *,
        seen: Trace | None = None,
        weights: Callable[[], bytes] | None = None,
    ) -> None:
        """Take over a network; use `load_backbone` or `module_backbone` instead, which make the spec too.

        Args:
            module: becomes the backbone's own: frozen, in evaluation mode, weights laid out channels last.
            spec: the facts.
            seen: a pass that was traced before, so that `layers` need not run another.
            weights: gives the safetensors bytes that have `spec.weights_digest`; None: the state as it is.
        """
        self.spec = spec
        self.module = prepared(module)
        self._seen = seen
        self._weights = weights
        self._names = tuple(name for name, _ in self.module.named_modules())

    def __repr__(self) -> str:
        return f"Backbone({self.spec.name!r}, {self.spec.feature_layer!r}, width={self.spec.feature_width})"

    def activations(self, pixels: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """What several layers give in one pass, in their own shapes.

        Of a layer that gives a tuple, list or dict of tensors, the first tensor is taken.

        Args:
            pixels: float32 (n, 3, h, w) in [0, 1].
            layers: names, or references with `:in` and `:mean` as `headstart.backbones.layers` has them.

        Returns:
            By reference: (n, …) copies that later in-place operations of the network have not touched.

        Raises:
            BackboneError: an unknown layer (with close matches), one that never runs by itself or runs
                several times, one without a row for each photo; pixels of a wrong shape.

        Example:
            >>> import torch
            >>> from headstart.backbones.load import load_backbone
            >>> backbone = load_backbone("resnet18@random")
            >>> found = backbone.activations(torch.rand(1, 3, 64, 64), ["layer1", "layer4:mean"])
            >>> [tuple(each.shape) for each in found.values()]
            [(1, 64, 16, 16), (1, 512)]
        """
        references = {text: LayerRef.parse(text, self._names) for text in layers}
        with listening(self.module, references) as taps:
            self._forward(pixels)
        tensors = {text: taken(text, tap, len(pixels)) for text, tap in taps.items()}
        aspect = self._aspect(pixels)
        return {
            text: as_rows(tensors[text], references[text], aspect) if references[text].mean else tensors[text]
            for text in references
        }

    def features(self, pixels: Tensor, layer: str | None = None) -> Tensor:
        """A row for each photo.

        Args:
            pixels: float32 (n, 3, h, w) in [0, 1].
            layer: a layer reference; None: `spec.feature_layer`.

        Returns:
            (n, width) float32.

        Raises:
            BackboneError: as in `activations`.

        Example:
            >>> import torch
            >>> from headstart.backbones.load import load_backbone
            >>> load_backbone("resnet18@random").features(torch.rand(1, 3, 64, 64), "layer3:mean").shape
            torch.Size([1, 256])
        """
        wanted = self.spec.feature_layer if layer is None else layer
        return self.activations(pixels, [wanted])[wanted].flatten(1).float()

    def logits(self, pixels: Tensor) -> Tensor:
        """The network's own scores for its own classes, before any softmax.

        Returns:
            (n, classes) float32, in the order of `spec.classes`.

        Raises:
            BackboneError: this backbone has no classes of its own.
        """
        if not self.spec.classes:
            raise BackboneError(f"{self.spec.name} has no classes of its own; train a head on its features")
        return self._forward(pixels).flatten(1).float()

    def normalise(self, pixels: Tensor) -> Tensor:
        """From pixels in [0, 1] to the network's own numbers; a new tensor of the same shape.

        Example:
            >>> import torch
            >>> from headstart.backbones.load import load_backbone
            >>> backbone = load_backbone("squeezenet1_1@random")
            >>> grey = torch.full((1, 3, 8, 8), 0.485)
            >>> float(backbone.normalise(grey)[0, 0, 0, 0])
            0.0
        """
        return normalised(pixels, self.spec.preprocessing)

    def layers(self) -> tuple[LayerInfo, ...]:
        """Every named module with its class, its output's shape for one photo, and its parameters.

        Example:
            >>> from headstart.backbones.load import load_backbone
            >>> layers = {layer.name: layer for layer in load_backbone("squeezenet1_1@random").layers()}
            >>> layers["features"].kind, layers["features"].shape
            ('Sequential', (512, 13, 13))
        """
        return self.trace().layers()

    def width(self, layer: str | None = None) -> int:
        """How many numbers a row of a layer has, for photos of the backbone's own input size.

        Raises:
            BackboneError: as in `activations`.

        Example:
            >>> from headstart.backbones.load import load_backbone
            >>> load_backbone("squeezenet1_1@random").width("features")
            86528
        """
        if layer is None or layer == self.spec.feature_layer:
            return self.spec.feature_width
        return self.trace().width(layer)

    def parameters_until(self, layer: str | None = None) -> int:
        """How many parameters have been used when a layer is done: what stays frozen below a head.

        Args:
            layer: a layer reference; None: the default.

        Example:
            >>> from headstart.backbones.load import load_backbone
            >>> load_backbone("squeezenet1_1@random").parameters_until("features")
            722496
        """
        seen = self.trace()
        wanted = self.spec.feature_layer if layer is None else layer
        reference = LayerRef.parse(wanted, list(seen.visits))
        return seen.parameters_until(reference.name, entering=reference.entering)

    def head_parameters(self, classes: int, layer: str | None = None) -> int:
        """How many parameters a linear head on a layer trains: weights and a bias for each class.

        Example:
            >>> from headstart.backbones.load import load_backbone
            >>> load_backbone("squeezenet1_1@random").head_parameters(2)
            1026
        """
        return (self.width(layer) + 1) * classes

    def to_module(self, layer: str | None = None) -> nn.Module:
        """A plain `torch.nn.Module` from pixels in [0, 1] to features: a copy that is yours to change.

        It stays in evaluation mode when `train()` is called on it or around it.

        Example:
            >>> import torch
            >>> from headstart.backbones.load import load_backbone
            >>> module = load_backbone("squeezenet1_1@random").to_module()
            >>> module(torch.rand(1, 3, 64, 64)).shape
            torch.Size([1, 512])
        """
        wanted = self.spec.feature_layer if layer is None else layer
        LayerRef.parse(wanted, self._names)
        return PixelsToFeatures(copy.deepcopy(self.module), self.spec.preprocessing, wanted)

    def weights(self) -> bytes:
        """The weights as safetensors bytes; their SHA-256 is `spec.weights_digest`."""
        return state_bytes(self.module) if self._weights is None else self._weights()

    def _forward(self, pixels: Tensor) -> Tensor:
        check_pixels(pixels)
        self.module.eval()
        try:
            result = first_tensor(self.module(self.normalise(pixels)))
        except (AssertionError, RuntimeError, ValueError) as fault:
            if isinstance(fault, BackboneError) or not self._refuses_size(pixels):
                raise
            raise _size_refused(self.spec, pixels, fault) from fault
        if result is None:
            raise BackboneError(f"{self.spec.name} gives no tensor")
        return result

    def _refuses_size(self, pixels: Tensor) -> bool:
        """Whether the network takes photos of its own size here, and these are of another."""
        resize = self.spec.preprocessing.resize
        own = (resize.height, resize.width)
        if tuple(pixels.shape[2:]) == own:
            return False
        try:
            with torch.no_grad():
                self.module(self.normalise(pixels.new_zeros((1, 3, *own))))
        except (AssertionError, RuntimeError, ValueError):
            return False
        return True

    def _aspect(self, pixels: Tensor) -> float:
        return pixels.shape[2] / pixels.shape[3]

    def trace(self) -> Trace:
        """What each module took and gave in one pass over one photo of noise."""
        if self._seen is None:
            self.module.eval()
            device = next((each.device for each in self.module.parameters()), torch.device("cpu"))
            self._seen = traced(self.module, self.normalise(dummy_photo(self.spec.preprocessing).to(device)))
        return self._seen


class PixelsToFeatures(nn.Module):
    """Pixels (n, 3, h, w) in [0, 1] => rows (n, width) of one layer, as one module."""

    def __init__(self, network: nn.Module, preprocessing: Preprocessing, layer: str) -> None:
        super().__init__()
        self.network = network
        self.layer = layer
        self.preprocessing = preprocessing
        self._reference = LayerRef.parse(layer, [name for name, _ in network.named_modules()])
        self.eval()

    def train(self, mode: bool = True) -> PixelsToFeatures:  # noqa: FBT001, FBT002  (torch's own signature)
        """Change the mode of this module; the network inside stays in evaluation mode."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the rows; see `Backbone.features`."""
        with listening(self.network, {self.layer: self._reference}) as taps:
            self.network(normalised(pixels, self.preprocessing))
        # Not len(): torch.export would take the number of photos for a constant.
        tensor = taken(self.layer, taps[self.layer], pixels.shape[0])
        return as_rows(tensor, self._reference, pixels.shape[2] / pixels.shape[3])


def prepared(module: nn.Module) -> nn.Module:
    """Freeze a network and lay its weights out channels last, which runs about twice as fast on CPUs."""
    module.eval()
    module.requires_grad_(requires_grad=False)
    for each in (*module.parameters(), *module.buffers()):
        # Not Module.to(memory_format=...): it refuses networks that have tensors of five axes as well.
        if each.ndim == 4:
            each.data = each.data.to(memory_format=torch.channels_last)
    return module


def normalised(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """(pixels - mean) / std per channel, as a new tensor."""
    mean = pixels.new_tensor(preprocessing.mean).view(1, 3, 1, 1)
    std = pixels.new_tensor(preprocessing.std).view(1, 3, 1, 1)
    return (pixels - mean) / std


def dummy_photo(preprocessing: Preprocessing) -> Tensor:
    """One photo (1, 3, h, w) of noise in [0, 1), always the same, without touching torch's random state."""
    size = (1, 3, preprocessing.resize.height, preprocessing.resize.width)
    return torch.rand(size, generator=torch.Generator().manual_seed(0))


def check_pixels(pixels: Tensor) -> None:
    """Refuse what can't be pixels, before a network gives an answer that means nothing.

    Raises:
        BackboneError: not float32 (n, 3, h, w).
    """
    if pixels.ndim != 4 or pixels.shape[1] != 3 or pixels.dtype != torch.float32:
        raise BackboneError(
            f"pixels of shape {tuple(pixels.shape)} and type {pixels.dtype} were given; "
            "expected float32 (n, 3, height, width) in [0, 1]"
        )


def _size_refused(spec: BackboneSpec, pixels: Tensor, fault: Exception) -> BackboneError:
    resize = spec.preprocessing.resize
    first_line = str(fault).strip().split("\n", 1)[0]
    return BackboneError(
        f"{spec.name} takes photos of {resize.height} x {resize.width} pixels; "
        f"it refused {pixels.shape[2]} x {pixels.shape[3]} ({first_line})"
    )
