"""The catalogue's page in a browser: what is typed is taken, and nothing that was not measured is claimed."""

import re

import pytest

from tests.browser import IN_BROWSER
from tests.report.catalogue_tab import counted, give, names, saved_rows
from tests.report.catalogues import a_catalogue, a_photo

pytestmark = IN_BROWSER

FOXES = ["Fox", "american_bulldog", "bulldog", "cat", "dog", "fox", "fox terrier"]


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("fox", "fox"),
        ("CAT", "cat"),
        ("bull", "bull"),
        ("american", "american"),
        ("fox t", "fox t"),
        ("Fox", "Fox"),
        ("american_BULLDOG", "american_bulldog"),
    ],
)
def test_enter_takes_the_class_as_typed(visit, typed, taken):
    tab = visit(a_catalogue([a_photo(0, label="dog")], classes=FOXES))

    tab.locator(".card .open").click()
    tab.locator("#detail input[role=combobox]").fill(typed)
    first = tab.locator("#detail [role=option]").first
    assert ("New class" in first.inner_text()) == (taken not in FOXES)
    assert first.get_attribute("aria-selected") == "true"
    tab.keyboard.press("Enter")
    assert tab.locator(".corrected-line .strong").inner_text() == taken


def test_the_arrow_keys_take_a_class_that_only_fits(visit):
    tab = visit(a_catalogue([a_photo(0, label="dog")], classes=FOXES))

    tab.locator(".card .open").click()
    tab.locator("#detail input[role=combobox]").fill("bull")
    shown = tab.locator("#detail [role=option]").all_text_contents()
    assert shown == ["New class “bull”", "bulldog", "american_bulldog"]
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert tab.locator(".corrected-line .strong").inner_text() == "bulldog"
    tab.locator("#detail input[role=combobox]").fill("  ")
    tab.keyboard.press("Enter")
    assert tab.locator(".corrected-line .strong").inner_text() == "bulldog", "nothing was typed"


def test_what_was_not_measured_is_called_neither_sure_nor_unsure(visit):
    photos = [a_photo(at, state="unmeasured", share=share) for at, share in enumerate((0.9, 0.4, 0.6))]
    tab = visit(a_catalogue(photos, unmeasured="the model is from before: train it again"))

    assert tab.locator("#pills .pill").all_inner_texts() == ["All\n3", "Not measured\n3"]
    assert tab.locator(".badge").count() == 0
    assert tab.get_by_text("train it again").first.is_visible()
    tab.locator("#sort").select_option("least-sure")
    assert names(tab) == ["1.jpg", "2.jpg", "0.jpg"]
    tab.locator("#next").click()
    tab.keyboard.press("Enter")
    assert "1.jpg" in tab.locator("#detail .path").first.inner_text()
    words = tab.locator(".verdict").inner_text()
    assert "Not measured: the model is from before" in words
    assert "sure of its answer" not in words
    tab.locator(".quick .pill", has_text="dog").click()
    assert "Corrected" in tab.locator(".verdict").inner_text()
    tab.keyboard.press("Escape")
    assert not tab.locator("#next").is_visible(), "the others are above one half"


def test_what_the_model_was_trained_on_is_counted_apart(visit):
    photos = [
        a_photo(0, state="learned", trained="cat"),
        a_photo(1, state="learned", trained="dog", share=0.7),
        a_photo(2),
    ]
    tab = visit(a_catalogue(photos))

    assert tab.locator("#pills .pill").all_inner_texts() == ["All\n3", "Sure\n1", "Learned\n2"]
    assert tab.locator("#next").is_hidden()
    other = tab.locator(".card").nth(1)
    assert other.locator(".label").inner_text() == "dog"
    assert other.locator(".file").inner_text() == "model says cat, 70\N{NO-BREAK SPACE}%"
    assert other.locator(".badge").all_inner_texts() == ["learned"]
    assert names(tab)[0] == "0.jpg"
    other.locator(".open").click()
    assert "trained on this very photo, as dog. It says cat." in tab.locator(".verdict").inner_text()
    tab.keyboard.press("Escape")
    tab.locator("#label").select_option("dog")
    counted(tab, "1 of 3 photos")


def test_each_save_has_a_name_of_its_own_that_the_command_names(visit, pets):
    tab = visit(pets)
    seen = []
    for label in ("dog", "hamster"):
        give(tab, 0, label)
        with tab.expect_download() as download:
            tab.locator("#save").click()
        seen.append(download.value.suggested_filename)
        assert tab.locator("#learn").inner_text().endswith(seen[-1])
        assert seen[-1] in tab.locator("#saved-title").inner_text()
        tab.locator("#saved [data-close]").click()
    assert len(set(seen)) == 2


def test_the_command_of_a_network_of_its_own_names_the_file_too(visit, pets, tmp_path):
    tab = visit(pets.model_copy(update={"learn": "headstart train corrections.csv -o MODEL"}))

    give(tab, 0, "dog")
    saved_rows(tab, tmp_path)
    assert re.fullmatch(
        r"headstart train corrections-[\d-]+\.csv -o MODEL", tab.locator("#learn").inner_text()
    )


def test_a_selection_says_what_of_it_is_not_shown(visit, pets):
    tab = visit(pets)

    tab.locator("#all").click()
    tab.locator("#search").fill("dog")
    counted(tab, "1 of 8 photos")
    assert tab.locator("#selected-count").inner_text() == "8 photos selected, 7 of them not shown"
    tab.locator("#give").click()
    assert tab.locator("#choose-title").inner_text() == "Give 8 photos a class (7 not shown)"


def test_the_tray_goes_when_the_last_correction_is_taken_back(visit, pets):
    tab = visit(pets)

    give(tab, 0, "dog")
    tab.locator(".is-corrected .open").click()
    tab.get_by_text("Take it back").click()
    tab.keyboard.press("Escape")
    assert tab.locator("#tray").is_hidden()


def test_a_reason_is_read_on_its_card(visit):
    reason = "unsure between Ragdoll and Birman; stands for 4 similar photos"
    tab = visit(a_catalogue([a_photo(0, why=reason), a_photo(1, why=reason * 9)]), width=390)

    heights = tab.locator(".card .file").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert all(30 < height < 62 for height in heights), "two lines, three at most"
    cut = "all => all.filter(each => each.scrollHeight > each.offsetHeight + 1).length"
    assert tab.locator(".card .file").evaluate_all(cut) == 1
    ends = "all => all.map(each => each.offsetTop + each.offsetHeight)"
    room = tab.locator(".card").first.evaluate("each => each.offsetHeight")
    assert max(tab.locator(".card .file").evaluate_all(ends)) <= room
