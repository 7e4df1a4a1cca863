import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from headstart.errors import UsageError
from headstart.features.rows import keep_row, read_row, round_rows

SPACE, PHOTO = "5a" * 32, "0b" * 32
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
rows = arrays.arrays(np.float32, st.integers(1, 40), elements=finite)


def through(row):
    kept = keep_row(SPACE, PHOTO, row)
    return read_row(SPACE, PHOTO, kept.dtype, kept.data, kept.checksum)


@given(rows)
def test_a_row_comes_back_within_half_precision(row):
    back = through(row)
    assert back.dtype == np.float32
    assert back.shape == row.shape
    exact = row.astype(np.float64)
    assert np.linalg.norm(back - exact) <= 2**-10 * np.linalg.norm(exact)


@given(rows)
def test_what_came_back_is_kept_unchanged(row):
    back = through(row)
    assert np.array_equal(through(back), back)


@given(rows)
def test_rows_that_skip_the_store_are_rounded_the_same_way(row):
    assert np.array_equal(round_rows(row[None])[0], through(row))


def test_rounding_leaves_its_input_alone():
    table = np.full((2, 3), 0.1, np.float32)
    round_rows(table)
    assert (table == np.float32(0.1)).all()


def test_rounding_no_rows_gives_no_rows():
    assert round_rows(np.zeros((0, 5), np.float32)).shape == (0, 5)


@pytest.mark.parametrize(
    ("row", "dtype"),
    [
        ([0.0, 0.0], "float16"),
        ([1.0, 65504.0], "float16"),
        ([1.0, 65536.0], "float32"),
        ([1e-9, 2e-9], "float32"),
        ([3e-6, 5e-6], "float32"),
        ([1.0] * 200 + [1e-9], "float16"),
        ([1.0] * 200 + [1e-9] * 5, "float32"),
    ],
)
def test_half_precision_is_taken_where_it_is_enough(row, dtype):
    assert keep_row(SPACE, PHOTO, row).dtype == dtype


def test_the_bytes_are_the_same_on_every_machine():
    kept = keep_row(SPACE, PHOTO, [1.0, -2.0])
    assert kept.data == b"\x00\x3c\x00\xc0"
    assert keep_row(SPACE, PHOTO, [1e6]).data == b"\x00\x24\x74\x49"
    assert kept.checksum.hex() == "85cf82d8afb43346"


def test_a_flipped_bit_anywhere_makes_the_row_unreadable():
    kept = keep_row(SPACE, PHOTO, np.linspace(0, 1, 16))
    for field in ("data", "checksum"):
        for position in range(len(getattr(kept, field)) * 8):
            flipped = bytearray(getattr(kept, field))
            flipped[position // 8] ^= 1 << position % 8
            parts = {"data": kept.data, "checksum": kept.checksum, field: bytes(flipped)}
            assert read_row(SPACE, PHOTO, kept.dtype, **parts) is None


@pytest.mark.parametrize(
    ("space", "photo", "dtype"),
    [("5b" * 32, PHOTO, "float16"), (SPACE, "0c" * 32, "float16"), (SPACE, PHOTO, "float32")],
)
def test_a_row_of_something_else_is_not_taken(space, photo, dtype):
    kept = keep_row(SPACE, PHOTO, [1.0, 2.0])
    assert read_row(space, photo, dtype, kept.data, kept.checksum) is None


@pytest.mark.parametrize("garbage", [None, 3, "text", b"", b"123"])
def test_garbage_in_a_damaged_store_is_no_row(garbage):
    kept = keep_row(SPACE, PHOTO, [1.0, 2.0])
    assert read_row(SPACE, PHOTO, kept.dtype, garbage, kept.checksum) is None
    assert read_row(SPACE, PHOTO, garbage, kept.data, kept.checksum) is None
    assert read_row(SPACE, PHOTO, kept.dtype, kept.data, garbage) is None


@pytest.mark.parametrize("row", [[1.0, np.nan], [np.inf], [1e300], [[1.0]], 1.0, []])
def test_rows_that_are_none_are_refused(row):
    with pytest.raises(UsageError, match="finite"):
        keep_row(SPACE, PHOTO, row)
