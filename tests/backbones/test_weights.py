import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import textwrap

import pytest
import torch
from safetensors.torch import save

from headstart.backbones.published import Published
from headstart.backbones.state import load_tensors
from headstart.backbones.weights import PreprocessingOverride, WeightsStore
from headstart.errors import (
    BackboneError,
    DownloadError,
    UsageError,
    WeightsMissingError,
    WeightsRefusedError,
)
from headstart.storage.home import Home
from tests.loopback import Server

TENSORS = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.tensor([1.0, -1.0])}
NAME = "torchvision:resnet18"


@pytest.fixture
def store(tmp_path):
    return WeightsStore(Home(tmp_path / "home"), fits=lambda *_: None)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(save(TENSORS))
    return path


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("tls"))
    yield server
    server.close()


@pytest.fixture
def server(certified, monkeypatch):
    monkeypatch.delenv("HEADSTART_OFFLINE", raising=False)
    certified.files.clear()
    certified.requests.clear()
    return certified


def pth(content):
    """What `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def known(server, data, *, prefix=True, suffix=".pth", architecture="resnet18", **behaviour):
    """A publication of those bytes on the loopback server."""
    digits = hashlib.sha256(data).hexdigest()[:8]
    name = f"{architecture}-{digits}{suffix}"
    return Published(
        framework="torchvision",
        architecture=architecture,
        tag="TEST_V1",
        url=server.serve(f"/{name}", data, **behaviour),
        filename=name,
        sha256_prefix=digits if prefix else None,
        licence="bsd-3-clause",
        classes="imagenet-1k",
    )


def same(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def files(store):
    return sorted(
        path.name for path in store.home.weights.iterdir() if path.is_file() and path.name != ".lock"
    )


# --- adding -----------------------------------------------------------------------------------------------


def test_an_added_file_is_found_and_loaded(store, file):
    entry = store.add_file(file, NAME, "mine", options={"num_classes": 2}, licence="mit")
    assert entry.backbone == "torchvision:resnet18@mine"
    assert entry.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (entry.options, entry.licence, entry.source) == ({"num_classes": 2}, "mit", "mine.safetensors")
    assert store.find("torchvision", "resnet18", "mine") == entry
    assert store.find("torchvision", "resnet18") == entry
    assert store.find("torchvision", "resnet18", "other") is None
    assert store.find("torchvision", "resnet1") is None
    assert store.entries() == [entry]
    assert same(store.load(entry), TENSORS)


def test_the_store_does_not_need_the_added_file_any_more(store, file):
    entry = store.add_file(file, NAME, "mine")
    file.unlink()
    assert same(store.load(entry), TENSORS)


def test_bare_names_and_names_with_a_tag_are_understood(store, file):
    assert store.add_file(file, "resnet18@a").backbone == "torchvision:resnet18@a"
    assert store.add_file(file, "mobilenetv2_100", "b").backbone == "timm:mobilenetv2_100@b"


def test_options_keep_their_types(store, file):
    options = {"aux": True, "depth": 2, "drop": 0.5, "kind": "same"}
    store.add_file(file, NAME, "mine", options=options)
    kept = store.find("torchvision", "resnet18", "mine").options
    assert kept == options
    assert [type(value) for value in kept.values()] == [bool, int, float, str]


def test_preprocessing_is_kept(store, file):
    stated = PreprocessingOverride(input_size=32, resize=40, crop="squash", mean=(0, 0, 0), std=(1, 1, 1))
    store.add_file(file, NAME, "mine", preprocessing=stated)
    assert store.find("torchvision", "resnet18", "mine").preprocessing == stated


def test_the_same_file_can_be_added_twice_and_other_facts_win(store, file):
    store.add_file(file, NAME, "mine")
    store.add_file(file, NAME, "mine", licence="mit")
    assert [entry.licence for entry in store.entries()] == ["mit"]


def test_other_weights_under_a_pinned_name_are_refused(store, file, tmp_path):
    before = store.add_file(file, NAME, "mine")
    other = tmp_path / "other.safetensors"
    other.write_bytes(save({"fc.weight": torch.zeros(1)}))
    with pytest.raises(WeightsRefusedError, match="pinned to other weights"):
        store.add_file(other, NAME, "mine")
    assert store.entries() == [before]


def test_two_names_for_the_same_bytes_share_one_file(store, file):
    store.add_file(file, NAME, "a")
    store.add_file(file, NAME, "b")
    assert sum(name.endswith(".safetensors") for name in files(store)) == 1


def test_a_name_without_tag_means_the_default_or_is_refused(store, file):
    store.add_file(file, NAME, "a")
    store.add_file(file, NAME, "b")
    with pytest.raises(BackboneError, match="say which: torchvision:resnet18@a, torchvision:resnet18@b"):
        store.find("torchvision", "resnet18")
    store.add_file(file, NAME, "IMAGENET1K_V1")
    assert store.find("torchvision", "resnet18").tag == "IMAGENET1K_V1"


def valid():
    return save(TENSORS)


def header(text, data=b"\0" * 8):
    raw = text.encode()
    return len(raw).to_bytes(8, "little") + raw + data


BAD_FILES = {
    "empty": b"",
    "html": b"<!DOCTYPE html><title>404</title>",
    "pickle": pickle.dumps({"a": 1}) * 100,
    "cut": valid()[:-3],
    "trailing": valid() + b"extra",
    "huge header": (1 << 40).to_bytes(8, "little") + b"{}",
    "no tensors": header("{}", b""),
    "overlap": header(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    ),
    "negative": header('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[-4,0]}}'),
    "wrong shape": header('{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,8]}}'),
    "unknown dtype": header('{"a":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}}'),
    "nan": save({"a": torch.tensor([1.0, float("nan")])}),
    "inf": save({"a": torch.tensor([float("inf")], dtype=torch.bfloat16)}),
}


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_what_can_not_be_weights_is_refused_and_leaves_nothing(store, tmp_path, data):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsRefusedError, match=r"bad\.safetensors") as caught:
        store.add_file(path, NAME, "mine")
    assert "\n" not in str(caught.value)
    assert store.entries() == []


@pytest.mark.parametrize(
    ("name", "tag", "error", "said"),
    [
        (NAME, None, UsageError, "--tag"),
        (NAME + "@a", "b", UsageError, "contradicts"),
        (NAME, "random", UsageError, "random"),
        (NAME, "../evil", UsageError, "tag"),
        (NAME, "a b", UsageError, "tag"),
        ("torchvision:resnet81", "a", BackboneError, "resnet18"),
    ],
)
def test_names_that_can_not_be_right_are_refused(store, file, name, tag, error, said):
    with pytest.raises(error, match=said):
        store.add_file(file, name, tag)
    assert store.entries() == []


@pytest.mark.parametrize("name", ["weights.npz", "weights.pkl", "weights"])
def test_other_formats_are_refused_by_name(store, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(valid())
    with pytest.raises(WeightsRefusedError, match="reads no other weights"):
        store.add_file(path, NAME, "mine")


def test_a_file_that_is_not_there_is_one_line(store, tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        store.add_file(tmp_path / "nowhere.safetensors", NAME, "mine")


def test_tensors_that_do_not_fit_are_refused_before_they_are_kept(tmp_path, file):
    store = WeightsStore(Home(tmp_path / "home"))
    with pytest.raises(WeightsRefusedError, match=r"do not fit torchvision:resnet18@mine: missing conv1"):
        store.add_file(file, NAME, "mine")
    with pytest.raises(BackboneError, match="can't be built"):
        store.add_file(file, NAME, "mine", options={"colour": "red"})
    assert not store.home.weights.exists() or files(store) == []


def test_whole_numbers_are_no_weights(tmp_path):
    network = torch.nn.Linear(2, 1)
    given = {name: (100 * tensor).to(torch.int8) for name, tensor in network.state_dict().items()}
    with pytest.raises(WeightsRefusedError, match=r"weight holds torch\.int8, not torch\.float32"):
        load_tensors(network, given, name="mine")


def test_a_pth_file_is_refused_by_the_users_own_name_for_it(store, tmp_path):
    path = tmp_path / "from-a-friend.pth"
    path.write_bytes(pth(TENSORS))
    for name in ("timm:resnet50@a1_in1k", "timm:vit_base_patch16_224@augreg_in21k"):
        with pytest.raises(WeightsRefusedError, match=r"from-a-friend\.pth") as caught:
            store.add_file(path, name)
        assert "pytorch_model" not in str(caught.value)


# --- reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 9, 60, -1])
def test_a_flipped_byte_is_noticed_set_aside_and_says_what_to_do(store, file, place):
    entry = store.add_file(file, NAME, "mine")
    stored = store.home.weights / entry.file
    data = bytearray(stored.read_bytes())
    data[place] ^= 1
    stored.write_bytes(data)
    ((_, ok, why),) = store.verify()
    assert not ok
    assert "SHA-256" in why
    with pytest.raises(WeightsRefusedError, match=r"weights add FILE --backbone .*mine\.safetensors"):
        store.load(entry)
    assert entry.file + ".damaged" in files(store)
    with pytest.raises(WeightsMissingError, match="weights add FILE"):
        store.load(entry)
    store.add_file(file, NAME, "mine")
    assert same(store.load(entry), TENSORS)
    assert store.verify() == [(entry, True, "")]


def test_a_damaged_entry_is_named(store, file):
    store.add_file(file, NAME, "mine")
    path = store.home.weights / "torchvision-resnet18@mine.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WeightsRefusedError, match=r"resnet18@mine\.json can't be used"):
        store.entries()


def test_a_damaged_entry_hides_no_other(store, file):
    whole = store.add_file(file, NAME, "mine")
    broken = store.home.weights / "torchvision-resnet18@other.json"
    broken.write_text("{")
    folder = store.home.weights / "torchvision-resnet34@folder.json"
    folder.mkdir()

    assert store.readable_entries() == [whole]
    assert [entry for entry, *_ in store.verify()] == [whole]
    (first, why_first), (second, why_second) = store.damaged_entries()
    assert (first, second) == (broken, folder)
    assert "delete it and add the weights again" in why_first
    assert "can't be read" in why_second
    assert store.entry_path(whole) == store.home.weights / "torchvision-resnet18@mine.json"
    with pytest.raises(WeightsRefusedError, match="can't be read"):
        store.find("torchvision", "resnet34", "folder")


def test_an_entry_of_a_newer_headstart_is_left_alone(store, file):
    store.add_file(file, NAME, "mine")
    path = store.home.weights / "torchvision-resnet18@mine.json"
    newer = json.dumps(json.loads(path.read_text()) | {"format": 2})
    path.write_text(newer)
    with pytest.raises(WeightsRefusedError, match="newer headstart"):
        store.find("torchvision", "resnet18", "mine")
    assert path.read_text() == newer


@pytest.mark.parametrize("change", [{"file": "../../etc/passwd"}, {"sha256": "abc"}, {"module": "os"}])
def test_an_entry_can_not_lead_elsewhere(store, file, change):
    store.add_file(file, NAME, "mine")
    path = store.home.weights / "torchvision-resnet18@mine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsRefusedError, match="can't be used"):
        store.find("torchvision", "resnet18", "mine")


def test_reading_writes_nothing(store, file):
    entry = store.add_file(file, NAME, "mine")
    before = {path: path.stat().st_mtime_ns for path in store.home.root.rglob("*")}
    store.load(entry)
    store.verify()
    assert {path: path.stat().st_mtime_ns for path in store.home.root.rglob("*")} == before


def test_a_home_that_can_not_be_written_is_enough_for_reading(store, file):
    entry = store.add_file(file, NAME, "mine")
    folders = [store.home.root, store.home.weights]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert same(WeightsStore(Home.find(store.home.root)).load(entry), TENSORS)
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_the_store_starts_without_torch():
    code = "import sys, headstart.backbones.weights as w; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- fetching ---------------------------------------------------------------------------------------------


def test_a_published_pth_becomes_safetensors_and_is_pinned(store, server):
    data = pth(TENSORS)
    what = known(server, data)
    entry = store.fetch(NAME, downloader=server.downloader(), known=what)
    assert entry.backbone == "torchvision:resnet18@TEST_V1"
    assert entry.source_sha256 == hashlib.sha256(data).hexdigest()
    assert (entry.source, entry.licence, entry.classes) == (what.url, "bsd-3-clause", "imagenet-1k")
    assert same(store.load(entry), TENSORS)
    assert not list(store.home.weights.rglob("*.pth"))
    assert not list(store.home.weights.rglob("*.part"))


def test_weights_at_hand_are_not_fetched_again(store, server):
    what = known(server, pth(TENSORS))
    first = store.fetch(NAME, downloader=server.downloader(), known=what)
    assert store.fetch(NAME, downloader=server.downloader(), known=what) == first
    assert len(server.requests) == 1


@pytest.mark.parametrize("key", ["state_dict_ema", "state_dict", "model"])
def test_the_weights_inside_a_training_checkpoint_are_found(store, server, key):
    inner = {f"module.{name}": tensor for name, tensor in TENSORS.items()}
    what = known(server, pth({key: inner, "epoch": 3}))
    entry = store.fetch(NAME, downloader=server.downloader(), known=what)
    assert same(store.load(entry), TENSORS)


def test_tensors_that_share_memory_are_kept_apart(store, server):
    shared = torch.arange(6.0)
    what = known(server, pth({"a": shared, "b": shared.view(2, 3).t()}))
    found = store.load(store.fetch(NAME, downloader=server.downloader(), known=what))
    assert torch.equal(found["b"], shared.view(2, 3).t())


class Opens:
    """Its pickle would create a file if anything unpickled it."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pth_with_other_bytes_than_published_is_never_unpickled(store, server, tmp_path, monkeypatch):
    evil = pickle.dumps(Opens(tmp_path / "proof"))
    right = known(server, pth(TENSORS))
    server.serve(f"/{right.filename}", evil)
    monkeypatch.setattr(torch, "load", lambda *args, **options: pytest.fail("it was unpickled"))
    with pytest.raises(DownloadError, match="SHA-256"):
        store.fetch(NAME, downloader=server.downloader(), known=right)
    assert not (tmp_path / "proof").exists()
    assert store.entries() == []


