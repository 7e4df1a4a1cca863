"""DoctorFacts -> str: one HTML page of what was found about photos, grouped by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.report.page import environment, style


@dataclass(frozen=True, slots=True)
class Shown:
    """One file of a finding.

    Attributes:
        name: of the file.
        label: its class; "" for none.
        picture: a data URI; None where there is none.
    """

    name: str
    label: str = ""
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One finding.

    Attributes:
        sentence: what was found.
        files: the first ones.
        more: how many files it has beside these.
    """

    sentence: str
    files: Sequence[Shown] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All findings of one kind.

    Attributes:
        name: of the kind, for links within the page.
        title: for people.
        severity: "high", "medium" or "low".
        why: what it means.
        suggestion: what to do.
        count: how many there are.
        items: the first ones.
        grouped: each is about several files.
        detail: another sentence without its full stop, on how many of them are what; "" for none.
    """

    name: str
    title: str
    severity: str
    why: str
    suggestion: str
    count: int
    items: Sequence[Item]
    grouped: bool = False
    detail: str = ""

    @property
    def more(self) -> int:
        """How many are in the table only."""
        return self.count - len(self.items)

    @property
    def pictured(self) -> bool:
        """Whether its findings are about files and not about classes."""
        return any(item.files for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFacts:
    """Everything that stands on the page.

    Attributes:
        source: the photos, as the user named them.
        command: what was asked.
        version: of headstart.
        files: how many were looked at.
        classes: how many classes they have.
        parts: names of the parts; one where there are none.
        groups: kinds that were found, the most important first.
        looked_for: titles of kinds of which nothing was found.
        notes: what people should know.
        corrections: whether there is a table of suggested classes.
    """

    source: str
    command: str
    version: str
    files: int
    classes: int
    parts: Sequence[str]
    groups: Sequence[Group]
    looked_for: Sequence[str] = ()
    notes: Sequence[str] = ()
    corrections: bool = False


def render_doctor(facts: DoctorFacts) -> str:
    """The page as one HTML document; it loads nothing.

    Example:
        >>> page = render_doctor(DoctorFacts(
        ...     source="<pets>", command="headstart doctor", version="1", files=3, classes=2, parts=["pets"],
        ...     groups=[], looked_for=["Blurred"],
        ... ))
        >>> "&lt;pets&gt;" in page, "Nothing found" in page, "<script" in page
        (True, True, False)
    """
    return environment().get_template("doctor.html").render(facts=facts, **style())
