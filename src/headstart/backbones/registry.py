"""(a name such as "vgg16" or "timm:mobilenetv2_100@slim") => backbone.

    [FRAMEWORK:]ARCHITECTURE[@TAG]

"pocket" is the small network that headstart carries with it. Without a framework, torchvision is asked first,
then timm. Without a tag, the framework's default weights are meant; if they are not at hand, but exactly one
other set of that network's is, that one. The tag "random" means seeded random weights that have learned
nothing. timm's own way of writing, "resnet50.a1_in1k", is understood as "timm:resnet50@a1_in1k".
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from headstart.backbones.spec import POCKET
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.adapter import Adapter

_ADAPTERS = {
    POCKET: "headstart.backbones.pocket.adapter:ADAPTER",
    "torchvision": "headstart.backbones.torchvision:ADAPTER",
    "timm": "headstart.backbones.timm:ADAPTER",
}
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")  # a tag is part of a file's name
_REGISTERED: dict[str, Adapter] = {}


@dataclass(frozen=True, slots=True)
class BackboneName:
    """A backbone's name, taken apart.

    Attributes:
        framework: "torchvision", "timm", or what else is registered.
        architecture: the framework's name for the network.
        tag: which weights, or None for the default ones.

    Example:
        >>> str(BackboneName("timm", "resnet50", "a1_in1k"))
        'timm:resnet50@a1_in1k'
    """

    framework: str
    architecture: str
    tag: str | None = None

    def __str__(self) -> str:
        place = POCKET if self.framework == POCKET else f"{self.framework}:{self.architecture}"
        return f"{place}@{self.tag}" if self.tag else place


def register(adapter: Adapter) -> None:
    """Make a framework known.

    Raises:
        BackboneError: its name is taken; the message names both modules.

    Example:
        >>> from headstart.backbones.timm import TimmAdapter
        >>> register(TimmAdapter())
        Traceback (most recent call last):
        headstart.errors.BackboneError: two adapters are called 'timm': headstart.backbones.timm and ...
    """
    name = adapter.framework
    taken = (
        _REGISTERED[name].__class__.__module__
        if name in _REGISTERED
        else _ADAPTERS.get(name, "").split(":")[0]
    )
    if taken:
        raise BackboneError(f"two adapters are called {name!r}: {taken} and {type(adapter).__module__}")
    _REGISTERED[name] = adapter


def frameworks() -> tuple[str, ...]:
    """The names of the frameworks that are known, in the order in which bare names are looked up."""
    return (*_ADAPTERS, *(name for name in _REGISTERED if name not in _ADAPTERS))


def adapter(framework: str) -> Adapter:
    """The adapter of a framework; it is imported, with its framework, when it is first asked for.

    Raises:
        BackboneError: no such framework.
    """
    if framework in _REGISTERED:
        return _REGISTERED[framework]
    if framework not in _ADAPTERS:
        raise BackboneError(f"{framework!r} is no known framework; expected one of {', '.join(frameworks())}")
    module, _, attribute = _ADAPTERS[framework].partition(":")
    found: Adapter = getattr(import_module(module), attribute)
    return found


def parse_name(text: str) -> BackboneName:
    """Take a name apart and find its framework.

    Args:
        text: as this module's first lines say.

    Raises:
        BackboneError: unknown framework or network (with close matches), or a name that can't be one.

    Example:
        >>> parse_name("vgg16@random")
        BackboneName(framework='torchvision', architecture='vgg16', tag='random')
        >>> parse_name("vgg61")
        Traceback (most recent call last):
        headstart.errors.BackboneError: no network is called 'vgg61'; close: vgg...
    """
    body, at, tag = text.strip().partition("@")
    framework, colon, architecture = body.rpartition(":")
    if not architecture or (at and not tag) or (colon and not framework):
        raise BackboneError(f"{text!r} is no backbone's name; expected [FRAMEWORK:]NAME[@TAG], such as vgg16")
    if "." in architecture and framework in ("", "timm"):
        architecture, _, dotted = architecture.partition(".")
        if tag:
            raise BackboneError(f"{text!r} has two tags, {dotted!r} and {tag!r}; expected one")
        framework, tag = "timm", dotted
    if tag and not _TAG.fullmatch(tag):
        raise BackboneError(
            f"{tag[:120]!r} can't be a tag; expected 1 to 100 letters, digits and any of . _ + -, "
            "the first a letter or a digit"
        )
    wanted = (framework,) if framework else frameworks()
    for each in wanted:
        if architecture in adapter(each).architectures():
            return BackboneName(each, architecture, tag or None)
    raise BackboneError(
        f"no network {_of(framework)}is called {architecture!r}{_close(architecture, wanted)}"
    )


def _of(framework: str) -> str:
    return f"of {framework} " if framework else ""


def _close(architecture: str, wanted: tuple[str, ...]) -> str:
    names = dict.fromkeys(name for each in wanted for name in adapter(each).architectures())
    close = difflib.get_close_matches(architecture, list(names), n=4)
    return f"; close: {', '.join(close)}" if close else '; "headstart backbones" lists all'


def list_backbones(pattern: str = "*") -> tuple[str, ...]:
    """Full names of all networks that can be built, with or without weights at hand.

    Args:
        pattern: with `*` and `?`, matched with the name alone and with "FRAMEWORK:NAME".

    Example:
        >>> list_backbones("torchvision:vgg1?")
        ('torchvision:vgg11', 'torchvision:vgg13', 'torchvision:vgg16', 'torchvision:vgg19')
    """
    return tuple(
        str(BackboneName(framework, name))
        for framework in frameworks()
        for name in adapter(framework).architectures()
        if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{framework}:{name}", pattern)
    )
