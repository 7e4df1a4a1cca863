""".keras files that mean harm, or are damaged: refused before Keras reads them, with the reason."""

import copy
import io
import json
import zipfile

import pytest

from headstart.backbones.keras.allowed import require_allowed
from headstart.backbones.keras.own import keras_backbone
from headstart.errors import BackboneError, WeightsRefusedError
from tests.backbones.keras.nets import keras, layers, needs_keras, quiet, sequence

pytestmark = [needs_keras, quiet]
NAMES = ("metadata.json", "config.json", "model.weights.h5")


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    parts, path = layers(), tmp_path_factory.mktemp("good") / "good.keras"
    sequence(
        parts.Rescaling(1 / 255), parts.Conv2D(4, 3), parts.GlobalAveragePooling2D(), parts.Dense(2)
    ).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in NAMES}


@pytest.fixture
def never(monkeypatch):
    """Keras must not see any of it."""

    def called(*_args, **_kwargs):
        raise AssertionError("Keras was asked to build what is not allowed")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", called)


@pytest.fixture
def write(members, tmp_path):
    def written(changed=None, *, name="bad.keras", extra=(), **options):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", **options) as archive:
            for each, data in {**members, **(changed or {})}.items():
                if data is not None:
                    archive.writestr(each, data)
            for each, data in extra:
                archive.writestr(each, data)
        return path

    return written


@pytest.fixture
def config(members):
    return json.loads(members["config.json"])


def with_layer(config, entry):
    changed = copy.deepcopy(config)
    changed["config"]["layers"].insert(1, entry)
    return {"config.json": json.dumps(changed)}


def layer(kind, module="keras.layers", **config):
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


HARMFUL = {
    "Lambda": layer("Lambda", name="evil", function={"class_name": "__lambda__", "config": {"value": "x"}}),
    "lambda": layer("Dense", activation={"class_name": "__lambda__", "config": {"value": "4wAAAA=="}}),
    "another module": layer("system", "os", name="x"),
    "a tool of Keras": layer("get_file", "keras.utils"),
    "a way to load": layer("load_model", "keras.saving"),
    "inside Keras": layer("func_load", "keras.src.utils.python_utils"),
    "a model of torch": layer("TorchModuleWrapper", module="gANjbnQ="),
    "a SavedModel": layer("TFSMLayer", filepath="somewhere"),
    "a file's words": layer("StringLookup", vocabulary="/etc/passwd"),
    "a function": layer("Dense", units=1, activation=function("os", "system")),
    "a builtin": layer("Dense", units=1, activation=function("builtins", "eval")),
    "a function of Keras": layer("Dense", units=1, activation=function("keras.config", "relu")),
    "a type": {"class_name": "__typespec__", "spec_name": "x", "module": "subprocess", "config": []},
    "a registered class": {**layer("Dense", units=1), "registered_name": "Custom>Dense"},
    "without a module": {"class_name": "Dense", "config": {"units": 1}},
    "without a class": {"module": "os", "config": {"x": 1}},
    "a list of names": {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
    "no numbers": {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "S1000000000"}},
    "loops": layer("WhileLoop", "keras.src.ops.core"),
}


@pytest.mark.parametrize("what", HARMFUL)
def test_what_is_not_on_the_lists_is_refused_before_keras_sees_it(what, write, config, never):
    with pytest.raises(BackboneError, match=r"^bad\.keras (holds|names)"):
        keras_backbone(write(with_layer(config, HARMFUL[what])))


@pytest.mark.parametrize("depth", [1, 20])
def test_it_is_found_however_deep_it_lies(depth, write, config, never):
    entry = HARMFUL["Lambda"]
    for _ in range(depth):
        entry = layer("TimeDistributed", layer=entry)

    with pytest.raises(
        BackboneError, match=r"holds Lambda 'evil', which headstart does not build .* Python code"
    ):
        keras_backbone(write(with_layer(config, entry)))


def test_how_a_model_was_trained_is_passed_over(write, config):
    config["compile_config"] = {"optimizer": layer("system", "os"), "loss": function("os", "system")}

    assert keras_backbone(write({"config.json": json.dumps(config)})).spec.feature_width == 4


