"""(a Keras model's config, as JSON) => nothing, or why it is not built: only Keras's own plain parts are.

A config names classes, modules and functions, which Keras imports and calls. So every object in it, however
deep, must be on these lists before Keras sees any of it: Keras's own safe mode alone has been got round
before (CVE-2025-1550, CVE-2025-8747, CVE-2025-9906).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from headstart.errors import BackboneError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYERS = _names(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average
    AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CenterCrop Concatenate
    Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D Cropping1D
    Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding
    Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU
    Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MixUp MultiHeadAttention Multiply
    Normalization PReLU Permute RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector
    Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization
    SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells Subtract
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D
    ZeroPadding3D
    """
)
"""Layers that photos pass through. Not here: what runs code or reads files of its own."""

_ARRAYS = _names(
    """
    Abs Absolute Add Amax Amin Average BroadcastTo Ceil Clip Concatenate Copy Cos Divide Dot Einsum Equal Exp
    ExpandDims Expm1 Flip Floor GetItem Greater GreaterEqual Less LessEqual Log Log10 Log1p Log2 LogicalAnd
    LogicalNot LogicalOr Matmul Max Maximum Mean Min Minimum Mod Moveaxis Multiply Negative NotEqual OnesLike
    Pad Power Prod Ravel Reciprocal Repeat Reshape Roll Round Sign Sin Split Sqrt Square Squeeze Stack Std
    Subtract Sum Swapaxes Take Tan Tanh Tensordot Tile Transpose TrueDivide Unstack Var Where ZerosLike
    """
)
_NEURAL = _names(
    """
    AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm Celu Conv ConvTranspose DepthToSpace
    DepthwiseConv DotProductAttention Elu Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm
    LeakyRelu LogSigmoid
    LogSoftmax MaxPool Moments Normalize RMSNorm Relu Relu6 Selu SeparableConv Sigmoid Silu
    SoftShrink Softmax Softplus Softsign SpaceToDepth SparsePlus SparseSigmoid Sparsemax Squareplus TanhShrink
    Threshold
    """
)
_MODELS = frozenset({"Functional", "Model", "Sequential"})
_POLICIES = frozenset({"DTypePolicy", "FloatDTypePolicy"})
_INITIALIZERS = _names(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal
    VarianceScaling Zeros
    """
)
_ACTIVATIONS = _names(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
    """
)
_KNOWN = {
    "keras": _MODELS | _POLICIES,
    "keras.models": _MODELS,
    "keras.src.models.functional": _MODELS,
    "keras.src.models.sequential": _MODELS,
    "keras.layers": LAYERS,
    "keras.activations": _ACTIVATIONS,
    "keras.initializers": _INITIALIZERS,
    "keras.regularizers": frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.dtype_policies": _POLICIES,
    "keras.src.ops.numpy": _ARRAYS,
    "keras.src.ops.nn": _NEURAL,
    "keras.src.applications.convnext": frozenset({"LayerScale"}),
    "keras.src.ops.core": frozenset({"Cast", "SaturateCast", "StopGradient", "Unstack"}),
}
_SYMBOL = "__keras_tensor__"
_VALUES = frozenset({_SYMBOL, "__tensor__", "__numpy__", "__slice__", "__ellipsis__"})
"""What Keras writes for values that JSON lacks: shapes, arrays of numbers, slices."""

_NUMBERS = re.compile(r"bool|(u?int|b?float)\d{1,2}")
_FUNCTION = "function"
_MODULES_OF_FUNCTIONS = ("keras.activations", "builtins")
_REASONS = {
    "Lambda": "it is Python code",
    "__lambda__": "it is Python code",
    "TFSMLayer": "it runs another file's code",
    "TorchModuleWrapper": "it unpickles a torch module",
    "JaxLayer": "it runs a function that the file names",
    "FlaxLayer": "it runs a function that the file names",
}
_QUANTIZED = _names("QuantizedDTypePolicy QuantizedFloat8DTypePolicy GPTQDTypePolicy AWQDTypePolicy")
_ELSEWHERE = "not one of the parts of Keras that are known to run nothing else"
_PLACES = {"module": "a module", "registered_name": "a registered class", "fn": "a function"}
_LARGEST = 1 << 24
_SHAPES = frozenset({"repeats", "shape", "newshape", "target_shape", "pad_width", "size", "output_size"})
_MOST_NUMBERS = 1 << 28
_FREE = ("seed", "shared_object_id")  # drawn by Keras from a large range; nothing has their size


