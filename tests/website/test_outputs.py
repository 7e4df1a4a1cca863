"""What cells and commands print stands behind them, however often they are run."""

import pytest

from website.blocks import blocks
from website.outputs import recorded, with_outputs

PAGE = "Look:\n\n```python\nprint(1)\n```\n\nAnd:\n\n```python\nx = 2\n```\n\n```sh\nls\n```\n"


def test_what_a_cell_printed_stands_behind_it_and_a_silent_cell_gets_nothing():
    found = with_outputs(PAGE, ["1\n", ""], "python")

    assert [block.language for block in blocks(found)] == ["python", "text", "python", "sh"]
    assert recorded(found, "python") == ["1\n", ""]


def test_running_again_replaces_what_stood_there():
    once = with_outputs(PAGE, ["1\n", ""], "python")

    assert with_outputs(once, ["1\n", ""], "python") == once
    assert recorded(with_outputs(once, ["2\n", "3\n"], "python"), "python") == ["2\n", "3\n"]
    assert with_outputs(once, ["", ""], "python") == PAGE


def test_a_text_block_behind_a_sentence_is_no_output():
    page = "```python\nx = 1\n```\n\nA folder looks so:\n\n```text\nphotos/\n```\n"

    assert recorded(page, "python") == [""]
    assert "photos/" in with_outputs(page, ["1\n"], "python")


def test_a_page_whose_cells_were_not_all_run_is_refused():
    with pytest.raises(ValueError, match="zip"):
        with_outputs(PAGE, ["1\n"], "python")


def test_new_outputs_take_the_place_of_old_ones():
    page = "```sh\nheadstart a\n```\n\n```text\nold\n```\n\n```sh\nheadstart b\n```\n\nWords.\n"

    made = with_outputs(page, ["new\n", "more\n"], "sh")

    assert "old" not in made
    assert made.endswith("```text\nmore\n```\n\nWords.\n")
    assert with_outputs(made, ["new\n", "more\n"], "sh") == made
