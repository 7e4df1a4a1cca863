"""(what was asked) => the commands and the title that a catalogue's page shows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.report.text import shell_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.model.model import Model
    from headstart.report.catalogue_facts import PhotoEntry
    from headstart.tasks.answerer import Answerer

_UNNAMED = "MODEL"  # a model that was given in Python and lies in no folder that we know of


def title_of(sources: Sequence[str]) -> str:
    """What the photos are called.

    Example:
        >>> title_of(["pets/summer/"]), title_of(["pets", "more"])
        ('summer', 'pets and 1 more')
    """
    first = Path(sources[0]).absolute().name or sources[0]
    return first if len(sources) == 1 else f"{first} and {len(sources) - 1} more"


def unmeasured_note(photos: Sequence[PhotoEntry], answerer: Answerer) -> str:
    """Why photos are neither sure nor unsure, and what to do; empty where none is."""
    return answerer.unmeasured if any(each.state == "unmeasured" for each in photos) else ""


def learn_command(model: str | Path | Model, table: Path | None = None) -> str:
    """The command that takes corrections in; a network has no model folder that could learn, so one is made.

    Args:
        model: as it was given.
        table: the table; None: the one that the page saves, which a browser puts among its downloads.

    Example:
        >>> learn_command("pocket")
        'headstart train corrections.csv -o MODEL'
    """
    if _is_path(model) and not Path(model).expanduser().is_dir():  # type: ignore[arg-type]
        return f"headstart train {_saved(table)} -o {_UNNAMED}"
    return f"headstart learn {_model_word(model)} {_saved(table)}"


def _saved(table: Path | None) -> str:
    return "corrections.csv" if table is None else path_word(table)


@dataclass(frozen=True)
class How:
    """How photos were asked to be looked at; a command that does the same again repeats it.

    Attributes:
        follow_links: links that lead to other folders are followed.
        engine: what runs the network; None: as in training.
        precision: likewise.
        home: the folder for weights and features; None: the usual one.
    """

    follow_links: bool = False
    engine: str | None = None
    precision: str | None = None
    home: str | Path | None = None

    @property
    def words(self) -> list[str]:
        """The options as words of a shell's command.

        Example:
            >>> How(follow_links=True, precision="f32", home="/my home").words
            ['--follow-links', '--precision', 'f32', '--home', "'/my home'"]
        """
        words = ["--follow-links"] if self.follow_links else []
        for name, value in (("--engine", self.engine), ("--precision", self.precision)):
            words += [] if value is None else [name, shell_word(value)]
        return words if self.home is None else [*words, "--home", path_word(self.home)]


def again_command(
    model: str | Path | Model,
    sources: Sequence[str],
    place: Path,
    known: str | Path | None,
    how: How = How(),
) -> str:
    """The command that brings the catalogue up to date, from any folder.

    Example:
        >>> again_command("pocket", ["/my pets"], Path("/out"), None, How(engine="torch"))
        "headstart catalogue pocket '/my pets' -o /out --engine torch"
    """
    words = [_model_word(model), *(path_word(each) for each in sources), "-o", path_word(place)]
    if known is not None:
        words += ["--known", path_word(known)]
    return " ".join(["headstart catalogue", *words, *how.words])


def _model_word(model: str | Path | Model) -> str:
    if not _is_path(model):
        return _UNNAMED
    folder = Path(model).expanduser()  # type: ignore[arg-type]
    return path_word(folder) if folder.is_dir() else shell_word(str(model))


def _is_path(model: str | Path | Model) -> bool:
    return isinstance(model, str | os.PathLike)


def path_word(path: str | Path) -> str:
    """A path as a word of a shell's command, from any folder.

    Example:
        >>> path_word("/my pets")
        "'/my pets'"
    """
    return shell_word(str(Path(path).expanduser().absolute()))
