"""(text of a Markdown document) => its fenced blocks, and where each stands."""

from website.blocks import blocks, commands

SHELL = (
    "# Title\n\n```sh\nheadstart quiz before  # ten\n\n# nothing\nheadstart train 'my photos' -o pets\n```\n"
)
TEXT = f"{SHELL}\n```\nplain\n```\n"


def test_a_block_knows_its_language_and_the_line_on_which_its_code_begins():
    assert [(each.language, each.line) for each in blocks(TEXT)] == [("sh", 4), ("", 11)]


def test_a_block_stands_where_its_fences_do():
    block = blocks(TEXT)[1]

    assert TEXT[block.start : block.end] == "```\nplain\n```"


def test_commands_are_words_without_comments_and_empty_lines():
    assert commands(blocks(TEXT)[0]) == [
        ["headstart", "quiz", "before"],
        ["headstart", "train", "my photos", "-o", "pets"],
    ]


def test_a_document_without_blocks_has_none():
    assert blocks("only ```words``` here\n") == []