def test_an_unharmed_file_is_read(write):
    assert keras_backbone(write(compression=zipfile.ZIP_DEFLATED)).spec.name == "keras_model:bad"


def test_other_members_than_keras_writes_are_refused(write, never):
    for name in ("assets/words.txt", "../outside", "/etc/motd"):
        with pytest.raises(BackboneError, match=r"is exactly config.json"):
            keras_backbone(write(extra=[(name, b"x")]))
    with pytest.raises(BackboneError, match=r"lacks metadata.json"):
        keras_backbone(write({"metadata.json": None}))
    with pytest.warns(UserWarning, match="Duplicate"):
        path = write(extra=[("config.json", b"{}")])
    with pytest.raises(BackboneError, match=r"holds 'config.json'"):
        keras_backbone(path)


def test_a_zip_bomb_is_not_unpacked(write, never):
    path = write({"config.json": b" " * 10_000_000}, compression=zipfile.ZIP_DEFLATED)

    with pytest.raises(BackboneError, match=r"would unpack config.json from .* to 10,000,000"):
        keras_backbone(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 50_000, "can't be read"),
        ('{"a":' * 200 + "1" + "}" * 200, "levels deep"),
        ('{"a": NaN}', "NaN is no number"),
        ("{", "can't be read"),
        ('"text"', "no Functional or Sequential"),
        ('{"class_name": "Sequential", "module": "keras", "config": {"x": 1e999}}', "has inf"),
    ],
)
def test_a_config_that_is_none_is_refused(text, reason, write, never):
    with pytest.raises(BackboneError, match=reason):
        keras_backbone(write({"config.json": text}))


def test_what_is_no_keras_file_is_refused(write, tmp_path, members, never):
    (tmp_path / "page.keras").write_bytes(b"<html>")
    (tmp_path / "cut.keras").write_bytes(write().read_bytes()[:-100])
    (tmp_path / "old.h5").write_bytes(members["model.weights.h5"])
    (tmp_path / "folder.keras").mkdir()
    reasons = {
        "page.keras": "no whole",
        "cut.keras": "no whole",
        "old.h5": "old format",
        "folder.keras": "is a folder",
        "gone.keras": "there is no file",
        "page.pb": "no .keras file",
    }

    for name, reason in reasons.items():
        with pytest.raises(BackboneError, match=reason):
            keras_backbone(tmp_path / name)


def test_a_model_larger_than_its_weights_is_never_allocated(write, config):
    huge = copy.deepcopy(config)
    huge["config"]["layers"][-1]["config"]["units"] = 10_000_000
    with pytest.raises(
        BackboneError, match="describes a model of 50,000,112 numbers, and its weights are 122"
    ):
        keras_backbone(write({"config.json": json.dumps(huge)}))

    huge["config"]["layers"][-1]["config"]["units"] = 10**9
    with pytest.raises(BackboneError, match="has 1000000000 at 'units'"):
        keras_backbone(write({"config.json": json.dumps(huge)}))

    wide = with_layer(config, layer("UpSampling2D", name="up", size=[10_000, 10_000]))
    with pytest.raises(BackboneError, match="for one layer of one photo"):
        keras_backbone(write(wide))


def changed_weights(data, change):
    import h5py

    file = io.BytesIO(data)
    with h5py.File(file, "r+") as weights:
        change(weights["layers"])
    return {"model.weights.h5": file.getvalue()}


def first(group):
    name = next(name for name in group if name.startswith("conv"))
    return group[name]["vars"]


def link_outside(group):
    import h5py

    del first(group)["0"]
    first(group)["0"] = h5py.ExternalLink("other.h5", "/secret")


def leave_out(group):
    del first(group)["1"]


def make_longer(group):
    del first(group)["1"]
    first(group)["1"] = [1.0] * 9


@pytest.mark.parametrize("change", [link_outside, leave_out, make_longer])
def test_weights_that_do_not_fit_or_lead_elsewhere_are_refused(change, write, members):
    path = write(changed_weights(members["model.weights.h5"], change))

    with pytest.raises((WeightsRefusedError, BackboneError), match=r"link to another file|its weights are"):
        keras_backbone(path)


