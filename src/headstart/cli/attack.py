"""`headstart attack`: parse, attack, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, SWITCH, Common

if TYPE_CHECKING:
    from collections.abc import Iterator

    from headstart.tasks.attacks.facts import Attacked

NO = 1
"""The exit code where the answer is "no": the photo is still taken for what it was."""


def attack(
    model: str,
    image: str,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    target: str | None = None,
    untargeted: Annotated[bool, SWITCH] = False,
    method: str = "pgd",
    epsilon: str | None = None,
    norm: Literal["linf", "l2"] | None = None,
    steps: int | None = None,
    step_size: str | None = None,
    restarts: int = 1,
    loss: Literal["log_probability", "margin"] = "log_probability",
    smallest: Annotated[bool, SWITCH] = False,
    full_size: Annotated[bool, SWITCH] = False,
    picture: Path | None = None,
    seed: int = 0,
    common: Common = COMMON,
) -> int:
    """Change a photo so little that people do not see it, and so that a network takes it for something else.

    The result is measured from its file, after rounding to 8 bits, by what predict says of it.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        image: The photo; it is only read.
        output: The .png file to write.
        target: The class that it shall be taken for: --target or --untargeted is needed.
        untargeted: Anything but what it is taken for will do.
        method: descent (the lesson's: walk until the answer changes), fgsm (one step), pgd or momentum; with
            the extra "attacks" also cw, ddn, fmn, deepfool (the smallest change) and autoattack.
        epsilon: How far the photo may be changed, in pixels of [0, 1]; else 8/255, or 3 with --norm l2.
        norm: What epsilon bounds: the largest change of a value (linf) or the length of all changes (l2).
        steps: How many steps; else the method's own number.
        step_size: How long a step is, written as epsilon is; else the method's own length.
        restarts: How often to begin anew, elsewhere in the ball, while it has not succeeded.
        loss: What grows: the class's log probability, or its margin (where the network is very sure).
        smallest: Search the smallest epsilon that is enough, up to --epsilon.
        full_size: Change the photo at its full size, through the resizing to the network's.
        picture: Another .png file: photo, difference and result side by side.
        seed: Of all chance.
    """
    from headstart.cli.output import note, print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.errors import UsageError
    from headstart.pixels.attacks.settings import parse_epsilon
    from headstart.tasks.attack import attack as change

    if (target is None) != untargeted:
        raise UsageError(
            "--target and --untargeted were both given; choose one"
            if untargeted
            else "neither --target nor --untargeted was given; name a class, such as --target 'tabby'"
        )
    attacked = change(
        model,
        image,
        target=target,
        method=method,
        norm=norm,
        epsilon=epsilon,
        steps=steps,
        step_size=None if step_size is None else parse_epsilon(step_size, "--step-size"),
        restarts=restarts,
        loss=loss,
        full_size=full_size,
        smallest=smallest,
        seed=seed,
        output=output,
        picture=picture,
        home=common.home,
        progress=progress_for_stderr(),
    )
    if common.json:
        print_json({"model": model, "file": image, **attacked.to_json(), "picture": picture and str(picture)})
    else:
        say(*lines(attacked))
        note(*(f"note: {each}" for each in attacked.notes))
        if picture is not None:
            say(f"written: {picture}")
    if not attacked.success:
        note(_failure(attacked))
    return 0 if attacked.success else NO


def lines(attacked: Attacked) -> Iterator[str]:
    """What people read."""
    from headstart.cli.output import percent
    from headstart.cli.predict import UNKNOWN
    from headstart.pixels.attacks.settings import show_epsilon

    yield f"before: {attacked.before.label} {percent(attacked.before.probability)}"
    yield (
        f"after:  {attacked.after.label} {percent(attacked.after.probability)}"
        + _of_target(attacked)
        + (f" - {UNKNOWN}" if attacked.after.unknown else "")
    )
    held = "holds" if attacked.survives_jpeg else "does not hold"
    if attacked.success:
        said = attacked.after_jpeg
        yield f"as JPEG of quality 90 it {held}: {said.label} {percent(said.probability)}"
    yield f"changed: at most {show_epsilon(attacked.linf, 'linf')} in a value, length {attacked.l2:.3g}"
    yield f"method: {attacked.method_words}, {attacked.seconds:.1f} s"
    if attacked.smallest is not None:
        norm, budget = attacked.settings.norm, attacked.settings.epsilon
        yield (
            f"enough: {show_epsilon(attacked.smallest, norm)} of {show_epsilon(budget, norm)}, "
            f"{percent(attacked.smallest / budget)} of the budget"
        )
    if attacked.output is not None:
        yield f"written: {attacked.output}"


def _of_target(attacked: Attacked) -> str:
    from headstart.cli.output import percent

    if attacked.success or attacked.target is None or attacked.after.target is None:
        return ""
    return f" ({attacked.target} {percent(attacked.after.target)})"


def _failure(attacked: Attacked) -> str:
    wanted = "anything else" if attacked.target is None else repr(attacked.target)
    hint = "allow a larger --epsilon, more --steps or --restarts, or --loss margin"
    if attacked.vanished > attacked.gradients / 2:
        hint = "the gradient was 0 in most steps: that shows no way, and is no proof of robustness"
    return (
        f"headstart: {attacked.network} does not take the result for {wanted}: the attack did not succeed; "
        f"{hint}"
    )
