"""What a name meant last time: known without loading a framework, forgotten when anything has changed."""

import os
import subprocess
import sys

import pytest

from headstart.backbones import remembered
from headstart.backbones.load import load_backbone
from headstart.backbones.remembered import remembered_source, what_decides
from headstart.backbones.source import FeatureSource
from headstart.storage.home import Home
from headstart.testing import tiny_backbone

NAME = "squeezenet1_1@random"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def source():
    return FeatureSource.of(load_backbone(NAME))


def remember_source(name, layer, home, source):
    remembered.remember_source(name, layer, home, source, what_decides(home))


def never():
    pytest.fail("nothing has to be loaded")


def test_gives_the_same_facts_and_loads_nothing(home, source):
    remember_source(NAME, None, home, source)
    found = remembered_source(NAME, None, home, never)

    assert found.spec == source.spec
    assert (found.layer, found.width, found.is_loaded) == (source.layer, source.width, False)
    assert found.network == source.network


def test_the_network_is_loaded_when_it_is_asked_for(home, source):
    remember_source(NAME, None, home, source)
    found = remembered_source(NAME, None, home, lambda: source.backbone)

    assert found.backbone is source.backbone
    assert found.is_loaded


def test_layers_and_names_are_kept_apart(home, source):
    remember_source(NAME, "features.3:mean", home, FeatureSource.of(source.backbone, "features.3:mean"))

    assert remembered_source(NAME, None, home, never) is None
    assert remembered_source("squeezenet1_1", "features.3:mean", home, never) is None
    assert remembered_source(NAME, "features.3:mean", home, never).width == 128


def test_nothing_was_remembered_in_a_new_home(home):
    assert remembered_source(NAME, None, home, never) is None
    assert not home.root.exists()


def test_another_release_forgets(home, source, monkeypatch):
    remember_source(NAME, None, home, source)
    monkeypatch.setattr(remembered, "release", lambda package: "another")

    assert remembered_source(NAME, None, home, never) is None


def test_another_pocket_forgets(home, source, monkeypatch):
    """Its weights can change without a release, while somebody works on them."""
    remember_source(NAME, None, home, source)
    monkeypatch.setattr(remembered, "_pocket_card", lambda: b"another card")

    assert remembered_source(NAME, None, home, never) is None


def test_weights_that_changed_while_the_network_was_loaded_forget(home, source):
    before = what_decides(home)
    home.weights.mkdir(parents=True)
    (home.weights / "new.json").write_text("{}")
    remembered.remember_source(NAME, None, home, source, before)

    assert remembered_source(NAME, None, home, never) is None


def test_new_and_changed_weights_forget(home, source):
    """They may be what the name stands for from now on."""
    remember_source(NAME, None, home, source)
    home.weights.mkdir(parents=True)
    (home.weights / "new.json").write_text("{}")
    assert remembered_source(NAME, None, home, never) is None

    remember_source(NAME, None, home, source)
    assert remembered_source(NAME, None, home, never) is not None
    os.utime(home.weights / "new.json", ns=(1, 1))
    assert remembered_source(NAME, None, home, never) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"known": {}}', "\x00"])
def test_a_damaged_memory_is_none(home, source, text):
    remember_source(NAME, None, home, source)
    [path] = (home.cache / "sources").iterdir()
    path.write_text(text)

    assert remembered_source(NAME, None, home, never) is None


def test_a_network_of_the_users_own_is_not_remembered(home):
    """Its name says nothing of its code."""
    remember_source("mine", None, home, FeatureSource.of(tiny_backbone()))
    assert not home.root.exists()


def test_a_home_that_cannot_be_written_remembers_nothing(tmp_path, source):
    (tmp_path / "file").write_text("no folder")
    remember_source(NAME, None, Home(tmp_path / "file"), source)
    assert remembered_source(NAME, None, Home(tmp_path / "file"), never) is None


@pytest.mark.slow
def test_a_warm_embed_loads_no_framework(tmp_path):
    """The second run over the same photos reads rows: neither torch nor OpenVINO nor scikit-learn."""
    from headstart.testing import write_photos

    photos = write_photos(tmp_path / "photos", each=2)
    program = (
        "import sys, headstart\n"
        f"table = headstart.embed({str(photos)!r}, home={str(tmp_path / 'home')!r}).table\n"
        "heavy = ('torch', 'torchvision', 'timm', 'sklearn', 'scipy', 'openvino')\n"
        "print(table.computed, table.reused, *(name for name in heavy if name in sys.modules))\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0].startswith("4 0 torch")
    assert runs[1] == "0 4\n"
