"""`headstart evaluate`: parse, measure, show."""

from __future__ import annotations

from headstart.cli.options import COMMON, READING, RUNNING, Common, Reading, Running


def evaluate(
    model: str,
    photos: str,
    /,
    *,
    reading: Reading = READING,
    running: Running = RUNNING,
    common: Common = COMMON,
) -> int:
    """Measure a model on labelled photos; photos that it was trained on are left out.

    Args:
        model: A model folder, or the name of a network with classes of its own, such as pocket.
        photos: A folder with a folder for each class, a CSV with the columns path and label, or a data set:
            ants-bees (its test part), ants-bees/train.
    """
    from headstart.cli.output import percent, print_json, say, table
    from headstart.cli.progress import progress_for_stderr
    from headstart.cli.summary import accuracy_line, photos_lines
    from headstart.tasks.evaluate import evaluate as measure

    result = measure(
        model,
        photos,
        follow_links=reading.follow_links,
        rehash=reading.rehash,
        engine=running.engine,
        precision=running.precision,
        home=common.home,
        progress=progress_for_stderr(),
    ).to_json()
    if common.json:
        print_json(result)
        return 0
    say(accuracy_line(result["accuracy"]), *photos_lines(result["photos"], result["skipped"]))
    say(*(f"note: {note}" for note in result["notes"]))
    table(
        ("class", "precision", "recall", "photos"),
        (
            (each["label"], _share(each["precision"]), percent(each["recall"]), str(each["photos"]))
            for each in result["per_class"]
            if each["photos"]
        ),
        right=(1, 2, 3),
    )
    return 0


def _share(value: float | None) -> str:
    from headstart.cli.output import percent

    return "never said" if value is None else percent(value)
