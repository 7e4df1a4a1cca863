"""`--engine` and `--precision` from the task down: what is computed, kept, said, and asked again later."""

import json
import subprocess
import sys

import numpy as np
import pytest

from headstart.backbones.engines.runtime import has_bf16
from headstart.errors import UsageError
from headstart.model.model import load_model
from headstart.tasks import compare
from headstart.tasks.agreement import comparison_sentence
from headstart.tasks.embed import embed
from headstart.tasks.evaluate import evaluate
from headstart.tasks.predict import predict
from headstart.tasks.train import train
from headstart.testing import write_photos

pytestmark = pytest.mark.slow

bf16 = pytest.mark.skipif(not has_bf16(), reason="this processor does not compute in bfloat16")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("photos") / "all", each=12)


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("others") / "all", each=3, side=64)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_engines_agree_and_are_kept_apart(photos, tmp_path):
    home = tmp_path / "home"
    exact = {
        engine: embed(photos, engine=engine, precision="f32", home=home) for engine in ("torch", "openvino")
    }

    assert [each.table.computed for each in exact.values()] == [24, 24]
    np.testing.assert_allclose(*(each.table.rows for each in exact.values()), rtol=0.01, atol=0.01)
    assert exact["torch"].to_json()["engine"] == {
        "name": "torch", "precision": "f32", "device": "cpu",
        "agreement": {"photos": 16, "median": 1.0, "least": 1.0},
    }  # fmt: skip
    assert embed(photos, engine="openvino", precision="f32", home=home).table.reused == 24


@pytest.mark.parametrize("verb", [train, embed])
def test_a_wrong_word_stops_before_any_work(verb, photos, tmp_path):
    with pytest.raises(UsageError, match="--engine is 'tensorrt'; expected one of openvino, torch"):
        verb(photos, engine="tensorrt", home=tmp_path / "home")
    with pytest.raises(UsageError, match="--precision is 'half'; expected one of f32, bf16, int8"):
        verb(photos, precision="half", home=tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.fixture(scope="module")
def folder(photos, home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "low"
    train(photos, precision="bf16", output=folder, home=home)
    return folder


@bf16
class TestLowPrecision:
    def test_the_model_says_how_its_answers_agree_with_f32(self, folder):
        engine = load_model(folder).training.engine

        assert engine.precision == "bf16"
        assert engine.agreement.least > 0.9
        assert engine.comparison.photos == 5  # a fifth of 24
        assert 0 <= engine.comparison.same <= 1

    def test_the_report_says_it_too(self, folder):
        engine, page = load_model(folder).training.engine, (folder / "report.html").read_text()

        assert comparison_sentence(engine.comparison.model_dump()) in page
        assert "cosine with torch in f32" in page
        assert "--precision bf16" in page  # what was asked, as a line to copy

    def test_the_model_is_asked_in_its_own_precision(self, folder, others, home):
        model = load_model(folder)
        assert model.recipe["precision"] == "bf16"
        before = embed(others, precision="bf16", home=home)
        answers = predict(folder, others, home=home)
        assert [each.label for each in answers] == [
            each.label for each in model.predict_rows(before.table.rows)
        ]
        assert evaluate(folder, others, home=home).used == 6
        # and in another one where that is asked for
        assert len(predict(folder, others, precision="f32", home=home)) == 6

    def test_with_test_photos_those_are_compared(self, photos, others, home):
        model = train(photos, test=others, precision="bf16", home=home)
        assert model.training.engine.comparison.photos == 6

    def test_a_photo_that_has_gone_meanwhile_is_left_out(self, photos, tmp_path, monkeypatch):
        """The rows in f32 are computed at the very end: what was learned must not be lost there."""
        gone, extract = [], compare.extract

        def without_one(hashed, *arguments, **options):
            gone.append(hashed[0].sha256)
            return extract(hashed[1:], *arguments, **options)

        monkeypatch.setattr(compare, "extract", without_one)
        model = train(photos, precision="bf16", home=tmp_path / "home")
        assert gone
        assert model.training.engine.comparison.photos == 4

    def test_f32_compares_nothing(self, photos, home):
        model = train(photos, precision="f32", home=home)
        assert model.training.engine.comparison is None


def test_a_saved_model_answers_without_torch_and_with_the_same_bits(photos, others, tmp_path):
    folder, home = tmp_path / "model", tmp_path / "home"
    train(photos, output=folder, home=home)
    program = (
        "import json, sys, headstart\n"
        f"answers = headstart.predict({str(folder)!r}, {str(others)!r}, home=sys.argv[1])\n"
        "heavy = ('torch', 'torchvision', 'timm', 'sklearn', 'scipy')\n"
        "loaded = [name for name in heavy if name in sys.modules]\n"
        "print(json.dumps([[dict(each.probabilities) for each in answers], loaded]))\n"
    )

    def ask(place):
        run = subprocess.run(
            [sys.executable, "-c", program, str(place)], capture_output=True, text=True, check=True
        )
        return json.loads(run.stdout)

    computed = ask(home)
    assert computed[1] == []
    assert ask(home) == computed  # now from the store
    elsewhere = ask(tmp_path / "elsewhere")  # a home that has nothing yet: converted there
    assert elsewhere[0] == computed[0]
    assert "torch" in elsewhere[1]
