"""`finetune`: resumed to the same end, refused in one line, saved as what it says."""

import json

import numpy as np
import pytest
import torch

from headstart.backbones.module import module_backbone
from headstart.cli.run import run as headstart
from headstart.errors import FitError, HeadstartError, ModelError, PhotosError, UsageError
from headstart.finetune.settings import Tuning
from headstart.model.model import load_model
from headstart.tasks.finetune import finetune
from headstart.tasks.predict import predict
from headstart.tasks.train import training_json
from headstart.testing import jpeg, tiny_backbone, write_photos

pytestmark = pytest.mark.slow

CLASSES = ("red", "blue")
FEW = {"epochs": 2, "batch_size": 4, "views": 2, "patience": None, "learning_rate": 0.01}
STEPS = "steps of training"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("world") / "photos", CLASSES, each=6, side=40).parent


def tuned(world, home="home", **options):
    settings = {name: options.pop(name) for name in list(options) if name in Tuning.__dataclass_fields__}
    return finetune(
        world / "photos",
        backbone=options.pop("backbone", None) or tiny_backbone(),
        tuning=Tuning(**{**FEW, **settings}),
        home=world / home,
        **options,
    )


class Pace:
    """Counts the steps of each training, and is Ctrl-C in one of them."""

    def __init__(self, training=None, step=None):
        self.training, self.step = training, step
        self.runs = []
        self.what = ""

    def start(self, total, what):
        self.what = what
        if what == STEPS:
            self.runs.append([])

    def advance(self, count=1):
        if self.what != STEPS:
            return
        self.runs[-1].append(count)
        if (len(self.runs), sum(self.runs[-1])) == (self.training, self.step):
            raise KeyboardInterrupt

    def stop(self):
        self.what = ""


def tensors(model):
    weights = model.backbone().weights()
    return weights, {name: each.tobytes() for name, each in model.head.tensors().items()}


@pytest.fixture(scope="module")
def undisturbed(world):
    pace = Pace()
    model = tuned(world, gate=False, progress=pace)
    assert len(pace.runs) == 2, "one training chooses the epoch, one learns from all photos"
    assert list((world / "home" / "training").iterdir()) == []
    return model


def test_what_it_tells(undisturbed):
    facts = undisturbed.training.finetuning

    assert facts.kept == "fine-tuned"
    assert (facts.part, facts.start) == ("last", "module:tiny")
    assert [each.number for each in facts.history] == [0, 1, 2]
    assert facts.accuracy.photos == facts.probe.photos == facts.difference.photos
    assert facts.difference.value == pytest.approx(facts.accuracy.value - facts.probe.value)
    assert facts.settings["batch-size"] == 4
    shown = json.loads(json.dumps(training_json(undisturbed, "model"), allow_nan=False))
    assert shown["probe"]["accuracy"] == facts.probe.model_dump()
    assert [each["number"] for each in shown["history"]] == [0, 1, 2]
    assert {"model", "backbone", "classes", "photos", "features", "accuracy", "seconds", "report"} <= set(
        shown
    )


def test_the_photos_of_the_three_parts_differ(undisturbed):
    learned = {photo.sha256 for photo in undisturbed.photos}

    assert len(learned) == undisturbed.training.photos.used - undisturbed.training.accuracy.photos


def test_an_interrupted_run_goes_on_to_the_same_end_and_another_does_not_find_it(world, undisturbed):
    with pytest.raises(KeyboardInterrupt):
        tuned(world, "resumed", gate=False, progress=Pace(1, 3))  # in the second epoch of the first training
    other = Pace()
    tuned(world, "resumed", gate=False, progress=other, seed=5)
    assert other.runs[0][0] == 0, "another request begins at the beginning"
    with pytest.raises(KeyboardInterrupt):
        tuned(
            world, "resumed", gate=False, progress=(second := Pace(2, 1))
        )  # while it learns from all photos
    assert second.runs[0][0] > 0, "the first epoch is not computed again"
    pace = Pace()
    model = tuned(world, "resumed", gate=False, progress=pace)

    assert len(pace.runs[0]) == 1, "nothing of the first training is computed again"
    assert tensors(model) == tensors(undisturbed)
    assert model.training.finetuning == undisturbed.training.finetuning
    assert list((world / "resumed" / "training").iterdir()) == []


def test_chance_outside_stays_as_it_was(world, undisturbed):
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    again = tuned(world, gate=False)

    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert tensors(again) == tensors(undisturbed)


def test_where_no_epoch_is_finished_the_gate_keeps_the_linear_head(world, tmp_path):
    model = tuned(world, learning_rate=1e30, output=tmp_path / "model")

    assert model.training.finetuning.best_epoch == 0
    assert model.training.finetuning.kept == "linear head"
    assert model.backbone_spec == tiny_backbone().spec
    assert model.training.accuracy == model.training.finetuning.probe
    assert (tmp_path / "model" / "report.html").exists()


