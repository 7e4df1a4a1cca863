import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from headstart.backbones.weights import WeightsStore
from headstart.errors import UsageError
from headstart.storage.home import Home

TENSORS = {"weight": torch.arange(6.0).reshape(2, 3)}


@pytest.fixture
def store(tmp_path):
    return WeightsStore(Home(tmp_path / "home"), fits=lambda *_: None)


def item(folder, name="slim.safetensors", **changes):
    """A file in the folder and what a manifest says of it; None drops a key."""
    data = save(TENSORS) if name.endswith(".safetensors") else b"\x89HDF\r\n"
    (folder / name).write_bytes(data)
    stated = {
        "file": name,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "backbone": "timm:mobilenetv2_100",
        "tag": "slim",
        "options": {"pad_type": "same"},
        "input_size": 224,
        "resize": 256,
        "crop": "center",
        "interpolation": "bicubic",
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.5, 0.5],
        "classes": "imagenet-1k",
        "sample_top1": 0.886,
    }
    return {key: value for key, value in (stated | changes).items() if value is not None}


def manifest(folder, *items, **top):
    path = folder / "manifest.json"
    path.write_text(json.dumps({"format": 1, "weights": list(items)} | top))
    return path


def test_what_the_manifest_says_is_kept(store, tmp_path):
    report = store.add_manifest(manifest(tmp_path, item(tmp_path)))
    assert report.skipped == ()
    (entry,) = report.added
    assert store.find("timm", "mobilenetv2_100", "slim") == entry
    assert entry.backbone == "timm:mobilenetv2_100@slim"
    assert entry.options == {"pad_type": "same"}
    assert (entry.classes, entry.source) == ("imagenet-1k", "slim.safetensors")
    kept = entry.preprocessing.to_preprocessing()
    assert (kept.resize.height, kept.resize.width, kept.resize.short_side) == (224, 224, 256)
    assert (kept.resize.mode, kept.resize.interpolation) == ("crop", "bicubic")
    assert (kept.mean, kept.std) == ((0.5, 0.5, 0.5), (0.25, 0.5, 0.5))
    assert torch.equal(store.load(entry)["weight"], TENSORS["weight"])


def test_without_preprocessing_the_frameworks_own_stands(store, tmp_path):
    bare = dict.fromkeys(["input_size", "resize", "crop", "interpolation", "mean", "std"])
    (entry,) = store.add_manifest(manifest(tmp_path, item(tmp_path, **bare))).added
    assert entry.preprocessing is None


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("other.safetensors", {"bytes": 7}, "the manifest says 7"),
        ("other.safetensors", {"sha256": "0" * 64}, "not the manifest's"),
        ("other.npz", {}, "a manifest may list .safetensors and .h5 files"),
        ("other.weights.h5", {}, "is none of its networks"),
        ("other.safetensors", {"backbone": "timm:mobilenetv2_001"}, "close"),
        ("other.safetensors", {"mean": None}, "lacks mean"),
        ("other.safetensors", {"std": [0.0, 1.0, 1.0]}, "std"),
    ],
)
def test_a_file_that_can_not_be_taken_is_skipped_with_a_reason(store, tmp_path, name, changes, why):
    other = item(tmp_path, name, **({"tag": "other"} | changes))
    report = store.add_manifest(manifest(tmp_path, other, item(tmp_path)))
    assert [entry.tag for entry in report.added] == ["slim"]
    ((file, reason),) = report.skipped
    assert file == name
    assert why in reason


def test_an_option_that_can_not_be_an_argument_spoils_the_manifest(store, tmp_path):
    path = manifest(tmp_path, item(tmp_path), item(tmp_path, options={"bad key": 1}))
    with pytest.raises(UsageError, match="options"):
        store.add_manifest(path)
    assert store.entries() == []


def test_a_file_that_is_not_there_is_skipped(store, tmp_path):
    path = manifest(tmp_path, item(tmp_path))
    (tmp_path / "slim.safetensors").unlink()
    report = store.add_manifest(path)
    assert report.added == ()
    assert "can't be read" in report.skipped[0][1]


@pytest.mark.parametrize("name", ["../slim.safetensors", "/etc/passwd", "a/b.safetensors", "..", ""])
def test_files_lie_beside_the_manifest(store, tmp_path, name):
    with pytest.raises(UsageError, match=r"weights\.0\.file"):
        store.add_manifest(manifest(tmp_path, item(tmp_path) | {"file": name}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no manifest of weights"),
        ("[]", "no manifest of weights"),
        ('{"format": 2, "weights": []}', "format"),
        ('{"format": 1, "weights": [], "run": "me"}', "run"),
    ],
)
def test_what_is_no_manifest_is_refused_before_anything_is_added(store, tmp_path, text, said):
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        store.add_manifest(path)


def test_a_manifest_that_is_not_there_is_refused(store, tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        store.add_manifest(tmp_path / "nowhere.json")


ASSETS = os.environ.get("HEADSTART_ASSETS")


@pytest.mark.slow
@pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS does not point at real weights")
def test_the_real_manifest_gives_all_four_networks_those_of_keras_too(store):
    report = store.add_manifest(Path(ASSETS) / "weights" / "manifest.json")
    assert [entry.backbone for entry in report.added] == [
        "timm:mobilenetv2_100@slim",
        "torchvision:squeezenet1_1@zoo",
        "keras:MobileNetV2@slim",
        "keras:MobileNet@slim075",
    ]
    assert report.skipped == ()
    assert all(ok for _, ok, _ in store.verify())
    for entry in report.added:
        assert sum(tensor.numel() for tensor in store.load(entry).values()) > 1_000_000
