"""A backbone, a head, its classes and how they were measured, as one thing that answers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbones.source import FeatureSource
from headstart.errors import ModelError, UsageError
from headstart.features.rows import round_rows
from headstart.model.agreement import differences
from headstart.model.answers import Answer, TrainingPhoto, describe_neighbours, most_probable
from headstart.model.folder import ModelFiles, check_extras, read_folder, write_folder
from headstart.model.parts import head_of, novelty_of, record_of, sets_of, weights_of_folder
from headstart.model.target import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from numpy.typing import ArrayLike, NDArray

    from headstart.backbones.base import Backbone
    from headstart.backbones.spec import BackboneSpec
    from headstart.heads.fitted import Head
    from headstart.heads.sets import Sets
    from headstart.heads.unknown import Novelty
    from headstart.model.facts import TrainingFacts
    from headstart.pixels.network import Network
    from headstart.storage.home import Home

_NEIGHBOURS = 3


class Model:
    """A trained classifier: made by `train`, kept by `save`, brought back by `load_model`.

    Attributes:
        backbone_spec: the network that the features come from.
        layer: the layer reference whose output the rows are.
        head: what turns rows into probabilities.
        novelty: the training rows, and how strange a photo must be to be called unknown.
        sets: when several classes are named instead of one; None where that could not be measured.
        photos: the training photos, in the order of the rows.
        training: how the model was trained and measured.
        recipe: how the rows were made (decoder, engine, precision, …).
    """

    def __init__(
        self,
        *,
        backbone_spec: BackboneSpec,
        layer: str,
        head: Head,
        novelty: Novelty,
        photos: Sequence[TrainingPhoto],
        training: TrainingFacts,
        sets: Sets | None = None,
        recipe: Mapping[str, str] | None = None,
        backbone: Backbone | None = None,
        weights: bytes | None = None,
        home: Home | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            backbone_spec: of the backbone that made the rows.
            layer: whose output the rows are.
            head: fitted.
            novelty: over the training rows, in the order of `photos`.
            photos: the training photos.
            training: the facts to keep.
            sets: when several classes are named instead of one.
            recipe: how the rows were made.
            backbone: the backbone itself, where it is at hand.
            weights: its weights as safetensors bytes, where they are at hand.
            home: where weights are looked up otherwise; None: the default home.

        Raises:
            ModelError: the parts do not fit each other.
        """
        self.backbone_spec = backbone_spec
        self.layer = layer
        self.head = head
        self.novelty = novelty
        self.photos = tuple(photos)
        self.training = training
        self.sets = sets
        self.recipe = dict(recipe) if recipe is not None else {}
        self._backbone = backbone
        self._weights = weights
        self._home = home
        self._check()

    def _check(self) -> None:
        rows = len(self.novelty.rows)
        if rows != len(self.photos):
            raise ModelError(
                f"{rows} training rows for {len(self.photos)} photos; one row for each photo belongs"
            )
        if strange := {photo.label for photo in self.photos} - set(self.classes):
            raise ModelError(f"the head does not know the class {min(strange)!a} of a training photo")
        if self._backbone is not None:
            self._check_backbone(self._backbone)

    def _check_backbone(self, backbone: Backbone) -> None:
        theirs, ours = backbone.spec, self.backbone_spec
        if theirs.weights_digest != ours.weights_digest:
            raise ModelError(
                f"the backbone {theirs.name} has weights {theirs.weights_digest[:16]}, and this model was "
                f"trained on {ours.name} with {ours.weights_digest[:16]}; give that backbone"
            )
        if other := differences(self, backbone):
            raise ModelError(
                f"the backbone {theirs.name} is not the one that this model was trained on, {ours.name}: "
                f"{'; '.join(other)}; give that backbone"
            )

    def __repr__(self) -> str:
        return (
            f"Model(backbone={self.backbone_spec.name!r}, head={self.head.kind!r}, "
            f"classes={len(self.classes)}, photos={len(self.photos)})"
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the head's probabilities."""
        return tuple(self.head.classes)

    @property
    def width(self) -> int:
        """Numbers in a row of features."""
        return int(self.novelty.rows.shape[1])

    def predict_rows(self, rows: ArrayLike, top: int = 5) -> list[Answer]:
        """Answer for rows of features, in numpy alone.

        Rows are rounded as the feature store rounds them, so that a photo gets the same answer
        whether its features come from the store or were just computed.

        Args:
            rows: (n, width) finite numbers, from the same backbone and layer.
            top: how many probabilities each answer holds; at least 1.

        Returns:
            n answers.

        Raises:
            UsageError: rows of another shape, not finite, or `top` below 1.
        """
        if top < 1:
            raise UsageError(f"top is {top}; ask for at least 1 class")
        table = self._table(rows)
        if len(table) == 0:
            return []
        probabilities = self.head.predict_proba(table)
        ranked = most_probable(self.classes, probabilities, top)
        one_of = [None] * len(table) if self.sets is None else self.sets.of(self.classes, probabilities)
        near = describe_neighbours(
            self.photos, *self.novelty.neighbours(table, k=min(_NEIGHBOURS, len(self.photos)))
        )
        strange = self.novelty.strangeness(table, probabilities)
        return [
            Answer(
                next(iter(best)),
                best,
                bool(share > 1.0) if self.novelty.measured else None,
                nearest,
                one_of=several,
                strangeness=float(share) if self.novelty.measured else None,
            )
            for best, share, nearest, several in zip(ranked, strange, near, one_of, strict=True)
        ]

    def _table(self, rows: ArrayLike) -> NDArray[np.float32]:
        table = np.asarray(rows, dtype=np.float32)
        if table.ndim != 2 or table.shape[1] != self.width:
            raise UsageError(f"rows have the shape {table.shape}; this model takes (n, {self.width})")
        return round_rows(table) if len(table) else table

    def backbone(self) -> Backbone:
        """The backbone, built from the weights in the model when it is first asked for.

        Raises:
            WeightsMissingError: the model was saved without weights, and they are not at hand.
            WeightsRefusedError: the weights do not fit the network.
            ModelError: it is a network of the user's own, which only the user can build.
        """
        if self._backbone is None:
            from headstart.model.rebuild import rebuild_backbone

            self._backbone = rebuild_backbone(self.backbone_spec, self._weights, self._home)
        return self._backbone

    def source(self) -> FeatureSource:
        """Where the model's rows come from; the network itself is built when it must run."""
        return FeatureSource(self.backbone_spec, self.layer, self.width, self.backbone)

    def to_torch(self) -> torch.nn.Module:
        """The whole thing as one plain `torch.nn.Module`: pixels (n, 3, h, w) in [0, 1] => (n, classes).

        It is differentiable where the head is, and needs nothing of headstart's to run. Rows are not
        rounded in it, so probabilities differ from `predict_rows` by about 1e-3 at most.

        Raises:
            HeadstartError: as `backbone`; or the head has no differentiable form.
        """
        import torch

        features, head = self.backbone().to_module(self.layer), self.head.to_torch()
        return torch.nn.Sequential(features, head).eval()

    def to_keras(self) -> Any:
        """The whole thing as one `keras.Model`, for models on networks of Keras's, your own among them.

        It takes photos (n, h, w, 3) of the backbone's own size, with colours from 0 to 255, and gives
        probabilities (n, classes) in the order of `classes`. It is made of Keras's own layers alone: save it
        with `.save("pets.keras")`, load and train it on without headstart. Its layer "backbone" is frozen,
        "head" is not. Rows are not rounded in it, so probabilities differ from `predict_rows`, by 2e-4 at
        most where it was measured; more than 1e-3 is refused.

        Raises:
            HeadstartError: as `backbone`; or the network is none of Keras's, or the head has no layers there.
        """
        from headstart.model.as_keras import to_keras

        return to_keras(self)

    def network(self, name: str = "the model") -> Network:
        """The model as one differentiable function of the pixels, for `headstart.pixels`.

        Raises:
            HeadstartError: as `backbone`.
        """
        from headstart.pixels.network import Network

        return Network(name, self.backbone(), self.classes, (), self.layer, self.head.to_torch().logits)

    def save(
        self,
        path: str | Path,
        *,
        weights: bool = True,
        report_html: str | None = None,
        extra_files: Mapping[str, bytes] | None = None,
        waiting: Callable[[str], None] | None = None,
    ) -> Path:
        """Keep the model in a folder; one that is there is replaced, anything else refused.

        Killed at any moment, the folder holds the old model or the new one.

        Args:
            path: the model folder.
            weights: keep the backbone's weights in it, so that the folder is all that is needed;
                otherwise their SHA-256 only.
            report_html: what becomes `report.html`.
            extra_files: more files for people, by plain name ("skipped.csv").
            waiting: gets a line every few seconds while another process saves to the same folder.

        Returns:
            The folder, absolute.

        Raises:
            UsageError: something else lies there, or an extra file has a name that can't be used.
            StorageError: the disk refuses.
            WeightsMissingError: the weights are not at hand to be kept.
        """
        extras = dict(extra_files) if extra_files is not None else {}
        if report_html is not None:
            extras["report.html"] = report_html.encode("utf-8", "backslashreplace")
        check_extras(extras)
        record, tensors = record_of(self, self._weights_bytes() if weights else None)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(extras.items())}
        files = ModelFiles(record.model_copy(update={"extras": digests}), tensors)
        return write_folder(path, files, extras, waiting=waiting)

    def _weights_bytes(self) -> bytes:
        if self._weights is None:
            data = self._found_weights()
            if hashlib.sha256(data).hexdigest() != self.backbone_spec.weights_digest:
                raise ModelError(
                    f"the weights of {self.backbone_spec.name} have changed since this model was trained; "
                    "train again, or save with weights=False"
                )
            self._weights = data
        return self._weights

    def _found_weights(self) -> bytes:
        from headstart.model.rebuild import weights_at_hand

        known = None if self._backbone is not None else weights_at_hand(self.backbone_spec, self._home)
        return self.backbone().weights() if known is None else known


def load_model(path: str | Path, *, backbone: Backbone | None = None, home: Home | None = None) -> Model:
    """A model from its folder. Loading reads plain data: it runs no code and imports nothing by name.

    Args:
        path: a folder that `save` or `headstart train -o` wrote.
        backbone: the backbone it was trained on, where that is a network of your own, or is loaded already.
        home: where weights are looked up if the model was saved without them; None: the default home.

    Raises:
        ModelError: no model, damaged, from a newer version, or not trained on this backbone.
    """
    folder = absolute(path)
    files = read_folder(folder)
    record = files.record
    return Model(
        backbone_spec=record.backbone.spec(),
        layer=record.layer,
        head=head_of(folder, files),
        novelty=novelty_of(folder, files),
        photos=[TrainingPhoto(photo.name, photo.label, photo.sha256) for photo in record.photos],
        training=record.training,
        sets=sets_of(files),
        recipe=record.recipe,
        backbone=backbone,
        weights=weights_of_folder(folder, files),
        home=home,
    )
