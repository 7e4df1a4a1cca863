"""(paths of photos) => rows of features, as a scikit-learn transformer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from headstart.backbones.spec import POCKET
from headstart.errors import PhotosError, UsageError
from headstart.features.choosing import ByTrial
from headstart.features.extract import extract
from headstart.features.store import FeatureStore
from headstart.images.photo import Photo
from headstart.storage.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from headstart.backbones.base import Backbone
    from headstart.images.photo import Skipped

_NAMED_AT_MOST = 5


class PhotoFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Photos to features, for pipelines and grid searches.

    There is nothing to learn: `fit` only looks whether the backbone can be loaded. Rows are kept in the
    home's feature store, so that a grid search computes each photo once.

    Args:
        backbone: its name, "torchvision:mobilenet_v2"; or a `Backbone`; by default the small one that comes
            with headstart.
        layer: a layer reference; None: the backbone's default.
        home: the folder of weights and features; None: as the command line finds it.

    Example:
        >>> from sklearn.base import clone
        >>> clone(PhotoFeatures("resnet18", layer="layer3:mean")).get_params()
        {'backbone': 'resnet18', 'home': None, 'layer': 'layer3:mean'}
    """

    def __init__(
        self,
        backbone: str | Backbone = POCKET,
        *,
        layer: str | None = None,
        home: str | Path | None = None,
    ) -> None:
        self.backbone = backbone
        self.layer = layer
        self.home = home

    def fit(self, X: Sequence[str | Path] | NDArray[Any], y: object = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's names
        """Load the backbone, so that a wrong name or layer stops before any work.

        Args:
            X: (n,) paths of photos.
            y: not used.

        Raises:
            BackboneError: no such backbone or layer.
            WeightsMissingError: its weights are not at hand.
            UsageError: X is not a list of paths.
        """
        _paths(X)
        self.n_features_out_ = self._loaded().width(self.layer)
        return self

    def transform(self, X: Sequence[str | Path] | NDArray[Any]) -> NDArray[np.float32]:  # noqa: N803
        """Give the row of each photo.

        Args:
            X: (n,) paths of photos.

        Returns:
            (n, width) float32.

        Raises:
            PhotosError: a photo can't be used; a pipeline can't leave out rows.
            StorageError: rows are missing and can't be kept.
        """
        photos = [Photo(Path(path), str(path)) for path in _paths(X)]
        home = Home.find(self.home)
        with FeatureStore(home.features / "features.sqlite") as store:
            table = extract(photos, self._loaded(), store=store, layer=self.layer, engine=ByTrial(home))
        if table.skipped:
            raise _unusable(table.skipped, len(photos))
        return table.rows

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Name the columns "photofeatures0", "photofeatures1", … as scikit-learn does."""
        width = self._loaded().width(self.layer)
        return np.asarray([f"photofeatures{number}" for number in range(width)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _loaded(self) -> Backbone:
        if isinstance(self.backbone, str):
            return _load(self.backbone, Home.find(self.home))
        return self.backbone


@lru_cache(maxsize=2)
def _load(name: str, home: Home) -> Backbone:
    from headstart.backbones.load import load_backbone

    return load_backbone(name, home=home)


def _paths(photos: Sequence[str | Path] | NDArray[Any]) -> list[str | Path]:
    found = [photos] if isinstance(photos, str | Path) else list(photos)
    wrong = [each for each in found if not isinstance(each, str | Path)]
    if isinstance(photos, str | Path) or wrong:
        given = repr(photos) if isinstance(photos, str | Path) else f"a list with {wrong[0]!r}"
        raise UsageError(f"expected a list of paths of photos, one for each row; got {given}")
    return found


def _unusable(skipped: Sequence[Skipped], total: int) -> PhotosError:
    named = "; ".join(f"{each.name} ({each.detail})" for each in skipped[:_NAMED_AT_MOST])
    more = f"; and {len(skipped) - _NAMED_AT_MOST} more" if len(skipped) > _NAMED_AT_MOST else ""
    return PhotosError(
        f"{len(skipped)} of {total} photos can't be used and a pipeline can't leave out rows: {named}{more}; "
        "take them out of the list"
    )
