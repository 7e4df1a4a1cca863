"""What a thousand, ten thousand and a hundred thousand photos cost, and up to a million kept rows.

Whatever grows with the number of photos should grow in a straight line, and memory should grow slowly or not
at all. Each stage runs once at each size, in a process of its own. Computing features is left out: what a
network takes for a photo does not depend on how many there are (see embed.py and backbones.py for that).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

import scale_stages as stages
from costs import apart
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from tables import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from costs import Cost

PHOTOS, ROWS = (1_000, 10_000, 100_000), (10_000, 100_000, 1_000_000)


def photo_costs(files: Sequence[Path], place: Path, count: int) -> Iterator[tuple[str, Cost]]:
    """Measure what happens to a folder of that many photos before anything is decoded."""
    folder, store = place / f"photos-{count}", place / f"home-{count}" / "features.sqlite"
    stages.make_folder(files, folder, count)
    yield "scan of the folder", apart(stages.scan, folder)
    yield "read and hashed, unknown", apart(stages.read_and_hash, folder, store)
    yield "first look, known", apart(stages.recognise, folder, store)


def row_costs(place: Path, count: int) -> Iterator[tuple[str, Cost]]:
    """Measure what happens to a store of that many rows; it is removed at the end."""
    store = place / f"rows-{count}" / "features.sqlite"
    yield "rows written", apart(stages.write, store, count)
    yield "rows looked up and read", apart(stages.read_back, store, count)
    yield "rows looked up, not there", apart(stages.miss, store, count)
    yield "rows verified", apart(stages.verify, store, count)
    yield "rows pruned to half", apart(stages.thin_out, store, count)
    store.unlink()


def with_ratios(found: Sequence[tuple[str, int, Cost]]) -> list[dict[str, Any]]:
    """Give each figure as JSON values, stage by stage, with its ratio to a straight line.

    Args:
        found: (stage, how many, cost).

    Returns:
        Sorted by the order in which stages come and by size; `ratio` is the cost of one at this size by the
        cost of one at the smallest.
    """
    order = list(dict.fromkeys(stage for stage, _, _ in found))
    rows: list[dict[str, Any]] = []
    for stage in order:
        sizes = sorted((count, cost) for name, count, cost in found if name == stage)
        smallest, base = sizes[0]
        rows += [
            {
                "stage": stage,
                "count": count,
                "seconds": cost.seconds,
                "microseconds_each": 1e6 * cost.seconds / count,
                "processor_microseconds_each": 1e6 * cost.processor / count,
                "peak_bytes": cost.bytes,
                "ratio": (cost.seconds / count) / (base.seconds / smallest),
            }
            for count, cost in sizes
        ]
    return rows


def scale_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Write the figures for people."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("stage")
    for heading in (
        "how many",
        "seconds",
        "each, µs",
        "processor, µs",
        "peak, MB",
        "peak each, bytes",
        "x a straight line",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["stage"],
            f"{row['count']:,}",
            f"{row['seconds']:.3f}",
            f"{row['microseconds_each']:.1f}",
            f"{row['processor_microseconds_each']:.1f}",
            *_memory_cells(row["peak_bytes"], row["count"]),
            f"{row['ratio']:.2f}",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        rows = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"scale.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json({"rows": rows, "width": stages.WIDTH})
        return 0
    show(scale_table(rows))
    say(
        f"photos: hard links of JPEG files; rows: {stages.WIDTH:,} float16 each; features are not computed",
        "processor: time of headstart's own process, for each; it tells more where others are at work",
        "peak: memory above what the process held before; x: by the time for each at the smallest size",
    )
    return 0


def _run(options: argparse.Namespace) -> list[dict[str, Any]]:
    for name, sizes in (("--photos", options.photos), ("--rows", options.rows)):
        if any(size < 2 for size in sizes):
            raise UsageError(f"{name} is {min(sizes)}; expected 2 or more")
    if options.data is not None and not options.data.is_dir():
        raise UsageError(f"--data is {str(options.data)!r}; expected a folder of photos")
    found: list[tuple[str, int, Cost]] = []
    with TemporaryDirectory(prefix="headstart-scale-", dir=options.work) as work:
        files = stages.originals(options.data, Path(work, "originals"))
        for count in sorted(options.photos):
            note(f"{count:,} photos")
            found += [(stage, count, cost) for stage, cost in photo_costs(files, Path(work), count)]
        for count in sorted(options.rows):
            note(f"{count:,} rows")
            found += [(stage, count, cost) for stage, cost in row_costs(Path(work), count)]
    return with_ratios(found)


def _memory_cells(peak: int | None, count: int) -> tuple[str, str]:
    return ("-", "-") if peak is None else (f"{peak / 1e6:.1f}", f"{peak / count:,.0f}")


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    data = Path(assets, "data") if assets else None
    parser = argparse.ArgumentParser(prog="scale.py", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=data, help="photos to make many of (else headstart makes some)"
    )
    parser.add_argument("--photos", type=int, nargs="*", default=PHOTOS, metavar="N", help="sizes of folders")
    parser.add_argument("--rows", type=int, nargs="*", default=ROWS, metavar="N", help="sizes of stores")
    parser.add_argument(
        "--work", type=Path, help="folder with room for them: 3 GB for a million rows (else the system's)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
