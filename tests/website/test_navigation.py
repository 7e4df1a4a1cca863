"""The navigation is made from the files."""

from website.navigation import as_toml, navigation


def write(folder, **pages):
    for name, title in pages.items():
        file = folder / f"{name.replace('__', '/')}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {title}\n")


def test_pages_of_the_lesson_stand_in_their_order_between_introduction_and_quiz(tmp_path):
    write(tmp_path, index="Start", lesson="The lesson", quiz="The quiz")
    (tmp_path / "lesson").mkdir()
    for number in ("02-b-solution", "02-b", "01-a"):
        (tmp_path / "lesson" / f"{number}.md").write_text(f"# Page {number}\n")

    assert dict(navigation(tmp_path))["The lesson"] == [
        ("The lesson", "lesson.md"),
        ("Page 01-a", "lesson/01-a.md"),
        ("Page 02-b", "lesson/02-b.md"),
        ("Page 02-b-solution", "lesson/02-b-solution.md"),
        ("The quiz", "quiz.md"),
    ]


def test_a_document_that_nobody_placed_is_not_lost(tmp_path):
    write(tmp_path, index="Start", brand_new="Brand new")

    assert dict(navigation(tmp_path))["Guides"] == [("Brand new", "brand_new.md")]


def test_languages_and_reference_have_places_of_their_own(tmp_path):
    write(
        tmp_path, index="Start", hr__index="Početak", verbs__index="The verbs", verbs__train="headstart train"
    )

    found = dict(navigation(tmp_path))

    assert found["Hrvatski"] == [("Početak", "hr/index.md")]
    assert dict(found["Reference"])["The verbs"][1] == ("train", "verbs/train.md")


def test_titles_are_quoted():
    assert as_toml([('Say "č"', "a.md")]) == '[{"Say \\"č\\"" = "a.md"}]'
