import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.model.header import MAX_HEADER_BYTES, TensorFault, parse_json, read_header
from headstart.model.tensors import pack, unpack

GOOD = pack({"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float16)})
BODY = 6 * 4 + 4 * 2


def build(header: object, body: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(shape=(2,), offsets=(0, 8), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_a_header_as_the_library_writes_it_is_read():
    places = read_header(GOOD)
    assert {name: (place.dtype, place.shape) for name, place in places.items()} == {
        "a": ("F32", (2, 3)),
        "b": ("F16", (4,)),
    }


def test_text_metadata_is_allowed():
    assert set(read_header(build({"__metadata__": {"format": "pt"}, "x": entry()}))) == {"x"}


def test_a_file_without_tensors_is_a_file():
    assert read_header(build({}, b"")) == {}


@pytest.mark.parametrize(
    ("header", "body", "said"),
    [
        ([], bytes(8), "not a JSON object"),
        ({"x": []}, bytes(8), "other keys"),
        ({"x": entry() | {"module": "os"}}, bytes(8), "other keys"),
        ({"x": entry(dtype="F8_E4M3")}, bytes(8), "dtype"),
        ({"x": entry(dtype=["F32"])}, bytes(8), "dtype"),
        ({"x": entry(shape=(-2,))}, bytes(8), "shape"),
        ({"x": entry(shape=(True, 2))}, bytes(8), "shape"),
        ({"x": entry(shape=(2.0,))}, bytes(8), "shape"),
        ({"x": entry(shape=(1,) * 9 + (2,))}, bytes(8), "shape"),
        ({"x": entry(shape=(2**31, 2**31, 2**31))}, bytes(8), "contradicts"),
        ({"x": entry(offsets=(0, 8, 8))}, bytes(8), "offsets"),
        ({"x": entry(offsets=(-8, 0))}, bytes(8), "offsets"),
        ({"x": entry(offsets=(8, 0))}, bytes(8), "contradicts"),
        ({"x": entry(offsets=(0, 4))}, bytes(8), "contradicts"),
        ({"x": entry(offsets=(4, 12))}, bytes(12), "gap"),
        ({"x": entry(), "y": entry()}, bytes(8), "overlap"),
        ({"x": entry(), "y": entry(offsets=(4, 12))}, bytes(12), "overlap"),
        ({"x": entry()}, bytes(9), "accounts for"),
        ({"x": entry()}, bytes(8) + b"PK\x05\x06", "accounts for"),
        ({"x": entry()}, bytes(7), "accounts for"),
        ({"__metadata__": {"format": 1}, "x": entry()}, bytes(8), "metadata"),
        ({"__metadata__": "pt", "x": entry()}, bytes(8), "metadata"),
        (b'{"x": 1, "x": 2}', b"", "twice"),
        (b'{"x": NaN}', b"", "NaN"),
        (b'{"x": ' + b"1" * 5000 + b"}", b"", "63 bits"),
        (b'{"x": -18446744073709551616}', b"", "63 bits"),
        (b"[" * 200_000, b"", "JSON"),
        (b"\xff\xfe", b"", "JSON"),
        (b"", b"", "JSON"),
    ],
)
def test_anything_else_is_refused_with_its_reason(header, body, said):
    with pytest.raises(TensorFault, match=said):
        read_header(build(header, body))


def test_a_header_of_a_gigabyte_is_refused_by_its_length_alone():
    with pytest.raises(TensorFault, match="header of 1000000000 bytes"):
        read_header((10**9).to_bytes(8, "little") + b"{")
    with pytest.raises(TensorFault, match="at most"):
        read_header((MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b" " * (MAX_HEADER_BYTES + 1))


def test_too_many_tensors_are_refused():
    empty = {f"{i}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(10_001)}
    with pytest.raises(TensorFault, match="10001 tensors"):
        read_header(build(empty, b""))


def test_every_truncation_is_refused():
    for size in range(len(GOOD)):
        with pytest.raises(TensorFault):
            unpack(GOOD[:size])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, (len(GOOD) - BODY) * 8 - 1))
def test_a_flipped_bit_in_the_header_is_refused_or_still_a_full_table(bit):
    data = bytearray(GOOD)
    data[bit // 8] ^= 1 << bit % 8
    try:
        arrays = unpack(bytes(data))
    except TensorFault:
        return
    assert sum(array.nbytes for array in arrays.values()) == BODY


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_tensor_file(data):
    with pytest.raises(TensorFault):
        read_header(data)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_an_arbitrary_header_is_refused_or_names_no_bytes(header):
    try:
        places = read_header(build(header, b""))
    except TensorFault:
        return
    assert places == {}


def test_json_is_read_with_lone_surrogates():
    assert parse_json(b'"caf\\udce9"') == "caf\udce9"