def test_a_pth_with_code_in_it_and_the_published_digest_runs_nothing(store, server, tmp_path):
    what = known(server, pth({"fc.weight": torch.zeros(1), "x": Opens(tmp_path / "proof")}))
    with pytest.raises(WeightsRefusedError, match="holds more than tensors"):
        store.fetch(NAME, downloader=server.downloader(), known=what)
    assert not (tmp_path / "proof").exists()
    assert store.entries() == []


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {"state_dict": {"a": "b"}}])
def test_a_pth_without_weights_is_refused(store, server, content):
    with pytest.raises(WeightsRefusedError, match="no network's tensors"):
        store.fetch(NAME, downloader=server.downloader(), known=known(server, pth(content)))


def test_a_pth_with_nan_is_refused(store, server):
    what = known(server, pth({"a": torch.tensor([float("nan")])}))
    with pytest.raises(WeightsRefusedError, match="not finite"):
        store.fetch(NAME, downloader=server.downloader(), known=what)


def test_without_a_digest_nothing_is_asked_for(store, server):
    what = known(server, valid(), prefix=False, suffix=".safetensors")
    with pytest.raises(WeightsRefusedError, match="--trust-first"):
        store.fetch(NAME, downloader=server.downloader(), known=what)
    assert server.requests == []


