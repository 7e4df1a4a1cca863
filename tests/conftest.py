"""What tests of several parts use."""

import pytest

from tests.browser import started


@pytest.fixture(scope="module")
def browser():
    """A browser for a module's pages: its start takes most of the time."""
    with started() as browser:
        yield browser