@pytest.mark.parametrize("rate", [1e3, 1e9])
def test_without_the_gate_an_absurd_rate_is_kept_and_still_answers(world, rate):
    model = tuned(world, learning_rate=rate, gate=False)

    assert model.training.finetuning.kept == "fine-tuned"
    assert "tuned" in model.backbone_spec.name
    assert all(np.isfinite(each).all() for each in model.head.tensors().values())


def test_a_network_of_ones_own_is_saved_and_needs_itself_to_be_loaded(world, undisturbed, tmp_path):
    undisturbed.save(tmp_path / "model")
    photo = world / "photos" / "red" / "0.jpg"

    with pytest.raises(ModelError, match="a network of your own") as refused:
        load_model(tmp_path / "model").backbone()
    assert "\n" not in str(refused.value)
    again = load_model(tmp_path / "model", backbone=undisturbed.backbone())
    first, second = (predict(model, [photo], home=world / "home")[0] for model in (undisturbed, again))
    assert first.probabilities == second.probabilities


def test_the_network_that_is_saved_is_the_one_that_was_measured(world, undisturbed):
    paths = [world / "photos" / label / f"{number}.jpg" for label in CLASSES for number in range(6)]
    answers = predict(undisturbed, paths, home=world / "home")
    shown = np.array([[each.probabilities[label] for label in undisturbed.classes] for each in answers])
    network = undisturbed.to_torch()

    from headstart.images.decode import decode
    from headstart.images.pixels import to_pixels

    resize = undisturbed.backbone_spec.preprocessing.resize
    pixels = torch.from_numpy(to_pixels([decode(path.read_bytes(), resize).pixels for path in paths]))
    with torch.no_grad():
        found = network(pixels).numpy()
    np.testing.assert_allclose(found, shown, atol=0.02)


def test_a_batch_norm_that_is_trained_and_the_whole_network(world):
    model = tuned(world, part="whole", batch_norm="trained", gate=False, linear_first=False, refit=False)

    facts = model.training.finetuning
    assert (facts.part, facts.share, facts.blend) == ("whole", 1.0, 1.0)


def test_the_learning_rate_is_found(world):
    model = tuned(world, find_rate=True, gate=False, refit=False, epochs=1)

    test = model.training.finetuning.rate_test
    assert model.training.finetuning.settings["learning-rate"] == test.suggested
    assert len(test.rates) == len(test.losses) > 0


def refusal(kind, call):
    with pytest.raises(kind) as refused:
        call()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_one_class_is_refused(tmp_path):
    write_photos(tmp_path / "photos", ("red",))

    refusal(PhotosError, lambda: tuned(tmp_path))


def test_two_photos_a_class_are_the_least_there_is_and_it_says_what_was_not_measured(tmp_path):
    write_photos(tmp_path / "photos", CLASSES, each=2)
    model = tuned(tmp_path, epochs=1)

    assert model.training.accuracy.photos == 1
    assert any("was measured" in note for note in model.training.notes)
    (tmp_path / "photos" / "red" / "0.jpg").unlink()
    assert "one photo only" in refusal(FitError, lambda: tuned(tmp_path))


def test_two_photos_a_class_are_enough_with_others_to_measure_on(tmp_path):
    write_photos(tmp_path / "photos", CLASSES, each=2)
    write_photos(tmp_path / "apart", CLASSES, each=3, side=41)

    model = tuned(tmp_path, test=tmp_path / "apart", epochs=1)
    assert model.training.accuracy.photos == 6


def test_test_photos_that_were_trained_on_are_left_out(world, tmp_path):
    write_photos(tmp_path / "apart", CLASSES, each=2, side=41)
    (tmp_path / "apart" / "red" / "copy.jpg").write_bytes((world / "photos" / "red" / "0.jpg").read_bytes())

    model = tuned(world, test=tmp_path / "apart", epochs=1, refit=False)
    assert model.training.accuracy.photos == 4
    assert any("also trained on" in note for note in model.training.notes)


def test_an_output_among_the_photos_is_refused_before_any_work(world):
    refusal(UsageError, lambda: tuned(world, output=world / "photos" / "model"))


def test_an_output_that_is_something_else_is_refused_before_any_work(world, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")

    refusal(HeadstartError, lambda: tuned(world, output=tmp_path / "mine"))


def test_without_lightning_fabric_it_says_what_to_install(world, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)

    assert "pip install 'headstart[finetune]'" in refusal(UsageError, lambda: tuned(world))
    command = ["finetune", str(world / "photos"), "-o", str(world / "m"), "--home", str(world / "home")]
    assert headstart(command) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epochs", "0"], "--epochs is 0"),
        (["--learning-rate", "fast"], "learning-rate"),
        (["--learning-rate", "-1"], "--learning-rate is -1"),
        (["--clip", "nan"], "--clip is nan"),
        (["--average", "1"], "--average is 1"),
        (["--optimiser", "magic"], "magic"),
        (["--part", "featurse.10"], "featurse.10"),
        (["--seed", "-1"], "--seed is -1"),
    ],
)
def test_wrong_words_are_refused_in_one_line(world, capsys, words, said):
    home = ["--home", str(world / "home"), "-o", str(world / "m")]
    code = headstart(["finetune", str(world / "photos"), *home, *words])

    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2
    assert said in error
    assert not (world / "m").exists()


