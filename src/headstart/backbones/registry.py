"""(a name such as "vgg16" or "timm:mobilenetv2_100@slim") => backbone.

    [FRAMEWORK:]ARCHITECTURE[@TAG]
    FILE.keras

"pocket" is the small network that headstart carries with it. Without a framework, torchvision is asked first,
then timm; Keras's networks are named with theirs ("keras:VGG16"). Without a tag, the framework's default
weights are meant; if they are not at hand, but exactly one other set of that network's is, that one. The tag
"random" means seeded random weights that have learned nothing. timm's own way of writing, "resnet50.a1_in1k",
is understood as "timm:resnet50@a1_in1k".
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.backbones.keras.runtime import has_keras
from headstart.backbones.spec import KERAS, KERAS_MODEL, POCKET
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.adapter import Adapter

_ADAPTERS = {
    POCKET: "headstart.backbones.pocket.adapter:ADAPTER",
    "torchvision": "headstart.backbones.torchvision:ADAPTER",
    "timm": "headstart.backbones.timm:ADAPTER",
    KERAS: "headstart.backbones.keras.adapter:ADAPTER",
}
_RESTORED = {KERAS_MODEL: "headstart.backbones.keras.kept:ADAPTER"}
"""Frameworks of saved models whose networks have no names; a `.keras` file is one of theirs."""
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")  # a tag is part of a file's name
_FILE = ".keras"
_FILES = (_FILE, ".h5", ".hdf5")  # of the old ones, what is refused is said where files are read
_REGISTERED: dict[str, Adapter] = {}


@dataclass(frozen=True, slots=True)
class BackboneName:
    """A backbone's name, taken apart.

    Attributes:
        framework: "torchvision", "timm", "keras", or what else is registered.
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
    """The names of the frameworks that are known, in the order in which names are looked up."""
    return (*_ADAPTERS, *(name for name in _REGISTERED if name not in _ADAPTERS))


def adapter(framework: str) -> Adapter:
    """The adapter of a framework; it is imported, with its framework, when it is first asked for.

    Raises:
        BackboneError: no such framework.
    """
    if framework in _REGISTERED:
        return _REGISTERED[framework]
    known = {**_ADAPTERS, **_RESTORED}
    if framework not in known:
        raise BackboneError(f"{framework!r} is no known framework; expected one of {', '.join(frameworks())}")
    module, _, attribute = known[framework].partition(":")
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
    if _is_file_name(text.partition("@")[0]) or text.startswith(f"{KERAS_MODEL}:"):
        return _file_name(text.removeprefix(f"{KERAS_MODEL}:"))
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
    wanted = (framework,) if framework else _bare()
    for each in wanted:
        if architecture in adapter(each).architectures():
            return BackboneName(each, architecture, tag or None)
    if framework == KERAS and not has_keras():
        raise BackboneError(f"{text.strip()} needs Keras; run: pip install 'headstart[keras]'")
    raise BackboneError(
        f"no network {_of(framework)}is called {architecture!r}{_close(architecture, wanted)}"
    )


def _bare() -> tuple[str, ...]:
    """The frameworks whose networks may be named without theirs: not Keras, which has the same names."""
    return tuple(each for each in frameworks() if each != KERAS)


def _file_name(path: str) -> BackboneName:
    """A `.keras` file stands for the model in it; nothing is read yet."""
    if _is_file_name(path) and Path(path).is_file():
        return BackboneName(KERAS_MODEL, path)
    raise BackboneError(
        f"{_why_no_file(path)}; expected the path of a {_FILE} file (model.save), or in Python "
        "keras_backbone(model)"
    )


def _is_file_name(text: str) -> bool:
    return text.lower().endswith(_FILES)


def _why_no_file(path: str) -> str:
    before, _, tag = path.partition("@")
    if _is_file_name(path):
        return f"{path!r} is a folder" if Path(path).is_dir() else f"there is no file {path!r}"
    if _is_file_name(before):
        return f"{path!r} has the tag {tag!r}, and a file has none"
    return f"{path!r} is a Keras model of your own"


def _of(framework: str) -> str:
    return f"of {framework} " if framework else ""


def _close(architecture: str, wanted: tuple[str, ...]) -> str:
    """The names that are nearest, whatever their case; those of Keras are offered to bare names too."""
    spelt: dict[str, list[str]] = {}
    for each in wanted:
        for name in adapter(each).architectures():
            spelt.setdefault(name.lower(), []).append(name)
    for name in adapter(KERAS).architectures() if wanted == _bare() else ():
        spelt.setdefault(name.lower(), []).append(f"{KERAS}:{name}")
    found = difflib.get_close_matches(architecture.lower(), list(spelt), n=4)
    close = list(dict.fromkeys(name for key in found for name in spelt[key]))[:4]
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
