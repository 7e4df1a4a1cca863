"""`headstart predict`: parse, answer, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headstart.tasks.predict import Prediction

_NAMED = 5
UNKNOWN = "unknown: unlike your classes, or torn between them"
"""Distance and doubt count together, so a photo like many that were learned may be unknown too."""


def predict(
    model: str,
    files: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    top: int = 5,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Say what is on photos, how sure that is, and when it is nothing that was learned.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        files: Photos, folders of photos, or a data set: ants-bees, ants-bees/val; several may be named.
        top: How many classes to give probabilities for.
    """
    from headstart.cli.output import UNUSABLE, note, print_json
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.predict import predict as answer

    predictions = answer(
        model,
        files,
        top=top,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        engine=running.engine,
        precision=running.precision,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        shown = [each.to_json() for each in predictions]
        facts = {"notes": list(predictions.notes), "engine": predictions.engine}
        print_json({"model": model, "predictions": shown, **facts})
    else:
        show(predictions)
        note(*(f"note: {each}" for each in predictions.notes))
    return 0 if any(each.error is None for each in predictions) else UNUSABLE


def show(predictions: Iterable[Prediction]) -> None:
    """Print a line for each file."""
    from headstart.cli.output import say

    say(*(line_of(each) for each in predictions))


def line_of(each: Prediction) -> str:
    """Write an answer in one line.

    Example:
        >>> from headstart.tasks.predict import Prediction
        >>> line_of(Prediction("a.jpg", "cat", {"cat": 0.9, "dog": 0.1}, unknown=True))
        'a.jpg: cat 90.0 %, dog 10.0 % - unknown: unlike your classes, or torn between them'
        >>> line_of(Prediction("a.jpg", "cat", {"cat": 0.6}, one_of=("cat", "dog", "elk")))
        'a.jpg: cat 60.0 % - unsure: cat, dog or elk'
        >>> line_of(Prediction("b.jpg", error="empty: it has no bytes"))
        'b.jpg: not used, empty: it has no bytes'
    """
    from headstart.cli.output import percent

    if each.error is not None:
        return f"{each.file}: not used, {each.error}"
    answers = ", ".join(f"{label} {percent(share)}" for label, share in each.probabilities.items())
    return f"{each.file}: {answers}{_caution(each)}"


def _caution(each: Prediction) -> str:
    if each.unknown:
        return f" - {UNKNOWN}"
    if each.state != "unsure" or each.one_of is None:
        return ""
    names = list(each.one_of)
    if len(names) <= _NAMED:
        return f" - unsure: {', '.join(names[:-1])} or {names[-1]}"
    return f" - unsure: one of {len(names)} classes"
