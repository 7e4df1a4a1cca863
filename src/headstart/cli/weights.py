"""`headstart weights list | add | fetch | verify`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, SWITCH, Common
from headstart.errors import UsageError

if TYPE_CHECKING:
    from headstart.backbones.spec import OptionValue

weights = App(name="weights", help="List, add, fetch and verify the weights of pretrained networks.")


@weights.command(name="list")
def list_all(*, common: Common = COMMON) -> int:
    """List the weights that are at hand, with digests and licences; those of pocket come with headstart."""
    from headstart.cli.output import note, print_json, say, table
    from headstart.tasks.weights import carried_fault, damaged_entries, list_weights

    found = [each.to_json() for each in list_weights(home=common.home)]
    registered = [why for _, why in damaged_entries(home=common.home)]
    damaged = [why for why in (carried_fault(), *registered) if why]
    if common.json:
        print_json({"weights": found, "damaged": damaged})
    else:
        table(
            ("backbone", "MB", "SHA-256", "licence", "source"),
            (
                (
                    each["backbone"],
                    f"{each['bytes'] / 1e6:.1f}",
                    each["sha256"][:16],
                    each["licence"],
                    each["source"],
                )
                for each in found
            ),
            right=(1,),
        )
        say("more: headstart weights fetch NAME, or headstart weights add FILE --backbone NAME --tag TAG")
    note(*damaged)
    return 1 if damaged else 0


@weights.command
def add(
    file: Path,
    /,
    *,
    backbone: str | None = None,
    tag: str | None = None,
    option: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    common: Common = COMMON,
) -> int:
    """Add weights from a file, or several from a manifest (.json).

    Args:
        file: A safetensors file, the .pth file that the framework publishes, Keras's .h5 or .weights.h5, or a
            manifest.
        backbone: The network that the file is for: torchvision:vgg16 (a manifest says it itself).
        tag: A name for these weights: they load as NAME@TAG.
        option: What the network was made with, NAME=VALUE: alpha=0.75; once for each.
    """
    from headstart.cli.output import print_json, say
    from headstart.tasks.weights import add_weights

    result = add_weights(file, backbone=backbone, tag=tag, options=_options(option), home=common.home)
    if common.json:
        print_json(result.to_json())
        return 0
    say(*(f"added {name}" for name in result.added))
    say(*(f"skipped {name}: {why}" for name, why in result.skipped))
    return 0


def _options(given: tuple[str, ...]) -> dict[str, OptionValue]:
    """Take NAME=VALUE apart; a value that is a number, true or false is meant as one.

    Example:
        >>> _options(("alpha=0.75", "pad_type=same", "aux=false"))
        {'alpha': 0.75, 'pad_type': 'same', 'aux': False}
    """
    found: dict[str, OptionValue] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--option {each} is no NAME=VALUE, such as alpha=0.75")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name] = value if isinstance(value, bool | int | float) else text
    return found


@weights.command
def fetch(
    name: str,
    /,
    *,
    trust_first: Annotated[bool, SWITCH] = False,
    common: Common = COMMON,
) -> int:
    """Fetch weights from the framework's own address; they are checked before anything is read.

    Args:
        name: The network: mobilenet_v2, torchvision:vgg16@IMAGENET1K_V1, timm:resnet50.
        trust_first: Accept weights for which no digest is published; theirs is pinned from then on.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.weights import fetch_weights

    entry = fetch_weights(
        name, trust_first=trust_first, home=common.home, progress=progress_for_stderr()
    ).to_json()
    if common.json:
        print_json(entry)
    else:
        say(f"{_what_fetched(entry['backbone'])}, SHA-256 {entry['sha256']}")
    return 0


def _what_fetched(backbone: str) -> str:
    """Say what a fetch was.

    Example:
        >>> _what_fetched("torchvision:vgg16@IMAGENET1K_V1"), _what_fetched("pocket@v1")
        ('fetched torchvision:vgg16@IMAGENET1K_V1', 'pocket@v1 comes with headstart, nothing to fetch')
    """
    carried = backbone.partition("@")[0] == POCKET
    return f"{backbone} comes with headstart, nothing to fetch" if carried else f"fetched {backbone}"


@weights.command
def verify(name: str | None = None, /, *, common: Common = COMMON) -> int:
    """Check the weights that are at hand against their pinned digests; exit code 1 if one is damaged.

    Args:
        name: Only those of this network.
    """
    from headstart.cli.output import note, print_json, say
    from headstart.tasks.weights import damaged_entries, verify_weights

    checked = [each.to_json() for each in verify_weights(name, home=common.home)]
    damaged = damaged_entries(home=common.home) if name is None else []
    if common.json:
        print_json({"weights": checked, "damaged": [why for _, why in damaged]})
    else:
        say(*(f"{each['backbone']}: {'ok' if each['ok'] else each['why']}" for each in checked))
    note(*(why for _, why in damaged))
    return 0 if all(each["ok"] for each in checked) and not damaged else 1
