"""`headstart robustness`: parse, attack, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from headstart.cli.options import COMMON, READING, Common, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator


def robustness(
    model: str,
    photos_: Annotated[str, Parameter(name="photos")],
    /,
    *,
    epsilons: str | None = None,
    method: str = "pgd",
    norm: Literal["linf", "l2"] | None = None,
    steps: int | None = None,
    photos: int = 60,
    against: str = "",
    ensemble: str = "",
    output: Annotated[str | None, Parameter(name=("--output", "-o"))] = None,
    seed: int = 0,
    reading: Reading = READING,
    common: Common = COMMON,
) -> int:
    """Measure how little it takes to fool a model: its accuracy as photos are changed more and more.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        photos_: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees (its test part), ants-bees/train. Labels are names of classes, or WordNet ids.
        epsilons: How far a photo may be changed, such as 0,1/255,2/255; else up to 8/255 (3 with --norm l2).
        method: pgd, fgsm, momentum; autoattack, or what looks for the smallest change: descent, and, with
            the extra "attacks", cw, ddn, fmn, deepfool.
        norm: How a change is measured: linf (the largest of any value), l2 (the length of them all).
        steps: Of each attack; else the method's own.
        photos: How many photos, chosen by chance; each is attacked at each epsilon.
        against: Other networks, with commas between them: how attacks transfer from each to each.
        ensemble: Two networks or more, with commas between them, that answer together: does that protect?
        output: An .html file to write: the curve, the pictures, all figures.
        seed: Of the choice of photos, and of the attacks.
    """
    from headstart.cli.output import print_json, say
    from headstart.cli.progress import progress_for_stderr
    from headstart.tasks.robustness import robustness as measure

    found = measure(
        model,
        photos_,
        epsilons=epsilons,
        method=method,
        norm=norm,
        steps=steps,
        most_photos=photos,
        against=names_in(against),
        ensemble=names_in(ensemble),
        output=output,
        seed=seed,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        home=common.home,
        progress=progress_for_stderr(),
    )
    result = found.to_json()
    if common.json:
        print_json({**result, "report": output})
        return 0
    _show(result)
    if output is not None:
        say(f"written: {output}")
    return 0


def names_in(text: str) -> list[str]:
    """The names in a list with commas.

    Example:
        >>> names_in("pocket, resnet18")
        ['pocket', 'resnet18']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def _show(result: dict[str, Any]) -> None:
    from headstart.cli.output import say, table
    from headstart.cli.summary import photos_lines

    say(*photos_lines(result["photos"], result["skipped"]))
    say(*(f"note: {note}" for note in result["notes"]))
    say(f"{result['method']}, {result['norm']}, {result['steps']} steps: right of all photos, %")
    defences = list(result["defences"])
    table(
        ("epsilon", "right", "95 % interval", *(f"after {name}" for name in defences)),
        (
            (
                row["written"],
                _figure(row["accuracy"]["value"]),
                f"{_figure(row['accuracy']['low'])} to {_figure(row['accuracy']['high'])}",
                *(_figure(row["defended"][name]["value"]) for name in defences),
            )
            for row in result["curve"]
        ),
        right=tuple(range(1, 3 + len(defences))),
    )
    say(WEAK)
    if result["transfer"] is not None:
        _show_transfer(result["transfer"])
    if result["ensemble"] is not None:
        _show_ensemble(result["ensemble"])
    say(*mask_lines(result["masking"]))


WEAK = (
    "The attacks knew nothing of jpeg, blur and median. That such a defence helps here is weak evidence: who "
    "knows of it attacks through it."
)


def mask_lines(checks: list[dict[str, Any]]) -> Iterator[str]:
    """What the checks of the gradients came to.

    Example:
        >>> list(mask_lines([{"check": "randomised", "raised": False, "sentence": "…"}]))
        ['gradients: 1 check, none speaks against these figures']
    """
    raised = [check for check in checks if check["raised"]]
    if not checks:
        yield "gradients: not checked, no photo was named right"
        return
    count = f"{len(checks)} check{'' if len(checks) == 1 else 's'}"
    if not raised:
        yield f"gradients: {count}, none speaks against these figures"
        return
    yield f"gradients: {len(raised)} of {count} speak against these figures, which may be too good:"
    for check in raised:
        yield f"  {check['check']}: {check['sentence']}"


def _show_transfer(transfer: dict[str, Any]) -> None:
    from headstart.cli.output import say, table

    names = transfer["networks"]
    say(
        f"transfer within {transfer['epsilon']}: fooled, % of the photos that each network names right "
        "(how many)"
    )
    fooled = {(cell["source"], cell["target"]): cell["fooled"] for cell in transfer["cells"]}
    table(
        ("made for", *names),
        ((source, *(_counted(fooled[source, target]) for target in names)) for source in names),
        right=tuple(range(1, 1 + len(names))),
    )


def _show_ensemble(found: dict[str, Any]) -> None:
    from headstart.cli.output import say, table

    say(
        f"ensemble of {len(found['networks'])} networks, {found['classes']} classes, "
        f"{found['photos']} photos: right, %, attacked within {found['epsilon']} through"
    )
    table(
        ("through", *found["networks"], "ensemble"),
        (
            (row["way"], *(_share(share) for share in row["members"]), _share(row["ensemble"]))
            for row in found["through"]
        ),
        right=tuple(range(1, 2 + len(found["networks"]))),
    )
    say(found["sentence"])


def _counted(share: dict[str, Any] | None) -> str:
    return "-" if share is None else f"{_figure(share['value'])} ({share['photos']})"


def _share(share: dict[str, Any] | None) -> str:
    return "-" if share is None else _figure(share["value"])


def _figure(share: float) -> str:
    return f"{100 * share:.1f}"
