"""A real browser for the tests that look at pages as people do; they skip where there is none."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
IN_BROWSER = [pytest.mark.slow, NEEDS_CHROMIUM]
LONG = [  # names that break pages
    "x" * 255,
    "<b>&" * 20,
    "\u202e" * 30,
    "caf\udce9",
    "תמונה" * 12,
    "a_b-c." * 40,
    "two words " * 20,
    "y",
]
_QUIET = [  # it asks for nothing by itself
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
    "--disable-gpu",
]


@contextmanager
def started():
    """A browser without a window, closed at the end."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()
