"""The catalogue's page in a real browser, opened from the file system as people open it."""

import re
import time

import pytest

from headstart.images.csvout import plain_cell
from headstart.report.catalogue import render_catalogue
from tests.browser import IN_BROWSER, LONG
from tests.report.catalogue_tab import counted, give, names, pill, saved_rows
from tests.report.catalogues import a_catalogue, a_photo, digest

pytestmark = IN_BROWSER


def test_it_shows_asks_for_nothing_and_complains_of_nothing(visit, pets):
    tab = visit(pets)

    counted(tab, "8 photos")
    assert tab.locator(".card").count() == 8
    tab.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
    tab.locator(".card .open").first.click()
    assert "one of cat, dog" in tab.locator("#detail").inner_text()
    assert "known/1.jpg" in tab.locator("#detail").inner_text()
    assert "/photos/sub/0.jpg" in tab.locator("#detail").inner_text()
    assert tab.heard == []


def test_search_by_name_and_class(visit, pets):
    tab = visit(pets)

    tab.locator("#search").fill("DOG")
    counted(tab, "1 of 8 photos")
    assert names(tab) == ["1.jpg"]
    tab.locator("#search").fill("SUB cat")
    counted(tab, "5 of 8 photos")
    tab.locator("#search").fill("no such thing")
    counted(tab, "0 of 8 photos")
    tab.locator("#reset").click()
    counted(tab, "8 photos")


def test_filters(visit, pets):
    tab = visit(pets)

    shown = {"sure": 6, "unsure": 1, "unknown": 1, "copies": 2, "alike": 2, "changed": 1, "new": 1}
    for name, number in shown.items():
        pill(tab, name)
        counted(tab, f"{number} of 8 photos")
    pill(tab, "")
    tab.locator("#label").select_option("dog")
    counted(tab, "1 of 8 photos")


def test_sorting(visit, pets):
    tab = visit(pets)

    assert names(tab)[-1] == "unlike all others"
    tab.locator("#sort").select_option("name")
    assert names(tab)[:3] == ["c.jpg", "b.jpg", "0.jpg"]
    tab.locator("#sort").select_option("least-sure")
    assert names(tab)[:2] == ["2.jpg", "0.jpg"]
    tab.locator("#sort").select_option("class")
    assert names(tab)[-1] == "1.jpg"
    tab.locator("#sort").select_option("strange")
    assert names(tab)[0] == "2.jpg"


def test_a_given_order_is_kept(visit):
    tab = visit(a_catalogue([a_photo(5), a_photo(1), a_photo(3)], order="most to learn from"))

    assert names(tab) == ["5.jpg", "1.jpg", "3.jpg"]
    tab.locator("#sort").select_option("name")
    assert names(tab) == ["1.jpg", "3.jpg", "5.jpg"]


def test_a_correction_survives_a_reload_and_is_undone(visit, pets):
    tab = visit(pets)

    give(tab, 0, "dog")
    assert "corrected" in tab.locator(".card").first.inner_text()
    assert tab.locator("#unsaved-count").inner_text() == "1 unsaved correction"
    tab.on("dialog", lambda asked: asked.accept())
    tab.reload()
    assert tab.locator(".is-corrected").count() == 1
    pill(tab, "corrected")
    counted(tab, "1 of 8 photos")
    pill(tab, "")
    give(tab, 0, "hamster")
    tab.keyboard.press("Control+z")
    tab.wait_for_function("document.querySelector('.is-corrected .label').textContent === 'dog'")
    assert tab.locator("#undo").is_disabled(), "what was done before the reload is not undone step by step"
    tab.locator(".is-corrected .open").click()
    tab.get_by_text("Take it back").click()
    assert tab.locator(".is-corrected").count() == 0
    assert tab.heard == []


def test_leaving_with_unsaved_corrections_warns(visit, pets, tmp_path):
    tab = visit(pets)
    asked = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    give(tab, 0, "dog")
    tab.reload()
    assert asked == ["beforeunload"]
    saved_rows(tab, tmp_path)
    tab.locator("#saved [data-close]").click()
    tab.reload()
    assert asked == ["beforeunload"], "saved: nothing to warn of"


