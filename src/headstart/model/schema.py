"""What `model.json` may hold: plain values from closed lists, no import paths, no file outside the folder."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from headstart.backbones.spec import OWN, BackboneSpec, Preprocessing
from headstart.images.resize import Interpolation, Resize
from headstart.model.facts import Count, Record, Scalar, Text, TrainingFacts

_Number = TypeVar("_Number", int, float)

FORMAT = 1
_FARTHEST = 2.0
TENSOR_FILE = re.compile(r"(?P<part>head|rows|backbone)-(?P<digest>[0-9a-f]{16})\.safetensors")
EXTRA_FILE = re.compile(r"(?!model\.json\Z)[a-z0-9][a-z0-9_-]*\.(html|csv|json|txt)")

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", max_length=200)]
Layer = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=300)]
Side = Annotated[int, Field(ge=1, le=16384)]
Channels = Annotated[list[float], Field(min_length=3, max_length=3)]

# What a framework's constructor would take as "fetch or read this instead".
_FOREIGN_OPTIONS = frozenset(
    {
        "cache_dir", "checkpoint_path", "file", "hf_hub_id", "model_dir", "pretrained", "pretrained_cfg",
        "pretrained_cfg_overlay", "pretrained_strict", "progress", "source", "url", "weights",
        "weights_backbone",
    }
)  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]*")


class TensorFile(Record):
    """A tensor file of the folder: its name carries the first 16 digits of its SHA-256."""

    file: str
    sha256: Digest
    bytes: Count

    @model_validator(mode="after")
    def _name_is_its_digest(self) -> Self:
        match = TENSOR_FILE.fullmatch(self.file)
        if match is None or match["digest"] != self.sha256[:16]:
            raise ValueError("file should be NAME-DIGEST.safetensors with the first 16 digits of sha256")
        return self


class ResizeRecord(Record):
    """`images.resize.Resize` as JSON."""

    height: Side
    width: Side
    short_side: Side
    interpolation: Interpolation
    mode: Literal["crop", "squash", "pad"]
    fill: Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=3, max_length=3)]


class BackboneRecord(Record):
    """`backbones.spec.BackboneSpec` as JSON."""

    name: Text
    framework: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    architecture: Text
    tag: Text
    options: dict[Name, Scalar]
    resize: ResizeRecord
    mean: Channels
    std: Channels
    feature_layer: Layer
    feature_width: Annotated[int, Field(ge=1)]
    classes: list[Text]
    class_ids: list[Text]
    weights_digest: Digest
    parameters: Count
    licence: Text
    source: Text

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if min(self.std) <= 0:
            raise ValueError("std should be above 0")
        # A user's own module has any name they like: nothing is looked up by it.
        if self.framework != OWN and not (_PLAIN.fullmatch(self.architecture) and _PLAIN.fullmatch(self.tag)):
            raise ValueError("architecture and tag should be plain names, not addresses or paths")
        for key, value in self.options.items():
            if key in _FOREIGN_OPTIONS or (isinstance(value, str) and not _PLAIN.fullmatch(value)):
                raise ValueError(f"options should not hold {key!r} = {value!r}")
        return self

    @classmethod
    def of(cls, spec: BackboneSpec) -> BackboneRecord:
        """The record of a spec."""
        preprocessing = spec.preprocessing
        resize = asdict(preprocessing.resize)  # all of it: a field that is not known here is refused
        return cls(
            **{name: getattr(spec, name) for name in _SAME_IN_BOTH},
            resize=ResizeRecord(**{**resize, "fill": list(resize["fill"])}),
            mean=[float(value) for value in preprocessing.mean],
            std=[float(value) for value in preprocessing.std],
            options=dict(spec.options),
            classes=list(spec.classes),
            class_ids=list(spec.class_ids),
        )

    def spec(self) -> BackboneSpec:
        """The spec of this record."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _SAME_IN_BOTH}
        resize = Resize(**{**self.resize.model_dump(), "fill": _three(self.resize.fill)})
        return BackboneSpec(
            **values,
            preprocessing=Preprocessing(resize, _three(self.mean), _three(self.std)),
            options=dict(self.options),
            classes=tuple(self.classes),
            class_ids=tuple(self.class_ids),
        )


_SAME_IN_BOTH = (
    "name", "framework", "architecture", "tag", "feature_layer", "feature_width", "weights_digest",
    "parameters", "licence", "source",
)  # fmt: skip