def test_what_was_trusted_first_is_pinned_ever_after(store, server):
    what = known(server, valid(), prefix=False, suffix=".safetensors")
    entry = store.fetch(NAME, downloader=server.downloader(), known=what, trust_first=True)
    assert entry.sha256 == entry.source_sha256 == hashlib.sha256(valid()).hexdigest()
    (store.home.weights / entry.file).unlink()
    server.serve(f"/{what.filename}", save({"fc.weight": torch.zeros(3)}))
    with pytest.raises(DownloadError, match="SHA-256"):
        store.fetch(NAME, downloader=server.downloader(), known=what, trust_first=True)
    server.serve(f"/{what.filename}", valid())
    assert store.fetch(NAME, downloader=server.downloader(), known=what) == entry
    assert same(store.load(entry), TENSORS)


def test_a_pickle_is_not_even_trusted_first(store, server):
    what = known(server, pth(TENSORS), prefix=False)
    with pytest.raises(WeightsRefusedError, match="pickle without a published digest"):
        store.fetch(NAME, downloader=server.downloader(), known=what, trust_first=True)


def test_damaged_weights_are_fetched_again(store, server):
    what = known(server, pth(TENSORS))
    entry = store.fetch(NAME, downloader=server.downloader(), known=what)
    (store.home.weights / entry.file).write_bytes(b"rotten")
    with pytest.raises(WeightsRefusedError, match="weights fetch torchvision:resnet18@TEST_V1"):
        store.load(entry)
    assert store.fetch(NAME, downloader=server.downloader(), known=what) == entry
    assert same(store.load(entry), TENSORS)


