"""`headstart maps`: parse, look, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from headstart.backbones.spec import POCKET
from headstart.cli.options import COMMON, SWITCH, Common

if TYPE_CHECKING:
    from headstart.tasks.ladder import Ladder
    from headstart.tasks.maps import ShownFilters, ShownMaps


def maps(
    image: str | None = None,
    /,
    *,
    backbone: Annotated[str, Parameter(alias="-b")] = POCKET,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    layer: Annotated[list[str] | None, Parameter(negative="")] = None,
    channels: int | None = None,
    channel: Annotated[list[int] | None, Parameter(negative="")] = None,
    layers: Annotated[bool, SWITCH] = False,
    filters: Annotated[bool, SWITCH] = False,
    ladder: str | None = None,
    seed: int = 0,
    common: Common = COMMON,
) -> int:
    """Show what a layer of a network sees in a photo: one map for each channel, strongest first.

    Args:
        image: A photo.
        backbone: The network.
        output: The .png file to write.
        layer: The layer to look at, or the beginning of a single layer's name; else the last one with maps of
            a quarter of the photo's side. With --ladder it may be given up to three times.
        channels: How many channels to show (32; kernels: 64).
        channel: Show this channel, counted from 0, instead of the strongest; may be given several times. With
            --ladder: one for each layer.
        layers: List the network's layers with their shapes, and do nothing else.
        filters: Show the kernels of the network's first layer; no photo is needed.
        ladder: From strokes to parts of things: an early, a middle and a late channel, each with its ideal
            image and the patches of photos that excite it most, from this folder or data set (ants-bees,
            ants-bees/val); no other photo is needed.
        seed: With --ladder: of the ideal images.
    """
    from headstart.cli.output import print_json
    from headstart.cli.progress import progress_for_stderr
    from headstart.errors import UsageError

    _one_thing(image, layers=layers, filters=filters, ladder=ladder)
    home, progress = common.home, progress_for_stderr()
    if layers:
        return _list_layers(backbone, common)
    if output is None:
        raise UsageError("no output was given; name the .png file to write: -o FILE.png")
    if ladder is not None:
        from headstart.tasks.ladder import ladder as climb

        found: Ladder | ShownMaps | ShownFilters = climb(
            ladder,
            backbone=backbone,
            layers=layer or (),
            channels=channel or (),
            output=output,
            seed=seed,
            home=home,
            progress=progress,
        )
    else:
        found = _look(image, backbone, _single(layer), channel or channels, output, common, filters=filters)
    if common.json:
        print_json({**found.to_json(), "output": str(output)})
    else:
        _show(found.to_json(), output)
    return 0


def _one_thing(image: str | None, *, layers: bool, filters: bool, ladder: str | None) -> None:
    from headstart.errors import UsageError

    asked = [
        name
        for name, given in (
            ("a photo", image is not None),
            ("--layers", layers),
            ("--filters", filters),
            ("--ladder", ladder is not None),
        )
        if given
    ]
    if not asked:
        raise UsageError("no photo was given; name one, or ask for --layers, --filters or --ladder PHOTOS")
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(asked)} were given; each is a picture of its own, so ask for one")


def _single(layer: list[str] | None) -> str | None:
    from headstart.errors import UsageError

    if layer is None or len(layer) == 0:
        return None
    if len(layer) > 1:
        raise UsageError(f"{len(layer)} layers were given; a sheet shows one (--ladder shows three)")
    return layer[0]


def _look(  # noqa: PLR0917
    image: str | None,
    backbone: str,
    layer: str | None,
    channels: int | list[int] | None,
    output: Path,
    common: Common,
    *,
    filters: bool,
) -> ShownMaps | ShownFilters:
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks import maps as task

    how: dict[str, Any] = {"backbone": backbone, "layer": layer, "output": output, "home": common.home}
    if channels is not None:
        how["channels"] = channels
    if filters or image is None:
        return task.filters(**how, progress=progress_for_stderr())
    return task.maps(image, **how, progress=progress_for_stderr())


def _list_layers(backbone: str, common: Common) -> int:
    from headstart.cli.output import print_json, table
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.maps import layers as known

    found = known(backbone=backbone, home=common.home, progress=progress_for_stderr())
    if common.json:
        rows = [{"layer": each.name, "kind": each.kind, "shape": list(each.shape)} for each in found]
        print_json({"backbone": backbone, "layers": rows})
        return 0
    table(
        ("layer", "kind", "shape"),
        ((each.name, each.kind, " x ".join(map(str, each.shape))) for each in found),
        right=(2,),
    )
    return 0


def _show(facts: dict[str, Any], output: Path) -> None:
    from headstart.cli.output import say

    if "rungs" in facts:
        for rung in facts["rungs"]:
            best = rung["patches"][0]["file"] if rung["patches"] else "no photo"
            say(f"{rung['stage']}: channel {rung['channel']} of {rung['layer']}; {best} excites it most")
        photos = facts["photos"]
        say(f"used {photos['used']} of {photos['used'] + photos['skipped']} photos")
        say(*(f"not used: {each['file']}: {each['reason']}" for each in facts["skipped"]))
    else:
        shape = " x ".join(map(str, facts["shape"]))
        say(f"{facts['backbone']}, layer {facts['layer']}: {shape}; {len(facts['channels'])} shown")
    say(*(f"note: {note}" for note in facts.get("notes", ())), f"written: {output}")
