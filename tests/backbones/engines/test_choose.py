"""The engine that a short trial finds, remembered; and those that are asked for."""

import json
import time

import numpy as np
import pytest

from headstart.backbones.engines import choose, network_file, trial
from headstart.backbones.engines.agreement import agreement
from headstart.backbones.engines.choose import choose_engine, the_engine
from headstart.backbones.engines.engine import ANY, EngineChoice
from headstart.backbones.engines.openvino_engine import OpenVinoEngine
from headstart.backbones.engines.plan import EnginePlan, recall, remember
from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.engines.trial import Candidate, try_engines
from headstart.backbones.load import load_backbone
from headstart.backbones.source import FeatureSource
from headstart.errors import BackboneError, StorageError, UsageError
from headstart.storage.home import Home
from headstart.testing import fake_photo, tiny_backbone


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def pocket():
    return FeatureSource.of(load_backbone("pocket"))


def photos(most):
    return [fake_photo(0, number, side=96) for number in range(min(most, 4))]


def none(most):
    pytest.fail("no trial was due")


class Fake:
    """An engine of a chosen pace whose rows lie at a chosen distance from the truth."""

    def __init__(self, seconds=0.0, off=0.0, fault=None):
        self.seconds, self.off, self.fault, self.pictures = seconds, off, fault, 0

    def identity(self):
        return {}

    def rows(self, pictures):
        for picture in pictures:
            if self.fault is not None:
                raise BackboneError(self.fault)
            time.sleep(self.seconds)
            self.pictures += 1
            yield np.array([1.0, picture[0, 0, 0] / 255, self.off], np.float32)


def candidates(**engines):
    return [Candidate(*label.split("_"), "cpu", engine) for label, engine in engines.items()]


class TestTrial:
    some = tuple(np.full((2, 2, 3), number, np.uint8) for number in range(6))

    def test_the_fastest_wins(self):
        plan = try_engines(
            candidates(openvino_f32=Fake(0.01), torch_f32=Fake(0.001)), Fake(), self.some, ANY, seconds=0.3
        )
        assert (plan.engine, plan.precision) == ("torch", "f32")
        assert plan.photos_per_second["torch f32"] > plan.photos_per_second["openvino f32"]
        assert plan.agreement.photos == 6
        assert plan.agreement.least == pytest.approx(1.0)

    def test_a_little_faster_is_noise(self, monkeypatch):
        speeds = iter([100.0, 100.0, 105.0])
        monkeypatch.setattr(
            trial, "_measured", lambda engine, pictures, seconds: (np.ones((2, 3)), next(speeds))
        )
        plan = try_engines(candidates(openvino_f32=Fake(), torch_f32=Fake()), Fake(), self.some, ANY)
        assert plan.engine == "openvino"

    def test_what_does_not_agree_is_left_out_with_its_figure(self):
        slow_and_right, fast_and_wrong = Fake(0.005), Fake(0.0, off=0.2)
        plan = try_engines(
            candidates(openvino_f32=slow_and_right, openvino_bf16=fast_and_wrong),
            Fake(), self.some, ANY, seconds=0.3,
        )  # fmt: skip
        assert plan.precision == "f32"
        assert "cosine with torch in f32 0.98" in plan.refused["openvino bf16"]

    def test_what_was_asked_for_is_taken_as_it_is(self):
        plan = try_engines(
            candidates(openvino_bf16=Fake(off=0.2)),
            Fake(), self.some, EngineChoice(precision="bf16"), seconds=0.3,
        )  # fmt: skip
        assert plan.precision == "bf16"
        assert plan.agreement.least < 0.999

    def test_an_engine_that_cannot_run_it_is_left_out(self):
        plan = try_engines(
            candidates(openvino_f32=Fake(fault="unknown operation"), torch_f32=Fake()), Fake(), self.some, ANY
        )
        assert plan.engine == "torch"
        assert plan.refused == {"openvino f32": "unknown operation"}

    def test_whatever_one_engine_raises_another_may_run_it(self):
        class Crashing(Fake):
            def rows(self, pictures):
                raise RuntimeError("no kernel\nfor this shape")

        plan = try_engines(candidates(openvino_f32=Crashing(), torch_f32=Fake()), Fake(), self.some, ANY)
        assert (plan.engine, plan.refused) == ("torch", {"openvino f32": "no kernel for this shape"})

    def test_a_full_disk_is_no_reason_against_an_engine(self):
        class Full(Fake):
            def rows(self, pictures):
                raise StorageError("no space left")

        with pytest.raises(StorageError, match="no space left"):
            try_engines(candidates(openvino_f32=Full(), torch_f32=Fake()), Fake(), self.some, ANY)

    def test_a_photo_without_features_does_not_decide(self):
        class Broken(Fake):
            def rows(self, pictures):
                for number, row in enumerate(super().rows(pictures)):
                    yield np.full_like(row, np.nan) if number % 6 == 1 else row

        plan = try_engines(candidates(openvino_f32=Broken(), torch_f32=Broken()), Broken(), self.some, ANY)
        assert plan.agreement.photos == 5

    def test_where_none_is_left_each_says_why(self):
        with pytest.raises(BackboneError, match=r"openvino f32: unknown operation.*--engine torch"):
            try_engines(candidates(openvino_f32=Fake(fault="unknown operation")), Fake(), self.some, ANY)

    def test_a_slow_network_is_tried_on_fewer_photos(self):
        slow = Fake(0.05)
        try_engines(candidates(torch_f32=slow), Fake(0.05), self.some * 3, ANY, seconds=0.4)
        assert 4 <= slow.pictures <= 8


