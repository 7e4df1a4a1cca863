import pytest

from headstart.images.fault import PhotoFault
from headstart.images.opening import accepted_format
from headstart.images.photo import Reason
from headstart.images.sniff import HEAD_BYTES, looks_like, photo_format
from tests.images import makers

KINDS = {
    ".jpg": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    "webp": "WEBP",
    ".bmp": "BMP",
    "tiff": "TIFF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    "avif": "AVIF",
}


@pytest.mark.parametrize("name", makers.good_files())
def test_the_content_of_each_accepted_format_is_recognised_by_its_first_bytes(name):
    head = makers.good_files()[name][:HEAD_BYTES]

    assert photo_format(head) == KINDS[name[-4:]]


@pytest.mark.parametrize(("data", "words"), makers.NOT_PHOTOS.values(), ids=makers.NOT_PHOTOS)
def test_what_is_no_photo_is_named_for_what_it_is(data, words):
    with pytest.raises(PhotoFault) as caught:
        accepted_format(data)

    assert caught.value.reason is Reason.NOT_AN_IMAGE
    assert caught.value.detail == f"it looks like {words}"


@pytest.mark.parametrize(("name", "data"), makers.OTHER_PICTURES.items())
def test_a_picture_format_outside_the_allow_list_is_named(name, data):
    with pytest.raises(PhotoFault) as caught:
        accepted_format(data)

    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED
    assert caught.value.detail.startswith(name)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_apples_format_is_found_by_its_brand(brand):
    data = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(40)

    assert photo_format(data) == "HEIC"


def test_an_avif_in_the_general_container_is_avif():
    assert photo_format(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(30)) == "AVIF"


@pytest.mark.slow
@pytest.mark.parametrize("size", range(HEAD_BYTES + 1))
@pytest.mark.parametrize("name", ["baseline.jpg", "rgb.png", "photo.avif", "lossy.webp", "raw.tiff"])
def test_every_beginning_has_words(name, size):
    head = makers.good_files()[name][:size]

    assert looks_like(head)
