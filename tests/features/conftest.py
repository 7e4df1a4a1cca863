import importlib.util
import sys
from pathlib import Path

import pytest

FAKES = Path(__file__).with_name("fakes.py")


@pytest.fixture(scope="session")
def fakes():
    name = "headstart_features_fakes"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FAKES)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "features.sqlite"


@pytest.fixture
def photos(tmp_path, fakes):
    """Eleven files, two of them identical."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.jpg").write_bytes(b"photo %d" % number)
    (folder / "twin.jpg").write_bytes(b"photo 3")
    return fakes.photos_in(folder)