def test_several_photos_get_a_new_class_at_once(visit, pets, tmp_path):
    tab = visit(pets)

    ticks = tab.locator(".card .tick input")
    ticks.nth(0).click()
    ticks.nth(2).click(modifiers=["Shift"])
    assert tab.locator("#selected-count").inner_text() == "3 photos selected"
    tab.locator("#give").click()
    tab.locator("#choose input").fill("guinea pig")
    tab.locator("#choose [role=option]", has_text="New class").click()
    assert tab.locator(".is-corrected").count() >= 3
    rows = saved_rows(tab, tmp_path)
    assert {row["label"] for row in rows} == {"guinea pig"}
    command = tab.locator("#learn").inner_text()
    assert re.fullmatch(r"headstart learn '/my models/pets' corrections-\S+\.csv", command)
    tab.locator("#saved [data-close]").click()
    tab.locator("#undo").click()
    assert tab.locator(".is-corrected").count() == 0
    assert "unsaved" in tab.locator("#unsaved-count").inner_text(), "what was saved is no longer so"


def test_copies_share_a_correction_and_are_one_row(visit, pets, tmp_path):
    tab = visit(pets)

    pill(tab, "copies")
    give(tab, 0, "dog")
    assert tab.locator(".is-corrected").count() == 2
    assert [row["sha256"] for row in saved_rows(tab, tmp_path)] == [digest(3)]


def test_what_the_model_has_learned_is_no_correction_any_more(visit, pets, tmp_path):
    tab = visit(pets)

    give(tab, 0, "dog")
    learned = pets.photos[0].model_copy(update={"trained": "dog", "label": "dog"})
    again = pets.model_copy(update={"photos": [learned, *pets.photos[1:]]})
    (tmp_path / "index.html").write_text(render_catalogue(again), encoding="utf-8")
    tab.on("dialog", lambda asked: asked.accept())
    tab.reload()
    assert tab.locator(".is-corrected").count() == 0
    assert tab.locator("#tray").is_hidden()

    (tmp_path / "index.html").write_text(render_catalogue(pets), encoding="utf-8")  # learn --undo
    tab.reload()
    assert tab.locator(".is-corrected").count() == 1


NASTY = [
    "\"quoted\", 'twice'",
    "two\nlines\r",
    "=cmd()",
    "'=cmd()",
    "caf\udce9",
    "🐕 猫",
    "a;b\tc",
    "<b>&amp;",
]


def test_hostile_names_come_back_exactly(visit, tmp_path):
    photos = [
        a_photo(at, name=name, path=f"/photos/{name}.jpg", others=("dog", name))
        for at, name in enumerate(NASTY)
    ]
    tab = visit(a_catalogue(photos, classes=["cat", "dog", *NASTY]))

    for at in range(len(NASTY)):
        tab.locator(".card").nth(at).locator(".open").click()
        tab.locator(".quick .pill").nth(2).click()
        tab.keyboard.press("Escape")
    rows = {row["sha256"]: row for row in saved_rows(tab, tmp_path)}

    assert len(rows) == len(NASTY)
    got = {row["path"]: plain_cell(row["label"]) for row in rows.values()}
    assert got == {f"/photos/{name}.jpg": name for name in NASTY}
    assert tab.heard == []


def test_a_typed_formula_is_guarded_and_comes_back(visit, pets, tmp_path):
    tab = visit(pets)

    tab.locator(".card .open").first.click()
    tab.locator("#detail input[role=combobox]").fill("  =1+1 ")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    [row] = saved_rows(tab, tmp_path)
    assert row["label"] == "'=1+1"
    assert plain_cell(row["label"]) == "=1+1"


