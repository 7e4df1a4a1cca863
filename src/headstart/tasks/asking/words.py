"""(a choice, the model's answer) => why this photo, in words; the page's title, introduction and command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.report.text import counted, percent
from headstart.tasks.cataloguing.words import How, path_word, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from headstart.heads.asking import Choice
    from headstart.model.answers import Answer

ORDER = "most to learn from"
"""What the order of the photos is called."""
_UNSURE = 0.5  # from here on the second class has more than a third of the first one's probability
_NAMED = 3


def why(choice: Choice, answer: Answer) -> str:
    """Say why a photo is asked about.

    Args:
        choice: what the choice rests on.
        answer: what the model says of the photo, with two classes at least where it knows two.

    Example:
        >>> from headstart.heads.asking import Choice
        >>> from headstart.model.answers import Answer
        >>> answer = Answer("cat", {"cat": 0.5, "dog": 0.4}, unknown=False, neighbours=[])
        >>> why(Choice("0f", 0.9, 14), answer)
        'unsure between cat and dog; stands for 14 similar photos'
        >>> why(Choice("0f", 0.9, 0), Answer("cat", {"cat": 0.5}, unknown=True, neighbours=[]))
        'unlike anything learned'
    """
    reason = _doubt(choice, answer)
    if choice.similar:
        reason += f"; stands for {counted(choice.similar, 'similar photo')}"
    return reason


def _doubt(choice: Choice, answer: Answer) -> str:
    if answer.unknown:
        return "unlike anything learned"
    several = list(answer.one_of or ())
    if len(several) < 2 and choice.doubt >= _UNSURE:
        several = list(answer.probabilities)[:2]
    if len(several) > _NAMED:
        return f"unsure among {len(several)} classes, {several[0]} and {several[1]} first"
    if len(several) > 1:
        return f"unsure between {', '.join(several[:-1])} and {several[-1]}"
    share = percent(answer.probabilities[answer.label], digits=0).replace("\N{NO-BREAK SPACE}", " ")
    return f"{answer.label} with {share}, to be confirmed"


def heading(sources: Sequence[str]) -> str:
    """The page's title.

    Example:
        >>> heading(["pets/summer"])
        'Which photo next? summer'
    """
    return f"Which photo next? {title_of(sources)}"


def introduction(asked: int, candidates: int, name: str, compared: int | None = None) -> str:
    """What the page is for.

    Args:
        asked: how many photos are asked about.
        candidates: of how many.
        name: of the model.
        compared: how many of those were compared with each other, where that is fewer.

    Example:
        >>> introduction(1, 1, "pets")
        'The one photo that pets was not trained on. Give it its class, and save.'
    """
    if candidates == 1:
        return f"The one photo that {name} was not trained on. Give it its class, and save."
    if asked >= candidates:
        every = f"All {counted(candidates, 'photo')} that {name} was not trained on."
        return f"{every} Give each its class, and save."
    which = "The one" if asked == 1 else f"The {asked:,}"
    sample = "" if compared is None else f" ({compared:,} of them were compared)"
    return (
        f"{which} of {counted(candidates, 'photo')}{sample} whose class would teach {name} most, the most "
        "useful first. Give each its class, and save."
    )


def ask_command(
    model: str | Path,
    sources: Sequence[str],
    count: int,
    place: Path,
    how: How = How(),  # noqa: B008 - it can't be changed
) -> str:
    """The command that asks again, from any folder: after `learn`, about other photos.

    Example:
        >>> from pathlib import Path
        >>> ask_command("/m", ["/my pets"], 20, Path("/out"), How(follow_links=True))
        "headstart ask /m '/my pets' -n 20 -o /out --follow-links"
    """
    words = [*(path_word(each) for each in (model, *sources)), "-n", str(count), "-o", path_word(place)]
    return " ".join(["headstart ask", *words, *how.words])
