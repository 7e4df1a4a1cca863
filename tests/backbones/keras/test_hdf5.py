import h5py
import numpy as np
import pytest

from headstart.backbones.keras.hdf5 import LEGACY, NEW, list_arrays
from headstart.errors import WeightsRefusedError

NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


def new_layout(file):
    file.create_dataset("layers/dense/vars/0", data=NUMBERS)
    file.create_dataset("layers/dense/vars/1", data=NUMBERS[0])


def made(path, *builders):
    with h5py.File(path, "w") as file:
        for each in builders:
            each(file)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mine.h5"


def test_the_new_layout_is_listed_without_optimiser_and_seeds(path):
    def more(file):
        file["optimizer/vars/0"] = NUMBERS
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, np.uint32)

    layout, arrays = list_arrays(made(path, new_layout, more), "mine.h5")
    assert layout == NEW
    assert [(each.name, each.shape, each.floating) for each in arrays] == [
        ("layers/dense/vars/0", (2, 3), True),
        ("layers/dense/vars/1", (3,), True),
    ]


@pytest.mark.parametrize("inside", ["", "model_weights"])
@pytest.mark.parametrize("cut", [False, True])
def test_the_old_layout_is_listed_in_its_own_order_long_lists_too(path, inside, cut):
    def old(file):
        group = file.create_group(inside) if inside else file
        layers = ["second", "first"]
        for layer in layers:
            group.create_group(layer).attrs["weight_names"] = [f"{layer}/kernel:0"]
            group[layer][f"{layer}/kernel:0"] = NUMBERS
        group.create_group("empty").attrs["weight_names"] = np.zeros(0)
        names = [*layers, "empty"]
        for number, piece in enumerate(np.array_split(names, 2 if cut else 1)):
            group.attrs[f"layer_names{number}" if cut else "layer_names"] = piece.astype("S")

    layout, arrays = list_arrays(made(path, old), "mine.h5")
    assert layout == LEGACY
    assert [each.name for each in arrays] == ["second/second/kernel:0", "first/first/kernel:0"]


def virtual(file):
    source = h5py.VirtualSource("secret.h5", "x", shape=(3,))
    layout = h5py.VirtualLayout((3,), np.float32)
    layout[:] = source
    file.create_virtual_dataset("layers/a/vars/0", layout)


def filtered(file):
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2,))
    plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))
    group = file.create_group("layers/a/vars")
    h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), plan)


def own_child(file):
    file["layers/again"] = file["layers"]


DANGEROUS = {
    "external link": (
        lambda file: file.__setitem__("layers/a", h5py.ExternalLink("secret.h5", "/x")),
        "layers/a is a link to another file",
    ),
    "soft link": (
        lambda file: file.__setitem__("layers/a", h5py.SoftLink("/layers/dense")),
        "layers/a is a link to /layers/dense",
    ),
    "external storage": (
        lambda file: file.create_dataset("layers/a/vars/0", (3,), "f4", external=[("secret.bin", 0, 12)]),
        "lie in another file",
    ),
    "virtual": (virtual, "lie in another file"),
    "terabyte": (
        lambda file: file.create_dataset("layers/a/vars/0", (1 << 38,), "f4", chunks=(1 << 10,)),
        "would take 1,099,511,627,776 bytes, of which only 0",
    ),
    "resizable": (
        lambda file: file.create_dataset("layers/a/vars/0", (3,), "f4", maxshape=(None,)),
        "no fixed size",
    ),
    "text": (lambda file: file.__setitem__("layers/a/vars/0", "hello"), "object and no numbers"),
    "references": (
        lambda file: file.create_dataset("layers/a/vars/0", (1,), h5py.ref_dtype),
        "object and no numbers",
    ),
    "complex": (lambda file: file.__setitem__("layers/a/vars/0", np.ones(2, complex)), "complex128"),
    "nothing": (lambda file: file.create_dataset("layers/a/vars/0", dtype="f4"), "no numbers"),
    "named type": (lambda file: file.__setitem__("layers/a", np.dtype("f4")), "neither a group nor"),
    "filter": (filtered, "needs a filter that is none of gzip"),
    "circle": (own_child, "deep"),
}


@pytest.mark.parametrize(("build", "said"), DANGEROUS.values(), ids=DANGEROUS.keys())
def test_what_weights_never_need_is_refused_before_it_is_read(path, build, said):
    made(path, new_layout, build)
    with pytest.raises(WeightsRefusedError, match=said) as caught:
        list_arrays(path, "mine.h5")
    assert str(caught.value).startswith("mine.h5 was not read: ")
    assert "\n" not in str(caught.value)


NO_HDF5 = {
    "empty": (b"", "but empty"),
    "web page": (b"  <!DOCTYPE html><title>404</title>", "but a web page"),
    "zip": (b"PK\x03\x04" + bytes(100), "perhaps a .keras file"),
    "other": (b"\x80\x04pickle", "but something else"),
    "signature alone": (b"\x89HDF\r\n\x1a\n" + bytes(100), "no whole HDF5 file"),
}


@pytest.mark.parametrize(("data", "said"), NO_HDF5.values(), ids=NO_HDF5.keys())
def test_what_is_no_hdf5_file_is_said(path, data, said):
    path.write_bytes(data)
    with pytest.raises(WeightsRefusedError, match=said) as caught:
        list_arrays(path, "mine.h5")
    assert "\n" not in str(caught.value)


def test_a_cut_file_is_refused(path):
    made(path, new_layout)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(WeightsRefusedError, match="truncated"):
        list_arrays(path, "mine.h5")


def test_arrays_without_a_layout_are_no_weights(path):
    made(path, lambda file: file.__setitem__("numbers", NUMBERS))
    with pytest.raises(WeightsRefusedError, match="neither of the layouts"):
        list_arrays(path, "mine.h5")


def test_names_that_lead_nowhere_are_refused(path):
    def old(file):
        file.attrs["layer_names"] = ["first"]
        file.create_group("first").attrs["weight_names"] = ["kernel"]

    with pytest.raises(WeightsRefusedError, match="kernel"):
        list_arrays(made(path, old), "mine.h5")


def test_a_flipped_bit_is_refused_in_one_line_or_is_only_another_number(path):
    made(path, new_layout)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    said = []
    for place in random.integers(0, len(whole), 300):
        data = bytearray(whole)
        data[place] ^= 1 << int(random.integers(8))
        path.write_bytes(data)
        try:
            list_arrays(path, "mine.h5")
        except WeightsRefusedError as fault:
            said.append(str(fault))
    assert said
    assert not any("\n" in each for each in said)
