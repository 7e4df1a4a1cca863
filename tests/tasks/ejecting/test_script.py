"""Scripts as text: every variant is valid, ruff-clean Python that says what is frozen, whatever the names."""

import ast
import hashlib
import random
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from headstart.images.decode import decode
from headstart.images.resize import Resize
from headstart.tasks.ejecting.facts import scale_size
from headstart.tasks.ejecting.script import MARK, literal, script

HOSTILE = (
    'cat"""\nimport os\n"""',
    "dog'\\",
    "\x1b[31mred\u202e",
    "\udce9t\u00e9",
    "{{ classes }}{% raw %}",
    "w" * 255,
)
FACTS = {
    "photos": "photos", "test": None, "seed": 0, "classes": ("cat", "dog"), "architecture": "resnet18",
    "layer": "layer4", "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "width": 512,
    "frozen": 11_000_000, "random": False, "tuned": False, "own": False, "trained": 1_026, "head": "linear",
    "strength": 0.1, "temperature": 1.25, "neighbours": 5, "smoothing": 0.25, "near": 1e-4,
    "network": "torchvision's resnet18, weights IMAGENET1K_V1", "weights": "model/backbone.safetensors",
    "needs": ("torch", "Pillow"), "network_literal": '"resnet18"', "options": "", "entering": False,
    "rows": ".mean((2, 3))", "rows_words": "each map's average", "from_file": True, "loading": "plain",
    "application": True, "pooling": "GlobalAveragePooling2D", "bgr": False, "backend": "torch",
    "framework": "torchvision",
}  # fmt: skip
SIZES = [
    Resize(224, 224, 256, mode="squash"),
    Resize(224, 224, 224, "lanczos", mode="pad", fill=(124, 116, 104)),
    Resize(200, 224, 256, "bicubic"),
]
VARIANTS = [
    *(("torch", {"head": head}) for head in ("linear", "prototypes", "neighbours")),
    *(("keras", {"head": head}) for head in ("linear", "prototypes", "neighbours")),
    *(("torch", {"framework": name}) for name in ("timm", "pocket")),
    *(("torch", {"loading": loading}) for loading in ("densenet", "one by one")),
    ("torch", {"framework": "timm", "loading": "timm", "entering": True, "random": True}),
    ("torch", {"from_file": False, "weights": "IMAGENET1K_V1", "loading": "", "tuned": True}),
    ("torch", {"framework": "timm", "from_file": False, "weights": "a1", "loading": ""}),
    ("keras", {"tuned": True, "head": "neighbours"}),
    *((framework, {"resize": size}) for framework in ("torch", "keras") for size in SIZES),
    (
        "keras",
        {"application": False, "layer": None, "own": True, "bgr": True, "pooling": "", "entering": True},
    ),
]


def written(framework, /, **facts):
    facts = {"resize": Resize(224, 224, 256), **FACTS, **facts}
    size = facts["resize"]
    square = size.mode == "crop" and size.height == size.width
    return script(framework, {**facts, "crop": "square" if square else "", "scale_size": scale_size(size)})


