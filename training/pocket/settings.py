"""Every number of the recipe that was chosen; RESULTS.md tells what else was tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The recipe's numbers.

    Attributes:
        seed: of weights, order and views.
        sides: of the student's input while training, pixels, each from a share of all steps on: what is
            coarse is learned more quickly from small pictures.
        teacher_side: of the teacher's input, pixels.
        sample_side: of the photos of the sample folder in memory, pixels.
        epochs: passes over the 30,000 small photos.
        batch: views in a step.
        sample: of these, how many come from the sample folder.
        learning_rate: AdamW's, at its highest.
        weight_decay: AdamW's, for tensors of two dimensions and more.
        warm_up: part of all steps in which the learning rate rises.
        average: share of the old averaged weights that each step keeps.
        smallest: least area of a view, as part of the photo's.
        jitter: most change of brightness, contrast and saturation.
        temperature: of the teacher's answers.
        feature_weight: of the loss on the mean features.
        answer_weight: of the loss on the teacher's answers.
        label_weight: of the loss on the photos' labels.
        smoothing: of the labels.
    """

    seed: int = 0
    sides: tuple[tuple[float, int], ...] = ((0.0, 48), (0.5, 64), (0.85, 80))
    teacher_side: int = 160
    sample_side: int = 160
    epochs: int = 55
    batch: int = 128
    sample: int = 8
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warm_up: float = 0.05
    average: float = 0.999
    smallest: float = 0.25
    jitter: float = 0.3
    temperature: float = 2.0
    feature_weight: float = 1.0
    answer_weight: float = 1.0
    label_weight: float = 0.5
    smoothing: float = 0.1
