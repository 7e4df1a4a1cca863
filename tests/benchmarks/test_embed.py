"""`embed`: photos to features beside peers, with peers that are two lines of Python."""

import json
import shutil
import sys
from pathlib import Path

import pytest

import embed
import ours
import peer
import sides
from embed_rows import limits, parts, rows
from headstart.errors import HeadstartError, UsageError
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.testing import tiny_backbone, write_photos
from jpegs import copy_photos
from networks import NETWORKS
from peers.steady import Request, measure
from turns import in_turns

ONE, OTHER = ours.WAYS[:2]


def speed(value, **more):
    return {"photos_per_second": value, "rounds": [value], **more}


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos", each=3)


@pytest.fixture
def fake_peer(tmp_path, monkeypatch):
    """Peers that answer what they are told to."""

    def make(name, code):
        (tmp_path / f"fake_{name}.py").write_text(code)
        monkeypatch.setitem(peer.MODULES, name, f"fake_{name}")

    monkeypatch.setattr(peer, "HERE", tmp_path)
    return make


ANSWER = """
import json, sys
request = json.load(sys.stdin)
print("libraries talk on standard output, too")
print(json.dumps({"photos": len(request["photos"]), "seconds": 0.5, "width": 3, "with": request["network"]}))
"""


def test_ratios_are_to_the_lesson_the_best_peer_and_the_limit():
    figures = {
        "loader": speed(50.0, **{"with": "torch"}),
        "lesson": speed(40.0),
        sides.ours(ONE): speed(120.0),
        sides.ours(OTHER): speed(200.0),
        "decode alone": speed(300.0),
        sides.alone(ONE): speed(300.0),
    }

    found = {row["side"]: row for row in rows(figures)}

    assert list(found) == ["lesson", "loader", sides.ours(ONE), sides.ours(OTHER)]
    assert found["loader"]["to_lesson"] == 1.25
    assert found["loader"]["share_of_limit"] is None
    assert found[sides.ours(ONE)]["to_lesson"] == 3
    assert found[sides.ours(ONE)]["to_best_peer"] == pytest.approx(2.4)
    assert found[sides.ours(ONE)]["share_of_limit"] == pytest.approx(0.8)
    assert found[sides.ours(OTHER)]["share_of_limit"] is None, "its engine could not be opened"
    [limit] = limits(figures)
    assert limit["limit"] == pytest.approx(150)
    assert list(parts(figures)) == ["decode alone", sides.alone(ONE)]


def test_ours_alone_has_no_ratios_to_peers():
    [row] = rows({sides.ours(ONE): speed(120.0)})

    assert (row["to_lesson"], row["to_best_peer"], row["share_of_limit"]) == (None, None, None)


def test_turns_alternate_and_a_job_that_fails_is_not_asked_again():
    asked = []

    def job(name):
        asked.append(name)
        if (name, len(asked)) == ("bad", 4):
            raise HeadstartError("no more")
        return len(asked)

    turns = in_turns({name: lambda name=name: job(name) for name in ("good", "bad")}, 3)

    assert asked == ["good", "bad", "good", "bad", "good"]
    assert turns.results == {"good": [1, 3, 5]}
    assert turns.failed == {"bad": "no more"}


def test_a_peers_clock_starts_after_a_first_batch():
    seen, ticks = [], iter((10.0, 14.0))

    def loop(paths):
        seen.append(len(paths))
        return len(paths), 7

    figures = measure(loop, ["x.jpg"] * 50, clock=lambda: next(ticks))

    assert seen == [32, 50]
    assert figures == {"photos": 50, "seconds": 4.0, "width": 7}


def test_a_peer_is_asked_in_a_process_of_its_own(fake_peer):
    fake_peer("timm", ANSWER)

    found = peer.ask(Path(sys.executable), "timm", Request("some_net", ("a.jpg", "b.jpg"), 2))

    assert found == {"photos": 2, "seconds": 0.5, "width": 3, "with": "some_net"}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('no such library')", "no such library"),
        ("print('no figures')", "no figures"),
        ("", "exit code 0"),
        (ANSWER.replace('len(request["photos"])', "1"), "1 rows of 2 photos"),
    ],
)
def test_a_peer_that_fails_says_why(fake_peer, code, said):
    fake_peer("timm", code)

    with pytest.raises(peer.PeerFailedError, match=said):
        peer.ask(Path(sys.executable), "timm", Request("net", ("a.jpg", "b.jpg"), 2))


def test_no_environment_for_peers(tmp_path):
    assert peer.peers_python(tmp_path) is None


