"""What the whole suite shares: Keras runs on torch, and the tests that load it run in one process."""

import os
import sys
from importlib.util import find_spec

import pytest

# Keras fixes its backend when it is imported; what runs on TensorFlow has a process of its own.
os.environ.setdefault("KERAS_BACKEND", "torch")

if find_spec("absl"):
    # TensorFlow's logger keeps the stream that was pytest's when it was imported, and the log settings of
    # adversarial-robustness-toolbox have it closed: pytest then could not capture any more.
    from absl import logging

    logging.get_absl_handler().python_handler.stream = sys.__stderr__

# Trainings, attacks, every network: `make check-fast` has the unit tests of their parts.
WHOLE = ("headstart/tasks/", "tests/tasks/", "tests/contracts/")


@pytest.hookimpl(tryfirst=True)  # before others choose by marks and groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what loads Keras to one worker, for that takes seconds; whole tasks and contracts are slow."""
    for item in items:
        if "keras" in item.nodeid.lower():
            item.add_marker(pytest.mark.xdist_group("keras"))
        if any(folder in item.nodeid for folder in WHOLE):
            item.add_marker(pytest.mark.slow)