def _three(values: list[_Number]) -> tuple[_Number, _Number, _Number]:
    red, green, blue = values
    return red, green, blue


class HeadRecord(Record):
    """A head: which kind, its settings, its classes in the order of its probabilities, its numbers."""

    kind: Name
    classes: Annotated[list[Text], Field(min_length=1)]
    settings: dict[Name, Scalar | None]
    tensors: TensorFile

    @model_validator(mode="after")
    def _classes_differ(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes should not name one twice")
        return self


class PhotoRecord(Record):
    """A training photo: the name people know it by, its class, the SHA-256 of its bytes."""

    name: Text
    label: Text
    sha256: Digest


class UnknownRecord(Record):
    """What `threshold` bounds, in models since headstart 0.2; see `heads.unknown`.

    Attributes:
        kind: of the score: distance to the nearest class in units of that class, and the head's doubt.
        doubt: what the head's doubt counts beside the distance.
        false_alarms: share of good photos that the threshold was set for.
        photos: how many photos it rests on.
    """

    kind: Literal["classes"]
    doubt: Annotated[float, Field(ge=0, le=1e9)]
    false_alarms: Annotated[float, Field(gt=0, lt=1)]
    photos: Annotated[int, Field(ge=1, lt=2**63)]


class SetsRecord(Record):
    """`heads.sets.Sets` as JSON: from which probability on a class is one of those that may be right."""

    coverage: Annotated[float, Field(gt=0, lt=1)]
    least: Annotated[float, Field(ge=0, le=1)]
    photos: Annotated[int, Field(ge=1, lt=2**63)]
    measured: Annotated[float, Field(ge=0, le=1)]
    size: Annotated[float, Field(ge=1, le=1e9)]


class BeforeRecord(Record):
    """The model that stood here before this one: its folder below `before`, the digest of its model.json."""

    folder: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,9}$")]
    sha256: Digest


class ModelRecord(Record):
    """The whole of `model.json`.

    Attributes:
        format: of the folder; a higher one comes from a newer headstart.
        made_by: "headstart 0.1.0".
        backbone: what the features come from.
        layer: whose output the rows are.
        width: numbers in a row.
        weights: the backbone's weights, or None where only their digest is kept.
        head: what answers.
        rows: the training photos' rows, for neighbours and unknowns.
        threshold: the score above which a photo is called unknown; without `unknown` the cosine distance to
            the nearest training photo, 0 to 2.
        unknown: which score that is; None in older models, and where it could not be measured.
        sets: when several classes are named; None likewise.
        recipe: how the rows were made (decoder, engine, precision, …), as text.
        photos: the training photos, in the order of the rows.
        training: how the model was trained and measured.
        extras: files for people beside it (report.html), with their SHA-256; loading does not read them.
        before: the model that corrections changed into this one; None for one that `train` made.
    """

    format: Literal[1]
    made_by: Text
    backbone: BackboneRecord
    layer: Layer
    width: Annotated[int, Field(ge=1)]
    weights: TensorFile | None
    head: HeadRecord
    rows: TensorFile
    threshold: Annotated[float, Field(ge=0, le=1e9)]
    unknown: UnknownRecord | None = None
    sets: SetsRecord | None = None
    recipe: dict[Text, Text]
    photos: list[PhotoRecord]
    training: TrainingFacts
    extras: dict[Annotated[str, StringConstraints(max_length=100)], Digest]
    before: BeforeRecord | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        wrong = [part for part, file in self.tensor_files().items() if not file.file.startswith(f"{part}-")]
        if wrong:
            raise ValueError(f"{wrong[0]} should name a file of its own kind")
        if self.weights is not None and self.weights.sha256 != self.backbone.weights_digest:
            raise ValueError("weights should have the digest that the backbone states")
        if self.unknown is None and self.threshold > _FARTHEST:
            raise ValueError(f"threshold should be a cosine distance, at most {_FARTHEST:g}")
        if not {photo.label for photo in self.photos} <= set(self.head.classes):
            raise ValueError("photos should have classes of the head")
        if not all(EXTRA_FILE.fullmatch(name) for name in self.extras):
            raise ValueError("extras should be plain file names such as report.html")
        return self

    def tensor_files(self) -> dict[str, TensorFile]:
        """The folder's tensor files by part: "head", "rows" and, where it is there, "backbone"."""
        files = {"head": self.head.tensors, "rows": self.rows}
        return files if self.weights is None else {**files, "backbone": self.weights}
