import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.engines.torch_engine import TorchEngine
from headstart.backbones.load import load_backbone
from headstart.backbones.module import module_backbone
from headstart.backbones.weights import WeightsStore
from headstart.errors import ModelError, UsageError, WeightsMissingError, WeightsRefusedError
from headstart.heads.fitted import LinearHead, NeighboursHead, PrototypesHead
from headstart.heads.unknown import Novelty
from headstart.model.answers import TrainingPhoto
from headstart.model.folder import ModelFiles, read_folder, write_folder
from headstart.model.model import Model, load_model
from headstart.storage.home import Home
from headstart.testing import tiny_backbone

WIDTH = 16
CLASSES = ("cat", "dog", "elk")


def make_head(kind, rows, codes):
    rng = np.random.default_rng(1)
    if kind == "linear":
        return LinearHead(CLASSES, rng.normal(size=(3, WIDTH)), rng.normal(size=3), 1.7)
    if kind == "prototypes":
        return PrototypesHead(CLASSES, rng.normal(size=(3, WIDTH)), 0.05)
    return NeighboursHead(CLASSES, rows, codes, k=4)


def make_model(make_facts, made_with, *, kind="linear", layer=None, **changes):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(9, made_with.width(layer))).astype(np.float16).astype(np.float32)
    codes = np.arange(9) % 3
    values = {
        "backbone_spec": made_with.spec,
        "layer": made_with.spec.feature_layer if layer is None else layer,
        "head": make_head(kind, rows, codes),
        "novelty": Novelty(rows, 0.4),
        "photos": [
            TrainingPhoto(f"{CLASSES[code]}/{at}.jpg", CLASSES[code], f"{at:064x}")
            for at, code in enumerate(codes)
        ],
        "training": make_facts(head=kind),
        "backbone": made_with,
    }
    return Model(**(values | changes))


@pytest.fixture
def tiny():
    return tiny_backbone()


@pytest.fixture(scope="session")
def squeezenet():
    return load_backbone("squeezenet1_1@random")


@pytest.fixture
def queries():
    return np.random.default_rng(5).normal(size=(6, WIDTH)).astype(np.float32)


@pytest.mark.parametrize("kind", ["linear", "neighbours", "prototypes"])
def test_a_loaded_model_answers_as_the_trained_one(tmp_path, tiny, make_facts, queries, kind):
    model = make_model(make_facts, tiny, kind=kind)
    loaded = load_model(model.save(tmp_path / "model"))
    assert loaded.predict_rows(queries) == model.predict_rows(queries)
    assert loaded.backbone_spec == model.backbone_spec
    assert (loaded.classes, loaded.layer, loaded.photos) == (model.classes, model.layer, model.photos)
    assert (loaded.training, loaded.recipe, loaded.width) == (model.training, model.recipe, model.width)


@pytest.mark.parametrize("kind", ["linear", "neighbours", "prototypes"])
def test_saving_again_what_was_loaded_changes_no_byte(tmp_path, tiny, make_facts, kind):
    folder = make_model(make_facts, tiny, kind=kind).save(tmp_path / "model")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    load_model(folder).save(folder)  # onto itself
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_answers_are_ordered_and_hold_what_was_asked_for(tiny, make_facts, queries):
    model = make_model(make_facts, tiny)
    for answer in model.predict_rows(queries, top=2):
        shares = list(answer.probabilities.values())
        assert len(shares) == 2
        assert shares == sorted(shares, reverse=True)
        assert answer.label == next(iter(answer.probabilities))
        assert [set(each) for each in answer.neighbours] == [{"file", "label", "distance"}] * 3
        distances = [each["distance"] for each in answer.neighbours]
        assert distances == sorted(distances)
        assert isinstance(answer.unknown, bool)
    full = model.predict_rows(queries, top=99)[0].probabilities
    assert set(full) == set(CLASSES)
    assert sum(full.values()) == pytest.approx(1)


def test_a_training_photo_is_its_own_nearest_neighbour_and_known(tiny, make_facts):
    model = make_model(make_facts, tiny)
    for photo, answer in zip(model.photos, model.predict_rows(model.novelty.rows), strict=True):
        assert answer.neighbours[0] == {"file": photo.name, "label": photo.label, "distance": 0.0}
        assert answer.unknown is False


def test_what_resembles_nothing_is_unknown(tiny, make_facts):
    model = make_model(make_facts, tiny)
    assert [answer.unknown for answer in model.predict_rows(np.zeros((1, WIDTH)))] == [True]


