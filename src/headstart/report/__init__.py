"""FACTS -> ONE PAGE: a self-contained HTML file that says how good a classifier is and how it was made.

    ReportFacts (plain values) -> render() -> str (HTML; no script, no network)

The layer knows nothing of models, heads or backbones: whoever trained fills in `ReportFacts`.
"""

from headstart.report.facts import ReportFacts
from headstart.report.page import render
from headstart.report.thumbnails import thumbnail

__all__ = ["ReportFacts", "render", "thumbnail"]
