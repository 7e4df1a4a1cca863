"""docs/gallery.md => the same page with what its commands print, and the pictures that they make.

    python -m website.gallery       `make gallery`

The commands run word for word in a folder with pictures that scikit-image carries. Other networks are asked
about the ideal images where HEADSTART_ASSETS has weights; Keras's, which are copies of these, are left out.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path

from website import DOCS
from website.blocks import blocks, commands
from website.outputs import with_outputs
from website.pages import ENVIRONMENT, keep_picture
from website.process import output_of

PAGE = DOCS / "gallery.md"
SMALL, LARGER = 200, 3  # pixels across below which a picture is enlarged, and how many times
CARRIED = ("chelsea.png", "coffee.png")
_PICTURE = re.compile(r"!\[[^\]]*\]\((pictures/gallery-([\w-]+)\.webp)\)")


def prepare(folder: Path, home: Path, assets: Path | None) -> None:
    """Lay out what the commands of the page find: pictures, and weights where there are any."""
    import skimage

    for name in CARRIED:
        (folder / name).write_bytes((Path(skimage.__file__).parent / "data" / name).read_bytes())
    if assets is None:
        return
    from headstart.tasks.weights import add_weights

    manifest = json.loads((assets / "weights" / "manifest.json").read_text("utf-8"))
    manifest["weights"] = [each for each in manifest["weights"] if not each["backbone"].startswith("keras:")]
    for each in manifest["weights"]:
        (folder / each["file"]).symlink_to(assets / "weights" / each["file"])
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    add_weights(folder / "manifest.json", home=home)


def outputs(text: str, folder: Path, home: Path) -> list[str]:
    """What the commands of each shell block print.

    Raises:
        RuntimeError: a command failed; with what it said.
    """
    shell = [block for block in blocks(text) if block.language == "sh"]
    return ["".join(_printed(words, folder, home) for words in commands(block)) for block in shell]


def _printed(words: list[str], folder: Path, home: Path) -> str:
    if words[0] != "headstart":
        raise RuntimeError(f"{PAGE.name} has the command {words[0]!r}; only headstart's own are run")
    return output_of(words, folder, home)


def shown(text: str) -> dict[str, str]:
    """The pictures of the page, and the file of the working folder that each is made of."""
    return {path: f"{name}.png" for path, name in _PICTURE.findall(text)}


def enlarge(file: Path) -> None:
    """Make a picture of the size that the network sees large enough to look at."""
    from PIL import Image

    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    if picture.width < SMALL:
        size = (picture.width * LARGER, picture.height * LARGER)
        picture.resize(size, Image.Resampling.LANCZOS).save(file)


def main() -> None:
    """Make the page and its pictures anew."""
    assets = os.environ.get(ENVIRONMENT)
    if not assets:
        sys.exit(
            f"{ENVIRONMENT} is not set: the page tells what other networks say, so their weights are needed"
        )
    text = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place), Path(place) / "home"
        prepare(folder, home, Path(assets))
        text = with_outputs(text, outputs(text, folder, home), "sh")
        for target, name in shown(text).items():
            enlarge(folder / name)
            keep_picture(folder, name, PAGE.parent / target)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
