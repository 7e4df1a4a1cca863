"""A good loop: a DataLoader with a worker for each processor, batches of 32, inference mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peers.steady import BATCH, serve
from peers.vision import body_of, network_of, transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from peers.steady import Request, Rows


class Files:
    """Photos as a DataLoader asks for them."""

    def __init__(self, paths: Sequence[str], prepared: Any) -> None:
        self.paths = paths
        self.prepared = prepared

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        from PIL import Image

        with Image.open(self.paths[index]) as photo:
            pixels: Tensor = self.prepared(photo.convert("RGB"))
        return pixels


def prepare(request: Request) -> Rows:
    """Build the network and give the loop."""
    import torch
    from torch.utils.data import DataLoader

    body, prepared = body_of(network_of(request.network)), transform()

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        loader: Any = DataLoader(Files(paths, prepared), BATCH, num_workers=request.workers)  # type: ignore[arg-type]
        with torch.inference_mode():
            count, width = torch.cat([body(photos).mean((2, 3)) for photos in loader]).shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("torch", "torchvision"))
