"""(model, photo) => where on the photo its answer comes from, and whether that can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from headstart.errors import BackboneError, UsageError
from headstart.features.progress import NoProgress
from headstart.images.pixels import to_pixels
from headstart.pixels.heatmaps.deletion import deletion, pictures_needed
from headstart.pixels.heatmaps.gradcam import HeatMap, grad_cam
from headstart.pixels.heatmaps.occlusion import occlusion, windows
from headstart.pixels.network import class_index
from headstart.report.explained import explained_picture
from headstart.report.sheet import png
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import Home
from headstart.tasks.layer_names import completed
from headstart.tasks.network import open_network
from headstart.tasks.one_photo import read_photo
from headstart.tasks.pictures import picture_path
from headstart.tasks.seeds import check_seed

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from headstart.features.progress import Progress
    from headstart.model.model import Model
    from headstart.pixels.heatmaps.deletion import Deletion
    from headstart.pixels.network import Network

METHODS = ("gradcam", "occlusion")
_NAMES = {"gradcam": "Grad-CAM", "occlusion": "occlusion"}
_EVEN_SO = 0.7  # of the probability, with everything hidden
_AGREE, _DISAGREE = 0.4, 0.1  # rank correlations; of maps of two unrelated photos it lies around 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A heat map for an answer, and how it was checked.

    Attributes:
        model: what people call it.
        label: the class that is explained.
        probability: of that class.
        predicted: the model's own answer: another one where the class was chosen.
        heat: the map, by `method`.
        check: the map by the other method; None where it can't be computed.
        agreement: the rank correlation (Spearman) of the two, -1 to 1; None without the other.
        deletion: what became of the probability while hot and cold parts were hidden.
        photo: (h, w, 3) uint8, as the network received it.
        notes: what people should know.
    """

    model: str
    label: str
    probability: float
    predicted: str
    heat: HeatMap
    check: HeatMap | None
    agreement: float | None
    deletion: Deletion
    photo: NDArray[np.uint8]
    notes: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How the map was made: "gradcam" or "occlusion"."""
        return self.heat.method

    @property
    def meaningful(self) -> bool:
        """Whether the deletion test says that the map shows where the answer comes from."""
        return self.deletion.meaningful

    def verdict(self) -> str:
        """What the deletion test says, in a sentence."""
        found = self.deletion
        before, halfway = found.hottest_first[0], len(found.hidden) // 2
        if found.flat:
            return (
                f"The map is empty: no place speaks for {self.label!r} by {_NAMES[self.method]}. "
                "It says nothing about the photo."
            )
        curve = (
            f"with the hottest half of the photo hidden its probability is "
            f"{_percent(found.hottest_first[halfway])}, with the coldest half hidden "
            f"{_percent(found.coldest_first[halfway])} (all shown: {_percent(float(before))})"
        )
        places = f"{found.beaten} of {len(found.random_hottest)}"
        if found.meaningful:
            said = (
                f"The hot places matter: {curve}. The map does better than {places} copies of it that were "
            )
            said += "moved at random."
        elif found.beaten == len(found.random_hottest):
            said = f"Do not trust this map: {curve}, too little a difference to mean anything."
        else:
            said = f"Do not trust this map: {curve}; only {places} copies of it that were moved at random "
            said += "do worse."
        return said + self._nothing_words()

    def _nothing_words(self) -> str:
        """What must be said of a class that is the answer also where there is nothing to see."""
        nothing = float(self.deletion.hottest_first[-1])
        if nothing < _EVEN_SO * float(self.deletion.hottest_first[0]):
            return ""
        return (
            f" Even with all of the photo hidden behind blur {self.label!r} gets {_percent(nothing)}: "
            "little that is on the photo decides."
        )

    def agreement_words(self) -> str:
        """How well the other method agrees, in a sentence."""
        if self.check is None or self.agreement is None:
            return "No second method could check it."
        name = _NAMES[self.check.method]
        figure = f"rank correlation {self.agreement:.2f}"
        if self.agreement >= _AGREE:
            return f"{_capital(name)} sees the same places ({figure})."
        if self.agreement >= _DISAGREE:
            return f"{_capital(name)} agrees in part ({figure})."
        return f"{_capital(name)} sees other places ({figure}): at least one of the two is misleading."

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "model": self.model,
            "label": self.label,
            "probability": self.probability,
            "predicted": self.predicted,
            "method": self.method,
            "layer": self.heat.layer,
            "deletion": self.deletion.to_json(),
            "agreement": self.agreement,
            "check": None if self.check is None else {"method": self.check.method, "layer": self.check.layer},
            "verdict": f"{self.verdict()} {self.agreement_words()}",
            "notes": list(self.notes),
        }


def explain(
    model: str | Path | Model | Network,
    image: str | Path,
    *,
    target: str | None = None,
    method: Literal["gradcam", "occlusion"] = "gradcam",
    layer: str | None = None,
    output: str | Path | None = None,
    seed: int = 0,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Show where on a photo an answer comes from, and measure whether the map that says so can be believed.

    Args:
        model: a trained model, its folder, or the name of a network with classes of its own.
        image: a photo.
        target: the class to explain; None: the model's own answer.
        method: "gradcam" (Selvaraju et al. 2017, by captum), or "occlusion" (Zeiler and Fergus 2014); each is
            checked by the other.
        layer: whose maps Grad-CAM takes; None: the last one that knows places.
        output: a .png file to write the picture to.
        seed: of the moved maps of the deletion test.
        home: the folder for weights; None: `HEADSTART_HOME` or the platform's.
        progress: told of the pictures that the network is asked about.

    Raises:
        UsageError: no such class, a folder for a photo, an output that can't be, `layer` with occlusion.
        PhotosError: the photo can't be used.
        ModelError: the model folder can't be used.
        BackboneError: an unknown layer, or one without maps.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone, write_photos
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog")))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = write_photos(Path(folder))
        ...     found = explain(network, photos / "red" / "0.jpg", target="dog")
        >>> found.label, found.heat.layer, found.heat.values.shape
        ('dog', 'last', (32, 32))
    """
    if method not in METHODS:
        raise UsageError(f"method is {method!r}; expected {' or '.join(METHODS)}")
    if layer is not None and method == "occlusion":
        raise UsageError("occlusion looks at no layer; leave --layer out, or take --method gradcam")
    check_seed(seed)
    tell: Progress = NoProgress() if progress is None else progress
    target_file = None if output is None else picture_path(output, image)
    network = open_network(model, Home.find(home), progress)
    index = None if target is None else class_index(network, target)
    chosen = None if layer is None else completed(network.backbone, layer)
    decoded = read_photo(image, network.resize)
    pixels = torch.from_numpy(to_pixels([decoded.pixels]))
    probabilities = network.probabilities(pixels)[0]
    predicted = int(probabilities.argmax())
    index = predicted if index is None else index
    heat, check, found = _measured(network, pixels, index, method, chosen, seed, tell)
    explanation = Explanation(
        model=network.name,
        label=network.classes[index],
        probability=float(probabilities[index]),
        predicted=network.classes[predicted],
        heat=heat,
        check=check,
        agreement=None if check is None else rank_correlation(heat, check),
        deletion=found,
        photo=decoded.pixels,
        notes=decoded.notes,
    )
    if target_file is not None:
        atomic_write_bytes(target_file, png(_picture(explanation)))
    return explanation