def test_offline_names_file_host_address_and_the_command(store, server, monkeypatch):
    what = known(server, pth(TENSORS))
    monkeypatch.setenv("HEADSTART_OFFLINE", "1")
    with pytest.raises(DownloadError) as caught:
        store.fetch(NAME, downloader=server.downloader(), known=what)
    add = f"headstart weights add {what.filename} --backbone torchvision:resnet18 --tag TEST_V1"
    assert all(part in str(caught.value) for part in (what.filename, "weights.example", what.url, add))
    assert server.requests == []


def test_the_published_file_can_be_brought_by_hand(store, tmp_path, monkeypatch):
    data = pth(TENSORS)
    what = Published(
        "torchvision",
        "resnet18",
        "TEST_V1",
        "https://weights.example/a",
        "a.pth",
        hashlib.sha256(data).hexdigest()[:8],
    )
    monkeypatch.setattr("headstart.backbones.weights.published", lambda *name: what)
    path = tmp_path / "brought.pth"
    path.write_bytes(data)
    entry = store.add_file(path, NAME, "TEST_V1")
    assert same(store.load(entry), TENSORS)
    path.write_bytes(data + b" ")
    with pytest.raises(WeightsRefusedError, match="it was not read"):
        store.add_file(path, NAME, "TEST_V1")


