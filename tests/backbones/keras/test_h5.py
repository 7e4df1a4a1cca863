"""Weights that Keras wrote, in the store: every number arrives, and what does not fit is said."""

import hashlib

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load

from headstart.backbones.keras.adapter import construct
from headstart.backbones.keras.h5 import weights_from_h5
from headstart.backbones.keras.network import KerasNetwork
from headstart.backbones.keras.publication import published_file
from headstart.backbones.load import load_backbone
from headstart.backbones.published import Published, missing_weights, published
from headstart.backbones.weights import WeightsStore
from headstart.errors import BackboneError, DownloadError, UsageError, WeightsRefusedError
from headstart.storage.home import Home
from tests.loopback import Server

# Keras's own, when it saves on torch
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAME = "MobileNet"
OPTIONS = {"alpha": 0.25, "classes": 10}
FIRST = "layers/conv2d/vars/0"


@pytest.fixture(scope="module")
def model():
    """A small network whose numbers are all different."""
    found = construct(NAME, OPTIONS)[0]
    random = np.random.default_rng(0)
    for variable in found.weights:
        variable.assign(random.random(variable.shape, np.float32))
    return found


@pytest.fixture(scope="module")
def new(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("new") / "mine.weights.h5"
    model.save_weights(path)
    return path


@pytest.fixture(scope="module")
def old(model, tmp_path_factory):
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    path = tmp_path_factory.mktemp("old") / "mine.h5"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, model)
    return path


@pytest.fixture
def store(tmp_path):
    return WeightsStore(Home(tmp_path / "home"), fits=lambda *_: None)


def changed(path, tmp_path, change):
    """A copy of a file, changed."""
    other = tmp_path / "mine.h5"
    other.write_bytes(path.read_bytes())
    with h5py.File(other, "r+") as file:
        change(file)
    return other.read_bytes()


def converted(data, options=OPTIONS):
    return load(weights_from_h5(data, "mine.h5", NAME, "mine", options))


@pytest.mark.slow
def test_both_layouts_give_every_number_whatever_the_file_is_called(model, new, old):
    expected = KerasNetwork(model).state_dict()
    for path in (new, old):
        found = converted(path.read_bytes())
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_network_of_other_options_is_refused_with_what_differs(new):
    with pytest.raises(WeightsRefusedError) as caught:
        converted(new.read_bytes(), {"alpha": 0.25, "classes": 12})
    said = str(caught.value)
    assert "does not fit keras:MobileNet@mine with {'alpha': 0.25, 'classes': 12}" in said
    assert "lacks conv_preds/kernel (1, 1, 256, 12), conv_preds/bias (12,) and has layers/conv2d_14" in said
    assert "\n" not in said


def moved(file):
    """Keras passes over a layer whose name it does not look for."""
    file.move("layers/conv2d", "layers/conv2d_99")


def replaced(value):
    def change(file):
        shape = file[FIRST].shape
        del file[FIRST]
        file[FIRST] = np.full(shape, value)

    return change


def without_one(file):
    del file[FIRST]


