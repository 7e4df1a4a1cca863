"""A build that fails says why in one line, and leaves the old site as it was."""

import pytest

from website import build

SAID = """Warning: page does not exist
     ╭─[ lesson/10-a-lighter-network.md:166:98 ]
     │
Warning: page does not exist
    ╭─[ start.md:93:108 ]
2 issues found
Traceback (most recent call last):
RuntimeError: Aborted because --strict flag is set
"""


def test_the_cause_is_the_places_that_lead_nowhere():
    assert build.cause(SAID) == (
        "page does not exist (docs/lesson/10-a-lighter-network.md:166:98); "
        "page does not exist (docs/start.md:93:108)"
    )


def test_many_causes_are_counted():
    assert build.cause(SAID * 4).endswith("; and 3 more")


@pytest.mark.slow  # zensical runs
def test_a_link_that_leads_nowhere_leaves_the_old_site(tmp_path, monkeypatch):
    def gather(docs):
        docs.mkdir(parents=True)
        (docs / "index.md").write_text("# headstart\n\n[lost](lost.md)\n", "utf-8")

    monkeypatch.setattr(build, "gather", gather)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("old", "utf-8")

    with pytest.raises(build.SiteError, match=r"^no site was built: .*docs/index\.md:3:\d+\)$"):
        build.build_site(tmp_path)

    assert (tmp_path / "site" / "index.html").read_text("utf-8") == "old"
    assert not (tmp_path / "site-new").exists()
