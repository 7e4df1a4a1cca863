"""`headstart features info | verify | prune`: the kept features, for their owner."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from headstart.cli.options import COMMON, Common

features = App(
    name="features", help="Look at the kept features, verify them, remove what is no longer needed."
)


@features.command
def info(*, common: Common = COMMON) -> int:
    """Tell which features are kept: for which backbone and layer, how many rows, how large."""
    from headstart.cli.output import print_json, say, table
    from headstart.tasks.features import features_info

    facts = features_info(home=common.home).to_json()
    if common.json:
        print_json(facts)
        return 0
    table(
        ("space", "backbone", "layer", "engine", "rows", "MB"),
        (
            (
                each["space"][:12],
                each["backbone"],
                each["layer"],
                each["engine"],
                f"{each['rows']:,}",
                f"{each['bytes'] / 1e6:.1f}",
            )
            for each in facts["spaces"]
        ),
        right=(4, 5),
    )
    say(
        f"{facts['rows']:,} rows in {facts['file']}; "
        f"{facts['known_files']:,} files are known without reading them"
    )
    return 0


@features.command
def verify(*, common: Common = COMMON) -> int:
    """Check every kept row against its checksum; damaged rows are removed and computed again when needed."""
    from headstart.cli.output import print_json, say
    from headstart.tasks.features import verify_features

    result = verify_features(home=common.home).to_json()
    if common.json:
        print_json(result)
    else:
        removed = " and removed" if result["removed"] else ""
        say(f"{result['checked']:,} rows checked, {result['damaged']:,} damaged{removed}")
        say(*(f"the file itself is damaged: {fault}" for fault in result["faults"]))
    return 0 if result["sound"] else 1


@features.command
def prune(
    *,
    keep_days: float | None = None,
    space: str | None = None,
    max_bytes: int | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Remove features that are no longer needed; they can always be computed again.

    Args:
        keep_days: Remove what was not used for this many days.
        space: Remove one space: the first letters of its name in "features info", or its backbone.
        max_bytes: Remove what was used longest ago, until the rest is no larger.
        everything: Remove all features, and what unfinished trainings would go on from.
    """
    from headstart.cli.output import print_json, say
    from headstart.errors import UsageError
    from headstart.tasks.features import prune_features

    chosen = [choice for choice in (keep_days, space, max_bytes, everything or None) if choice is not None]
    if len(chosen) != 1:
        raise UsageError("prune takes one of --keep-days, --space, --max-bytes and --all")

    result = prune_features(
        keep_days=keep_days, space=space, max_bytes=max_bytes, everything=everything, home=common.home
    ).to_json()
    if common.json:
        print_json(result)
    else:
        training = result["training_bytes"]
        unfinished = f", and {training / 1e6:.1f} MB of unfinished trainings" if training else ""
        say(f"{result['removed']:,} rows removed{unfinished}")
    return 0
