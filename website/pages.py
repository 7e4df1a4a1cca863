"""(a page of the lesson) => the same page with what its cells print, and the pictures that it shows.

    python -m website.pages            every page: `make lesson`
    python -m website.pages 02 07      some

A page is Markdown. Its python blocks are cells that run from top to bottom in one process and an empty
folder; the text block behind a cell is what it printed. HEADSTART_ASSETS says where real photos and weights
are. Without it the pages still run, on what is carried along, but the figures are not recorded anew.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from website import DOCS, PROJECT
from website.blocks import blocks
from website.outputs import with_outputs
from website.process import output_of

LESSON = DOCS / "lesson"
PICTURES = "pictures"
WIDEST = 900  # pixels of a picture on a page
ENVIRONMENT = "HEADSTART_ASSETS"
# What the pages call a set of photos, and its folder among the assets.
LINKS = {
    "cats-vs-dogs": "cats-vs-dogs",
    "oxford-pets": "pets-37",
    "ants-bees": "ants-bees",
    "aerial": "aerial",
    "styles": "styles",
}
_PICTURE = re.compile(r"!\[[^\]]*\]\(" + PICTURES + r"/(\d\d)-([\w.-]+)\)")


def pages(*numbers: str) -> list[Path]:
    """Give the pages whose file names begin so, all without any, in their order."""
    found = sorted(LESSON.glob("[0-9][0-9]-*.md"))
    return [page for page in found if not numbers or page.name.startswith(numbers)]


def prepare(folder: Path, home: Path, assets: Path | None) -> None:
    """Lay out what the cells of a page find: links to real photos, and real weights, where there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    if assets is None:
        return
    from headstart.tasks.weights import add_weights

    for name, source in LINKS.items():
        if not (folder / name).exists():
            (folder / name).symlink_to(assets / "data" / source, target_is_directory=True)
    add_weights(assets / "weights" / "manifest.json", home=home)


def run(page: Path, folder: Path, home: Path) -> list[str]:
    """Run the cells of a page in a process of its own.

    Args:
        page: the Markdown file.
        folder: where they run, prepared.
        home: of weights and features.

    Returns:
        What each cell printed.

    Raises:
        RuntimeError: a cell failed; with the end of its traceback.
    """
    told = folder / "printed.json"
    words = ["website.pages", "--run", str(page), "--told", str(told)]
    output_of(words, folder, home, OMP_NUM_THREADS="1", PYTHONPATH=str(PROJECT))
    return [str(each) for each in json.loads(told.read_text("utf-8"))]


def refresh(page: Path, folder: Path, home: Path) -> None:
    """Write what the cells of a page print behind them, and the pictures that it shows beside it."""
    text = page.read_text("utf-8")
    page.write_text(with_outputs(text, run(page, folder, home), "python"), "utf-8")
    for number, name in _PICTURE.findall(text):
        keep_picture(folder, name, LESSON / PICTURES / f"{number}-{name}")


def cells(text: str) -> list[str]:
    """The code of each cell of a page."""
    return [block.code for block in blocks(text) if block.language == "python"]


def prose(text: str) -> str:
    """A page without its fenced blocks.

    Example:
        >>> print(prose(chr(10).join(["Look:", "```python", "print(1)", "```", "One."])))
        Look:
        <BLANKLINE>
        One.
    """
    for block in reversed(blocks(text)):
        text = text[: block.start] + text[block.end :]
    return text


def keep_picture(folder: Path, name: str, target: Path) -> None:
    """Make a picture that a cell wrote small enough for a page; its suffix says how it is kept.

    Raises:
        RuntimeError: no cell wrote it.
    """
    from PIL import Image

    source = folder / f"{Path(name).stem}.png"
    if not source.exists():
        raise RuntimeError(f"{target.name} is shown, but no cell wrote {source.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)))
    picture.save(target, optimize=True, quality=85)


def _run_here(page: Path, told: Path) -> None:
    """Run the cells of a page in this process and this folder."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    outputs = []
    for block in blocks(page.read_text("utf-8")):
        if block.language == "python":
            printed = io.StringIO()
            code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
            with contextlib.redirect_stdout(printed):
                exec(code, namespace)  # noqa: S102 - the pages are ours
            outputs.append(printed.getvalue())
    told.write_text(json.dumps(outputs), "utf-8")


def main() -> None:
    """Refresh pages; with --run, be the process in which one runs."""
    parser = argparse.ArgumentParser(description="run the pages of the lesson and record what they print")
    parser.add_argument("numbers", nargs="*", help="pages to refresh, such as 02; all without any")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        _run_here(given.run, given.told)
        return
    assets = os.environ.get(ENVIRONMENT)
    if not assets:
        sys.exit(f"{ENVIRONMENT} is not set: the figures on the pages come from real photos and weights")
    with tempfile.TemporaryDirectory() as place:
        for page in pages(*given.numbers):
            folder, home = Path(place) / page.stem, Path(place) / "home"
            prepare(folder, home, Path(assets))
            refresh(page, folder, home)
            print(page.name)  # noqa: T201 - tells how far it is


if __name__ == "__main__":
    main()
