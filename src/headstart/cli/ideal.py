"""`headstart ideal`: parse, make the picture, say who sees what in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common

if TYPE_CHECKING:
    from headstart.tasks.ideal import IdealImage

Method = Literal["fourier", "maco", "pixel", "lesson"]
Optimiser = Literal["sgd", "momentum", "rmsprop", "adam", "nadam", "adagrad"]


def ideal(
    model: str,
    class_name: Annotated[str | None, Parameter(name="CLASS")] = None,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    method: Method = "fourier",
    layer: str | None = None,
    channel: int | None = None,
    tv: float | None = None,
    steps: int | None = None,
    optimizer: Optimiser | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
    seeds: int = 1,
    spectrum: str | None = None,
    verifier: Annotated[list[str] | None, Parameter(negative="")] = None,
    journey: Path | None = None,
    film: Path | None = None,
    common: Common = COMMON,
) -> int:
    """Draw what a network sees most of a class in, and ask other networks what they see there.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        class_name: The class, by its name or identifier; left out where --layer and --channel are given.
        output: The picture, a PNG file; several seeds add their number to its name.
        method: fourier: waves in uncorrelated colours, moved, scaled and turned while it is made; maco: only
            phases change, the spectrum stays that of photos; pixel: pixels with a smoothness loss; lesson:
            noise and plain gradient descent, 10 x cross-entropy + 0.005 x total variation.
        layer: Draw what drives a channel of this layer most, instead of a class.
        channel: Which one, from 0.
        tv: Weight of the total variation: more is smoother; 0 leaves it out.
        steps: How many (fourier 96, maco 128, pixel 200, lesson 1000).
        optimizer: Instead of the method's own (fourier adam, maco nadam, pixel rmsprop, lesson sgd).
        learning_rate: Instead of the method's own for that optimiser.
        seed: Of the start and of what the picture must survive; the same seed gives the same bytes.
        seeds: How many pictures, from this seed on.
        spectrum: Photos whose spectrum maco keeps to, instead of that of 1,000 photos of ImageNet.
        verifier: Another network or model folder to ask, beside those at hand; may be repeated.
        journey: Save the way to the picture as well, as one sheet: start, some steps, end (PNG).
        film: Save the way to the picture as well, as a film (GIF).
    """
    from headstart.cli.output import note, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.ideal import ideal_images
    from headstart.tasks.ideal_files import IdealFiles

    files = IdealFiles.checked(output, journey, film, seed=seed, seeds=seeds, spectrum=spectrum)
    made = ideal_images(
        model,
        class_name,
        seeds=files.seeds,
        layer=layer,
        channel=channel,
        method=method,
        steps=steps,
        tv=tv,
        optimiser=optimizer,
        learning_rate=learning_rate,
        spectrum=spectrum,
        verifiers=verifier or (),
        record=files.recorded,
        home=common.home,
        progress=progress_for_stderr(),
    )
    written = [files.write(each) for each in made]
    notes = dict.fromkeys(each for image in made for each in image.notes)
    if common.json:
        pictures = [{**each.to_json(), **paths} for each, paths in zip(made, written, strict=True)]
        print_json({"model": model, **pictures[0], "pictures": pictures, "notes": list(notes)})
    else:
        for each, paths in zip(made, written, strict=True):
            say(*described(each), *(f"{what}: {path}" for what, path in paths.items()))
        note(*(f"note: {each}" for each in notes))
    return 0


def described(image: IdealImage) -> list[str]:
    r"""Write the facts in a few lines.

    Example:
        >>> import numpy as np
        >>> from headstart.tasks.ideal import IdealImage
        >>> from headstart.tasks.verifiers import Belief
        >>> facts = IdealImage(
        ...     np.zeros((8, 8, 3), np.uint8), "one", "fourier", 0, 512, "zebra", None, 0.99, 1, 21.5, 400.0,
        ...     {"other": Belief(0.1, 40, 1000)}, seconds=3.0)
        >>> print("\n".join(described(facts)))
        zebra as one sees it: 99.0 %, logit 21.5
          fourier, seed 0, 512 steps in 3 s, total variation 400
          other: 10.0 %, rank 40 of 1000
        an adversarial texture: only one itself sees 'zebra' in it
    """
    from headstart.cli.output import percent

    how = f"  {image.method}, seed {image.seed}, {image.steps} steps in {image.seconds:.0f} s"
    how = f"{how}, total variation {image.total_variation:.0f}"
    if image.label is None or image.probability is None:
        return [f"{image.unit} of {image.network}: {image.logit:.4g} on average", how, image.verdict]
    first = f"{image.label} as {image.network} sees it: {percent(image.probability)}, logit {image.logit:.1f}"
    others = [
        f"  {name}: {percent(each.probability)}, rank {each.rank} of {each.classes}"
        for name, each in image.verifiers.items()
    ]
    return [first, how, *others, image.verdict]
