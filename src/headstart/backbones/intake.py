"""(file and what is said of it) => checked bytes and an entry for them; the words for what is refused."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from headstart.backbones.convert import convert
from headstart.backbones.entry import WeightsEntry
from headstart.backbones.keras.publication import IMAGENET
from headstart.backbones.published import published
from headstart.backbones.spec import KERAS, POCKET, RANDOM
from headstart.errors import UsageError, WeightsRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.backbones.published import Published

Facts = dict[str, Any]

PORTED = "ported from "
"""How the source of weights from another framework begins; the name of their backbone there follows."""


def read_whole(path: Path) -> bytes:
    """A file that the user named, in memory.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {(error.strerror or str(error)).lower()}") from error


def parse(name: str) -> tuple[str, str, str | None]:
    """Framework, architecture and tag of a backbone's name.

    Raises:
        BackboneError: the network is unknown.
    """
    from headstart.backbones.registry import parse_name

    found = parse_name(name)
    return found.framework, found.architecture, found.tag


def named(backbone: str, tag: str | None) -> tuple[str, str, str]:
    """The same, with a tag that stands in the name or beside it.

    Raises:
        UsageError: there is no tag, or there are two; or the network comes with headstart.
        BackboneError: the network is unknown.
    """
    framework, architecture, own = parse(backbone)
    if framework == POCKET:
        raise UsageError(f"{POCKET} comes with headstart, weights and all: there is nothing to add to it")
    if own and tag and own != tag:
        raise UsageError(f"{backbone} has a tag already, so --tag {tag} contradicts it; give one of them")
    chosen = tag or own
    if not chosen:
        raise UsageError(f"weights for {backbone} need a name of their own; give one with --tag TAG")
    if chosen == RANDOM:
        raise UsageError("the tag 'random' means weights that have learned nothing; choose another")
    return framework, architecture, chosen


def as_published(
    data: bytes, known: Published, facts: Facts, pinned: str | None = None, *, name: str | None = None
) -> tuple[bytes, Facts]:
    """Check a published file's bytes, and turn them into safetensors bytes.

    Args:
        data: the whole file.
        known: what is published of it.
        facts: what is known of the entry already; it wins over what is published.
        pinned: full SHA-256 from an earlier fetch.
        name: what the user calls the file, for messages; None: its published name.

    Returns:
        Safetensors bytes, and the facts with digest, licence and classes as published.

    Raises:
        WeightsRefusedError: as `convert`.
    """
    converted = convert(data, known, pinned, name=name, options=facts.get("options"))
    stated = {key: value for key, value in facts.items() if value is not None}
    return converted, {
        "licence": known.licence,
        "classes": known.classes,
        **stated,
        "source_sha256": hashlib.sha256(data).hexdigest(),
    }


def as_keras_wrote(
    data: bytes, network: tuple[str, str, str], facts: Facts, *, name: str
) -> tuple[bytes, Facts]:
    """Turn an `.h5` file into safetensors bytes; one with the tag of Keras's own weights must be their file.

    Args:
        data: the whole file.
        network: framework, architecture, tag.
        facts: what is known of the entry already.
        name: what the user calls the file.

    Returns:
        Safetensors bytes, and the facts with the file's digest.

    Raises:
        BackboneError: Keras is not installed, or does not take the options.
        WeightsRefusedError: the network is not Keras's, or the file is refused as `weights_from_h5` says.
    """
    framework, architecture, tag = network
    if framework != KERAS:
        raise WeightsRefusedError(
            f"{name} is a file of Keras's, and {framework}:{architecture} is none of its networks; expected "
            f"--backbone {KERAS}:NAME"
        )
    if tag == IMAGENET:
        return as_published(data, published(*network), facts, name=name)
    from headstart.backbones.keras.h5 import weights_from_h5

    converted = weights_from_h5(data, name, architecture, tag, facts["options"])
    return converted, {**facts, "source_sha256": hashlib.sha256(data).hexdigest()}


def make_entry(data: bytes, framework: str, architecture: str, tag: str, facts: Facts) -> WeightsEntry:
    """An entry for safetensors bytes.

    Raises:
        UsageError: a name, an option or the preprocessing can't be right.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        return WeightsEntry(
            framework=framework,
            architecture=architecture,
            tag=tag,
            file=f"{digest}.safetensors",
            sha256=digest,
            bytes=len(data),
            **facts,
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"weights {tag!r} for {framework}:{architecture}: {place}: {first['msg']}"
        ) from error


def quarantine(path: Path) -> None:
    """Rename a damaged file, so that nothing takes it for weights; in a read-only home it stays."""
    with contextlib.suppress(OSError):
        path.replace(path.with_name(path.name + ".damaged"))


def damaged(entry: WeightsEntry) -> str:
    """What is said of a file with other bytes than its entry pins.

    Args:
        entry: of that file.
    """
    short = f"{entry.file[:16]}….safetensors"
    return f"the weights of {entry.backbone} ({short}) do not have their pinned SHA-256 any more"


def how_again(entry: WeightsEntry) -> str:
    """What gets the same weights once more.

    Args:
        entry: of the lost or damaged file.
    """
    if entry.source.startswith("https://"):
        return f"run `headstart weights fetch {entry.backbone}`"
    if entry.source.startswith(PORTED):
        origin = entry.source.removeprefix(PORTED).partition(" ")[0]
        return f"run `headstart port {origin} {entry.backbone}`"
    name = f"{entry.framework}:{entry.architecture}"
    return f"run `headstart weights add FILE --backbone {name} --tag {entry.tag}` with {entry.source}"


def nobody_vouches(known: Published) -> WeightsRefusedError:
    """The refusal of weights without a published digest.

    Args:
        known: what is published of them.

    Returns:
        The error, to be raised.
    """
    return WeightsRefusedError(
        f"no digest is published for {known.backbone} ({known.url}), so wrong weights would go unnoticed the "
        f"first time; run `{known.fetch_command}` to trust what comes now, and only that from then on"
    )
