"""(model) <=> (its record and tensor bytes): each part is made of data that fits the others, or refused."""

from __future__ import annotations

from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from headstart.errors import HeadstartError, ModelError
from headstart.heads.fitted import load_head
from headstart.heads.kinds import Kinds
from headstart.heads.sets import Sets
from headstart.heads.unknown import Novelty
from headstart.model.folder import tensor_file
from headstart.model.header import TensorFault
from headstart.model.manifest import refusal
from headstart.model.rows import rows_from_tensors, rows_to_tensors
from headstart.model.schema import (
    BackboneRecord,
    HeadRecord,
    ModelRecord,
    PhotoRecord,
    SetsRecord,
    UnknownRecord,
)
from headstart.model.tensors import check_tensors, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from headstart.heads.fitted import Head
    from headstart.model.folder import ModelFiles
    from headstart.model.model import Model


def record_of(model: Model, weights: bytes | None) -> tuple[ModelRecord, dict[str, bytes]]:
    """What a model folder will hold, checked as strictly as it will be when it is loaded.

    Args:
        model: the model.
        weights: the backbone's weights as safetensors bytes; None: they stay out of the folder.

    Returns:
        The record (without extras), and the bytes of each tensor file by part.

    Raises:
        ModelError: something in it could not be loaded again.
    """
    labels = [photo.label for photo in model.photos]
    try:
        tensors = {
            "head": pack(model.head.tensors()),
            "rows": pack(rows_to_tensors(model.novelty.rows, labels, model.classes)),
        }
        if weights is not None:
            check_tensors(weights)
            tensors["backbone"] = weights
        return _record(model, tensors), tensors
    except (TensorFault, ValidationError) as fault:
        raise ModelError(f"this model can't be saved, for it could not be loaded again: {fault}") from fault


def _record(model: Model, tensors: dict[str, bytes]) -> ModelRecord:
    files = {part: tensor_file(part, data) for part, data in tensors.items()}
    return ModelRecord(
        format=1,
        made_by=made_by(),
        backbone=BackboneRecord.of(model.backbone_spec),
        layer=model.layer,
        width=model.width,
        weights=files.get("backbone"),
        head=HeadRecord(
            kind=model.head.kind,
            classes=list(model.classes),
            settings=dict(model.head.settings()),
            tensors=files["head"],
        ),
        rows=files["rows"],
        threshold=float(model.novelty.threshold),
        unknown=_unknown(model.novelty),
        sets=None if model.sets is None else SetsRecord(**asdict(model.sets)),
        recipe=model.recipe,
        photos=[PhotoRecord(name=each.name, label=each.label, sha256=each.sha256) for each in model.photos],
        training=model.training,
        extras={},
    )


def _unknown(novelty: Novelty) -> UnknownRecord | None:
    if novelty.kind == "nearest":
        return None
    return UnknownRecord(
        kind=novelty.kind, doubt=novelty.doubt, false_alarms=novelty.false_alarms, photos=novelty.photos
    )


def made_by() -> str:
    """Which headstart this is: "headstart 0.1.0"."""
    try:
        return f"headstart {metadata.version('headstart')}"
    except metadata.PackageNotFoundError:
        return "headstart"


def head_of(folder: Path, files: ModelFiles) -> Head:
    """The head of a model folder.

    Args:
        folder: for the message.
        files: of the folder.

    Raises:
        ModelError: its tensors are not those of its kind, classes and width.
    """
    record = files.record.head
    try:
        tensors = unpack(files.tensors["head"])
        head = load_head(record.kind, tuple(record.classes), tensors, record.settings)
        _check_exact(head, tensors, record.settings, files.record.width)
        return head
    except (TensorFault, HeadstartError) as fault:
        raise refusal(folder, record.tensors.file, fault) from None


def _check_exact(
    head: Head, tensors: Mapping[str, NDArray[Any]], settings: Mapping[str, Any], width: int
) -> None:
    """Refuse what a head would have passed over: tensors or settings beside its own, other types."""
    own = {name: (array.shape, array.dtype) for name, array in head.tensors().items()}
    if own != {name: (array.shape, array.dtype) for name, array in tensors.items()}:
        raise TensorFault(
            f"does not hold exactly the tensors of a {head.kind} head: {_described(own)} belong"
        )
    if head.settings() != settings:
        raise TensorFault(f"belongs to a {head.kind} head with other settings than model.json states")
    if head.width != width:
        raise TensorFault(f"takes rows of {head.width} numbers where model.json states {width}")


def _described(own: Mapping[str, tuple[tuple[int, ...], Any]]) -> str:
    return ", ".join(f"{name} {dtype} {shape}" for name, (shape, dtype) in sorted(own.items()))


def novelty_of(folder: Path, files: ModelFiles) -> Novelty:
    """The training rows of a model folder, and the distance from which a photo is unknown.

    Args:
        folder: for the message.
        files: of the folder.

    Raises:
        ModelError: the rows are not those of the photos in `model.json`.
    """
    record = files.record
    labels = [photo.label for photo in record.photos]
    try:
        rows = rows_from_tensors(unpack(files.tensors["rows"]), labels, record.head.classes, record.width)
        if record.unknown is None:
            return Novelty(rows, record.threshold)
        place = {label: code for code, label in enumerate(record.head.classes)}
        codes = np.array([place[label] for label in labels], dtype=np.intp)
        return Novelty(
            rows,
            record.threshold,
            kinds=Kinds(rows, codes, [photo.sha256 for photo in record.photos]),
            **record.unknown.model_dump(exclude={"kind"}),
        )
    except (TensorFault, HeadstartError) as fault:
        raise refusal(folder, record.rows.file, fault) from None


def sets_of(files: ModelFiles) -> Sets | None:
    """When several classes are named instead of one; None in models that do not say."""
    record = files.record.sets
    return None if record is None else Sets(**record.model_dump())


def weights_of_folder(folder: Path, files: ModelFiles) -> bytes | None:
    """The backbone's weights in a model folder as safetensors bytes, or None where they were left out.

    Raises:
        ModelError: they are no finite tensors.
    """
    data = files.tensors.get("backbone")
    if data is not None and files.record.weights is not None:
        try:
            check_tensors(data)
        except TensorFault as fault:
            raise refusal(folder, files.record.weights.file, fault) from None
    return data
