"""timm: the network and the transform that timm makes for it, in the good DataLoader loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peers.loader import Files
from peers.steady import BATCH, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.steady import Request, Rows


def prepare(request: Request) -> Rows:
    """Build the network and give the loop."""
    import timm
    import torch
    from torch.utils.data import DataLoader

    torch.manual_seed(0)
    network = timm.create_model(request.network, pretrained=False, **(request.options or {})).eval()
    if request.weights is not None:
        from safetensors.torch import load_file

        network.load_state_dict(load_file(request.weights))
    network.reset_classifier(0)
    prepared = timm.data.create_transform(**timm.data.resolve_model_data_config(network))

    def rows(paths: Sequence[str]) -> tuple[int, int]:
        loader: Any = DataLoader(Files(paths, prepared), BATCH, num_workers=request.workers)  # type: ignore[arg-type]
        with torch.inference_mode():
            # Not network(photos): VGG would then add a layer of 100 million weights after the features.
            found = [network.forward_features(photos).mean((2, 3)) for photos in loader]
        count, width = torch.cat(found).shape
        return count, width

    return rows


if __name__ == "__main__":
    serve(prepare, ("timm", "torch"))
