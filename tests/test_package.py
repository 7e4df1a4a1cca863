"""What the package promises as a whole."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import headstart

PROJECT = Path(__file__).parents[1]
SOURCES = sorted((PROJECT / "src").rglob("*.py"))


def test_the_root_has_at_most_twelve_names():
    assert sorted(headstart.__all__) == headstart.__all__
    assert len(headstart.__all__) <= 12


@pytest.mark.parametrize("name", headstart.__all__)
def test_each_name_of_the_root_is_there(name):
    assert getattr(headstart, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = headstart.nothing_like_this


def test_the_changelog_names_this_version_first():
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert versions[0] == headstart.__version__


@cache
def nodes(path):
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def all_calls():
    """Each call in the package, with the dotted name of what is called."""
    return [
        (ast.unparse(node.func), node)
        for path in SOURCES
        for node in nodes(path)
        if isinstance(node, ast.Call)
    ]


def calls_of(function):
    return [ast.unparse(node) for name, node in all_calls() if name == function]


@pytest.mark.slow
@pytest.mark.parametrize("module", ["pickle", "marshal", "shelve", "joblib", "dill"])
@pytest.mark.parametrize("function", ["load", "loads", "dump", "dumps", "open", "Unpickler", "Pickler"])
def test_nothing_pickles(module, function):
    assert calls_of(f"{module}.{function}") == []


def test_torch_and_numpy_load_without_pickle():
    loads = calls_of("torch.load")

    assert loads, "the check would see one"
    assert all("weights_only=True" in call for call in loads)
    assert calls_of("torch.save") == []
    assert all("allow_pickle=True" not in call for call in calls_of("np.load"))


@pytest.mark.parametrize("method", ["write_bytes", "write_text"])
def test_only_storage_writes_files(method):
    """Every durable write goes through `storage.atomic`: one place to trust and to test."""
    found = {
        path.name
        for path in SOURCES
        if "storage" not in path.parts
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == method
    }

    assert found <= {"testing.py"}, "only the fakes for tests write by themselves"


def test_extras_and_dependencies_have_lower_bounds_only():
    """No pin below the current release: torch and torchvision must be able to move together."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]

    assert all(re.fullmatch(r"[A-Za-z0-9_-]+>=[\d.]+", each) for each in project["dependencies"])


def test_keras_is_imported_through_the_one_place_that_sees_to_its_backend():
    """Any other import would take the backend of the user's `keras.json`, for the whole process."""
    found = {
        path.name
        for path in SOURCES
        for node in nodes(path)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.partition(".")[0] in {"keras", "tensorflow"}
    }

    # These two see to the order by themselves.
    assert found <= {"savedmodel.py", "savedmodel_ops.py"}
