"""(a page of the lesson) => it with what its cells print, its pictures, and errors that name it."""

import pytest
from PIL import Image

from website import pages

PAGE = "Look:\n\n```python\nprint(1)\n```\n\nAnd:\n\n```python\nx = 2\n```\n\n```sh\nls\n```\n"


def test_code_and_prose_of_a_page_are_told_apart():
    assert pages.cells(PAGE) == ["print(1)\n", "x = 2\n"]
    assert pages.prose(PAGE).split() == ["Look:", "And:"]


def test_a_picture_is_made_small_enough_for_the_page(tmp_path):
    Image.new("RGBA", (1800, 600), "white").save(tmp_path / "wide.png")
    target = tmp_path / "pictures" / "09-wide.jpg"

    pages.keep_picture(tmp_path, "wide.jpg", target)

    with Image.open(target) as kept:
        assert (kept.format, kept.size) == ("JPEG", (pages.WIDEST, 300))


def test_a_picture_that_no_cell_wrote_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=r"no cell wrote wide\.png"):
        pages.keep_picture(tmp_path, "wide.jpg", tmp_path / "09-wide.jpg")


def test_an_error_names_the_page_and_the_line_of_the_cell(tmp_path):
    page = tmp_path / "99-broken.md"
    page.write_text("# Broken\n\n```python\nx = 1\n1 / 0\n```\n", "utf-8")

    with pytest.raises(RuntimeError, match=r"(?s)99-broken\.md.*line 5, in <module>.*ZeroDivisionError"):
        pages.run(page, tmp_path, tmp_path / "home")


def test_cells_share_their_names_and_run_in_the_given_folder(tmp_path):
    page = tmp_path / "99-whole.md"
    page.write_text(
        "```python\nfrom pathlib import Path\nx = 2\n```\n\n```python\nprint(x, Path.cwd().name)\n```\n",
        "utf-8",
    )

    assert pages.run(page, tmp_path, tmp_path / "home") == ["", f"2 {tmp_path.name}\n"]


def test_pages_come_in_their_order_and_by_their_numbers(tmp_path, monkeypatch):
    for name in ("10-last.md", "02-second.md", "notes.md"):
        (tmp_path / name).write_text("", "utf-8")
    monkeypatch.setattr(pages, "LESSON", tmp_path)

    assert [page.name for page in pages.pages()] == ["02-second.md", "10-last.md"]
    assert [page.name for page in pages.pages("10")] == ["10-last.md"]


def test_without_real_photos_nothing_is_recorded(monkeypatch):
    monkeypatch.delenv(pages.ENVIRONMENT, raising=False)
    monkeypatch.setattr("sys.argv", ["pages"])

    with pytest.raises(SystemExit, match=pages.ENVIRONMENT):
        pages.main()
