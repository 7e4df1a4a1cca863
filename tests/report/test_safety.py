"""Nothing is fetched, nothing runs, and no name can break out of its place."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from headstart.report.facts import BackboneFacts, ClassFacts, HeadFacts, Mistake, NextStep, SkippedFile
from headstart.report.page import render

NASTY = {
    "markup": "<img src=x onerror=alert(1)>",
    "closing": "</title></style></table><script>alert(1)</script>",
    "quotes": "\"><b id='x'>&amp;",
    "template": "{{ 7*7 }}{% raw %}",
    "turned": "\u202egpj.evil\u202c",
    "lines": "a\nb\r\tc\x00\x1b[31m\x85",
    "surrogate": "caf\udce9",
    "hebrew": "תמונה",
    "emoji": "猫 \U0001f408\u200d\u2b1b",
    "long": "x" * 255,
    "formula": "=cmd()|' /C calc'!A0",
    "unseen": "a\u200bb\ufeff\u2028",
}
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "style", "xlink:href"}


def everywhere(facts, measured, nasty):
    """Facts in which every text is the nasty one."""
    wrong = measured(
        [nasty, "other"],
        [[9, 3], [2, 8]],
        source=nasty,
        calibration_bins=nasty,
        mistakes=[Mistake(nasty, nasty, nasty, 0.9)],
    )
    return facts(
        title=nasty,
        command=nasty,
        created=nasty,
        version=nasty,
        model=nasty,
        source=nasty,
        backbone=BackboneFacts(
            name=nasty, parameters=1, input_size=(8, 8), layer=nasty, width=2, licence=nasty, source=nasty
        ),
        head=HeadFacts(name=nasty, settings=((nasty, nasty),)),
        classes=[ClassFacts(nasty, 40), ClassFacts("other", 4)],
        skipped=[SkippedFile(nasty, nasty, nasty)] * 30,
        skipped_file=nasty,
        notes=[nasty],
        measured=wrong,
        next_steps=[NextStep(nasty, (nasty,))],
    )


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
def test_a_nasty_name_changes_no_element_of_the_page(facts, measured, parse, nasty):
    html = render(everywhere(facts, measured, nasty))
    page = parse(html)
    tame = parse(render(everywhere(facts, measured, "tame")))
    assert [tag for tag, _ in page.elements if tag != "wbr"] == [
        tag for tag, _ in tame.elements if tag != "wbr"
    ]
    assert page.unbalanced == []
    assert html.encode("utf-8").decode("utf-8") == html
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202a-\u202e\ufeff]", html)


@pytest.mark.parametrize("nasty", ["hebrew", "emoji", "markup", "formula", "template", "quotes"])
def test_a_name_that_can_be_shown_is_shown_as_it_is(facts, measured, read, nasty):
    page = read(everywhere(facts, measured, NASTY[nasty]))
    assert page.text_in("h1") == NASTY[nasty]
    assert NASTY[nasty] in page.text_in("figcaption")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("surrogate", r"caf\udce9"),
        ("lines", r"a\nb\r\tc\x00\x1b[31m\x85"),
        ("turned", r"\u202egpj.evil\u202c"),
    ],
)
def test_what_cannot_be_shown_becomes_a_backslash_escape(facts, measured, read, name, shown):
    assert read(everywhere(facts, measured, NASTY[name])).text_in("h1") == shown


@pytest.mark.parametrize("classes", [2, 37, 1000])
def test_the_page_refers_to_nothing_outside_itself(many, measured, mistakes, parse, classes):
    given = many(classes)
    wrong = replace(given.measured, mistakes=mistakes(["1.jpg"]))
    html = render(replace(given, measured=wrong))
    page = parse(html)
    for tag, attributes in page.elements:
        loading = {key: value for key, value in attributes.items() if key in LOADING}
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form", "use"}
        assert not [key for key in attributes if key.startswith("on")]
        assert all(tag == "img" and value.startswith("data:image/jpeg;base64,") for value in loading.values())
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_this_style_and_embedded_pictures_and_nothing_else(facts, parse):
    html = render(facts())
    policies = [
        m["content"] for m in parse(html).all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    ]
    style = re.search("<style>(.*?)</style>", html, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


def test_the_policy_stands_before_what_it_governs(facts):
    html = render(facts())
    assert html.index("Content-Security-Policy") < html.index("<title>") < html.index("<style>")
