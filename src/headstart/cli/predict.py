"""`headstart predict`: parse, answer, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common

if TYPE_CHECKING:
    from headstart.tasks.predict import Prediction

_UNUSABLE = 2


def predict(
    model: str,
    files: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    top: int = 5,
    follow_links: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Say what is on photos, how sure that is, and when it is nothing that was learned.

    Args:
        model: A model folder, or the name of a backbone with classes of its own.
        files: Photos, or folders of photos.
        top: How many classes to give probabilities for.
        follow_links: Follow links that lead to other folders.
    """
    from headstart.cli.output import print_json
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.predict import predict as answer

    predictions = answer(
        model, files, top=top, follow_links=follow_links, home=common.home, progress=progress_for_stderr()
    )
    if common.json:
        print_json({"model": model, "predictions": [each.to_json() for each in predictions]})
    else:
        show(predictions)
    return 0 if any(each.error is None for each in predictions) else _UNUSABLE


def show(predictions: list[Prediction]) -> None:
    """Print a line for each file."""
    from headstart.cli.output import table

    table(("file", "answer", "sure", "next", ""), (_row(each) for each in predictions), right=(2,))


def _row(each: Prediction) -> tuple[str, ...]:
    from headstart.cli.output import percent

    if each.error is not None:
        return (each.file, "not used", "", "", each.error)
    (_, sure), *others = each.probabilities.items()
    following = ", ".join(f"{label} {percent(share)}" for label, share in others[:2])
    return (each.file, str(each.label), percent(sure), following, _remark(each))


def _remark(each: Prediction) -> str:
    if not each.unknown:
        return ""
    return f"unlike any training photo (nearest: {each.neighbours[0]['file']})"
