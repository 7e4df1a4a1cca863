"""(what was asked, what was not used) => how pages tell it: words of the command, the files left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.report.facts import SkippedFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headstart.backbones.engines.engine import EngineChoice
    from headstart.images.photo import Skipped


@dataclass(frozen=True, slots=True)
class Asked:
    """Options that stand in a command only where they were given.

    Attributes:
        engine: that was asked for; None: what a trial finds.
        precision: likewise.
        follow_links: links to other folders were followed.
    """

    engine: str | None = None
    precision: str | None = None
    follow_links: bool = False

    @classmethod
    def of(cls, choice: EngineChoice, *, follow_links: bool) -> Asked:
        """What was asked of the engines."""
        return cls(choice.engine, choice.precision, follow_links)

    def words(self) -> list[str]:
        """The options, as they are typed.

        Example:
            >>> Asked("torch", None, True).words(), Asked().words()
            (['--engine', 'torch', '--follow-links'], [])
        """
        words = [] if self.engine is None else ["--engine", self.engine]
        words += [] if self.precision is None else ["--precision", self.precision]
        return [*words, "--follow-links"] if self.follow_links else words


def skipped_facts(skipped: Iterable[Skipped]) -> list[SkippedFile]:
    """Each file that was not used, as plain values for a page."""
    return [SkippedFile(each.name, each.reason.value, each.detail) for each in skipped]