def test_few_photos_that_can_be_used_are_enough_for_their_activations(tmp_path):
    write_photos(tmp_path / "photos", CLASSES, each=6, side=40)
    for number in range(10):
        (tmp_path / "photos" / "red" / f"broken{number}.jpg").write_bytes(b"")

    model = tuned(tmp_path, epochs=1, refit=False)
    assert model.training.photos.skipped == 10


def test_activations_too_large_for_half_precision_stay_finite(world):
    torch_module = torch.nn.Sequential()
    start = tiny_backbone().module
    torch_module.add_module("first", torch.nn.Conv2d(3, 8, 3, stride=2))
    torch_module.add_module("relu", torch.nn.ReLU())
    torch_module.add_module("last", torch.nn.Conv2d(8, 16, 3, stride=2))
    torch_module.load_state_dict(start.state_dict())
    with torch.no_grad():
        torch_module.first.weight.mul_(1e6)
        torch_module.first.bias.mul_(1e6)
        torch_module.last.weight.mul_(1e-6)
    backbone = module_backbone(
        torch_module, name="loud", input_size=32, mean=(0.5,) * 3, std=(0.25,) * 3, feature_layer="last:mean"
    )
    model = tuned(world, backbone=backbone, gate=False, epochs=1, refit=False)

    assert model.training.finetuning.stopped == ""


def test_a_resumed_run_has_the_rate_that_it_began_with(world, monkeypatch):
    options = {"find_rate": True, "gate": False}
    whole = tuned(world, "found", **options)
    with pytest.raises(KeyboardInterrupt):
        tuned(world, "found-again", progress=Pace(1, 3), **options)
    monkeypatch.setattr("headstart.tasks.tuning.tune.find_learning_rate", None)  # it is not asked again
    resumed = tuned(world, "found-again", **options)

    assert resumed.training.finetuning == whole.training.finetuning
    assert tensors(resumed) == tensors(whole)
    assert list((world / "found-again" / "training").iterdir()) == []


def test_a_damaged_checkpoint_is_passed_over_and_said(world, undisturbed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        tuned(world, "damaged", gate=False, progress=Pace(1, 3))
    (kept,) = (world / "damaged" / "training").glob("*/chosen/epoch-*")
    kept.write_bytes(b"lost")
    model = tuned(world, "damaged", gate=False, output=tmp_path / "model")

    said = "the checkpoint of epoch 1 was damaged, so training began again"
    assert said in model.training.notes
    assert said in (tmp_path / "model" / "report.html").read_text()
    assert tensors(model) == tensors(undisturbed)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """Photos whose classes are hard to tell, and others of the same kind that nothing learns from."""
    place = tmp_path_factory.mktemp("noisy")
    random = np.random.default_rng(0)
    for part, each in (("photos", 60), ("more", 60)):
        for code, label in enumerate(("left", "right")):
            folder = place / part / label
            folder.mkdir(parents=True)
            for number in range(each):
                colour = random.normal([110 + 30 * code, 120, 130], 30)
                pixels = random.normal(colour, 50, size=(32, 32, 3))
                (folder / f"{number}.jpg").write_bytes(jpeg(pixels.clip(0, 255).astype(np.uint8)))
    return place


def test_photos_that_were_never_seen_are_hardly_called_unknown(noisy):
    """What is promised is set on photos that neither head nor network has learned from."""
    hard = {"epochs": 3, "part": "whole", "learning_rate": 0.03, "blend": False, "colour": 0.0}
    model = tuned(noisy, gate=False, false_alarms=0.1, coverage=0.8, **hard)
    assert (model.novelty.photos, model.novelty.false_alarms, model.sets.coverage) == (24, 0.1, 0.8)
    assert model.training.unknown.photos == model.training.accuracy.photos
    answers = predict(model, noisy / "more", home=noisy / "home")
    assert len(answers) == 120
    unknown = np.mean([each.unknown for each in answers])
    held = np.mean([each.file.split("/")[-2] in each.one_of for each in answers])
    assert unknown <= model.training.unknown.high
    assert held >= model.training.sets.measured.low


def test_promises_that_cannot_be_made_stop_before_any_work(noisy, tmp_path):
    with pytest.raises(UsageError, match="--coverage is 1"):
        finetune(noisy / "photos", backbone=tiny_backbone(), home=tmp_path / "home", coverage=1.0)
    assert not (tmp_path / "home").exists()
