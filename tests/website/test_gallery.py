"""The gallery: its commands print what the page says, and its pictures are there and small."""

import os
import re
from pathlib import Path

import pytest

from website.blocks import blocks
from website.compare import difference
from website.gallery import PAGE, enlarge, outputs, prepare, shown

ASSETS = os.environ.get("HEADSTART_ASSETS")
NETWORK = re.compile(r"^  ((?:timm|torchvision):\S+): ", re.MULTILINE)
# What other networks see in an ideal image, and so the verdict, hangs on the rounding of the processor.
OTHERS = re.compile(r"^(  (timm|torchvision):.*|'.*' also for .*|an adversarial texture: .*)\n", re.MULTILINE)


def test_every_picture_is_there_and_all_are_small():
    text = PAGE.read_text("utf-8")
    files = [PAGE.parent / path for path in shown(text)]

    assert len(files) == text.count("![") >= 8
    assert 0 < sum(file.stat().st_size for file in files) < 1_000_000


def test_every_command_is_followed_by_what_it_printed():
    found = [block for block in blocks(PAGE.read_text("utf-8")) if block.language != "python"]

    assert [block.language for block in found] == ["sh", "text"] * (len(found) // 2)


def test_the_photo_comes_as_the_page_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    for block in blocks(PAGE.read_text("utf-8")):
        if block.language == "python":
            exec(block.code, {})

    assert (tmp_path / "chelsea.png").read_bytes()[1:4] == b"PNG"


def test_only_headstarts_own_commands_are_run(tmp_path):
    with pytest.raises(RuntimeError, match="'rm'"):
        outputs("```sh\nrm -r photos\n```\n", tmp_path, tmp_path)


def test_a_picture_of_the_networks_size_is_enlarged_and_others_stay(tmp_path):
    from PIL import Image

    for name, side in (("small", 96), ("large", 400)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{name}.png")
        enlarge(tmp_path / f"{name}.png")

    with Image.open(tmp_path / "small.png") as small, Image.open(tmp_path / "large.png") as large:
        assert (small.size, large.size) == ((288, 288), (400, 400))


@pytest.mark.exhaustive
@pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no other networks to ask")
def test_the_commands_print_what_the_page_says(tmp_path):
    text = PAGE.read_text("utf-8")
    (tmp_path / "run").mkdir()
    prepare(tmp_path / "run", tmp_path / "home", Path(ASSETS))

    printed = outputs(text, tmp_path / "run", tmp_path / "home")

    told = [block.code for block in blocks(text) if block.language == "text"]
    own = [[OTHERS.sub("", each) for each in said] for said in (told, printed)]
    assert [difference(one, other) for one, other in zip(*own, strict=True)] == [""] * len(told)
    asked = [[NETWORK.findall(each) for each in said] for said in (told, printed)]
    assert asked[0] == asked[1]