def test_without_storage_it_works_and_says_so(visit, pets, tmp_path):
    refusal = "throw new DOMException('no', 'SecurityError')"
    forbid = f"Object.defineProperty(window, 'localStorage', {{get() {{ {refusal}; }}}})"
    tab = visit(pets, before=forbid)

    assert tab.locator("#forgetful").is_visible()
    give(tab, 0, "dog")
    assert [row["label"] for row in saved_rows(tab, tmp_path)] == ["dog"]
    assert tab.heard == []


def test_the_keyboard_is_enough(visit, pets, tmp_path):
    tab = visit(pets)

    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("End")
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.closest('.card').dataset.position") == "1"
    tab.keyboard.press("n")
    opened = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert "unsure" in opened or "unknown" in opened
    tab.keyboard.press("Enter")
    assert tab.locator("#detail").is_visible()
    tab.keyboard.press("c")
    tab.keyboard.type("ham")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.className") == "open", "the focus is back where it was"
    assert "hamster" in tab.evaluate("document.activeElement.textContent")
    tab.keyboard.press(" ")
    assert tab.locator("#selected-count").inner_text() == "1 photo selected"
    tab.keyboard.press("Escape")
    assert tab.locator("#selected").is_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (390, "light"), (768, "light"), (1280, "dark")])
@pytest.mark.parametrize("kind", ["pets", "nasty", "one", "none"])
def test_it_never_scrolls_sideways(visit, pets, kind, width, scheme):
    facts = {
        "pets": pets,
        "one": a_catalogue([a_photo(0)]),
        "none": a_catalogue(
            [], unused=[{"file": LONG[0], "reason": "empty", "detail": LONG[6]}] * 3, notes=LONG
        ),
        "nasty": a_catalogue(
            [
                a_photo(at, name=name, label=name, one_of=LONG, state="unsure", why=name)
                for at, name in enumerate(LONG)
            ],
            title=LONG[0],
            intro=LONG[5],
            classes=LONG,
        ),
    }[kind]
    tab = visit(facts, width=width, height=844, color_scheme=scheme)

    assert tab.heard == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    if not facts.photos:
        assert tab.get_by_text("No photo could be used").is_visible()
        return
    tab.locator(".card .open").first.click()
    assert tab.evaluate("document.querySelector('.drawer-body').scrollWidth") <= width
    tab.locator(".quick .pill").nth(0).click()
    tab.keyboard.press("Escape")
    assert tab.locator("#save").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_targets_are_large_enough_for_a_thumb(visit, pets):
    tab = visit(pets, width=390, height=844, has_touch=True, is_mobile=True)

    tab.locator("#more").click()
    small = """() => [...document.querySelectorAll('button, select, input:not([type=checkbox]), .tick')]
        .filter(each => each.checkVisibility())
        .map(each => [each.id || each.className || each.textContent, each.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.height < 40 || box.width < 40)).map(([name]) => name)"""
    assert tab.evaluate(small) == []
    tab.locator(".card .open").first.click()
    assert tab.evaluate(small) == []


def test_five_thousand_photos(visit):
    many = [
        a_photo(at, label=f"class {at % 37}", state="unsure" if at % 10 == 0 else "sure")
        for at in range(5000)
    ]
    tab = visit(a_catalogue(many, classes=[f"class {at}" for at in range(37)]))

    counted(tab, "5,000 photos")
    for _ in range(3):
        assert tab.evaluate("document.querySelectorAll('*').length") < 1500
        tab.evaluate("window.scrollBy(0, document.documentElement.scrollHeight / 3)")
        tab.wait_for_timeout(50)
    began = time.perf_counter()
    tab.locator("#search").fill("4321")
    counted(tab, "1 of 5,000 photos")
    assert time.perf_counter() - began < 2
    assert names(tab) == ["4321.jpg"]
    tab.locator("#search").fill("")
    counted(tab, "5,000 photos")
    tab.locator("#label").select_option("class 36")
    counted(tab, "135 of 5,000 photos")
    tab.locator("#label").select_option("")
    counted(tab, "5,000 photos")
    tab.locator(".card .open").first.focus()
    tab.keyboard.press("End")
    assert tab.evaluate("document.activeElement.closest('.card').dataset.position") == "4999"
    assert tab.heard == []
