"""(photo, heat maps, deletion curve) => one picture that shows what an answer rests on, and its check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.report.colours import curves, overlay
from headstart.report.sheet import Tile, sheet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from headstart.pixels.heatmaps.deletion import Deletion
    from headstart.pixels.heatmaps.gradcam import HeatMap

_SIDE = 300
_HOT, _COLD, _RANDOM = (200, 60, 30), (40, 90, 190), (190, 190, 196)
_TITLES = {"gradcam": "Grad-CAM", "occlusion": "occlusion"}


def explained_picture(
    photo: NDArray[np.uint8],
    heat: HeatMap,
    check: HeatMap | None,
    deletion: Deletion,
    *,
    heading: str,
    words: str,
    meaningful: bool,
) -> Image.Image:
    """Lay out the photo, the map over it, the other method's map, and the deletion curve.

    Args:
        photo: (h, w, 3) uint8, as the network received it.
        heat: the map.
        check: the other method's.
        deletion: its curves are drawn.
        heading: class, probability, model.
        words: the verdict.
        meaningful: what the verdict comes to: a map that is not is called so in its caption too.
    """
    title = _title(heat) + ("" if meaningful else ": not to be trusted")
    tiles = [
        Tile(photo, "the photo, as the network receives it"),
        Tile(overlay(photo, heat.values), f"{title}\nbright: speaks for it"),
    ]
    if check is not None:
        tiles.append(Tile(overlay(photo, check.values), f"{_title(check)}, to check\nbright: speaks for it"))
    tiles.append(_curve(deletion))
    return sheet([tiles], side=_SIDE, heading=heading, note=words)


def _title(heat: HeatMap) -> str:
    return _TITLES[heat.method] + ("" if heat.layer is None else f" at {heat.layer}")


def _curve(deletion: Deletion) -> Tile:
    top = max(float(deletion.coldest_first.max()), float(deletion.hottest_first.max()), 1e-6)
    lines = [(each.tolist(), _RANDOM, 1) for each in deletion.random_hottest]
    lines.append((deletion.coldest_first.tolist(), _COLD, 3))
    lines.append((deletion.hottest_first.tolist(), _HOT, 3))
    caption = (
        "probability while more is hidden\nred: hottest first, blue: coldest first,\ngrey: the map moved"
    )
    return Tile(curves(lines, side=_SIDE, top=top), caption)
