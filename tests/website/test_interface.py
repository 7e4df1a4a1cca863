"""Every name that people are told of has a page, and says what it is."""

import pytest

import headstart
from website.docstrings import signature
from website.gather import guides
from website.interface import found, interface_pages, page_of, public_names, root_names

pytestmark = pytest.mark.slow  # the whole package is read


def test_every_name_at_the_root_is_documented():
    pages = interface_pages(guides())

    assert sorted(root_names()) == sorted(headstart.__all__)
    assert root_names()["train"].path == "headstart.tasks.train.train"
    for name, target in root_names().items():
        assert f"[`{name}`](" in pages["index.md"]
        assert f"{{: #{target.name} }}" in pages[page_of(target)]


def test_every_public_name_says_what_it_is():
    silent = [path for path, target in public_names(guides()).items() if not target.docstring]

    assert silent == []


def test_what_the_documents_import_is_public():
    assert "headstart.heads.metrics.wilson" in public_names(guides())  # the guide does
    assert "headstart.tasks.predict.Prediction" in public_names([])  # `predict` gives them


def test_helpers_of_a_task_are_not_public():
    assert not any(path.startswith("headstart.tasks.curves.") for path in public_names([]))


def test_a_long_signature_has_a_line_for_each_parameter():
    lines = signature(found("headstart.tasks.train.train"))

    assert lines[0] == "train("
    assert "    *," in lines
    assert "    seed: int = 0," in lines
    assert lines[-1] == ") -> Model"


def test_a_default_that_is_a_simple_constant_is_told_by_its_value():
    lines = signature(found("headstart.tasks.train.train"))

    assert "    backbone: str | Backbone = 'pocket'," in lines
    assert "    false_alarms: float = 0.05," in lines
    assert any(
        line.endswith("= KNOWN,") for line in signature(found("headstart.tasks.datasets.fetch_dataset"))
    )


def test_a_name_that_is_not_there_is_not_found():
    assert found("headstart.tasks.train.nothing") is None