def require_allowed(config: Any, what: str) -> None:
    """Refuse a config with an object in it that is not on the lists.

    Args:
        config: of a model, as JSON values.
        what: what the user calls it, for the message.

    Raises:
        BackboneError: names the object and says why.

    Example:
        >>> layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "twice"}}
        >>> require_allowed({"layers": [layer]}, "mine.keras")
        Traceback (most recent call last):
        headstart.errors.BackboneError: mine.keras holds Lambda 'twice', which headstart does not build ...
    """
    for place, value in _walk(config):
        _require_unquantized(place, value, what)
        if isinstance(value, dict):
            _require_known(value, what)
            _require_inputs(value, what)
        elif _is_too_large(value) and place not in _FREE:
            raise BackboneError(f"{what} has {value} at {place!a:.80}; at most {_LARGEST:,} is accepted")
        elif isinstance(value, list) and place in _SHAPES and _product(value) > _MOST_NUMBERS:
            raise BackboneError(
                f"{what} asks for {_product(value):,} numbers at {place!a:.80}; at most {_MOST_NUMBERS:,} "
                "are accepted"
            )
    if not isinstance(config, dict) or config.get("class_name") not in _MODELS:
        raise BackboneError(f"{what} describes no Functional or Sequential model of Keras")


def _require_unquantized(place: str, value: Any, what: str) -> None:
    if isinstance(value, dict):
        quantized = str(value.get("class_name")) in _QUANTIZED or value.get("module") == "keras.quantizers"
    else:
        quantized = place == "dtype" and isinstance(value, str) and "_from_" in value
    if quantized:
        raise BackboneError(
            f"{what} was quantized (model.quantize), and headstart computes in float32; give the model as it "
            "was saved before that"
        )


def _require_inputs(entry: dict[str, Any], what: str) -> None:
    """Refuse a step that takes constants only: Keras would compute it at once, however large it is."""
    nodes = entry.get("inbound_nodes", ())
    for node in nodes if isinstance(nodes, list) else [nodes]:
        if isinstance(node, dict) and not _holds_symbol(node):
            raise BackboneError(
                f"{what} has a step {str(entry.get('name'))!a:.80} that takes nothing of the photo, only "
                "constants; save the model with their result in its place"
            )


def _holds_symbol(value: Any) -> bool:
    """Whether a computed tensor is among a step's arguments, and not inside something that Keras unpacks."""
    if isinstance(value, list):
        return any(map(_holds_symbol, value))
    if not isinstance(value, dict):
        return False
    if "class_name" in value:
        return bool(value["class_name"] == _SYMBOL)
    return any(map(_holds_symbol, value.values()))


def _product(shape: list[Any]) -> int:
    """How many numbers a shape has; for pairs (widths of a border), how many times more they make them."""
    sides = [1 + _border(each) if isinstance(each, list) else each for each in shape]
    return math.prod(max(abs(each), 1) for each in sides if isinstance(each, int))


def _border(pair: list[Any]) -> int:
    return sum(abs(each) for each in pair if isinstance(each, int))


def _walk(config: Any) -> Iterator[tuple[str, Any]]:
    """Every value with the key that it stands at."""
    waiting: list[tuple[str, Any]] = [("", config)]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((place, each) for each in value)


def _is_too_large(value: Any) -> bool:
    return isinstance(value, int | float) and (
        not math.isfinite(value) or (isinstance(value, int) and abs(value) > _LARGEST)
    )


def _require_known(entry: dict[str, Any], what: str) -> None:
    if "class_name" not in entry:
        if stray := next((key for key in _PLACES if key in entry), None):
            raise BackboneError(f"{what} names {_PLACES[stray]} without its class: {entry[stray]!a:.80}")
        return
    kind = entry.get("config") if entry["class_name"] == _FUNCTION else entry["class_name"]
    if not isinstance(kind, str) or not _is_known(entry, kind, entry.get("module")):
        raise BackboneError(f"{what} holds {_named(entry, kind, entry.get('module'))}")


def _is_known(entry: dict[str, Any], kind: str, module: Any) -> bool:
    if entry.get("registered_name") not in (None, kind):
        return False
    if entry["class_name"] == _FUNCTION:
        return module in _MODULES_OF_FUNCTIONS and kind in _ACTIVATIONS
    if kind in _VALUES:
        value = entry.get("config")
        return (
            module is None
            and isinstance(value, dict)
            and _NUMBERS.fullmatch(str(value.get("dtype", "int8"))) is not None
        )
    return isinstance(module, str) and kind in _KNOWN.get(module, ())


def _named(entry: dict[str, Any], kind: Any, module: Any) -> str:
    inner = entry.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    called = f" {name!a:.80}" if isinstance(name, str) else ""
    origin = f" of the module {module!a:.80}" if module not in (None, "keras.layers") else ""
    reason = _REASONS.get(str(kind), _ELSEWHERE)
    return (
        f"{str(kind)[:80]!a}".strip("'")
        + f"{called}{origin}, which headstart does not build from a file: {reason}; if you trust it, load "
        "it in Python yourself and give the model to keras_backbone"
    )
