"""What tells one network of Keras's from another: release and backend, known without loading either."""

import sys

import pytest

from headstart.backbones.keras.identity import keras_code, keras_code_or_fault
from headstart.backbones.releases import release
from headstart.backbones.remembered import what_decides
from headstart.errors import BackboneError
from headstart.storage.home import Home


@pytest.fixture
def unloaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return monkeypatch


def test_the_usual_backend_is_torch(unloaded):
    assert keras_code() == f"{release('keras')} on torch {release('torch')}"
    assert "keras" not in sys.modules


def test_another_backend_is_other_code_and_forgets_names(unloaded, tmp_path):
    usual, before = keras_code(), what_decides(Home(tmp_path))
    unloaded.setenv("KERAS_BACKEND", "tensorflow")
    assert keras_code().startswith(f"{release('keras')} on tensorflow ")
    assert keras_code() != usual
    assert what_decides(Home(tmp_path)) != before


def test_a_backend_that_is_none_of_ours_is_refused_only_where_it_matters(unloaded, tmp_path):
    unloaded.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(BackboneError, match="needs torch or tensorflow"):
        keras_code()
    assert "jax" in keras_code_or_fault()
    assert what_decides(Home(tmp_path))["keras"] == keras_code_or_fault()