WRONG = {
    "nan": (replaced(np.float32("nan")), "not finite"),
    "whole numbers": (replaced(np.int32(1)), "whole numbers"),
    "one less": (without_one, r"lacks conv1/kernel \(3, 3, 3, 8\);"),
    "elsewhere": (moved, "could not be read into the network|gave no numbers"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_keras_might_pass_over_is_refused(new, tmp_path, change, said):
    with pytest.raises(WeightsRefusedError, match=said) as caught:
        converted(changed(new, tmp_path, change))
    assert "\n" not in str(caught.value)


def test_a_number_that_is_not_finite_is_found_among_others(new, tmp_path):
    def change(file):
        file[FIRST][0, 0, 0, 0] = np.inf

    with pytest.raises(WeightsRefusedError, match=r"numbers in 'conv1\.kernel' that are not finite"):
        converted(changed(new, tmp_path, change))


def test_an_added_file_keeps_its_digest_and_loads_as_safetensors(model, new, store):
    entry = store.add_file(new, "keras:MobileNet", "mine", options=OPTIONS, classes=None)
    assert entry.source_sha256 == hashlib.sha256(new.read_bytes()).hexdigest()
    assert (entry.source, entry.options) == ("mine.weights.h5", OPTIONS)
    found = load_backbone("keras:MobileNet@mine", home=store.home, offline=True)
    kernel = KerasNetwork(model).state_dict()["conv1.kernel"]
    assert torch.equal(found.module.state_dict()["conv1.kernel"], kernel)


def test_other_frameworks_networks_have_no_such_files(new, store):
    with pytest.raises(WeightsRefusedError, match="torchvision:vgg16 is none of its networks"):
        store.add_file(new, "vgg16", "mine")
    with pytest.raises(UsageError, match="no such file"):
        store.add_file(new.with_name("nowhere.h5"), "keras:MobileNet", "mine")


# --- what Keras publishes ---------------------------------------------------------------------------------


def test_addresses_and_digests_are_those_that_keras_itself_would_use():
    from keras.src.utils import file_utils

    usual = file_utils.get_file
    found = published("keras", "VGG16")
    assert (found.tag, found.classes) == ("imagenet", "imagenet-1k")
    assert found.url.startswith("https://storage.googleapis.com/tensorflow/keras-applications/vgg16/")
    assert found.url.endswith(found.filename)
    assert len(found.md5) == 32
    assert found.sha256_prefix is None
    assert found.to_download().checked
    assert not found.fetch_command.endswith("--trust-first")
    assert published("keras", "MobileNet").fetch_command.endswith("--trust-first")
    assert len(published_file("ConvNeXtTiny").sha256) == 64
    assert file_utils.get_file is usual


def test_keras_has_one_set_for_each_network():
    with pytest.raises(BackboneError, match="keras publishes no weights 'no_such' for VGG16, only imagenet"):
        published("keras", "VGG16", "no_such")


def test_missing_weights_say_what_their_digest_is_worth():
    said = str(missing_weights("keras", "VGG16"))
    assert "vgg16_weights_tf_dim_ordering_tf_kernels.h5 from https://" in said
    assert "shows accidents and no attacker" in said
    assert "--backbone keras:VGG16 --tag imagenet`" in said


def test_other_threads_keep_keras_as_it_is(monkeypatch):
    import threading

    from keras.src.utils import file_utils

    from headstart.backbones.keras.publication import _replaced

    monkeypatch.setattr(file_utils, "get_file", lambda: "Keras's own")
    said = []
    with _replaced(file_utils, "get_file", lambda: "ours"):
        other = threading.Thread(target=lambda: said.append(file_utils.get_file()))
        other.start()
        other.join()
        said.append(file_utils.get_file())
    assert said == ["Keras's own", "ours"]


# --- fetching ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A file such as Keras publishes, of random numbers."""
    path = tmp_path_factory.mktemp("whole") / "whole.weights.h5"
    construct(NAME, {}, tag="imagenet")[0].save_weights(path)
    return path.read_bytes()


@pytest.fixture
def server(certified, monkeypatch):
    monkeypatch.delenv("HEADSTART_OFFLINE", raising=False)
    certified.files.clear()
    certified.requests.clear()
    return certified


def known(server, data, *, md5=None):
    return Published(
        framework="keras",
        architecture=NAME,
        tag="imagenet",
        url=server.serve("/mobilenet.h5", data),
        filename="mobilenet.h5",
        md5=md5,
        classes="imagenet-1k",
    )


def md5_of(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.mark.slow
def test_a_published_file_is_checked_by_md5_and_pinned_by_sha256(store, server, whole):
    what = known(server, whole, md5=md5_of(whole))
    entry = store.fetch("keras:MobileNet", downloader=server.downloader(), known=what)
    assert entry.source_sha256 == hashlib.sha256(whole).hexdigest()
    assert (entry.classes, entry.source) == ("imagenet-1k", what.url)
    assert "conv1.kernel" in store.load(entry)
    (store.home.weights / entry.file).unlink()
    other = whole + b" "  # of the same MD5, had somebody made it so
    tampered = known(server, other, md5=md5_of(other))
    with pytest.raises(DownloadError, match="SHA-256"):
        store.fetch("keras:MobileNet", downloader=server.downloader(), known=tampered)


def test_a_wrong_md5_is_refused_unread(store, server):
    what = known(server, b"other bytes", md5=md5_of(b"right bytes"))
    with pytest.raises(DownloadError, match="MD5"):
        store.fetch("keras:MobileNet", downloader=server.downloader(), known=what)
    assert store.entries() == []


def test_without_a_digest_only_trust_fetches(store, server, whole):
    what = known(server, whole)
    with pytest.raises(WeightsRefusedError, match="fetch keras:MobileNet@imagenet --trust-first"):
        store.fetch("keras:MobileNet", downloader=server.downloader(), known=what)
    assert server.requests == []
    entry = store.fetch("keras:MobileNet", downloader=server.downloader(), known=what, trust_first=True)
    assert entry.source_sha256 == hashlib.sha256(whole).hexdigest()


@pytest.mark.slow
def test_the_published_file_can_be_brought_by_hand(store, whole, tmp_path, monkeypatch):
    address = "https://weights.example/a.h5"
    what = Published("keras", NAME, "imagenet", address, "a.h5", md5=md5_of(whole), classes="imagenet-1k")
    monkeypatch.setattr("headstart.backbones.intake.published", lambda *name: what)
    path = tmp_path / "brought.h5"
    path.write_bytes(whole)
    assert store.add_file(path, "keras:MobileNet", "imagenet").classes == "imagenet-1k"
    path.write_bytes(whole + b" ")
    with pytest.raises(WeightsRefusedError, match=r"its MD5 starts with .* it was not read"):
        store.add_file(path, "keras:MobileNet", "imagenet")


# --- graphs -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["imagenet", "mine"])
def test_numbers_of_a_normalisation_inside_and_its_graph_are_those_of_the_weights(store, tmp_path, tag):
    """EfficientNet keeps its colours among its weights, and has a layer more with Keras's own."""
    model, _ = construct("EfficientNetB0", {}, tag=tag)
    random = np.random.default_rng(0)
    normalization = next(each for each in model.layers if each.name == "normalization")
    for variable in normalization.weights[:2]:
        variable.assign(random.uniform(0.2, 0.6, variable.shape))
    normalization.finalize_state()
    path = tmp_path / "mine.weights.h5"
    model.save_weights(path)
    data = weights_from_h5(path.read_bytes(), path.name, "EfficientNetB0", tag, {})

    again, _ = construct("EfficientNetB0", {}, tag=tag)
    network = KerasNetwork(again).eval()
    network.load_state_dict(load(data))
    photos = torch.from_numpy(random.uniform(0, 255, (1, 3, 224, 224)).astype(np.float32))
    with torch.no_grad():
        found = network(photos)
        expected = torch.as_tensor(model(photos.permute(0, 2, 3, 1), training=False))
    assert ("rescaling_1" in dict(network.named_children())) == (tag == "imagenet")
    if tag == "imagenet":
        with pytest.raises(WeightsRefusedError, match="scales pixels in 2 layers, this one in 1"):
            weights_from_h5(path.read_bytes(), path.name, "EfficientNetB0", "mine", {})
    assert torch.allclose(found, expected, rtol=1e-4, atol=1e-6 * float(expected.abs().max()))