def test_peers_without_the_network_are_left_out_with_a_line():
    found = sides.Sides()

    found.add_peers(Path("python"), sides.ALONE, NETWORKS["squeezenet1_1"], Request("", (), 1))

    assert list(found.jobs) == ["lesson", "loader", "fastai"]
    assert set(found.left_out) == {"timm", "keras", "onnxruntime"}


def test_photos_are_copied_once_each_and_spread_over_the_classes(tmp_path):
    write_photos(tmp_path / "data", ("red", "blue"), each=4)
    shutil.copy(tmp_path / "data" / "blue" / "0.jpg", tmp_path / "data" / "blue" / "0-copy.JPG")
    (tmp_path / "data" / "notes.txt").write_text("no photo")

    every, source = copy_photos(tmp_path / "data", tmp_path / "all", 100)
    some, _ = copy_photos(tmp_path / "data", tmp_path / "some", 4)

    assert source == tmp_path / "data"
    assert len(every) == 8
    assert len(some) <= 4
    assert {path.parent.name for path in some} == {"red", "blue"}


def test_the_usual_photos_are_preferred(tmp_path):
    write_photos(tmp_path / "aerial", each=1)
    usual = write_photos(tmp_path / "cats-vs-dogs" / "train", ("cat", "dog"), each=1)

    copies, source = copy_photos(tmp_path, tmp_path / "copies", 100)

    assert (len(copies), source) == (2, usual)


def test_a_folder_without_photos_is_refused(tmp_path):
    with pytest.raises(UsageError, match="has no JPEG file"):
        copy_photos(tmp_path, tmp_path / "copies", 3)


@pytest.mark.slow
def test_embedding_twice_computes_once_and_leaves_the_home_alone(photos, tmp_path):
    home = Home(tmp_path / "home")

    found = ours.embed_twice(photos, tiny_backbone(), ours.Way("torch", "f32"), home.root)

    assert found.photos == len(found.table.rows) == 6
    assert min(found.speed, found.cold, found.warm) > 0
    assert not home.root.exists()


def test_parts_alone_have_a_speed(photos):
    backbone = tiny_backbone()
    with PhotoReader(workers=1) as reader:
        hashed = ours.hashed_photos(photos, reader)
        assert len(hashed) == 6
        assert ours.decode_alone(hashed, reader, backbone.spec.preprocessing.resize) > 0

    assert ours.engine_alone(backbone, ours.Way("torch", "f32"), 40)() > 0


@pytest.mark.exhaustive
def test_the_whole_command(tmp_path, capsys, fake_peer, monkeypatch):
    fake_peer("lesson", ANSWER)
    write_photos(tmp_path / "data", each=3)
    monkeypatch.setattr(embed, "peers_python", lambda: Path(sys.executable))
    settings = ("--data", tmp_path / "data", "--rounds", 1, "--photos", 6)

    asked = (*settings, "--networks", "squeezenet1_1", "--peers", "lesson", "timm", "--json")
    assert embed.main([*map(str, asked)]) == 0

    result = json.loads(capsys.readouterr().out)
    [network] = result["networks"]
    found = {row["side"]: row for row in network["sides"]}
    assert (network["network"], network["photos"]) == ("squeezenet1_1", 6)
    assert found["lesson"]["photos_per_second"] == 12
    assert found["lesson"]["with"] == "squeezenet1_1"
    mine = found["headstart torch f32"]
    assert mine["to_lesson"] == pytest.approx(mine["photos_per_second"] / 12)
    assert mine["share_of_limit"] > 0
    assert "squeezenet1_1, timm: it does not have this network" in result["left_out"]


@pytest.mark.exhaustive
def test_without_peers_ours_is_measured_alone(tmp_path, capsys, monkeypatch):
    write_photos(tmp_path / "data", each=2)
    monkeypatch.setattr(embed, "peers_python", lambda: None)

    asked = ("--data", tmp_path / "data", "--rounds", 1, "--networks", "squeezenet1_1")
    assert embed.main([*map(str, asked)]) == 0

    shown = capsys.readouterr().out
    assert "left out: peers: there is no environment for them; make peers" in shown
    assert "headstart torch f32" in shown
    assert "decode alone" in shown


def test_no_photos_is_one_line(monkeypatch, capsys):
    monkeypatch.delenv("HEADSTART_ASSETS", raising=False)

    assert embed.main([]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "--data DIR" in line


@pytest.mark.parametrize("option", ["--photos", "--rounds"])
def test_numbers_below_one_are_refused(option, tmp_path, capsys):
    assert embed.main(["--data", str(tmp_path), option, "0"]) == 2

    assert f"{option} is 0; expected 1 or more" in capsys.readouterr().err
