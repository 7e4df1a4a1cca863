import io
import struct

import pytest

from headstart.images.wire import receive, send


def test_frames_come_out_as_they_went_in():
    pipe = io.BytesIO()
    frames = [({"do": "hash", "n": 1.5}, b""), ({}, bytes(range(256)) * 100), ({"name": "\u732b"}, b"x")]
    for header, body in frames:
        send(pipe, header, body)
    pipe.seek(0)

    assert [receive(pipe) for _ in range(4)] == [*frames, None]


def test_a_frame_that_was_cut_is_the_end():
    pipe = io.BytesIO()
    send(pipe, {"do": "hash"}, b"body")

    assert all(receive(io.BytesIO(pipe.getvalue()[:end])) is None for end in range(len(pipe.getvalue())))


@pytest.mark.parametrize("lengths", [(2**31, 0), (2, 2**60)])
def test_what_is_no_frame_is_not_read_into_memory(lengths):
    with pytest.raises(ValueError, match="none of ours"):
        receive(io.BytesIO(struct.pack(">IQ", *lengths) + b"{}" * 10))
