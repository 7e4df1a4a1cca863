"""The site, built once for all its tests."""

import pytest

from website.build import build_site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return build_site(tmp_path_factory.mktemp("build"))
