"""README and guides, run word for word: a document that lies fails here."""

import subprocess

import pytest

from headstart.cli.run import run
from headstart.testing import fake_photo, jpeg, write_photos
from tests.journey.documents import PROJECT, blocks, commands

# The lesson's pages and the gallery have runners of their own: test_lesson.py, tests/website/test_gallery.py.
DOCUMENTS = [
    PROJECT / "README.md",
    *(
        page
        for page in sorted((PROJECT / "docs").rglob("*.md"))
        if page.parent.name not in {"lesson", "decisions"} and page.name != "gallery.md"
    ),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with the photos and the model that the documents speak of, and weights for their network."""
    import torchvision
    from safetensors.torch import save_file

    from headstart import train
    from headstart.tasks.weights import add_weights

    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("cat", "dog"), each=8)
    write_photos(folder / "other-photos", ("cat", "dog"), each=3, side=56)
    write_photos(folder, ("holiday",), each=2)
    (folder / "one-more.jpg").write_bytes(jpeg(fake_photo(0, 99)))
    # As a catalogue's page saves it.
    (folder / "corrections.csv").write_text("path,label\nholiday/0.jpg,fox\n")
    network = torchvision.models.mobilenet_v2(weights=None)
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()},
        folder / "mine.safetensors",
    )
    add_weights(
        folder / "mine.safetensors",
        backbone="torchvision:mobilenet_v2",
        tag="IMAGENET1K_V2",
        home=folder / "home",
    )
    # The README makes this model; the guide goes on with it, in whatever order they are tested.
    train(folder / "photos", output=folder / "pets", home=folder / "home")
    return folder


def _marked(document):
    # A minute and a half of attacks: pages 6 and 7 of the lesson run the same verbs in `make test`.
    marks = [pytest.mark.exhaustive] if document.name == "mind.md" else []
    return pytest.param(document, marks=marks, id=document.relative_to(PROJECT).as_posix())


@pytest.mark.slow
@pytest.mark.parametrize("document", [_marked(document) for document in DOCUMENTS])
def test_code_blocks_run(document, world, monkeypatch, capsys):
    monkeypatch.chdir(world)
    monkeypatch.setenv("HEADSTART_HOME", str(world / "home"))
    namespace: dict[str, object] = {"__name__": "document"}

    for block in blocks(document):
        if block.language == "python":
            exec(compile("\n" * block.line + block.code, str(document), "exec"), namespace)
        for words in commands(block) if block.language == "sh" else []:
            if words[0] == "headstart":
                assert run(words[1:]) == 0, (words, capsys.readouterr().err)
            else:
                assert words[0] in {"make", "pip", "cd"}, f"{document.name}:{block.line}: {words}"


def test_readme_commands_are_make_targets():
    """`make test` is what runs this; what `make demo` runs has tests of its own."""
    named = [words for block in blocks(DOCUMENTS[0]) for words in commands(block) if words[0] == "make"]

    assert named == [["make", "demo"], ["make", "test"]]
    for words in named:
        subprocess.run([*words, "--dry-run"], cwd=PROJECT, check=True, capture_output=True)
