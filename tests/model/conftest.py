"""Model folders made at test time, without any network: nothing binary lies in the repository."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from headstart.backbones.spec import BackboneSpec, Preprocessing
from headstart.images.resize import Resize
from headstart.model.facts import Accuracy, FeaturesFacts, PhotosFacts, TrainingFacts
from headstart.model.folder import ModelFiles, tensor_file, write_folder
from headstart.model.rows import rows_to_tensors
from headstart.model.schema import BackboneRecord, HeadRecord, ModelRecord, PhotoRecord
from headstart.model.tensors import pack

CLASSES = ["cat", "dog"]
WIDTH = 4


def make_facts(**changes):
    values = {
        "accuracy": Accuracy(value=0.75, low=0.3, high=0.95, top3=None, photos=4, how="folds"),
        "photos": PhotosFacts(used=4, skipped=1, reasons={"empty": 1}),
        "features": FeaturesFacts(computed=4, reused=0),
        "seconds": {"features": 0.5, "head": 0.1, "total": 0.7},
        "seed": 0,
        "head": "linear",
        "confusion": [[2, 0], [1, 1]],
    }
    return TrainingFacts(**(values | changes))


def make_spec(weights: bytes = b"", **changes):
    values = {
        "name": "module:tiny",
        "framework": "module",
        "architecture": "tiny",
        "tag": "own",
        "preprocessing": Preprocessing(
            Resize(32, 32, 36, "bicubic", "pad", fill=(1, 2, 3)), (0.5, 0.5, 0.5), (0.2, 0.3, 0.25)
        ),
        "feature_layer": "body:mean",
        "feature_width": WIDTH,
        "weights_digest": tensor_file("backbone", weights).sha256,
        "parameters": 10,
        "options": {"pad_type": "same", "depth": 3},
        "classes": ("crane (bird)", "crane (machine)"),
        "class_ids": ("n1", "n2"),
    }
    return BackboneSpec(**(values | changes))


def make_model_files(seed=0, *, photos=4, extras=None):
    rng = np.random.default_rng(seed)
    labels = [CLASSES[i % 2] for i in range(photos)]
    rows = rng.normal(size=(photos, WIDTH)).astype(np.float16).astype(np.float32)
    head = {"weight": rng.normal(size=(2, WIDTH)).astype(np.float32), "bias": np.zeros(2, np.float32)}
    tensors = {
        "head": pack(head),
        "rows": pack(rows_to_tensors(rows, labels, CLASSES)),
        "backbone": pack({"w": rng.normal(size=(3, 3)).astype(np.float32)}),
    }
    files = {part: tensor_file(part, data) for part, data in tensors.items()}
    record = ModelRecord(
        format=1,
        made_by="headstart 0.1.0",
        backbone=BackboneRecord.of(make_spec(tensors["backbone"])),
        layer="body:mean",
        width=WIDTH,
        weights=files["backbone"],
        head=HeadRecord(kind="linear", classes=CLASSES, settings={"temperature": 1.5}, tensors=files["head"]),
        rows=files["rows"],
        threshold=0.5,
        recipe={"decode": "1"},
        photos=[
            PhotoRecord(name=f"{label}/{i}.jpg", label=label, sha256=f"{i:064x}")
            for i, label in enumerate(labels)
        ],
        training=make_facts(seed=seed),
        extras={name: hashlib.sha256(data).hexdigest() for name, data in (extras or {}).items()},
    )
    return ModelFiles(record, tensors)


@pytest.fixture
def make_files():
    """(seed, photos, extras) => ModelFiles; the same seed gives the same files."""
    return make_model_files


@pytest.fixture
def saved(tmp_path):
    """A model folder as `write_folder` leaves it."""
    return write_folder(tmp_path / "model", make_model_files(), {})


@pytest.fixture(name="make_facts")
def make_facts_fixture():
    """(changes) => TrainingFacts."""
    return make_facts