def test_rows_are_rounded_as_the_store_rounds_them(tiny, make_facts, queries):
    model = make_model(make_facts, tiny)
    stored = queries.astype(np.float16).astype(np.float32)
    assert not np.array_equal(stored, queries)
    assert model.predict_rows(queries) == model.predict_rows(stored)


def test_answers_do_not_depend_on_the_company(tiny, make_facts, queries):
    model = make_model(make_facts, tiny)
    assert [model.predict_rows(row[None])[0] for row in queries] == model.predict_rows(queries)


def test_no_rows_no_answers(tiny, make_facts):
    assert make_model(make_facts, tiny).predict_rows(np.empty((0, WIDTH))) == []


@pytest.mark.parametrize(
    ("rows", "top"),
    [
        (np.zeros((2, 3)), 5),
        (np.zeros(WIDTH), 5),
        (np.full((1, WIDTH), np.nan), 5),
        (np.zeros((1, WIDTH)), 0),
    ],
)
def test_rows_that_can_not_be_are_refused(tiny, make_facts, rows, top):
    with pytest.raises(UsageError):
        make_model(make_facts, tiny).predict_rows(rows, top=top)


@pytest.mark.parametrize("fault", ["photo missing", "strange class", "other backbone"])
def test_parts_that_do_not_fit_are_refused(tiny, make_facts, fault):
    photos = make_model(make_facts, tiny).photos
    changes = {
        "photo missing": {"photos": photos[1:]},
        "strange class": {"photos": [*photos[1:], TrainingPhoto("x", "yak", "0" * 64)]},
        "other backbone": {"backbone": tiny_backbone(seed=1)},
    }
    with pytest.raises(ModelError):
        make_model(make_facts, tiny, **changes[fault])


