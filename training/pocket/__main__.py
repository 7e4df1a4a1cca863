"""`python -m training.pocket --data DATA --teacher TEACHER`: the recipe; it goes on where it stopped."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from headstart.backbones.load import load_backbone
from headstart.backbones.weights import WeightsStore
from headstart.errors import HeadstartError
from headstart.images.pixels import to_pixels
from headstart.storage.home import Home
from training.pocket.finish import write_package
from training.pocket.photos import Pictures, read_pictures
from training.pocket.settings import Settings
from training.pocket.student import Student
from training.pocket.teacher import ask_teacher
from training.pocket.train import train

TEACHER = "timm:mobilenetv2_100@slim"
SOURCE = "headstart's training/pocket: 31,000 photos of ImageNet, taught by MobileNetV2"


def main() -> int:
    """Read, ask the teacher, train, write."""
    parser = argparse.ArgumentParser(prog="training.pocket", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with tiny-imagenet and imagenet-sample"
    )
    parser.add_argument(
        "--teacher", type=Path, required=True, help="folder with MobileNetV2 and its manifest.json"
    )
    parser.add_argument("--work", type=Path, default=Path("build/pocket"), help="for what is computed once")
    parser.add_argument("--output", type=Path, help="folder for the two files; else WORK/package")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    given = parser.parse_args()
    settings = Settings(epochs=given.epochs)
    began = time.perf_counter()
    output = given.output or given.work / "package"
    output.mkdir(parents=True, exist_ok=True)
    try:
        home = Home(given.work / "home")
        WeightsStore(home).add_manifest(given.teacher / "manifest.json")
        backbone = load_backbone(TEACHER, home=home, offline=True)
        pictures = read_pictures(given.data, sample_side=settings.sample_side)
    except HeadstartError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    teacher = ask_teacher(backbone, [pictures.small, pictures.sample], given.work, side=settings.teacher_side)
    student = train(pictures, teacher, given.work, settings)
    right = held_out_accuracy(student, pictures, settings)
    sha256 = write_package(student.network, pictures.ids, output, source=SOURCE)
    minutes = (time.perf_counter() - began) / 60
    print(f"{right:.4f} right of {len(pictures.held_out):,} held-out photos (200 classes); SHA-256 {sha256}")
    print(
        f"written to {output} after {minutes:.0f} minutes; to carry it, give it a tag of its own (finish.py)"
    )
    print("and copy both files to src/headstart/backbones/pocket")
    return 0


@torch.inference_mode()
def held_out_accuracy(student: Student, pictures: Pictures, settings: Settings) -> float:
    """Measure the student's own 200 classes on photos that it has not seen, at its last training size."""
    right = 0
    for photos, labels in zip(
        np.array_split(pictures.held_out, 20), np.array_split(pictures.held_out_labels, 20), strict=True
    ):
        pixels = torch.from_numpy(to_pixels(list(photos)))
        pixels = torch.nn.functional.interpolate(pixels, (settings.sides[-1][1],) * 2, mode="bilinear")
        right += int((student(pixels).labels.argmax(1).numpy() == labels).sum())
    return right / len(pictures.held_out)


if __name__ == "__main__":
    raise SystemExit(main())
