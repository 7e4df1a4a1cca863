"""A network altered so that an adversarial picture certainly exists: an attack that misses it is broken.

Zimmermann et al. 2022, "Increasing confidence in adversarial robustness evaluations": a readout is fitted
that tells one picture on the border of the ball from many inside it. The border picture is the proof that
there is something to find; the readout leaves as little more as it can.
"""

import numpy as np
import pytest
import torch

from headstart.pixels.attacks import AttackSettings, attack_pixels
from headstart.pixels.network import Network
from headstart.testing import tiny_backbone

EPSILON = 8 / 255
INSIDE = 60


def altered(photo, seed):
    """The network, and whether each of 200 random pictures of the ball would do."""
    chance = torch.Generator().manual_seed(seed)
    backbone = tiny_backbone()

    def changed(count, share):
        noise = torch.rand((count, *photo.shape[1:]), generator=chance) * 2 - 1
        return (
            photo + share * EPSILON * noise.sign() if share == 1 else photo + share * EPSILON * noise
        ).clamp(0, 1)

    near, border = changed(INSIDE, 0.9), changed(1, 1)
    with torch.no_grad():
        rows = torch.cat([backbone.features(near), backbone.features(border)]).double()
    middle = rows[:-1].mean(0)
    spread = (rows[:-1] - middle).T @ (rows[:-1] - middle) / INSIDE
    weight = torch.linalg.solve(spread + 1e-6 * spread.trace() * torch.eye(len(spread)), rows[-1] - middle)
    scores = (rows - middle) @ weight
    scale = scores[:-1].std().item()
    # The threshold lies just below the border picture, as far from the others as that allows.
    threshold = scores[-1] - 0.05 * (scores[-1] - scores[:-1].max())

    def head(found):
        score = (found.double() - middle) @ weight - threshold
        return torch.stack([-score, score], dim=1).float() / scale

    network = Network("altered", backbone, ("inside", "border"), (), "last:mean", head)
    assert network.logits(border).argmax().item() == 1
    assert network.logits(near).argmax(1).max().item() == 0
    blind = network.logits(changed(200, 1)).argmax(1).float().mean().item()
    return network, blind


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pgd", "momentum"])
def test_attacks_find_what_is_certainly_there(method):
    photos = torch.rand(8, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found, blind = 0, 0.0
    for seed, photo in enumerate(photos):
        network, share = altered(photo, seed)
        settings = AttackSettings(method, epsilon=EPSILON, steps=40)
        result = attack_pixels(network, photo.numpy(), np.array([0]), settings=settings)
        found += int(network.logits(torch.from_numpy(result)).argmax().item() == 1)
        blind += share / len(photos)

    assert found == len(photos)
    assert blind < 0.1  # it is not found by chance
