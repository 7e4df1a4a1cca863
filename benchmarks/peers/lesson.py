"""The lesson's own loop: torchvision, PIL, one photo after the other, batches of 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peers.steady import serve
from peers.vision import features_of, network_of, transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.steady import Request, Rows

BATCH = 8


def prepare(request: Request) -> Rows:
    """Build the network and give the loop."""
    import torch
    from PIL import Image

    network, prepared = network_of(request.network), transform()

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        found = []
        for start in range(0, len(paths), BATCH):
            photos = [prepared(Image.open(path).convert("RGB")) for path in paths[start : start + BATCH]]
            with torch.no_grad():
                found.append(features_of(network, torch.stack(photos)))
        count, width = torch.cat(found).shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("torch", "torchvision"))