def test_numbers_that_are_not_finite_are_not_saved(tmp_path, tiny, make_facts):
    model = make_model(make_facts, tiny)
    model.head.weight[0, 0] = np.nan
    with pytest.raises(ModelError, match=r"could not be loaded again.*not finite"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_report_and_other_files_lie_beside_the_model(tmp_path, tiny, make_facts):
    folder = make_model(make_facts, tiny).save(
        tmp_path / "model", report_html="<p>caf\udce9</p>", extra_files={"skipped.csv": b"name\n"}
    )
    assert (folder / "report.html").read_bytes().startswith(b"<p>caf")
    assert (folder / "skipped.csv").read_bytes() == b"name\n"
    load_model(folder).save(folder)
    assert not (folder / "report.html").exists()  # it told of another save


def test_the_folder_holds_the_backbones_weights_by_their_digest(tmp_path, tiny, make_facts):
    folder = make_model(make_facts, tiny).save(tmp_path / "model")
    (weights,) = folder.glob("backbone-*")
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == tiny.spec.weights_digest
    assert load_model(make_model(make_facts, tiny).save(tmp_path / "bare", weights=False)).classes == CLASSES
    assert not list((tmp_path / "bare").glob("backbone-*"))


def test_weights_that_changed_after_training_are_not_saved_as_the_models_own(tmp_path, tiny, make_facts):
    model = make_model(make_facts, tiny)
    with torch.no_grad():
        next(tiny.module.parameters()).add_(1)
    with pytest.raises(ModelError, match="have changed since"):
        model.save(tmp_path / "model")


def own_backbone(code=nn.ReLU, **changes):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 16, 3), code(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    facts = {"name": "mine", "mean": (0.5,) * 3, "std": (0.2,) * 3, "input_size": 16, "feature_layer": "3"}
    return module_backbone(network, **(facts | changes))


def register(backbone, home, tmp_path):
    """Add a backbone's weights to a home as if they were those of squeezenet1_1@zoo."""
    file = tmp_path / "weights.safetensors"
    file.write_bytes(backbone.weights())
    WeightsStore(home, fits=lambda *_: None).add_file(file, "torchvision:squeezenet1_1@zoo")


class TestBackbone:
    def test_is_built_from_the_stored_weights(self, tmp_path, squeezenet, make_facts):
        layer = "features.3:mean"
        model = make_model(make_facts, squeezenet, layer=layer, head=_head_for(squeezenet, layer))
        loaded = load_model(model.save(tmp_path / "model"), home=Home(tmp_path / "no-home"))
        pixels = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        theirs = loaded.backbone()
        assert theirs.spec == squeezenet.spec
        assert torch.equal(theirs.features(pixels, model.layer), squeezenet.features(pixels, model.layer))
        assert loaded.backbone() is theirs

    def test_is_found_in_the_weights_store_where_the_model_has_none(self, tmp_path, squeezenet, make_facts):
        home, other = Home(tmp_path / "home"), Home(tmp_path / "other")
        spec = replace(squeezenet.spec, tag="zoo", name="torchvision:squeezenet1_1@zoo")
        model = make_model(make_facts, squeezenet, backbone_spec=spec, head=_head_for(squeezenet, None))
        folder = model.save(tmp_path / "model", weights=False)
        with pytest.raises(WeightsMissingError, match=r"holds no weights.*headstart weights add"):
            load_model(folder, home=home).backbone()
        register(squeezenet, home, tmp_path)
        assert load_model(folder, home=home).backbone().spec == spec
        register(load_backbone("squeezenet1_0@random"), other, tmp_path)
        with pytest.raises(WeightsMissingError, match=r"has others .* trained on"):
            load_model(folder, home=other).backbone()

    def test_with_random_weights_is_drawn_again(self, tmp_path, squeezenet, make_facts):
        model = make_model(make_facts, squeezenet, head=_head_for(squeezenet, None))
        folder = model.save(tmp_path / "model", weights=False)
        assert load_model(folder, home=Home(tmp_path)).backbone().spec == squeezenet.spec

    def test_of_the_users_own_has_to_be_given(self, tmp_path, tiny, make_facts):
        folder = make_model(make_facts, tiny).save(tmp_path / "model")
        with pytest.raises(ModelError, match=r"network of your own.*load_model\(path, backbone="):
            load_model(folder).backbone()
        assert load_model(folder, backbone=tiny).backbone() is tiny
        with pytest.raises(ModelError, match=r"trained on .* give that backbone"):
            load_model(folder, backbone=tiny_backbone(seed=3))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"mean": (0.0,) * 3}, "its mean is"),
            ({"std": (1.0,) * 3}, "its std is"),
            ({"input_size": 64}, "its resize is"),
            ({"name": "other"}, "its architecture is 'other', not 'mine'"),
            ({"code": nn.Tanh}, "with the same weights it computes other features"),
        ],
    )
    def test_of_the_users_own_has_to_be_the_same(self, tmp_path, make_facts, changes, message):
        ours = own_backbone()
        recipe = TorchEngine(ours).identity()
        folder = make_model(make_facts, ours, recipe=recipe).save(tmp_path / "model")
        assert load_model(folder, backbone=own_backbone()).backbone().spec == ours.spec
        other = own_backbone(**changes)
        assert other.spec.weights_digest == ours.spec.weights_digest
        with pytest.raises(ModelError, match=message):
            load_model(folder, backbone=other)

    def test_bits_of_another_processor_are_not_compared(self, tmp_path, make_facts):
        ours = own_backbone()
        recipe = TorchEngine(ours).identity() | {"cpu": "another", "network": "other bits"}
        folder = make_model(make_facts, ours, recipe=recipe).save(tmp_path / "model")
        assert load_model(folder, backbone=own_backbone()).recipe["cpu"] == "another"

    @pytest.mark.parametrize(
        ("layer", "message"),
        [("fifth", "no layer is called 'fifth'"), ("0", "its layer '0' gives 3136 numbers, not 16")],
    )
    def test_without_the_models_layer_is_refused(self, make_facts, layer, message):
        model = make_model(make_facts, own_backbone())
        model.layer = layer
        with pytest.raises(ModelError, match=message):
            model._check()

    def test_with_tensors_of_another_network_is_refused(self, tmp_path, squeezenet, tiny, make_facts):
        spec = replace(squeezenet.spec, weights_digest=tiny.spec.weights_digest, tag="zoo")
        model = make_model(
            make_facts,
            squeezenet,
            backbone_spec=spec,
            backbone=None,
            weights=tiny.weights(),
            head=_head_for(squeezenet, None),
        )
        folder = model.save(tmp_path / "model")
        with pytest.raises(WeightsRefusedError):
            load_model(folder).backbone()


def _head_for(backbone, layer):
    rng = np.random.default_rng(2)
    return LinearHead(CLASSES, rng.normal(size=(3, backbone.width(layer))), np.zeros(3), 1.0)


