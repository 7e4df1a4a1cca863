"""What can be found about photos: each kind with its weight, its reason and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from headstart.tasks.doctoring.doubts import MEASURED, MEASURED_DOUBTS

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding.

    Attributes:
        name: in files and JSON.
        title: above its findings.
        severity: "high" spoils a measurement or a class, "medium" weakens it, "low" is worth a look.
        why: what it does to a classifier, and what it was found by.
        suggestion: what to do.
        grouped: each finding is about several photos that belong together.
    """

    name: str
    title: str
    severity: Severity
    why: str
    suggestion: str
    grouped: bool = False


KINDS: tuple[Kind, ...] = (
    Kind(
        "leak",
        "The same photo in two parts",
        "high",
        "What is measured on one part is flattered by the other: the photo was learned by heart.",
        "take it out of one of the parts",
        grouped=True,
    ),
    Kind(
        "two_classes",
        "The same photo in two classes",
        "high",
        "One of the two classes is wrong. Training leaves exact copies of this kind out altogether.",
        "decide which class is right and take the other copy out",
        grouped=True,
    ),
    Kind(
        "wrong_label",
        "Likely wrong labels",
        "high",
        "Heads that were trained without the photo give its label less than 5 %, are sure of another class, "
        "and such labels come more often than their probabilities explain (confident learning, Northcutt et "
        f"al. 2021, and a bound on false discoveries). {MEASURED} In other photos it can be fewer.",
        "look at each first, and put it into the suggested class only if that is right",
    ),
    Kind(
        "broken",
        "Files that can't be used",
        "high",
        "Training passes them over; copies that were cut short may exist whole elsewhere.",
        "copy the file again from where it came, or take it out",
    ),
    Kind(
        "duplicate",
        "Exact copies",
        "medium",
        "They count twice in a class and teach nothing new. Training keeps them on one side of every split.",
        "keep one of them",
        grouped=True,
    ),
    Kind(
        "near_duplicate",
        "Near copies",
        "medium",
        "The same picture scaled, compressed again, brightened, slightly cut or mirrored. On two sides of a "
        "split they flatter the accuracy.",
        "keep the best of them",
        grouped=True,
    ),
    Kind(
        "empty_class",
        "Classes without a photo",
        "medium",
        "Training stops at a class folder without a photo that can be used.",
        "add photos or take the folder out",
    ),
    Kind(
        "tiny_class",
        "Classes with very few photos",
        "medium",
        "Five folds need five different photos: a class with fewer is judged on too little.",
        "add photos, or put the class together with a related one",
    ),
    Kind(
        "class_case",
        "Class names that differ in upper and lower case only",
        "medium",
        "They are different classes to training, and the same folder on some systems.",
        "put them into one folder if they mean the same",
    ),
    Kind(
        "missing_class",
        "Classes that a part lacks",
        "medium",
        "A class that is not in the part it is measured on has no figure; one that is only there is never "
        "learned.",
        "add photos of it to that part",
    ),
    Kind(
        "imbalance",
        "Classes of very different size",
        "medium",
        "The largest class has ten times the photos of the smallest, or more: the accuracy says little of "
        "the small one. Look at the balanced accuracy instead.",
        "add photos to the small classes",
    ),
    Kind(
        "doubtful_label",
        "Doubtful labels",
        "low",
        "Heads that were trained without the photo would rather have called it something else. Most of these "
        f"labels are right, and the photo is unusual or the network too weak. {MEASURED_DOUBTS}",
        "look at some; more of them mean something with a better network",
    ),
    Kind(
        "odd",
        "Odd ones out",
        "low",
        "Much farther from every other photo, in the network's features, than photos here usually are.",
        "look whether it belongs here at all",
    ),
    Kind(
        "uniform",
        "Almost one colour",
        "low",
        "There is nothing on it that a network could see.",
        "take it out if it shows nothing",
    ),
    Kind(
        "dark",
        "Very dark",
        "low",
        "Mean brightness below 16 %, and nothing well lit on it.",
        "brighten it or take another",
    ),
    Kind(
        "bright",
        "Very bright",
        "low",
        "Mean brightness above 85 %, and nothing dark on it.",
        "take another, less exposed one",
    ),
    Kind(
        "blurred",
        "Blurred",
        "low",
        "Even its sharpest tenth has little detail for its contrast.",
        "take another, sharper one, unless your photos will look like that",
    ),
    Kind(
        "small",
        "Very small",
        "low",
        "Its shorter side has fewer than 64 pixels: a network sees an enlarged blur.",
        "find the original",
    ),
    Kind(
        "other_file",
        "Files that are no photos",
        "low",
        "Training passes them over: texts and the like, without a photo's ending in their name.",
        "nothing, unless one of them should be a photo",
    ),
)
KIND = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: the name of its kind.
        files: names of the photos that it is about; () where it is about a class.
        sentence: what was found.
        score: orders the findings of a kind; the largest comes first.
        suggested: the class that the photo should perhaps have.
        label: the class that it is about, or that the photo has.
    """

    kind: str
    files: tuple[str, ...]
    sentence: str
    score: float = 0.0
    suggested: str | None = None
    label: str | None = None

    @property
    def severity(self) -> Severity:
        """That of its kind."""
        return KIND[self.kind].severity

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "files": list(self.files),
            "label": self.label,
            "suggested": self.suggested,
            "sentence": self.sentence,
            "suggestion": KIND[self.kind].suggestion,
        }


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort by kind, the most important first, then by score, then by file.

    Example:
        >>> found = [Finding("dark", ("b",), "…"), Finding("leak", ("c",), "…"), Finding("dark", ("a",), "…")]
        >>> [(each.kind, *each.files) for each in in_order(found)]
        [('leak', 'c'), ('dark', 'a'), ('dark', 'b')]
    """
    place = {kind.name: number for number, kind in enumerate(KINDS)}
    return tuple(
        sorted(findings, key=lambda each: (place[each.kind], -each.score, each.files, each.sentence))
    )