@pytest.mark.slow
class TestChoice:
    def test_is_made_once_and_remembered(self, pocket, home):
        first = choose_engine(pocket, home, ANY, photos)
        again = choose_engine(pocket, home, ANY, none)

        assert first.plan == again.plan
        assert first.engine.identity() == again.engine.identity()
        assert first.plan.agreement.photos == 4

    def test_is_saved_before_the_first_row(self, pocket, home):
        choose_engine(pocket, home, ANY, photos)
        [kept] = (home.cache / "engines").iterdir()
        assert json.loads(kept.read_text())["engine"] in ("openvino", "torch")

    @pytest.mark.parametrize("engine", ["openvino", "torch"])
    def test_what_is_asked_for_is_taken(self, pocket, home, engine):
        asked = EngineChoice.checked(engine, "f32")
        chosen = choose_engine(pocket, home, asked, photos)

        assert (chosen.plan.engine, chosen.plan.precision) == (engine, "f32")
        assert chosen.plan.agreement.allows("f32")
        assert recall(pocket, home, ANY) is None  # another wish is another choice

    def test_a_network_of_the_users_own_runs_in_torch(self, home):
        chosen = choose_engine(FeatureSource.of(tiny_backbone()), home, ANY, none)
        assert isinstance(chosen.engine, TorchEngine)
        assert not home.cache.exists()

    def test_without_a_photo_nothing_is_remembered(self, pocket, home):
        chosen = choose_engine(pocket, home, ANY, lambda most: [])
        assert isinstance(chosen.engine, OpenVinoEngine)
        assert recall(pocket, home, ANY) is None

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"engine": "onnx", "precision": "f32"}', "\x00"])
    def test_a_damaged_memory_is_none(self, pocket, home, text):
        remember(EnginePlan("torch", "f32"), pocket, home, ANY)
        [path] = (home.cache / "engines").iterdir()
        path.write_text(text)
        assert recall(pocket, home, ANY) is None

    def test_another_processor_is_another_choice(self, pocket, home, monkeypatch):
        from headstart.backbones.engines import plan

        remember(EnginePlan("torch", "f32"), pocket, home, ANY)
        assert recall(pocket, home, ANY) == EnginePlan("torch", "f32")
        monkeypatch.setattr(plan, "cpu_kind", lambda: "another")
        assert recall(pocket, home, ANY) is None

    def test_a_card_that_is_hidden_now_is_no_card(self, pocket, home):
        remember(EnginePlan("torch", "f32", "cuda"), pocket, home, ANY)
        assert choose_engine(pocket, home, ANY, photos).plan.device == "cpu"

    def test_of_two_that_tried_at_once_the_first_counts(self, pocket, home):
        first, second = EnginePlan("torch", "f32"), EnginePlan("openvino", "bf16")
        assert remember(first, pocket, home, ANY) == first
        assert remember(second, pocket, home, ANY) == first

    @pytest.mark.parametrize("asked", [EngineChoice(precision="f32"), EngineChoice(precision="bf16")])
    def test_a_network_of_the_users_own_is_followed_only_where_openvino_is_asked_for(self, home, asked):
        source = FeatureSource.of(tiny_backbone())
        some = [fake_photo(0, 0, side=32)]
        assert choose_engine(source, home, asked, lambda most: some).plan.engine == "torch"
        named = EngineChoice("openvino", "f32")
        assert choose_engine(source, home, named, lambda most: some).plan.engine == "openvino"

    def test_bf16_takes_a_processor_that_has_it(self, pocket, home, monkeypatch):
        monkeypatch.setattr(choose, "has_bf16", lambda: False)
        assert choose_engine(pocket, home, ANY, photos).plan.photos_per_second.keys() == {
            "openvino f32", "torch f32",
        }  # fmt: skip
        assert choose_engine(pocket, home, EngineChoice(None, "bf16"), photos).plan.engine == "torch"
        with pytest.raises(UsageError, match="bf16 needs a processor that computes in bfloat16"):
            choose_engine(pocket, home, EngineChoice("openvino", "bf16"), photos)

    def test_without_openvino_torch_remains(self, pocket, home, monkeypatch):
        monkeypatch.setattr(choose, "has_openvino", lambda: False)
        monkeypatch.setattr(network_file, "release", lambda package: "")
        assert choose_engine(pocket, home, ANY, photos).plan.engine == "torch"
        with pytest.raises(
            UsageError,
            match=r"--engine openvino needs OpenVINO, which is not installed here: pip install openvino",
        ):
            choose_engine(pocket, home, EngineChoice("openvino"), photos)
        with pytest.raises(UsageError, match="not installed"):
            the_engine(pocket, home, "openvino", "f32")

    @pytest.mark.parametrize(
        ("engine", "precision", "message"),
        [
            ("onnx", None, "--engine is 'onnx'; expected one of openvino, torch"),
            (None, "fp16", "--precision is 'fp16'; expected one of f32, bf16, int8"),
            ("torch", "int8", "int8 needs --engine openvino"),
        ],
    )
    def test_words_that_mean_nothing_are_refused(self, engine, precision, message):
        with pytest.raises(UsageError, match=message):
            EngineChoice.checked(engine, precision)