def test_every_variant_is_clean_python_that_fits_a_page_and_never_names_headstarts_modules(tmp_path):
    for number, (framework, facts) in enumerate(VARIANTS):
        text = written(framework, **facts)
        imported = {
            name.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Import)
            for name in node.names
        } | {node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
        assert not any(name.startswith("headstart") for name in imported)
        assert len(text.splitlines()) < 275
        assert MARK in text
        (tmp_path / f"script_{number}.py").write_text(text, "ascii")
    chosen = "E,F,W,I,B,UP,SIM,C4,PIE,RET,PTH,RUF"
    for check in (["check", "--select", chosen], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *check, "--isolated", "--no-cache", "--line-length", "110"]
        done = subprocess.run([*ruff, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_script_says_what_is_frozen_and_what_is_trained(framework):
    text = written(framework)

    assert "Frozen here: all 11,000,000 numbers of the network" in text
    assert "Trained here: one linear layer, 1,026 numbers" in text
    assert {"torch": "requires_grad_(False)", "keras": "trainable = False"}[framework] in text
    assert "Batch norm" in text


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_names_of_classes_and_folders_are_text_and_nothing_else(framework):
    text = written(framework, classes=HOSTILE, photos=HOSTILE[0], test=HOSTILE[1], weights=HOSTILE[2])

    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("CLASSES", "PHOTOS", "TEST", "WEIGHTS")
    }
    assert values == {
        "CLASSES": list(HOSTILE), "PHOTOS": HOSTILE[0], "TEST": HOSTILE[1], "WEIGHTS": HOSTILE[2]
    }  # fmt: skip
    assert text.isascii()
    assert text.count("import os\n") == (framework == "keras")


def functions(framework, /, **facts):
    """A script's functions alone, ready to be called: nothing of its network is built."""
    tree = ast.parse(written(framework, **facts))
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = {
        "hashlib": hashlib, "random": random, "sys": sys, "np": np, "torch": torch, "Path": Path,
        "Image": Image, "ImageOps": ImageOps, "SEED": 0, "CLASSES": ["cat", "dog"], "PREPARE": np.asarray,
    }  # fmt: skip
    exec(compile(tree, "script.py", "exec"), found)
    return found


def test_a_photo_and_its_copy_under_another_name_stay_on_one_side(tmp_path):
    files, labels, contents = [], [], []
    for label in (0, 1):
        for number in range(20):
            file = tmp_path / f"{label}-{(number * 7) % 20:02d}.jpg"
            file.write_bytes(f"{label} {number // 2}".encode())
            files.append(file)
            labels.append(label)
            contents.append((label, number // 2))

    held = functions("torch")["kept_back"](files, labels)

    kept = {contents[place] for place in held}
    assert len(held) == 2 * len(kept) == 8  # two of the ten of each class, both copies
    assert [sum(label == code for code, _ in kept) for label in (0, 1)] == [2, 2]
    assert kept.isdisjoint(contents[place] for place in range(len(files)) if place not in held)
    renamed = files[::-1]
    again = functions("torch")["kept_back"](renamed, labels[::-1])
    assert {renamed[place] for place in again} == {files[place] for place in held}


@pytest.mark.parametrize("framework", ["torch", "keras"])
@pytest.mark.parametrize(
    ("suffix", "kind", "white"),
    [
        ("png", np.uint16, 65_535),
        ("tif", np.uint16, 65_535),
        ("pgm", np.uint16, 30_000),
        ("tif", np.int32, 1_000_000),
        ("tif", np.int32, 200),
        ("tif", np.float32, 1),
        ("tif", np.float32, 255),
        ("tif", np.float32, 3_000),
    ],
)
def test_greys_of_16_and_32_bits_are_read_as_headstart_reads_them(tmp_path, framework, suffix, kind, white):
    values = np.linspace(0, white, 900).reshape(30, 30).astype(kind)
    Image.fromarray(values).save(tmp_path / f"grey.{suffix}")

    ours = decode((tmp_path / f"grey.{suffix}").read_bytes()).pixels.astype(int)
    theirs = np.asarray(functions(framework)["read"](tmp_path / f"grey.{suffix}")).astype(int)

    assert len(np.unique(theirs)) > 100
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() <= 1


def test_a_tiff_that_uses_12_of_its_16_bits_is_not_read_as_night(tmp_path):
    left, right = np.linspace(0, 4095, 64).astype(int).reshape(-1, 2).T
    pixels = np.stack([left >> 4, (left & 15) << 4 | right >> 8, right & 255], axis=1).astype(np.uint8)
    tags = {256: 8, 257: 8, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 8, 279: pixels.size}
    head = struct.pack("<4sIH", b"II*", 8, len(tags))
    tags[273] = len(head) + 12 * len(tags) + 4  # where the pixels begin
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags.items())
    (tmp_path / "scan.tif").write_bytes(head + entries + bytes(4) + pixels.tobytes())

    ours = decode((tmp_path / "scan.tif").read_bytes()).pixels.astype(int)
    theirs = np.asarray(functions("torch")["read"](tmp_path / "scan.tif")).astype(int)

    assert theirs.max() == 255
    assert np.abs(theirs - ours).max() <= 1


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_picture_that_is_too_large_is_named_and_left_out(tmp_path, monkeypatch, capsys, framework):
    Image.new("L", (40, 40)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(
        Image, "MAX_IMAGE_PIXELS", 100
    )  # twice that is refused: a picture small enough for a test

    rows, places = functions(framework)["features"](None, [tmp_path / "bomb.png"])

    assert (len(rows), places) == (0, [])
    assert "bomb.png" in (said := capsys.readouterr().err)
    assert "DecompressionBombError" in said


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_tuned_network_is_measured_on_other_photos_or_not_at_all(framework):
    text = written(framework, tuned=True)

    assert "kept_back" not in text
    assert "no accuracy: " in text
    assert "without TEST no accuracy is printed" in text
    assert "no accuracy: " not in written(framework)


def test_a_literal_is_the_value_again():
    for value in (*HOSTILE, "", "\\'", "\\\\'\"", 0.1, None, 5):
        assert ast.literal_eval(literal(value)) == value