def test_a_fetch_that_breaks_off_goes_on(store, server):
    data = pth({"fc.weight": torch.randn(300, 300, generator=torch.Generator().manual_seed(0))})
    what = known(server, data, drop=[100_000, 200_000])
    store.fetch(NAME, downloader=server.downloader(), known=what)
    assert server.ranges() == [None, "bytes=100000-", "bytes=200000-"]


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["resnet18", "squeezenet1_1"])
def test_fetched_weights_give_the_same_logits_as_the_network_that_made_them(store, server, architecture):
    import torchvision

    from headstart.backbones.load import load_backbone

    torch.manual_seed(0)
    network = torchvision.models.get_model(architecture, num_classes=1000).eval()
    what = known(server, pth(network.state_dict()), architecture=architecture)
    store.fetch(architecture, downloader=server.downloader(), known=what)
    backbone = load_backbone(f"torchvision:{architecture}@TEST_V1", home=store.home)
    pixels = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(backbone.logits(pixels), network(backbone.normalise(pixels)), atol=1e-5)
    assert len(backbone.spec.classes) == 1000


# --- faults -----------------------------------------------------------------------------------------------

KILLED = """
    import os, sys
    from pathlib import Path
    import torch
    import headstart.backbones.intake as intake
    import headstart.storage.atomic as atomic
    from headstart.backbones.weights import WeightsStore
    from headstart.storage.home import Home

    intake.parse = lambda text: ("torchvision", "resnet18", None)

    class Shim:
        def __init__(self, nth):
            self.left = nth
        def __getattr__(self, name):
            real = getattr(os, name)
            if name not in ("open", "fdopen", "fsync", "replace", "close"):
                return real
            def call(*args, **options):
                self.left -= 1
                if self.left == 0:
                    os._exit(9)
                return real(*args, **options)
            return call

    for nth in range(1, 40):
        child = os.fork()
        if child == 0:
            atomic.os = Shim(nth)
            store = WeightsStore(Home(Path(sys.argv[1]) / str(nth)), fits=lambda *_: None)
            store.add_file(Path(sys.argv[2]), "resnet18", "mine")
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            print(nth)
            break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.slow
def test_killed_at_any_call_of_an_add_the_store_is_old_or_new(file, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    calls = int(done.stdout)
    assert calls > 8
    states = set()
    for nth in range(1, calls + 1):
        store = WeightsStore(Home(tmp_path / str(nth)), fits=lambda *_: None)
        assert all(ok for _, ok, _ in store.verify())
        states.add(len(store.entries()))
        entry = store.add_file(file, NAME, "mine")
        assert same(store.load(entry), TENSORS)
        assert not list(store.home.weights.glob(".*.tmp"))
    assert states == {0, 1}
