import subprocess
import sys

import numpy as np
import pytest

from headstart.model.header import TensorFault
from headstart.model.tensors import check_tensors, pack, unpack

ARRAYS = {
    "f2": np.array([1.5, -2], np.float16),
    "f4": np.linspace(0, 1, 6, dtype=np.float32).reshape(2, 3),
    "f8": np.array(3.25),
    "i4": np.array([[1], [-1]], np.int32),
    "i8": np.array([2**40]),
    "u1": np.zeros((0, 3), np.uint8),
    "flag": np.array([True, False]),
}


def test_arrays_come_back_exactly():
    back = unpack(pack(ARRAYS))
    assert set(back) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_arrays_own_their_memory():
    array = unpack(pack({"x": np.zeros(3, np.float32)}))["x"]
    array[0] = 1  # would raise on a view of bytes
    assert array.flags.owndata or array.base is not None


def test_same_arrays_same_bytes_whatever_their_order_and_layout():
    turned = {name: np.asfortranarray(ARRAYS[name]) for name in reversed(ARRAYS)}
    assert pack(turned) == pack(ARRAYS)


def test_same_bytes_in_another_process():
    code = (
        "import numpy as np, hashlib; from headstart.model.tensors import pack;"
        "print(hashlib.sha256(pack({n: np.arange(3, dtype=np.float32) for n in 'dbca'})).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_that_are_not_finite_are_neither_packed_nor_unpacked(bad, dtype):
    good = pack({"w": np.zeros(3, dtype)})
    item = np.array([bad], dtype).tobytes()
    with pytest.raises(TensorFault, match="'w' that are not finite"):
        unpack(good[: -len(item)] + item)
    with pytest.raises(TensorFault, match="not finite"):
        pack({"w": np.array([0, bad], dtype)})


def test_bfloat16_weights_are_judged_though_numpy_has_no_such_type():
    header = b'{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    start = len(header).to_bytes(8, "little") + header
    assert check_tensors(start + b"\x80\x3f\x00\x40")["w"].shape == (2,)  # 1.0, 2.0
    for bad in (b"\x80\x7f", b"\xc0\x7f", b"\x80\xff"):  # inf, NaN, -inf
        with pytest.raises(TensorFault, match="not finite"):
            check_tensors(start + b"\x80\x3f" + bad)
