"""The engine that computes rows: found by a trial on some photos, or the one a model was trained with."""

from dataclasses import replace

import pytest

from headstart.backbones.engines.engine import EngineChoice
from headstart.backbones.engines.network_file import NetworkFile, keep, network_name, place_of
from headstart.backbones.load import load_backbone
from headstart.backbones.source import FeatureSource
from headstart.errors import UsageError
from headstart.features import choosing
from headstart.features.choosing import AsTrained, ByTrial
from headstart.features.extract import extract
from headstart.features.hashing import hash_photos
from headstart.features.store import FeatureStore
from headstart.images.folder import scan_photos
from headstart.images.photo import Reason, Skipped
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.testing import tiny_backbone, write_photos


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def pocket():
    return FeatureSource.of(load_backbone("pocket"))


class Decoder:
    """Says which photos it was asked for; some of them can't be decoded."""

    def __init__(self, bad=()):
        self.bad, self.asked = bad, []

    def decode(self, photos, resize, view=None):
        for photo in photos:
            self.asked.append(photo)
            if photo in self.bad:
                yield Skipped(str(photo), Reason.CORRUPT, "damaged", "decode")
            else:
                yield type("Decoded", (), {"pixels": photo})


def chosen_with(monkeypatch, photos, decoder, most=4):
    monkeypatch.setattr(choosing, "choose_engine", lambda source, home, asked, pictures: pictures(most))
    return ByTrial(None).choose(FeatureSource.of(tiny_backbone()), photos, decoder)


def test_photos_for_the_trial_come_from_everywhere_in_the_list(monkeypatch):
    assert chosen_with(monkeypatch, range(20), Decoder()) == [0, 5, 10, 15]
    assert chosen_with(monkeypatch, range(3), Decoder()) == [0, 1, 2]
    assert chosen_with(monkeypatch, [], Decoder()) == []


def test_photos_that_cannot_be_decoded_are_left_out_of_it(monkeypatch):
    assert chosen_with(monkeypatch, range(4), Decoder(bad=(1, 2))) == [0, 3]


