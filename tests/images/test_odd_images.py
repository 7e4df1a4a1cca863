"""A thousand strange and broken files of other projects' test suites."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.images.decode import PhotoFault, decode
from headstart.images.photo import Hashed, Photo, Reason, Skipped
from headstart.images.reader import PhotoReader
from headstart.images.resize import Resize

ASSETS = os.environ.get("HEADSTART_ASSETS")
pytestmark = pytest.mark.skipif(not ASSETS, reason="HEADSTART_ASSETS does not name a folder with odd-images/")


@pytest.fixture(scope="module")
def odd():
    return Path(ASSETS) / "odd-images"


@pytest.mark.slow
def test_every_file_ends_in_an_outcome(odd):
    paths = sorted(path for path in odd.rglob("*") if path.is_file())
    photos = [Photo(path, str(path.relative_to(odd))) for path in paths]

    with PhotoReader() as reader:
        hashed = list(reader.hash(photos))
        readable = [one for one in hashed if isinstance(one, Hashed)]
        decoded = list(reader.decode(readable, Resize(224, 224, 256)))

    skipped = [one for one in [*hashed, *decoded] if isinstance(one, Skipped)]
    reasons = Counter(one.reason for one in skipped)
    assert len(hashed) == len(photos) >= 1000
    assert len(decoded) == len(readable)
    assert len(decoded) - len([one for one in decoded if isinstance(one, Skipped)]) > 300
    assert not reasons.keys() & {Reason.DECODER_CRASH, Reason.TIMEOUT, Reason.READ_ERROR}
    assert all(one.detail and "\n" not in one.detail for one in skipped)


def pngsuite(odd, pattern):
    return {path.stem: path for path in sorted((odd / "pngsuite").rglob(pattern))}


def test_pngsuites_damaged_files_are_refused(odd):
    damaged = pngsuite(odd, "x*.png")
    reasons = {}
    for name, path in damaged.items():
        with pytest.raises(PhotoFault) as caught:
            decode(path.read_bytes())
        reasons[name] = caught.value.reason

    assert len(damaged) >= 12
    assert set(reasons.values()) <= {Reason.CORRUPT, Reason.NOT_AN_IMAGE, Reason.TRUNCATED}
    assert reasons["xcsn0g01"] is reasons["xhdn0g08"] is Reason.CORRUPT


def test_pngsuites_sound_files_are_all_used(odd):
    sound = {name: path for name, path in pngsuite(odd, "*.png").items() if not name.startswith("x")}

    refused = {}
    for name, path in sound.items():
        try:
            decode(path.read_bytes())
        except PhotoFault as fault:
            refused[name] = fault.reason

    assert len(sound) > 150
    assert set(refused.values()) <= {Reason.TOO_SMALL}
    assert all(name.startswith("s0") for name in refused)


def test_pngsuites_transparent_colours_show_white(odd):
    for name, path in pngsuite(odd, "tb*.png").items():
        assert decode(path.read_bytes()).pixels[0, 0].tolist() == [255, 255, 255], name


def test_pngsuites_16_bit_files_keep_their_high_byte(odd):
    for name, path in pngsuite(odd, "basn0g16.png").items():
        with Image.open(path) as picture:
            values = np.asarray(picture)

        np.testing.assert_array_equal(decode(path.read_bytes()).pixels[..., 0], values >> 8, err_msg=name)
