"""(saved_model.pb) => nothing, or the first operation in it that does more than compute; nothing is run.

A SavedModel is a program: TensorFlow's operations can read and write files and call Python. Only operations
of this list may be in it, but for those that write and read its own weights, which nothing else may call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headstart.errors import WeightsRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAMES = """
Abs Add AddN AddV2 All Any ArgMax ArgMin AssignAddVariableOp AssignSubVariableOp AssignVariableOp AvgPool
BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchToSpaceND BiasAdd BroadcastArgs BroadcastTo Cast Ceil
ClipByValue ConcatV2 Const Conv2D Conv2DBackpropInput Cumsum DepthToSpace DepthwiseConv2dNative
DisableCopyOnRead Div DivNoNan Einsum Elu EnsureShape Equal Erf Erfc Exp ExpandDims Expm1 Fill Floor
FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater
GreaterEqual GuaranteeConst Identity IdentityN If InvertPermutation L2Loss LRN LeakyRelu Less LessEqual
LinSpace Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr MatMul MatrixBandPart Max MaxPool MaxPoolV2
Maximum Mean Min Minimum MirrorPad Mod Mul MulNoNan Neg NoOp NotEqual OneHot OnesLike Pack Pad PadV2
PartitionedCall Placeholder PlaceholderWithDefault Pow PreventGradient Prod RandomStandardNormal
RandomUniform Range Rank ReadVariableOp RealDiv Reciprocal Relu Relu6 Reshape ResizeArea ResizeBicubic
ResizeBilinear ResizeNearestNeighbor ResourceGather ReverseV2 Rint Roll Round Rsqrt Select SelectV2 Selu
Shape ShapeN Sigmoid Sign Size Slice Softmax Softplus Softsign SpaceToBatchND SpaceToDepth Split SplitV Sqrt
Square SquaredDifference Squeeze StatefulPartitionedCall StatelessIf StatelessRandomGetKeyCounter
StatelessRandomUniformV2 StatelessWhile StopGradient StridedSlice Sub Sum Tanh Tile TopKV2 Transpose
TruncatedNormal Unpack VarHandleOp VarIsInitializedOp Where While Xdivy Xlogy ZerosLike
"""
COMPUTING = frozenset(_NAMES.split())
"""Operations that compute from tensors and the model's own variables, and touch nothing else."""


def read_checked(folder: Path) -> None:
    """Read a SavedModel's program and refuse it where it does more than compute.

    Args:
        folder: of `saved_model.pb`.

    Raises:
        WeightsRefusedError: no SavedModel of TensorFlow 2, or it holds another operation than `COMPUTING`.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = folder / "saved_model.pb"
    try:
        program = SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as fault:
        raise WeightsRefusedError(
            f"{folder.name} is no SavedModel; expected a folder with a sound saved_model.pb and variables/ "
            "in it (tf.saved_model.save, or model.export of Keras)"
        ) from fault
    for graph in program.meta_graphs:
        _check(graph, folder.name)
    if len(program.meta_graphs) != 1 or not program.meta_graphs[0].HasField("object_graph_def"):
        raise WeightsRefusedError(f"{folder.name} was not written by TensorFlow 2; save it anew with it")


def _check(graph: Any, name: str) -> None:
    bodies = {each.signature.name: each.node_def for each in graph.graph_def.library.function}
    own = _reached(_nodes_of_saver(graph), bodies) - _reached_otherwise(graph, bodies)
    pieces = [graph.graph_def.node, *(body for function, body in bodies.items() if function not in own)]
    saving = _nodes_of_saver(graph)
    for piece in pieces:
        for node in piece:
            if (
                node.op not in COMPUTING
                and node.op not in bodies
                and not (piece is pieces[0] and node in saving)
            ):
                raise WeightsRefusedError(
                    f"{name} holds the operation {node.op} ({node.name}), which headstart does not run: a "
                    "network may compute, not read or write files or call Python; export its serving "
                    "function alone"
                )


def _nodes_of_saver(graph: Any) -> list[Any]:
    """The main graph's nodes that write and read the weights, and what stands directly before them."""
    saver = graph.saver_def
    wanted = {saver.save_tensor_name, saver.restore_op_name}
    return [node for node in graph.graph_def.node if {node.name, f"{node.name}:0"} & wanted]


def _reached_otherwise(graph: Any, bodies: dict[str, Any]) -> set[str]:
    """Functions that can be called but by the saver: those with a name of their own, and what they call."""
    named = set(graph.object_graph_def.concrete_functions)
    saver = _nodes_of_saver(graph)
    others = [node for node in graph.graph_def.node if node not in saver]
    return named | _reached([*others, *(node for name in named for node in bodies.get(name, ()))], bodies)


def _reached(nodes: Iterable[Any], bodies: dict[str, Any]) -> set[str]:
    """All functions that nodes call, those that these call included."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        called = {node.op, *(name for value in node.attr.values() for name in _functions(value))}
        for name in (called & bodies.keys()) - found:
            found.add(name)
            waiting.extend(bodies[name])
    return found


def _functions(value: Any) -> list[str]:
    return [each.name for each in (value.func, *value.list.func) if each.name]
