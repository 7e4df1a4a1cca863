"""`headstart embed`: parse, compute, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running


def embed(
    photos: str,
    /,
    *,
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    layer: str | None = None,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Turn photos into rows of features, kept for every later command.

    Args:
        photos: A folder of photos, with or without class folders, a CSV with the columns path and label, or
            a data set: ants-bees, ants-bees/val.
        backbone: The pretrained network. pocket is small and comes with headstart; larger ones, such as
            mobilenet_v2 or timm:resnet50, are fetched once (see "backbones").
        output: A .npz file to write: features, paths, sha256, labels.
        layer: Take the features from this layer instead of the default (see "backbones show").
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.cli.summary import agreement_lines, engine_words, photos_lines
    from headstart.tasks.embed import embed as compute

    result = compute(
        photos,
        backbone=backbone,
        output=output,
        layer=layer,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        engine=running.engine,
        precision=running.precision,
        home=common.home,
        progress=progress_for_stderr(),
    ).to_json()
    if common.json:
        print_json(result)
        return 0
    counts = result["features"]
    say(
        f"{result['backbone']}{engine_words(result['engine'])}: "
        f"{result['rows']:,} rows of {result['width']:,} features, "
        f"{counts['computed']:,} computed and {counts['reused']:,} reused in "
        f"{result['seconds']['total']:.1f} s",
        *agreement_lines(result["engine"]),
        *photos_lines(result["photos"], result["skipped"]),
        *(f"note: {note}" for note in result["notes"]),
    )
    if output is not None:
        say(f"written: {output}")
    return 0