@pytest.mark.slow
def test_every_entry_of_usual_networks_is_on_the_lists():
    small = {"weights": None, "input_shape": (64, 64, 3), "include_top": False}
    for name in ("MobileNetV3Small", "ConvNeXtTiny"):
        model = getattr(keras.applications, name)(**small)
        require_allowed(json.loads(model.to_json()), name)


def graph(*steps):
    """A functional config of a photo, these steps, and a convolution of the photo."""
    history = {"shape": [None, 8, 8, 3], "dtype": "float32", "keras_history": ["photo", 0, 0]}
    photo = {"class_name": "__keras_tensor__", "config": history}
    shape = {"batch_shape": [None, 8, 8, 3], "dtype": "float32"}
    begin = {**layer("InputLayer", name="photo", **shape), "name": "photo", "inbound_nodes": []}
    eyes = step(layer("Conv2D", name="eyes", filters=4, kernel_size=3), photo)
    ends = {"input_layers": [["photo", 0, 0]], "output_layers": [["eyes", 0, 0]]}
    taken = [each if each["inbound_nodes"][0]["args"] else step(each, photo) for each in steps]
    whole = layer("Functional", "keras", name="graph", layers=[begin, *taken, eyes], **ends)
    return {"config.json": json.dumps(whole)}


def step(entry, *taken):
    return {**entry, "name": entry["config"]["name"], "inbound_nodes": [{"args": taken, "kwargs": {}}]}


def test_what_would_be_computed_while_the_graph_is_built_is_refused(write, never):
    one = {"class_name": "__tensor__", "config": {"value": [[1.0]], "dtype": "float32"}}
    inside = {"class_name": "__keras_tensor__", "config": {}}
    hidden = {**one, "config": {**one["config"], "more": inside}}
    tile = layer("Tile", "keras.src.ops.numpy", name="wide", repeats=[30_000, 30_000])
    small = layer("Tile", "keras.src.ops.numpy", name="wide", repeats=[3, 3])
    border = [[0, 0], [16_000, 16_000], [16_000, 16_000], [0, 0]]
    pad = layer("Pad", "keras.src.ops.numpy", name="wide", pad_width=border)

    for entry, reason in (
        (step(tile, one), r"has a step 'wide' that takes|900,000,000 numbers at 'repeats'"),
        (step(small, one), "has a step 'wide' that takes nothing of the photo"),
        (step(small, hidden), "has a step 'wide' that takes nothing of the photo"),
        (step(tile), "900,000,000 numbers at 'repeats'"),
        (step(pad), "1,024,064,001 numbers at 'pad_width'"),
    ):
        with pytest.raises(BackboneError, match=reason):
            keras_backbone(write(graph(entry)))


def test_a_quantized_file_has_a_reason_of_its_own(write, config, never):
    short = layer("Dense", name="answer", units=2, dtype="int8_from_float32")
    policy = {"module": "keras.dtype_policies", "class_name": "QuantizedDTypePolicy", "config": {}}
    how = {"module": "keras.quantizers", "class_name": "Int8QuantizationConfig", "config": {}}

    for entry in (short, layer("Dense", dtype=policy), layer("Dense", quantization_config=how)):
        with pytest.raises(BackboneError, match=r"was quantized \(model.quantize\)"):
            keras_backbone(write(with_layer(config, entry)))


@pytest.mark.parametrize("name", ["_modules", "_parameters", "", "forward", "layer_kind"])
def test_any_name_of_a_layer_is_harmless(name, write, config):
    for each in config["config"]["layers"]:
        if each["class_name"] == "Conv2D":
            each["config"]["name"] = name

    assert keras_backbone(write({"config.json": json.dumps(config)})).spec.feature_width == 4


def test_a_file_of_weights_alone_is_told_from_the_old_format(tmp_path, never):
    with pytest.raises(BackboneError, match=r"holds weights only, .* headstart weights add FILE"):
        keras_backbone(tmp_path / "mine.weights.h5")


def test_the_case_of_the_ending_does_not_matter(write):
    assert keras_backbone(write(name="UP.KERAS")).spec.name == "keras_model:UP"
