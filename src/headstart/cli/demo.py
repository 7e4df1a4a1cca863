"""`headstart demo`: the main job with nothing to download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.cli.options import COMMON, Common
from headstart.cli.output import note, percent, print_json, say

if TYPE_CHECKING:
    from headstart.tasks.demo import Demo
    from headstart.tasks.predict import Prediction

_OUTPUT = Path("headstart-demo")
_EXAMPLES = 4
_COMPARED = {
    "one answer": "always the same answer",
    "bare pixels": "no network: from the bare pixels",
    "grey histogram": "no network: from how often each grey occurs",
    "untrained network": "the same network with random weights",
}


def demo(
    *,
    output: Annotated[Path, Parameter(alias="-o")] = _OUTPUT,
    common: Common = COMMON,
) -> int:
    """Train, measure and predict on pictures that installed packages carry; no network is used.

    Args:
        output: The folder to write: the pictures' tiles and the model with its report.
    """
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.demo import DEMO_WARNING
    from headstart.tasks.demo import demo as run_demo

    result = run_demo(output, home=common.home, progress=progress_for_stderr())
    if common.json:
        note(*DEMO_WARNING)
        print_json(result.to_json())
    else:
        say(*_lines(result), "", *DEMO_WARNING, "", *_next_lines(result))
    return 0


def _lines(result: Demo) -> list[str]:
    """Write what was done, how good it is beside simpler ways, and what it says of strangers."""
    learned, asked = len(result.model.photos), len(result.tiles)
    examples = (*result.tiles[:: asked // _EXAMPLES + 1], *result.strangers)
    return [
        f"Nine pictures were cut into grey patches: {', '.join(result.model.classes)}.",
        f"It learned from {learned} of them, and was asked about {asked} others of the same pictures.",
        "How often was it right?",
        "",
        *_share_lines(result),
        "",
        f"Some of its answers to pictures in {result.photos}; it never learned what is in unknown/.",
        "",
        *(_answer_line(each, Path(each.file).relative_to(result.photos)) for each in examples),
        "",
        _unknown_line(result),
    ]


def _share_lines(result: Demo) -> list[str]:
    """Write how often each way was right, and what people should know of the training."""
    training = result.model.training
    lines = [_share_line(_COMPARED[what], share) for what, share in result.compared.items()]
    if training.accuracy is not None:
        low, high = 100 * training.accuracy.low, 100 * training.accuracy.high
        line = _share_line(result.model.backbone_spec.name, training.accuracy.value)
        lines.append(f"{line}  (95 % interval {low:.1f} to {high:.1f})")
    return [*lines, *(f"  note: {each}" for each in training.notes)]


def _share_line(what: str, share: float) -> str:
    return f"  {what:<45}{percent(share):>8}"


def _answer_line(each: Prediction, name: Path) -> str:
    """Write the answer for one picture.

    Example:
        >>> from headstart.tasks.predict import Prediction
        >>> _answer_line(Prediction("cat.png", "moon", {"moon": 0.5}, unknown=True), Path("cat.png"))
        '  cat.png                          unknown: like nothing that it learned'
        >>> _answer_line(Prediction("cat.png", "moon", {"moon": 0.625}, unknown=False), Path("cat.png"))
        '  cat.png                          moon, 62.5 % sure'
    """
    answer = f"{each.label}, {percent(max(each.probabilities.values(), default=0))} sure"
    return f"  {name.as_posix():<33}{'unknown: like nothing that it learned' if each.unknown else answer}"


def _unknown_line(result: Demo) -> str:
    found, taken = (sum(each.unknown is True for each in part) for part in (result.strangers, result.tiles))
    return (
        f"Called unknown: {found} of {len(result.strangers)} pictures that are, "
        f"and by mistake {taken} of the {len(result.tiles)} patches."
    )


def _next_lines(result: Demo) -> list[str]:
    return [
        f"The report, for your browser: {(result.folder / 'report.html').absolute().as_uri()}",
        "Your own photos, one folder for each class, come next:",
        "  headstart train my-photos -o my-model",
    ]
