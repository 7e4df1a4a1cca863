"""The catalogue's page as text: names can't become HTML, the policy names its script."""

import base64
import hashlib
import json
import re

import pytest
from pydantic import ValidationError

from headstart.report.catalogue import render_catalogue
from tests.report.catalogues import a_catalogue, a_photo

HOSTILE = ["</script><b>", "<!--", "]]>", "\u2028\u2029", "caf\udce9", "{{ 7*7 }}", "'\"&", "\x00\x1b[31m"]


def data_of(page):
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_hostile_names_stay_data():
    photos = [
        a_photo(at, name=name, label=name, path=f"/{name}", why=name, one_of=[name])
        for at, name in enumerate(HOSTILE)
    ]
    page = render_catalogue(a_catalogue(photos, title=HOSTILE[0], intro=HOSTILE[1], classes=HOSTILE))

    page.encode("utf-8")
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<!--" not in page
    assert "</script><b>" not in page
    assert [each["name"] for each in data_of(page)["photos"]] == HOSTILE
    assert data_of(page)["classes"] == HOSTILE


def test_the_policy_allows_this_script_and_style_alone():
    page = render_catalogue(a_catalogue([a_photo(0)]))
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[0]
    css = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]

    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[0]
    assert "default-src 'none'" in policy
    for text in (script, css):
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert "http" not in policy
    assert "innerHTML" not in script


def test_files_that_could_not_be_used_are_listed_without_script():
    page = render_catalogue(
        a_catalogue([], unused=[{"file": "<a>.jpg", "reason": "empty", "detail": "no bytes"}])
    )

    assert "1 file could not be used" in page
    assert "&lt;a&gt;.jpg" in page.replace("<wbr>", "")
    assert "no bytes" in page


def test_the_same_facts_give_the_same_page():
    facts = a_catalogue([a_photo(at) for at in range(3)])

    assert render_catalogue(facts) == render_catalogue(facts)


def test_a_digest_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="sha256"):
        a_photo(0, sha256="../../etc")
