"""Rows that look like pooled features: not negative, many zeros, one cloud for each class."""

import numpy as np
import pytest


class Clouds:
    """Rows and labels of a few classes; the same seed gives the same rows."""

    def __init__(self, classes=3, photos=8, width=40, noise=0.8, seed=0):
        random = np.random.default_rng(seed)
        self.centres = np.maximum(random.normal(size=(classes, width)), 0)
        self.noise, self.width = noise, width
        self.names = tuple(f"class {number}" for number in range(classes))
        self.rows, self.labels = self.more(photos, seed + 1)

    def more(self, photos, seed):
        """Further photos of the same classes; one count for all, or one for each."""
        random = np.random.default_rng(seed)
        counts = np.broadcast_to(photos, len(self.names))
        codes = np.repeat(np.arange(len(self.names)), counts)
        rows = self.centres[codes] + self.noise * random.normal(size=(len(codes), self.width))
        return np.maximum(rows, 0).astype(np.float16).astype(np.float32), np.array(self.names)[codes]


@pytest.fixture
def clouds():
    return Clouds
