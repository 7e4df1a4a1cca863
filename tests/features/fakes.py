"""Stand-ins for decoder and network, and a program that tests start to kill it.

As a program: python fakes.py STORE PHOTOS OUT [KILL_AT] extracts every file of the folder PHOTOS and saves
the rows to OUT; KILL_AT ends it with SIGKILL at that step (a step is before or after a batch is computed).
"""

import hashlib
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from headstart.backbones.spec import BackboneSpec, Preprocessing
from headstart.features import compute, sighting
from headstart.features.extract import extract
from headstart.features.key import FeatureSpace
from headstart.features.store import FeatureStore
from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.pixels import to_pixels
from headstart.images.reader import DecodedPhoto
from headstart.images.resize import Resize

WIDTH = 48
SPEC = BackboneSpec(
    name="module:fake@own",
    framework="module",
    architecture="fake",
    tag="own",
    preprocessing=Preprocessing(Resize(4, 4, 4), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
    feature_layer="map",
    feature_width=WIDTH,
    weights_digest="0f" * 32,
    parameters=1,
)
SPACE = FeatureSpace.of(SPEC, engine={"engine": "fake"}, decode_recipe="1")


class FakeBackbone:
    spec = SPEC

    def width(self, layer=None):
        return WIDTH


class FakeReader:
    """Any file is a photo; `faults` maps a name to the reason for which it can't be decoded."""

    def __init__(self, faults=None):
        self.faults = faults or {}
        self.hashed = Counter()
        self.decoded = Counter()

    def hash(self, photos):
        for photo in photos:
            self.hashed[photo.name] += 1
            if not photo.path.exists():
                yield Skipped(photo.name, Reason.MISSING, "no such file", "read", label=photo.label)
                continue
            data = photo.path.read_bytes()
            yield Hashed(photo, hashlib.sha256(data).hexdigest(), len(data))

    def decode(self, hashed, resize, view=None):
        for each in hashed:
            self.decoded[each.photo.name] += 1
            reason = self.faults.get(each.photo.name)
            if reason is not None:
                yield Skipped(each.photo.name, reason, "could not be decoded", "decode", each.bytes)
                continue
            seed = int(each.sha256[:8], 16)
            shape = (resize.height, resize.width, 3)
            pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
            yield DecodedPhoto(each, pixels, ("odd",) if each.photo.name == "odd.jpg" else (), (32, 32))


AT_ONCE = 4


class FakeEngine:
    """The flattened pixels are the features; `before` is called ahead of each four pictures."""

    def __init__(self, before=None):
        self.pictures = 0
        self._before = before

    def identity(self):
        return {"engine": "fake"}

    def rows(self, pictures):
        for picture in pictures:
            if self._before is not None and self.pictures % AT_ONCE == 0:
                self._before(1 + self.pictures // AT_ONCE)
            self.pictures += 1
            yield to_pixels([picture]).reshape(-1)


def photos_in(folder):
    return [Photo(path, path.name, "a") for path in sorted(Path(folder).iterdir())]


def run(photos, store, **options):
    compute.KEPT_AT_ONCE = AT_ONCE
    options.setdefault("reader", FakeReader())
    options.setdefault("engine", FakeEngine())
    return extract(photos, FakeBackbone(), store=store, **options)


class KilledStore(FeatureStore):
    """Ends its process at a given step: odd ones before a batch is kept, even ones just after it."""

    def __init__(self, path, kill_at):
        super().__init__(path)
        self._left = kill_at

    def put(self, space, rows):
        self._step()
        super().put(space, rows)
        self._step()

    def _step(self):
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.002)


def main(store, photos, out, kill_at="-1"):
    sighting.now_ns = lambda: time.time_ns() + 10**10  # files made by a test have settled
    with KilledStore(Path(store), int(kill_at)) as opened:
        table = run(photos_in(photos), opened)
    np.savez(out, rows=table.rows, sha256=np.array(table.sha256), computed=table.computed)


if __name__ == "__main__":
    main(*sys.argv[1:])
