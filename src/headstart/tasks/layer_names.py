"""(what was typed for a layer) => the layer's reference: whole names, and beginnings of a single one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.backbones.layers import OUTPUT
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from headstart.backbones.base import Backbone


def completed(backbone: Backbone, typed: str) -> str:
    """Complete a layer's name where there is one way to do it.

    Args:
        backbone: whose layers.
        typed: a layer reference, whose name may be left unfinished where only one layer begins like that.

    Raises:
        BackboneError: several layers begin like that, and they are listed; or none has a name like it.

    Example:
        >>> from headstart.testing import tiny_backbone
        >>> completed(tiny_backbone(), "fir"), completed(tiny_backbone(), "last:mean")
        ('first', 'last:mean')
    """
    name, colon, rest = typed.partition(":")
    known = [each.name for each in backbone.layers() if each.calls]
    if name in known or name == OUTPUT or not name:
        return typed
    begin = [each for each in known if each.startswith(name)]
    outermost = [each for each in begin if not any(each.startswith(f"{other}.") for other in begin)]
    if len(outermost) == 1:
        return f"{outermost[0]}{colon}{rest}"
    if outermost:
        shown = ", ".join(outermost[:8]) + (f" and {len(outermost) - 8} more" if len(outermost) > 8 else "")
        raise BackboneError(f"several layers begin with {name!r}: {shown}; name one of them")
    backbone.width(typed)  # says that there is none, with names that are close
    return typed