def test_rows_of_zeros_agree_with_nothing_else():
    assert agreement([[0, 0]], [[1, 0]]).least == 0.0
    assert agreement([[0, 0]], [[0, 0]]).least == 1.0
    assert agreement([[np.inf, 0]], [[1, 0]]).least == 0.0


@pytest.mark.slow
class TestInt8:
    def test_is_made_from_photos_kept_and_another_network(self, home):
        source = FeatureSource.of(load_backbone("squeezenet1_1@random"))
        some = [fake_photo(number % 5, number, side=224) for number in range(12)]
        asked = EngineChoice.checked(None, "int8")
        with pytest.raises(UsageError, match=r"has no int8 form in .*--precision int8 first"):
            the_engine(source, home, "openvino", "int8")

        chosen = choose_engine(source, home, asked, lambda most: some)

        assert chosen.plan.precision == "int8"
        assert 0.9 < chosen.plan.agreement.least < 0.99999
        again = choose_engine(source, home, asked, none)
        rows = np.stack(list(again.engine.rows(some[:2])))
        assert np.array_equal(rows, list(chosen.engine.rows(some[:2])))
        assert again.engine.identity() == chosen.engine.identity()
        assert "quantised" in again.engine.identity()

    @pytest.mark.exhaustive
    def test_every_engine_made_from_it_gives_the_same_rows(self, home):
        # Compiled for two streams at once, one in thirty gave quite other rows: hence so many.
        source = FeatureSource.of(load_backbone("squeezenet1_1@random"))
        some = [fake_photo(number % 5, number, side=224) for number in range(12)]
        choose_engine(source, home, EngineChoice.checked(None, "int8"), lambda most: some)

        engines = (the_engine(source, home, "openvino", "int8") for _ in range(100))
        kinds = {np.stack(list(engine.rows(some[:4]))).tobytes() for engine in engines}

        assert len(kinds) == 1

    def test_without_nncf_it_says_how_to_get_it(self, home, monkeypatch):
        from headstart.backbones.engines import quantise

        monkeypatch.setattr(quantise, "find_spec", lambda name: None)
        source = FeatureSource.of(load_backbone("pocket"))
        with pytest.raises(UsageError, match=r"pip install 'headstart\[int8\]'"):
            choose_engine(source, home, EngineChoice.checked(None, "int8"), photos)
