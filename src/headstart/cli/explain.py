"""`headstart explain`: parse, measure, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common


def explain(
    model: str,
    image: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    class_: Annotated[str | None, Parameter(name=["--class", "-c"])] = None,
    method: Literal["gradcam", "occlusion"] = "gradcam",
    layer: str | None = None,
    seed: int = 0,
    common: Common = COMMON,
) -> int:
    """Show which places of a photo an answer comes from, and whether that map can be believed.

    The map is tested: its hottest parts are hidden first, then its coldest, and the same is done with copies
    of the map that are moved at random. A map that does no better than they do is said to mean nothing.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        image: A photo.
        output: The .png file to write: photo, map, second opinion, test.
        class_: Explain this class instead of the model's own answer.
        method: Grad-CAM follows gradients, occlusion hides parts and asks again; each checks the other.
        layer: Take Grad-CAM's maps from this layer instead of the last one that knows places.
        seed: Of the copies that are moved at random.
    """
    from headstart.cli.output import percent, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.explain import explain as measure

    found = measure(
        model,
        image,
        target=class_,
        method=method,
        layer=layer,
        output=output,
        seed=seed,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        print_json({**found.to_json(), "output": str(output)})
        return 0
    other = "" if found.label == found.predicted else f" (its own answer is {found.predicted})"
    layer_words = "" if found.heat.layer is None else f" at {found.heat.layer}"
    say(
        f"{image}: {found.label} {percent(found.probability)}{other}",
        f"{'Grad-CAM' if found.method == 'gradcam' else 'Occlusion'}{layer_words}: {found.verdict()}",
        found.agreement_words(),
        *(f"note: {note}" for note in found.notes),
        f"written: {output}",
    )
    return 0
