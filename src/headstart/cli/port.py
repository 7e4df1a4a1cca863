"""`headstart port`: parse, carry, show."""

from __future__ import annotations

from typing import Any

from headstart.cli.options import COMMON, Common


def port(
    source: str,
    target: str,
    /,
    *,
    tag: str | None = None,
    photos: str | None = None,
    common: Common = COMMON,
) -> int:
    """Carry a network's weights to the same network of another framework, and measure that both agree.

    They are registered only if they agree; exit code 1 if they do not.

    Args:
        source: The network that has the weights: timm:mobilenetv2_100@slim.
        target: The network that shall have them, with a name for them: keras:MobileNetV2@ported.
        tag: The name for the weights, where TARGET has none.
        photos: Photos to compare on: a folder, or a data set: ants-bees, ants-bees/val (else pictures that
            other packages carry, and noise).
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.port import port as carry

    result = carry(
        source, target, tag=tag, photos=photos, home=common.home, progress=progress_for_stderr()
    ).to_json()
    if common.json:
        print_json(result)
    else:
        _show(result["agreement"])
        say(f"{result['from']} and {result['to']} on {result['pictures']}", _outcome(result))
    return 0 if result["agreement"]["same"] else 1


def _show(found: dict[str, Any]) -> None:
    from headstart.cli.output import percent, table

    words = {"features": "features", "logits": "logits", "gradients": "pixel gradients"}
    rows = [
        (words[what], "-" if found[what] is None else f"{found[what]:.1e}", f"{most:.0e}")
        for what, most in found["largest"].items()
    ]
    table(
        ("difference, relative", "largest", "allowed"),
        [*rows, ("equal answers", percent(found["answers"]), percent(1.0))],
        right=(1, 2),
    )


def _outcome(result: dict[str, Any]) -> str:
    """Say what became of the weights.

    Example:
        >>> _outcome({"to": "timm:vgg16@mine", "registered": False, "agreement": {"same": False}})
        'they do not agree: nothing was registered'
    """
    if not result["agreement"]["same"]:
        return "they do not agree: nothing was registered"
    if not result["registered"]:
        return "they agree; random weights are not registered"
    return f"registered {result['to']}, SHA-256 {result['sha256']}"
