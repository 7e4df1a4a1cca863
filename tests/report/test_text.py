"""Numbers and names as people read them."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.report.text import counted, duration, percent, shell_word, shortened, shown


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_the_name_it_can_be_encoded_and_has_no_line_break(name):
    result = shown(name)
    result.encode("utf-8")
    assert len(result.splitlines()) <= 1


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_names_that_can_be_seen_stay_as_they_are(name):
    assert shown(name) == name


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0"), (0.0004, "<0.1"), (0.0005001, "0.1"), (0.9994, "99.9"), (0.9999, ">99.9"), (1.0, "100")],
)
def test_percent_never_claims_all_or_nothing(share, text):
    assert percent(share, sign=False) == text


@given(st.floats(0, 1))
def test_percent_is_within_its_rounding(share):
    assert float(percent(share, sign=False).strip("<>")) == pytest.approx(100 * share, abs=0.1)


@given(st.text(), st.integers(3, 40))
def test_shortened_keeps_to_its_limit(text, limit):
    result = shortened(text, limit)
    assert len(result) <= limit
    assert result == text or "…" in result


@pytest.mark.parametrize("seconds", [59.96, 60.0, 3599.7])
def test_duration_carries_over(seconds):
    assert "60" not in duration(seconds)


def test_one_is_singular():
    assert counted(1, "class", "classes") == "1 class"


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1))
def test_shell_words_that_can_be_shown_are_one_word(path):
    if path == shown(path):
        assert shlex.split(shell_word(path)) == [path]


@pytest.mark.parametrize("path", ["caf\udce9", "a\nb", "it's\t\\ \u202e", "plain", "two words", "$HOME`x`"])
def test_a_shell_reads_the_word_as_the_path(path):
    told = subprocess.run(["bash", "-c", f"printf %s {shell_word(path)}"], capture_output=True, check=True)
    assert told.stdout.decode("utf-8", "surrogateescape") == path
