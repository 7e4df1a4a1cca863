"""`save FILE` writes a checkpoint; `predict FILE PHOTO` names a photo as a script with torchvision does."""

from __future__ import annotations

import sys

from peers.vision import network_of, transform

NETWORK, CLASSES = "mobilenet_v2", ("blue", "red")


def save(path: str) -> None:
    """Write a network's random weights."""
    import torch

    torch.save(network_of(NETWORK).state_dict(), path)


def predict(path: str, photo: str) -> str:
    """Build the network, load the checkpoint and name the photo."""
    import torch
    from PIL import Image

    network = network_of(NETWORK)
    network.load_state_dict(torch.load(path, weights_only=True))
    with torch.inference_mode():
        answers = network(transform()(Image.open(photo).convert("RGB"))[None]).softmax(1)[0]
    best = int(answers[: len(CLASSES)].argmax())
    return f"{CLASSES[best]} {float(answers[best]):.3f}"


if __name__ == "__main__":
    verb, *paths = sys.argv[1:]
    if verb == "save":
        save(*paths)
    sys.stdout.write(f"{predict(*paths) if verb == 'predict' else 'saved'}\n")
