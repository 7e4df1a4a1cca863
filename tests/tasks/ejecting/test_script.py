"""Scripts as text: every variant is valid, ruff-clean Python that says what is frozen, whatever the names."""

import ast
import subprocess
import sys

import pytest

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
        assert len(text.splitlines()) < 260
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


def test_a_literal_is_the_value_again():
    for value in (*HOSTILE, "", "\\'", "\\\\'\"", 0.1, None, 5):
        assert ast.literal_eval(literal(value)) == value
