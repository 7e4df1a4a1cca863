"""ONNX Runtime's engine alone, without decoding: whether it ever wins over the engine that headstart uses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from peers.steady import serve
from peers.vision import body_of, network_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.steady import Request, Rows

BATCH = 8


def prepare(request: Request) -> Rows:
    """Export the network and give a loop over as many noisy pictures as there are photos."""
    import numpy as np
    import onnxruntime  # type: ignore[import-not-found]
    import torch
    from torch import nn

    body = body_of(network_of(request.network))
    network = nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    noise = torch.randn(BATCH, 3, 224, 224)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        sizes = ({0: torch.export.Dim("count")},)
        torch.onnx.export(network, (noise,), path, dynamic_shapes=sizes, verbose=False)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [name] = [each.name for each in session.get_inputs()]
    pictures = noise.numpy()

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        found = []
        for start in range(0, len(paths), BATCH):
            some = pictures[: min(BATCH, len(paths) - start)]
            found.append(session.run(None, {name: some})[0])
        count, width = np.concatenate(found).shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("onnxruntime", "torch"))