def test_one_run_keeps_its_engine_where_nothing_can_be_remembered(tmp_path, pocket, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    by_trial = ByTrial(Home(tmp_path / "file"))
    with PhotoReader(workers=1) as reader:
        first = by_trial.choose(pocket, [], reader)
        assert by_trial.choose(pocket, [], reader) is first


@pytest.mark.slow
def test_rows_come_from_the_chosen_engine_and_the_table_says_so(home, tmp_path, pocket):
    photos = scan_photos(write_photos(tmp_path / "photos", each=3)).photos
    with PhotoReader(workers=1) as reader, FeatureStore(None) as store:
        hashed, _ = hash_photos(photos, reader)
        table = extract(hashed, pocket, store=store, reader=reader, engine=ByTrial(home))
        again = extract(hashed, pocket, store=store, reader=reader, engine=ByTrial(home))

    assert table.plan.agreement.photos == 6
    assert dict(table.space.engine)["engine"] == table.plan.engine
    assert (again.computed, again.plan) == (0, table.plan)


class TestAsTrained:
    def certain(self, home, source, recipe, asked=None):
        found = AsTrained(home, recipe, asked or EngineChoice()).choose(source, [], None)
        return found.plan.engine, found.plan.precision

    @pytest.mark.parametrize(
        ("recipe", "expected"),
        [
            ({"engine": "openvino", "precision": "f32"}, ("openvino", "f32")),
            ({"engine": "openvino", "precision": "bf16"}, ("openvino", "bf16")),
            ({"engine": "torch", "precision": "f32, highest"}, ("torch", "f32")),
            ({"engine": "torch", "precision": "bf16"}, ("torch", "bf16")),
            ({"engine": "openvino", "precision": "int8"}, ("openvino", "f32")),  # this home never made it
            ({}, ("openvino", "f32")),
        ],
    )
    def test_the_models_engine_or_the_nearest(self, home, pocket, recipe, expected):
        assert self.certain(home, pocket, recipe) == expected

    def test_where_openvino_is_missing_torch_takes_over(self, home, pocket, monkeypatch):
        from headstart.backbones.engines import choose

        for module in (choose, choosing):
            monkeypatch.setattr(module, "has_openvino", lambda: False)
        recipe = {"engine": "openvino", "precision": "bf16"}
        assert self.certain(home, pocket, recipe) == ("torch", "f32")
        with pytest.raises(UsageError, match="OpenVINO, which is not installed"):
            self.certain(home, pocket, recipe, EngineChoice("openvino"))

    def test_another_engine_than_the_models_own_is_said(self, home, pocket):
        recipe = {"engine": "openvino", "precision": "int8", "quantised": "0f" * 32}
        [note] = AsTrained(home, recipe).choose(pocket, [], None).notes
        assert note.startswith(
            "the model was trained on features from openvino int8, which can't be had here"
        )
        assert AsTrained(home, {"engine": "torch", "precision": "f32"}).choose(pocket, [], None).notes == ()

    @pytest.mark.parametrize(
        ("installed", "said"), [(True, "need KERAS_BACKEND=tensorflow:"), (False, "can't be had here:")]
    )
    def test_a_backend_that_alone_is_missing_is_named(self, home, pocket, monkeypatch, installed, said):
        monkeypatch.setattr(choosing, "has_tensorflow", lambda: installed)
        source = FeatureSource(
            replace(pocket.spec, framework="keras"), pocket.layer, pocket.width, pocket.backbone
        )
        recipe = {"engine": "tensorflow", "precision": "f32"}
        for asked in (EngineChoice(), EngineChoice(None, "f32")):
            [note] = AsTrained(home, recipe, asked).choose(source, [], None).notes
            assert f"trained on features from tensorflow f32, which {said} those of openvino f32" in note
        with pytest.raises(UsageError, match="set KERAS_BACKEND=tensorflow and start again"):
            self.certain(home, source, recipe, EngineChoice("tensorflow"))

    def test_a_network_in_int8_that_was_made_from_other_photos_is_another_one(self, home, pocket):
        quantised = NetworkFile(b"<net/>", b"numbers")
        keep(place_of(home), network_name(pocket) + "-int8", quantised)
        recipe = {"engine": "openvino", "precision": "int8", "quantised": quantised.digest()}
        assert self.certain(home, pocket, recipe) == ("openvino", "int8")
        assert self.certain(home, pocket, recipe | {"quantised": "0f" * 32}) == ("openvino", "f32")

    @pytest.mark.parametrize(
        ("trained", "asked", "expected"),
        [
            (("openvino", "int8"), EngineChoice("torch"), ("torch", "f32")),
            (("torch", "bf16"), EngineChoice("openvino"), ("openvino", "bf16")),
            (("torch", "f32"), EngineChoice("torch", "bf16"), ("torch", "bf16")),
            (("tensorflow", "f32"), EngineChoice(None, "f32"), ("openvino", "f32")),
        ],
    )
    def test_what_does_not_go_with_what_is_asked_for_gives_way(self, home, pocket, trained, asked, expected):
        recipe = dict(zip(("engine", "precision"), trained, strict=True))
        assert self.certain(home, pocket, recipe, asked) == expected

    def test_what_is_asked_for_wins(self, home, pocket):
        recipe = {"engine": "openvino", "precision": "bf16"}
        assert self.certain(home, pocket, recipe, EngineChoice("torch")) == ("torch", "bf16")
        assert self.certain(home, pocket, recipe, EngineChoice(None, "f32")) == ("openvino", "f32")

    def test_a_network_of_the_users_own_runs_in_torch(self, home):
        assert self.certain(home, FeatureSource.of(tiny_backbone()), {}) == ("torch", "f32")