def rank_correlation(one: HeatMap, other: HeatMap) -> float | None:
    """Spearman's correlation of two maps of one photo, over places that are averaged to a coarse grid.

    Returns:
        -1 to 1; None where one of them is everywhere the same.
    """
    from scipy.stats import spearmanr

    if one.empty or other.empty:
        return None
    coarse = [_coarse(each.values) for each in (one, other)]
    return float(spearmanr(*coarse).statistic)


def _coarse(values: NDArray[np.float32]) -> NDArray[np.float32]:
    from torch.nn import functional

    small: NDArray[np.float32] = functional.adaptive_avg_pool2d(torch.from_numpy(values)[None], 14).numpy()
    return small.ravel()


def _measured(  # noqa: PLR0917
    network: Network,
    pixels: Tensor,
    index: int,
    method: str,
    layer: str | None,
    seed: int,
    tell: Progress,
) -> tuple[HeatMap, HeatMap | None, Deletion]:
    passes = pictures_needed() + len(windows(*pixels.shape[2:])) + 1
    tell.start(passes, "pictures with parts hidden")
    try:
        cam: HeatMap | None = None
        try:
            cam = grad_cam(network, pixels, index, layer)
        except BackboneError:
            if method == "gradcam":
                raise
        hidden = occlusion(network, pixels, index, done=tell.advance)
        heat, check = (cam, hidden) if method == "gradcam" and cam is not None else (hidden, cam)
        found = deletion(network, pixels, index, heat.values, seed=seed, done=tell.advance)
    finally:
        tell.stop()
    return heat, check, found


def _picture(found: Explanation) -> Any:
    return explained_picture(
        found.photo,
        found.heat,
        found.check,
        found.deletion,
        heading=f"{found.label} {_percent(found.probability)} ({found.model})",
        words=f"{found.verdict()} {found.agreement_words()}",
        meaningful=found.meaningful,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _percent(share: float) -> str:
    from headstart.report.text import percent

    return percent(share).replace("\N{NO-BREAK SPACE}", " ")  # terminals may not have it
