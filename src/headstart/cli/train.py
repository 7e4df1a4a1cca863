"""`headstart train`: parse, train, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, READING, RUNNING, SWITCH, Common, Reading, Running

if TYPE_CHECKING:
    from headstart.model.model import Model


def train(
    photos: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    test: str | None = None,
    head: Literal["linear", "neighbours", "prototypes"] = "linear",
    layer: str | None = None,
    seed: int = 0,
    refit: Annotated[bool, SWITCH] = False,
    weights: bool = True,
    unknown: str | None = None,
    false_alarms: float = 0.05,
    coverage: float = 0.9,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Learn your classes from photos, measure how well, save the model with its report.

    Args:
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees (its own test part is measured then), ants-bees/val.
        output: The model folder to write; an existing headstart model is replaced.
        backbone: The pretrained network. pocket is small and comes with headstart; larger ones, such as
            mobilenet_v2 or timm:resnet50, are fetched once (see "backbones").
        test: Photos to measure on, never trained on; without them PHOTOS are measured in turns or in part.
        head: What learns from the features; prototypes works with one photo a class.
        layer: Take the features from this layer instead of the default (see "backbones show").
        seed: Decides which photos are held out, and nothing else that you could notice.
        refit: From 1,000 photos on: learn from the held-out fifth too, after measuring.
        weights: Keep the backbone's weights in the model folder, or only their digest.
        unknown: A folder of photos of nothing that is to be learned: never trained on, they measure how many
            such photos the model calls unknown.
        false_alarms: Share of photos of your own classes that may be called unknown.
        coverage: Share of photos for which the classes that an answer names must hold the right one.
    """
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.train import train as train_model

    model = train_model(
        photos,
        backbone=backbone,
        output=output,
        test=test,
        head=head,
        layer=layer,
        seed=seed,
        refit=refit,
        weights=weights,
        unknown=unknown,
        false_alarms=false_alarms,
        coverage=coverage,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        engine=running.engine,
        precision=running.precision,
        home=common.home,
        progress=progress_for_stderr(),
    )
    show_training(model, output, common)
    return 0


def show_training(model: Model, output: Path, common: Common) -> None:
    """Print what a training gave: one JSON object, or the answer first and then the details."""
    from headstart.cli.output import print_json, say
    from headstart.cli.summary import training_lines
    from headstart.tasks.train import training_json

    facts = training_json(model, output)
    if common.json:
        print_json(facts)
    else:
        say(*training_lines(facts))
