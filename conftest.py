"""What the whole suite shares: Keras runs on torch, and the tests that load it run in one process."""

import os

import pytest

# Keras fixes its backend when it is imported; what runs on TensorFlow has a process of its own.
os.environ.setdefault("KERAS_BACKEND", "torch")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what needs Keras to one worker (`--dist loadgroup`): loading it takes seconds."""
    for item in items:
        if "keras" in item.nodeid.lower():
            item.add_marker(pytest.mark.xdist_group("keras"))
