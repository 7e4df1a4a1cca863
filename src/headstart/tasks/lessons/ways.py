"""(a row, what is at hand) => the row measured, or why it is not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from headstart.errors import HeadstartError, StorageError
from headstart.tasks.lessons import counting, drawing, dropout, files, fooling, lighter, linear, tuning
from headstart.tasks.lessons.measured import Measured, NotMeasuredError, Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from headstart.tasks.lessons.desk import Desk
    from headstart.tasks.lessons.figures import Figure

WAYS: dict[str, Callable[[Figure, Desk], Measured]] = {
    "broken": files.broken,
    "features": counting.features,
    "weights": counting.weights,
    "linear": linear.linear,
    "dip": tuning.dip,
    "tuned": tuning.tuned,
    "ideal": drawing.ideal,
    "dog-before": fooling.before,
    "dog-after": fooling.after,
    "dog-other": fooling.elsewhere,
    "dropout": dropout.dropout,
    "breeds": files.breeds,
    "lighter": lighter.lighter,
}


def measure(figure: Figure, desk: Desk) -> Row:
    """Measure a row; whatever stands in the way of one row leaves the others alone.

    Raises:
        StorageError: the disk stands in the way of all.
    """
    began = time.monotonic()
    try:
        desk.require(figure)
        ours = WAYS[figure.way](figure, desk)
    except NotMeasuredError as missing:
        seconds = time.monotonic() - began
        return Row(figure, None, str(missing), missing.fetch, missing.slow, seconds)
    except StorageError:
        raise
    except HeadstartError as fault:
        return Row(figure, None, str(fault), seconds=time.monotonic() - began)
    ours = replace(ours, reasons=(*desk.instead(figure.data), *ours.reasons))
    return Row(figure, ours, seconds=time.monotonic() - began)
