"""Builders of facts, and a parser that reads a page as a browser would without drawing it."""

import math
from html.parser import HTMLParser

import numpy as np
import pytest

from headstart.report.catalogue import render_catalogue
from headstart.report.facts import (
    BackboneFacts,
    ClassFacts,
    ClassFigures,
    EffortFacts,
    HeadFacts,
    MeasuredFacts,
    Mistake,
    ReliabilityBin,
    ReportFacts,
    SkippedFile,
    UnknownFacts,
)
from headstart.report.page import render
from headstart.report.thumbnails import thumbnail
from tests.report.catalogues import a_catalogue, a_photo, write_thumbnails

VOID = {"meta", "img", "br", "wbr", "hr", "input", "link"}


def plain(text):
    """Signs that are hard to tell apart in a test become those of the keyboard."""
    table = {0xA0: " ", ord("\N{EN DASH}"): "-", ord("\N{MULTIPLICATION SIGN}"): "x", 0x2019: "'"}
    return " ".join(text.translate(table).split())


class Page(HTMLParser):
    """What a page holds: its text, its elements with their attributes, and tags that do not match."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.unbalanced, self.declarations = [], [], []
        self._open, self._pieces, self._after_break = [], [], False
        self.feed(html)
        self.close()
        self.unbalanced += self._open

    def handle_decl(self, decl):
        self.declarations.append(decl)

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len(dict(attrs)), f"an attribute stands twice in <{tag}>"
        self.elements.append((tag, dict(attrs)))
        self._after_break = tag == "wbr"
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data):
        if "style" in self._open:
            return
        within = tuple(self._open)
        if self._after_break and self._pieces:  # a place to break a line splits no word
            data = self._pieces.pop()[1] + data
        self._pieces.append((within, data))
        self._after_break = False

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return plain("".join(piece for _, piece in self._pieces))

    @property
    def spaced(self):
        """The text with a space between elements, such as cells, which stand apart on screen."""
        return plain(" ".join(piece for _, piece in self._pieces)).replace("( ", "(").replace(" )", ")")

    def text_in(self, tag):
        return "".join(piece for within, piece in self._pieces if tag in within)


def build_measured(labels, confusion, **changes):
    counts = np.asarray(confusion)
    photos, right = int(counts.sum()), int(np.trace(counts))
    share, z = right / photos, 1.959964
    centre = (share + z * z / 2 / photos) / (1 + z * z / photos)
    half = z * math.sqrt(share * (1 - share) / photos + z * z / 4 / photos**2) / (1 + z * z / photos)
    per_class = [
        ClassFigures(
            label,
            float(counts[i, i] / counts[:, i].sum()) if counts[:, i].sum() else None,
            float(counts[i, i] / counts[i].sum()) if counts[i].sum() else None,
            int(counts[i].sum()),
        )
        for i, label in enumerate(labels)
    ]
    values = {
        "accuracy": share,
        "low": centre - half,
        "high": centre + half,
        "photos": photos,
        "method": "test",
        "per_class": per_class,
        "confusion": counts.tolist(),
        "balanced_accuracy": float(np.mean([figures.recall or 0 for figures in per_class])),
        "log_loss": 0.0912,
        "calibration_error": 0.0173,
        "log_loss_before": 0.1304,
        "calibration_error_before": 0.0412,
        "calibration_bins": "15 bins of equal width",
        "reliability": (ReliabilityBin(0.613, 0.587, 17), ReliabilityBin(0.962, 0.991, 183)),
        "reliability_before": (ReliabilityBin(0.712, 0.501, 9), ReliabilityBin(0.981, 0.987, 191)),
    }
    return MeasuredFacts(**(values | changes))


def build_facts(labels=("cat", "dog"), confusion=((97, 3), (2, 98)), **changes):
    values = {
        "title": "cats-vs-dogs",
        "command": "headstart train cats-vs-dogs/train --test cats-vs-dogs/test -o cats",
        "created": "2026-05-03T14:12",
        "version": "0.1.0",
        "seed": 7,
        "model": "cats",
        "source": "cats-vs-dogs/train",
        "backbone": BackboneFacts(
            name="timm:mobilenetv2_100",
            parameters=2_223_872,
            input_size=(224, 192),
            layer="global_pool",
            width=1280,
            licence="Apache-2.0",
            source="the framework's own address",
        ),
        "head": HeadFacts(
            name="linear", settings=(("L2 strength", "0.01, the best of 9"), ("Temperature", "1.31"))
        ),
        "classes": [ClassFacts(label, 148) for label in labels],
        "skipped": [
            SkippedFile("dog/404.jpg", "not an image", "it is an HTML page"),
            SkippedFile("cat/half.jpg", "truncated", "the file ends early"),
        ],
        "notes": ["cat/12.jpg and cat/77.jpg are the same photo."],
        "measured": build_measured(labels, confusion) if confusion is not None else None,
        "unknown": UnknownFacts(
            photos=400, threshold=1.4123, score="the distance", false_alarms=0.05, low=0.03, high=0.07
        ),
        "effort": EffortFacts(
            computed=480, reused=16, features_seconds=12.0, head_seconds=0.83, total_seconds=74.9
        ),
    }
    return ReportFacts(**(values | changes))


def build_mistakes(names, labels=("cat", "dog")):
    picture = thumbnail(np.full((20, 30, 3), 90, np.uint8))
    return tuple(Mistake(name, labels[0], labels[1], 0.93, picture) for name in names)


def build_many(classes):
    labels = [f"class {number:04}" for number in range(classes)]
    counts = np.eye(classes, dtype=int) * 2
    counts[np.arange(classes), (np.arange(classes) + 1) % classes] += 1
    counts[0, -1] += 5
    return build_facts(labels, counts)


@pytest.fixture
def facts():
    return build_facts


@pytest.fixture
def measured():
    return build_measured


@pytest.fixture
def mistakes():
    return build_mistakes


@pytest.fixture
def many():
    return build_many


@pytest.fixture
def parse():
    return Page


@pytest.fixture
def read():
    """Renders facts and parses the page."""
    return lambda given: Page(render(given))


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a catalogue; the tab knows what it asked for or complained of."""
    contexts = []

    def go(facts, *, before=None, width=1280, height=900, **options):
        write_thumbnails(facts.photos, tmp_path / "thumbnails")
        file = tmp_path / "index.html"
        file.write_text(render_catalogue(facts), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(5000)
        tab.heard = []
        tab.on("console", lambda message: tab.heard.append(message.text))
        tab.on("pageerror", lambda error: tab.heard.append(str(error)))
        tab.on("request", lambda asked: tab.heard.append(asked.url) if is_foreign(asked.url) else None)

        def is_foreign(url):
            ours = url.startswith((tmp_path.as_uri() + "/thumbnails/", "blob:"))
            return not ours and url != file.as_uri()

        if before:
            tab.add_init_script(before)
        tab.goto(file.as_uri())
        return tab

    yield go
    for context in contexts:
        context.close()


@pytest.fixture
def pets():
    return a_catalogue(
        [
            a_photo(0, share=0.5, state="unsure", one_of=["cat", "dog"]),
            a_photo(1, label="dog", others=("cat", "hamster"), share=0.95),
            a_photo(2, share=0.4, state="unknown", strangeness=1.4),
            a_photo(3, copies=0, name="b.jpg"),
            a_photo(3, copies=0, name="a/c.jpg"),
            a_photo(5, was="dog", alike=0),
            a_photo(6, alike=0, added=2),
            a_photo(7, why="unlike all others"),
        ],
        order="age",
    )
