"""The network that headstart carries: every verb's default, nothing to fetch, and said to be a small one."""

import html
import inspect
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

import headstart
from headstart.backbones.load import load_backbone
from headstart.backbones.published import default_tag, missing_weights, published
from headstart.cli.run import run
from headstart.errors import BackboneError, UsageError, WeightsMissingError
from headstart.model.rebuild import rebuild_backbone
from headstart.tasks.advice import LARGER, advice
from headstart.tasks.backbones import list_backbones, show_backbone
from headstart.tasks.weights import add_weights, fetch_weights, list_weights, verify_weights
from headstart.testing import tiny_backbone, write_photos

HINT = "a larger one does better"


@pytest.fixture(scope="module")
def pocket():
    return load_backbone("pocket").spec


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Photos, others, a home without weights, a model of the default network saved without its weights."""
    folder = tmp_path_factory.mktemp("world")
    write_photos(folder / "photos", ("red", "blue"), each=8)
    write_photos(folder / "others", ("red", "blue"), each=3, side=40)
    words = ["train", str(folder / "photos"), "-o", str(folder / "model"), "--no-weights"]
    assert run([*words, "--home", str(folder / "home"), "--json"]) == 0
    return folder


@pytest.fixture
def no_download(monkeypatch):
    """Whoever tries to fetch something fails."""

    def refuse(*arguments, **options):
        raise AssertionError("a download was tried")

    monkeypatch.setattr("headstart.storage.download.Downloader.fetch", refuse)


def words_of(verb, world, backbone=None):
    chosen = [] if backbone is None else ["--backbone", backbone]
    return {
        "train": ["train", "photos", "-o", "again", *chosen],
        "embed": ["embed", "photos", *chosen],
        "predict": ["predict", "model", "photos"],
        "evaluate": ["evaluate", "model", "others"],
        "predict the network": ["predict", backbone or "pocket", "photos"],
    }[verb]


VERBS = ["train", "embed", "predict", "evaluate", "predict the network"]


@pytest.mark.parametrize(
    "function", [headstart.train, headstart.embed, headstart.PhotoFeatures], ids=lambda each: each.__name__
)
def test_the_default_is_pocket_in_python(function):
    assert inspect.signature(function).parameters["backbone"].default == "pocket"


@pytest.mark.slow
def test_the_default_is_pocket_on_the_command_line(world, pocket):
    record = json.loads((world / "model" / "model.json").read_text())

    assert record["backbone"]["name"] == "pocket"
    assert record["backbone"]["weights_digest"] == pocket.weights_digest
    assert not list((world / "model").glob("backbone-*")), "--no-weights was asked"
    assert not (world / "home" / "weights").exists()


@pytest.mark.slow
def test_embed_names_the_network_that_it_took(world, pocket):
    result = headstart.embed(world / "photos", home=world / "home").to_json()

    assert (result["backbone"], result["width"]) == ("pocket", pocket.feature_width)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.slow
def test_every_verb_says_once_that_a_larger_one_is_better(verb, world, monkeypatch, capsys, no_download):
    monkeypatch.chdir(world)
    words = [*words_of(verb, world), "--home", "home"]

    assert run(words) == 0
    shown = capsys.readouterr()
    lines = [line for line in f"{shown.out}{shown.err}".splitlines() if HINT in line]
    assert run([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)

    assert len(lines) == 1
    assert lines[0].startswith("note: pocket")
    assert LARGER in lines[0]
    assert [f"note: {note}" for note in result["notes"] if HINT in note] == lines


@pytest.mark.parametrize("backbone", ["squeezenet1_1@random", "pocket@random"])
@pytest.mark.parametrize("verb", ["train", "embed", "predict the network"])
@pytest.mark.slow
def test_of_any_other_network_nothing_is_said(verb, backbone, world, monkeypatch, capsys):
    monkeypatch.chdir(world)

    assert run([*words_of(verb, world, backbone), "--home", "home", "--json"]) == 0

    assert HINT not in capsys.readouterr().out


@pytest.mark.slow
def test_the_model_of_another_network_says_nothing(world, tmp_path):
    home, photos = tmp_path / "home", world / "photos"
    model = headstart.train(photos, backbone=tiny_backbone(), home=home, output=tmp_path / "model")

    notes = [
        *model.training.notes,
        *headstart.predict(model, photos, home=home).notes,
        *headstart.evaluate(model, world / "others", home=home).notes,
        html.unescape((tmp_path / "model" / "report.html").read_text()),
    ]

    assert not any(HINT in each for each in notes)


@pytest.mark.slow
def test_the_report_says_it_once_where_it_warns(world):
    page = html.unescape((world / "model" / "report.html").read_text())

    assert page.count(HINT) == 1
    warned = page[page.index("Before you rely on it") : page.index("</aside>")]
    assert f"--backbone {LARGER}" in warned


def test_what_the_hint_says_is_what_is_published(pocket):
    known = published("torchvision", LARGER)
    [said] = advice(pocket, "train")

    assert f"({known.about / 1e6:.0f} MB, fetched once)" in said
    assert known.sha256_prefix, "it can be fetched without --trust-first"
    assert known.classes == "imagenet-1k", "1,000 classes of its own"
    larger = load_backbone(f"{LARGER}@random").spec
    assert larger.parameters > pocket.parameters


@pytest.mark.slow
def test_the_network_answers_with_its_own_classes(world, pocket):
    answers = headstart.predict("pocket", world / "photos", top=3, home=world / "home")

    assert len(answers) == 16
    for answer in answers:
        assert len(answer.probabilities) == 3
        assert answer.label in pocket.classes
        assert answer.id == pocket.class_ids[pocket.classes.index(answer.label)]
        assert answer.unknown is None


@pytest.mark.slow
def test_a_saved_model_answers_elsewhere_with_an_empty_home_and_no_network(world, tmp_path):
    """The weights that it was saved without come from headstart itself."""
    expected = [
        each.label for each in headstart.predict(world / "model", world / "photos", home=tmp_path / "a")
    ]
    shutil.copytree(world / "model", tmp_path / "elsewhere")
    command = ["predict", "elsewhere", str(world / "photos"), "--home", "empty", "--json"]

    done = subprocess.run(
        [sys.executable, "-m", "headstart", *command],
        cwd=tmp_path,
        env={**os.environ, "HEADSTART_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    result = json.loads(done.stdout)
    assert [each["label"] for each in result["predictions"]] == expected
    assert sum(HINT in note for note in result["notes"]) == 1
    assert not (tmp_path / "empty" / "weights").exists()


def test_a_model_of_another_pocket_needs_its_own_weights(pocket, tmp_path):
    spec = replace(pocket, tag="v0", weights_digest="0" * 64)

    with pytest.raises(WeightsMissingError, match=r"another pocket .*\(v0, 0{16}.*train it again"):
        rebuild_backbone(spec, None, tmp_path)


def test_it_is_listed_as_something_that_is_there(pocket, tmp_path, capsys):
    [listed] = [each.to_json() for each in list_backbones("pocket", home=tmp_path)]

    assert listed == {
        "name": "pocket",
        "weights": [
            {
                "tag": pocket.tag,
                "sha256": pocket.weights_digest,
                "licence": pocket.licence,
                "source": pocket.source,
            }
        ],
    }
    assert run(["backbones", "--home", str(tmp_path)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("pocket   comes with headstart: @")
    assert pocket.licence in first
    assert pocket.weights_digest[:16] in first
    assert not tmp_path.joinpath("weights").exists()


@pytest.mark.usefixtures("no_download")
def test_it_is_shown_without_a_network(pocket, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")

    shown = show_backbone("pocket", home=tmp_path).to_json()
    assert run(["backbones", "show", "pocket", "--home", str(tmp_path)]) == 0

    side = pocket.preprocessing.resize.height
    assert (shown["name"], shown["own_classes"], shown["weights"]) == ("pocket", 200, pocket.weights_digest)
    assert (shown["licence"], shown["source"]) == (pocket.licence, pocket.source)
    assert f"pocket: {side} x {side} px in" in capsys.readouterr().out


@pytest.mark.usefixtures("no_download")
def test_its_weights_are_listed_fetched_and_verified_without_a_network(pocket, tmp_path, capsys):
    home = ["--home", str(tmp_path)]
    [listed] = [each.to_json() for each in list_weights(home=tmp_path)]

    assert (listed["backbone"], listed["sha256"]) == (f"pocket@{pocket.tag}", pocket.weights_digest)
    assert listed["bytes"] == len(load_backbone(listed["backbone"]).weights())
    assert fetch_weights("pocket", home=tmp_path).sha256 == pocket.weights_digest
    for words, said in [
        (["list"], "more: headstart weights fetch NAME"),
        (["fetch", "pocket"], "comes with headstart, nothing to fetch"),
        (["verify"], f"pocket@{pocket.tag}: ok"),
        (["verify", "pocket"], f"pocket@{pocket.tag}: ok"),
    ]:
        assert run(["weights", *words, *home]) == 0
        assert said in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "why"), [("card.json", "another SHA-256"), ("nothing.safetensors", "is missing")]
)
def test_a_damaged_or_lost_file_of_ours_is_one_line(file, why, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("headstart.backbones.pocket.card.WEIGHTS_FILE", file)
    home = ["--home", str(tmp_path)]

    for words, code in [(["verify"], 1), (["verify", "pocket"], 1), (["fetch", "pocket"], 2)]:
        assert run(["weights", *words, *home]) == code
        shown = capsys.readouterr()
        [line] = f"{shown.out}{shown.err}".splitlines()
        assert why in line
        assert "install headstart again" in line
    assert run(["weights", "list", *home]) == 1
    shown = capsys.readouterr()
    assert why in shown.err
    assert "pocket@" not in shown.out


@pytest.mark.slow
def test_nothing_is_added_to_it(tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(load_backbone("pocket").weights())

    with pytest.raises(UsageError, match="pocket comes with headstart"):
        add_weights(file, backbone="pocket", tag="mine", home=tmp_path / "home")

    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("call", [fetch_weights, verify_weights, load_backbone])
def test_another_tag_of_it_is_refused(call):
    with pytest.raises(BackboneError, match=r"pocket .*'another'"):
        call("pocket@another")


def test_nobody_publishes_it():
    with pytest.raises(BackboneError, match="comes with headstart"):
        published("pocket", "pocket")
    assert default_tag("pocket", "pocket") is None
    assert "pocket" in str(missing_weights("pocket", "pocket"))


def test_verify_of_one_network_passes_over_the_others(tmp_path):
    file = tmp_path / "mine.safetensors"
    file.write_bytes(load_backbone("squeezenet1_1@random").weights())
    add_weights(file, backbone="squeezenet1_1", tag="mine", home=tmp_path)

    [checked] = verify_weights("squeezenet1_1", home=tmp_path)

    assert (checked.backbone, checked.fault) == ("torchvision:squeezenet1_1@mine", "")
    assert len(verify_weights(home=tmp_path)) == 2
    with pytest.raises(WeightsMissingError, match="vgg16"):
        verify_weights("vgg16", home=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["others/red/0.jpg", "others/red/1.jpg"], "is a file; the model comes first"),
        (["no-such-model", "others"], "pocket is one that is always there"),
    ],
)
def test_a_model_that_is_none_leads_to_pocket(words, said, world, monkeypatch, capsys):
    monkeypatch.chdir(world)

    assert run(["predict", *words, "--home", "home"]) == 2

    [line] = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert "pocket" in line
