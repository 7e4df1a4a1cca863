"""The values that a catalogue's page shows: plain, checked, and kept beside the page as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from headstart.model.facts import Count, Record, Share, Text

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
NotNegative = Annotated[float, Field(ge=0)]


class ClassShare(Record):
    """A class and its probability."""

    label: Text
    share: Share


class KnownPhoto(Record):
    """A training photo near one of the catalogue.

    Attributes:
        file: its name in training.
        label: its class.
        distance: cosine distance of the features, 0 for the same photo, about 1 for nothing in common.
        sha256: of its bytes; None where that is not known.
        pictured: whether `thumbnails/` has it.
    """

    file: Text
    label: Text
    distance: NotNegative
    sha256: Digest | None = None
    pictured: bool = False


class PhotoEntry(Record):
    """A photo of the catalogue.

    Attributes:
        sha256: of its bytes: what the photo is, whatever its name.
        name: as people know it: below the folder that was given.
        path: where it lies, absolute.
        label: the most probable class.
        shares: the first classes with their probabilities, most probable first.
        state: "learned" (the model was trained on this very photo), "sure", "unsure" (one of several
            classes), "unknown" (none of them) or "unmeasured" (nobody can tell which of these).
        one_of: the classes of which one is the right one; empty where that could not be measured.
        strangeness: above 1 for an unknown photo; None where that could not be measured.
        nearest: the most similar training photos, nearest first.
        trained: the class with which the model was trained on this very photo; None: it was not.
        copies: number of its group of exact copies; None: the only one with these bytes.
        alike: number of its group of near-duplicates; None: none.
        was: its class before the model last changed its mind on any photo; None: the same.
        added: in which run it came, from 1.
        pictured: whether `thumbnails/` has it.
        why: a sentence for its card ("unlike all others"); empty: none.

    Example:
        >>> shares = [ClassShare(label="cat", share=0.9)]
        >>> PhotoEntry(sha256="0" * 64, name="a.jpg", path="/a.jpg", label="cat", shares=shares).thumbnail
        '0000000000000000.jpg'
    """

    sha256: Digest
    name: Text
    path: Text
    label: Text
    shares: list[ClassShare]
    state: Literal["learned", "sure", "unsure", "unknown", "unmeasured"] = "sure"
    one_of: list[Text] = Field(default_factory=list)
    strangeness: NotNegative | None = None
    nearest: list[KnownPhoto] = Field(default_factory=list)
    trained: Text | None = None
    copies: Count | None = None
    alike: Count | None = None
    was: Text | None = None
    added: Count = 1
    pictured: bool = True
    why: Text = ""

    @property
    def shown_label(self) -> str:
        """The class on its card: what the model was taught of it, else what it says."""
        return self.trained or self.label

    @property
    def thumbnail(self) -> str:
        """Its file in `thumbnails/`."""
        return thumbnail_name(self.sha256)


class UnusedFile(Record):
    """A file that is not in the catalogue, and why."""

    file: Text
    reason: Text
    detail: Text


class Catalogue(Record):
    """Everything that the page says; make one for any photos that are to be looked through and labelled.

    Attributes:
        kind: photos that were sorted, or those that `ask` asks about: the one page never replaces the other.
        key: under which a browser keeps the corrections made in this page; stays with the catalogue.
        title: of the page.
        intro: a sentence or two below the title.
        order: what the order of `photos` is called ("name", "most to learn from").
        model: of which model the answers are, as people know it.
        classes: that the model knows.
        photos: in the order in which they are shown at first.
        unused: files that could not be used.
        unmeasured: why photos are "unmeasured", and what to do; empty: none is.
        notes: what people should know.
        learn: the command that takes corrections.csv in; the page puts the saved file's own name there.
        again: the command that writes this page anew; empty: none.
    """

    kind: Literal["catalogue", "questions"] = "catalogue"
    key: Text
    title: Text
    intro: Text
    order: Text = "name"
    model: Text
    classes: list[Text]
    photos: list[PhotoEntry]
    unused: list[UnusedFile] = Field(default_factory=list)
    unmeasured: Text = ""
    notes: list[Text] = Field(default_factory=list)
    learn: Text
    again: Text = ""


def thumbnail_name(sha256: str) -> str:
    """A photo's file in `thumbnails/`.

    Example:
        >>> thumbnail_name("ab" * 32)
        'abababababababab.jpg'
    """
    return f"{sha256[:16]}.jpg"