@pytest.mark.parametrize("kind", ["linear", "neighbours", "prototypes"])
def test_the_whole_model_is_one_differentiable_module(tiny, make_facts, kind):
    model = make_model(make_facts, tiny, kind=kind)
    module = model.to_torch()
    pixels = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1)).requires_grad_()
    probabilities = module(pixels)
    assert type(module).__mro__[1].__module__.startswith("torch.nn")
    assert probabilities.shape == (4, 3)
    (gradient,) = torch.autograd.grad(probabilities[:, 0].sum(), pixels)
    assert gradient.abs().sum() > 0
    answers = model.predict_rows(tiny.features(pixels.detach()).numpy(), top=3)
    for row, answer in zip(probabilities.detach().numpy(), answers, strict=True):
        expected = [answer.probabilities[label] for label in CLASSES]
        np.testing.assert_allclose(row, expected, atol=5e-3)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("linear", lambda tensors: tensors.update(extra=np.zeros(1, np.float32))),
        ("linear", lambda tensors: tensors.pop("bias")),
        ("linear", lambda tensors: tensors.update(bias=np.zeros(4, np.float32))),
        ("linear", lambda tensors: tensors.update(weight=np.zeros((3, WIDTH)))),
        ("linear", lambda tensors: tensors.update(weight=np.zeros((3, WIDTH + 1), np.float32))),
        ("linear", lambda tensors: tensors.update(weight=np.zeros((WIDTH, 3), np.float32))),
        ("prototypes", lambda tensors: tensors.update(means=np.zeros((3, WIDTH), np.int32))),
        ("neighbours", lambda tensors: tensors.update(codes=np.full(9, 3, np.int32))),
        ("neighbours", lambda tensors: tensors.update(codes=np.zeros(8, np.int32))),
    ],
)
def test_head_tensors_of_another_shape_are_refused(tmp_path, tiny, make_facts, monkeypatch, kind, change):
    model = make_model(make_facts, tiny, kind=kind)
    tensors = model.head.tensors()
    change(tensors)
    monkeypatch.setattr(model.head, "tensors", lambda: tensors)
    folder = model.save(tmp_path / "model")
    with pytest.raises(ModelError, match=r"head-[0-9a-f]{16}\.safetensors") as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("linear", {}),
        ("linear", {"temperature": 0}),
        ("linear", {"temperature": -1.0}),
        ("linear", {"temperature": "hot"}),
        ("linear", {"temperature": 1.0, "module": "os"}),
        ("neighbours", {"k": 10**9, "smoothing": 0.25}),
        ("neighbours", {"k": 2.5, "smoothing": 0.25}),
    ],
)
def test_settings_of_another_head_are_refused(tmp_path, tiny, make_facts, monkeypatch, kind, settings):
    model = make_model(make_facts, tiny, kind=kind)
    monkeypatch.setattr(model.head, "settings", lambda: settings)
    folder = model.save(tmp_path / "model")
    with pytest.raises(ModelError, match="can't be used"):
        load_model(folder)


def test_rows_of_other_photos_are_refused(tmp_path, tiny, make_facts):
    model = make_model(make_facts, tiny)
    swapped = [TrainingPhoto(each.name, CLASSES[0], each.sha256) for each in model.photos]
    other = make_model(make_facts, tiny, photos=swapped)
    folder, other_folder = model.save(tmp_path / "model"), other.save(tmp_path / "other")
    mine, theirs = read_folder(folder), read_folder(other_folder)
    mixed = mine.record.model_copy(update={"rows": theirs.record.rows})
    write_folder(folder, ModelFiles(mixed, {**mine.tensors, "rows": theirs.tensors["rows"]}), {})
    with pytest.raises(ModelError, match=r"other classes than model\.json"):
        load_model(folder)


def test_loading_and_answering_import_neither_torch_nor_scikit_learn(tmp_path, tiny, make_facts):
    folder = make_model(make_facts, tiny).save(tmp_path / "model")
    code = (
        "import sys; from headstart.model.model import load_model\n"
        f"answers = load_model(sys.argv[1]).predict_rows([[0.5] * {WIDTH}])\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'PIL', 'pickle5', 'timm', 'torchvision'} & set(sys.modules)\n"
        "print(len(answers), sorted(heavy))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "1 []\n"


def test_nothing_is_unpickled_when_a_model_is_loaded(tmp_path, tiny, make_facts, monkeypatch):
    import pickle

    folder = make_model(make_facts, tiny).save(tmp_path / "model")

    def refuse(*args, **kwargs):
        raise AssertionError("unpickled")

    for name in ("Unpickler", "load", "loads"):
        monkeypatch.setattr(pickle, name, refuse)
    assert load_model(folder).classes == CLASSES


def test_a_model_that_is_in_memory_outlives_its_folder(tmp_path, squeezenet, make_facts):
    model = make_model(make_facts, squeezenet, head=_head_for(squeezenet, None))
    loaded = load_model(model.save(tmp_path / "model"))
    shutil.rmtree(tmp_path / "model")
    assert loaded.backbone().spec == squeezenet.spec
    assert load_model(loaded.save(tmp_path / "again")).classes == CLASSES
