"""`headstart demo`: the main job with nothing to download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common

_OUTPUT = Path("headstart-demo")


def demo(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = _OUTPUT,
    common: Common = COMMON,
) -> int:
    """Train, measure and predict on two photographs that scikit-learn carries; no network is used.

    Args:
        output: The folder to write: the photos' tiles and the model with its report.
    """
    from headstart.cli.output import note, say
    from headstart.cli.predict import show
    from headstart.cli.progress import progress_for_stderr
    from headstart.cli.train import show_training
    from headstart.tasks.demo import DEMO_WARNING
    from headstart.tasks.demo import demo as run_demo
    from headstart.tasks.predict import predict

    model, folder, tiles = run_demo(output, home=common.home, progress=progress_for_stderr())
    if common.json:
        note(*DEMO_WARNING)
    else:
        say(*DEMO_WARNING, "")
    show_training(model, folder, common)
    if not common.json:
        say("", "and on one test photo of each row of tiles it says:")
        show(predict(model, tiles, home=common.home))
    return 0
