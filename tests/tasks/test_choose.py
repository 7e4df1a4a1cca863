"""`choose` from photos to a network: halving on real rows, budgets, bad input, the page, the command line."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from headstart.backbones.module import module_backbone
from headstart.cli.choose import _mark
from headstart.cli.run import run
from headstart.errors import FitError, UsageError
from headstart.tasks.choose import _each_content_once, _notes, choose
from headstart.tasks.choosing import work
from headstart.tasks.gather import Gathered
from headstart.testing import tiny_backbone, write_photos

ASSETS = os.environ.get("HEADSTART_ASSETS")
CLASSES = ("red", "green")


def network(number, *, blind=False):
    """A small network; a blind one gives every photo the same row."""
    module = tiny_backbone(seed=number).module
    if blind:
        module.last.weight.data.zero_()
        module.last.bias.data.fill_(1.0 + number)
    return module_backbone(
        module,
        name=f"{'blind' if blind else 'tiny'}{number}",
        input_size=32,
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
        feature_layer="last:mean",
    )


@pytest.fixture
def clock(monkeypatch):
    """Times are made up: what is slow depends on the machine. The next network takes a millisecond more."""
    taken = iter(range(1, 1000))
    monkeypatch.setattr(work, "milliseconds_for_one", lambda engine, picture: [float(next(taken))] * 5)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("photos") / "photos", CLASSES, each=20)


@pytest.mark.slow
@pytest.mark.usefixtures("clock")
def test_a_ranking_with_all_that_was_promised(photos, tmp_path):
    options = {"engine": "torch", "follow_links": True, "home": tmp_path / "home"}
    found = choose(photos, backbones=[network(0)], output=tmp_path / "page.html", **options)
    facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {row["backbone"] for row in facts["ranking"]} == {"module:tiny0", "raw pixels"}
    for row in facts["ranking"]:
        assert set(row["accuracy"]) == {"value", "low", "high", "top3", "photos", "how"}
        assert row["accuracy"]["photos"] == 40
        assert row["milliseconds"] > 0
        assert row["scores"] is None
        assert row["features"] == {"computed": 40, "reused": 0}
    assert facts["chosen"] in {"module:tiny0", "raw pixels"}
    assert facts["halving"] == {
        "stages": [40],
        "photos_through_networks": 40,
        "computed": 40,
        "without_halving": 40,
    }
    page = (tmp_path / "page.html").read_text()
    assert "module:tiny0" in page.replace("<wbr>", "")
    assert "--cv 5 --seed 0 --engine torch --follow-links" in page
    assert "raw pixels" in page


@pytest.mark.slow
@pytest.mark.usefixtures("clock")
def test_many_networks_pass_few_photos_and_the_rest_is_kept(tmp_path):
    photos = write_photos(tmp_path / "photos", CLASSES, each=80)
    seeing, blind = [network(at) for at in range(5)], [network(at, blind=True) for at in range(7)]
    found = choose(photos, backbones=[*blind, *seeing], home=tmp_path / "home")
    by_name = {row.backbone: row for row in found.ranking}
    assert found.stages == (40, 80, 160)
    for each in seeing:
        row = by_name[each.spec.name]
        assert (row.measured.photos, row.dropped, row.computed) == (160, "", 160)
        assert row.scores is None  # all five are right everywhere: no order, so no evidence
    gone = [by_name[each.spec.name] for each in blind]
    assert {(row.measured.photos, row.dropped) for row in gone} == {(40, "worse"), (80, "worse")}
    assert sum(row.measured.photos == 40 for row in gone) == 6
    assert all(row.behind.low > 0 and row.computed == row.measured.photos for row in gone)
    assert found.passes == sum(row.computed for row in found.networks) == 5 * 160 + 6 * 40 + 80
    assert found.evidence == ()
    again = choose(photos, backbones=[*blind, *seeing], home=tmp_path / "home")
    assert sum(row.computed for row in again.ranking) == 0
    assert [row.to_json()["accuracy"] for row in again.ranking] == [
        row.to_json()["accuracy"] for row in found.ranking
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("clock")
def test_copies_count_once_and_bad_photos_do_not(photos, tmp_path):
    mine = shutil.copytree(photos, tmp_path / "photos")
    for name in CLASSES:
        shutil.copy(mine / name / "0.jpg", mine / name / "again.jpg")
    (mine / "red" / "cut.jpg").write_bytes((mine / "red" / "0.jpg").read_bytes()[:400])
    (mine / "green" / "empty.jpg").write_bytes(b"")
    found = choose(mine, backbones=[network(0)], home=tmp_path / "home")
    assert found.used == 40
    assert {each.name for each in found.skipped} == {"red/cut.jpg", "green/empty.jpg"}
    assert "of 42 photos 2 copies do not count" in found.notes


def test_a_class_with_one_photo_is_refused_and_two_are_enough(tmp_path):
    photos = write_photos(tmp_path / "photos", CLASSES, each=2)
    home = tmp_path / "home"
    assert choose(photos, backbones=[network(0)], home=home).used == 4
    (photos / "red" / "1.jpg").unlink()
    with pytest.raises(FitError, match=r"'red' in .* has one photo only"):
        choose(photos, backbones=[network(0)], home=home)


@pytest.mark.parametrize(
    "wrong",
    [{"cv": 1}, {"cv": 21}, {"seed": -1}, {"budget_ms": 0.0}, {"backbones": []}, {"engine": "abacus"}],
)
def test_wrong_arguments_stop_before_any_work(photos, tmp_path, wrong):
    with pytest.raises(UsageError):
        choose(photos, **{"backbones": ["squeezenet1_1@random"], "home": tmp_path / "home", **wrong})
    assert not (tmp_path / "home" / "features").exists()


@pytest.mark.parametrize("output", ["page.png", "nowhere/page.html", "photos/page.html", ""])
def test_a_page_that_can_not_be_written_stops_before_any_work(tmp_path, output, monkeypatch):
    photos = write_photos(tmp_path / "photos", CLASSES, each=2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="output"):
        choose(photos, backbones=["squeezenet1_1@random"], home=tmp_path / "home", output=output)
    assert not (tmp_path / "home" / "features").exists()


def test_two_networks_of_the_same_name_are_refused(photos, tmp_path):
    with pytest.raises(UsageError, match="two networks are called module:tiny0"):
        choose(photos, backbones=[network(0), network(0)], home=tmp_path / "home")


@pytest.mark.slow
def test_the_command_line(photos, tmp_path, capsys):
    home = ["--home", str(tmp_path / "home")]
    names = ["--backbones", "pocket,squeezenet1_1@random", "-b", "pocket"]
    assert run(["choose", str(photos), *names, *home]) == 0
    said = capsys.readouterr().out
    for words in ("raw pixels", "chosen: ", "could be fetched, accuracy not known", "nothing"):
        assert words in said
    assert "random weights, which have learned nothing: 'torchvision:squeezenet1_1@random'" in said
    assert "squeezenet1_1@random is chosen" not in said
    assert run(["choose", str(photos), *names, *home, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert len(facts["ranking"]) == 3
    assert facts["halving"]["computed"] == 0


def test_a_chosen_network_that_is_random_has_both_marks():
    row = SimpleNamespace(learned=False, is_floor=False)
    learned = SimpleNamespace(learned=True, is_floor=False)
    assert _mark(row, SimpleNamespace(chosen=row)) == "chosen, random"
    assert _mark(learned, SimpleNamespace(chosen=learned)) == "chosen"


def test_notes_say_how_many_copies_and_that_nothing_learned_was_left():
    photos = [SimpleNamespace(sha256=sha) for sha in "aab"]
    _, [note] = _each_content_once(Gathered("photos", tuple(photos), (), ("a",), ()))
    row = SimpleNamespace(backbone="x@random", learned=False, is_floor=False)
    assert note == "of 3 photos 1 copy does not count"
    assert (
        "x@random is chosen although it has learned nothing"
        in _notes([row], row, SimpleNamespace(speeds={}))[0]
    )


@pytest.mark.slow
def test_a_budget_that_nothing_fits_says_no_in_one_line_and_shows_the_rest(photos, tmp_path, capsys):
    words = ["choose", str(photos), "-b", "pocket", "--home", str(tmp_path / "home"), "--budget-mb", "0.1"]
    assert run(words) == 1
    told = capsys.readouterr()
    [line] = [each for each in told.err.splitlines() if each.startswith("headstart:")]
    assert "no network fits the budget of 0.1 MB" in line
    assert "pocket" in told.out
    assert "chosen" not in told.out
    assert run([*words, "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["chosen"] is None
    assert {row["backbone"]: row["within_budget"] for row in facts["ranking"]}["raw pixels"]


@pytest.mark.exhaustive
@pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS is not set: no real weights and photos")
@pytest.mark.xdist_group("real")
def test_mobilenet_is_ranked_over_squeezenet_over_raw_pixels(tmp_path, capsys):
    home = tmp_path / "home"
    assert run(["weights", "add", f"{ASSETS}/weights/manifest.json", "--home", str(home)]) == 0
    capsys.readouterr()
    photos = Path(ASSETS, "data", "pets-37")
    names = "timm:mobilenetv2_100@slim,torchvision:squeezenet1_1@zoo,pocket"
    assert run(["choose", str(photos), "--backbones", names, "--home", str(home), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    order = [row["backbone"] for row in facts["ranking"]]
    assert order[0] == facts["chosen"] == "timm:mobilenetv2_100@slim"
    assert order[1] == "torchvision:squeezenet1_1@zoo"
    assert order[2].startswith("pocket")
    assert order[3] == "raw pixels"
    rows = dict(zip(order, facts["ranking"], strict=True))
    assert rows[order[0]]["accuracy"]["value"] > 0.8
    assert rows["raw pixels"]["accuracy"]["value"] < 0.15
    assert not any(row["as_good_as_best"] for row in facts["ranking"][1:])
    assert all(each["address"].startswith("https://") for each in facts["could_be_fetched"])
