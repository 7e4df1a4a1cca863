"""(network in torch, one photo) => OpenVINO's model: traced, or exported where tracing does not work."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from headstart.backbones.engines.runtime import converter, openvino

if TYPE_CHECKING:
    from torch import Tensor, nn

_ALIASES = {"aten::subtract": "aten::sub", "aten::divide": "aten::div", "aten::multiply": "aten::mul"}
"""torch's second names of operations, which Keras uses; OpenVINO 2026.4 knows only the first ones."""


def translate(module: nn.Module, photo: Tensor) -> Any:
    """Follow one photo through a network and write down what happens to it.

    Tracing takes seconds. `torch.export`, which some steps of Keras's networks need (Xception's pooling),
    takes about five times as long, so it comes second.

    Args:
        module: pixels (1, 3, h, w) => row.
        photo: (1, 3, h, w); the model takes this shape only.

    Raises:
        RuntimeError: and whatever else torch and OpenVINO raise for what they can't follow.
    """
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing remarks on each shape that is fixed from here on
        try:
            return _traced(module, photo)
        except Exception as untraceable:  # noqa: BLE001  (of other people's code; the first fault says more)
            try:
                return _exported(module, photo)
            except Exception:  # noqa: BLE001
                raise untraceable from None


def _traced(module: nn.Module, photo: Tensor) -> Any:
    import torch

    traced = torch.jit.trace(module, photo, check_trace=False)  # type: ignore[no-untyped-call]
    _use_first_names(traced.graph)
    return converter()(traced, input=[openvino().PartialShape(list(photo.shape))])


def _exported(module: nn.Module, photo: Tensor) -> Any:
    import torch

    return converter()(torch.export.export(module, (photo,)))


def _use_first_names(graph: Any) -> None:
    """Give operations their first names, all their arguments kept; what the graph computes stays the same."""
    import torch

    torch._C._jit_pass_inline(graph)  # noqa: SLF001  (torch has no public way to a graph of one piece)
    for alias, name in _ALIASES.items():
        for node in graph.findAllNodes(alias, recurse=True):
            renamed = graph.create(name, list(node.inputs()), node.outputsSize())
            renamed.insertBefore(node)
            renamed.output().setType(node.output().type())
            node.replaceAllUsesWith(renamed)
            node.destroy()
