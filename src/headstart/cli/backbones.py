"""`headstart backbones [show NAME]`: which networks there are, and what is inside one."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, Common

backbones = App(name="backbones", help="List the networks to start from, or show one of them.")


@backbones.default
def list_all(
    pattern: str = "*",
    /,
    *,
    common: Common = COMMON,
) -> int:
    """List the networks to start from; those whose weights are at hand are marked.

    Args:
        pattern: Names to list, with * for anything: "*mobilenet*".
    """
    from headstart.cli.output import print_json, say
    from headstart.tasks.backbones import list_backbones

    found = [each.to_json() for each in list_backbones(pattern, home=common.home)]
    if common.json:
        print_json({"backbones": found})
        return 0
    say(*(f"{each['name']}{_at_hand(each['name'], each['weights'])}" for each in found))
    return 0


def _at_hand(name: str, weights: list[dict[str, str]]) -> str:
    if not weights:
        return ""
    tags = ", ".join("@" + each["tag"] for each in weights)
    if name == POCKET:
        [own] = weights
        return f"   comes with headstart: {tags}, {own['licence']}, SHA-256 {own['sha256'][:16]}"
    return f"   weights at hand: {tags}"


@backbones.command
def show(
    name: str,
    /,
    *,
    layer: str | None = None,
    classes: Annotated[int, Parameter(alias="-c")] = 2,
    common: Common = COMMON,
) -> int:
    """Show a network: layers, shapes, parameters, how many of them a head would train, licence and source.

    Needs no weights: without them the architecture is shown with its shapes.

    Args:
        name: The network, such as pocket, vgg16 or timm:mobilenetv2_100@slim.
        layer: Count the head's parameters on this layer instead of the default.
        classes: Count the head's parameters for this many classes.
    """
    from headstart.cli.output import print_json
    from headstart.tasks.backbones import show_backbone

    facts = show_backbone(name, layer=layer, classes=classes, home=common.home).to_json()
    if common.json:
        print_json(facts)
    else:
        _show(facts)
    return 0


def _show(facts: dict[str, Any]) -> None:
    from headstart.cli.output import say, table

    table(
        ("layer", "kind", "shape", "parameters"),
        (
            (each["name"], each["kind"], " x ".join(map(str, each["shape"])), f"{each['parameters']:,}")
            for each in facts["layers"]
        ),
        right=(2, 3),
    )
    height, width = facts["input"]
    head = facts["head"]
    say(
        f"{facts['name']}: {height} x {width} px in, {facts['parameters']:,} parameters, "
        f"{facts['own_classes']:,} classes of its own",
        f"features: {head['layer']}, {head['width']:,} wide; the network up to there has {head['frozen']:,} "
        f"parameters, a linear head for {head['classes']} classes trains {head['trained']:,}",
        f"weights: {_weights(facts['weights'])}; licence: {facts['licence']}; source: {facts['source']}",
    )


def _weights(digest: str | None) -> str:
    return "not at hand" if digest is None else f"SHA-256 {digest[:16]}"
