"""The page is one complete document, and every figure given stands on it."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.report.facts import ClassFacts, NextStep, SkippedFile
from headstart.report.page import SHOWN_MISTAKES, SHOWN_SKIPPED, render
from headstart.report.thumbnails import thumbnail


def test_the_headline_is_the_answer_with_its_interval_and_photos(facts, read):
    text = read(facts()).text
    assert "97.5 % of 200 photos that it had not seen, 95 % interval 94.3-98.9" in text


@pytest.mark.parametrize(
    "figure",
    [
        "296 photos",  # used
        "2,223,872",  # parameters
        "224 x 192",  # input size
        "1,280 from layer global_pool",
        "Apache-2.0",
        "the framework's own address",
        "L2 strength 0.01, the best of 9",
        "Temperature 1.31",
        "Seed 7",
        "Balanced accuracy 97.5 %",
        "Simplest guess 50.0 %",
        "Wrong answers 5 of 200",
        "Log loss 0.130 0.091",
        "Calibration error 0.041 0.017",
        "15 bins of equal width",
        "before 71.2 % 50.1 % 9",
        "after 96.2 % 99.1 % 183",
        "where the distance comes to more than 1.41",
        "cat 148 100 98.0 % 97.0 %",  # photos, measured, precision, recall
        "dog 148 100 97.0 % 98.0 %",
        "cat 97 3",  # the confusion's rows
        "dog 2 98",
        "1 not an image",
        "dog/404.jpg not an image it is an HTML page",
        "cat/half.jpg truncated the file ends early",
        "cat/12.jpg and cat/77.jpg are the same photo.",
        "12.0 s, 40.0 photos a second",
        "Computed 480 photos",
        "Reused 16 photos",
        "Learning 0.83 s",
        "In all 1 min 15 s",
        "headstart train cats-vs-dogs/train --test cats-vs-dogs/test -o cats",
        "headstart predict cats photo.jpg",
        "headstart evaluate cats",
        "headstart.load_model('cats')",
        "2026-05-03 14:12",
        "headstart 0.1.0",
    ],
)
def test_what_was_given_stands_on_the_page(facts, read, figure):
    assert figure in read(facts()).spaced


def test_top3_stands_there_where_it_says_something(facts, measured, read):
    with_top3 = measured(["cat", "dog"], [[97, 3], [2, 98]], top3=0.9925)
    assert "Among its three best" not in read(facts()).text
    assert "Among its three best 99.2 %" in read(facts(measured=with_top3)).spaced


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (
            {"method": "folds", "folds": 5},
            "The figure is the fold models'; the kept model is fitted on all 296 photos",
        ),
        ({"method": "folds", "folds": 5}, "divided into 5 parts"),
        ({"method": "held-out"}, "The kept model is the one that was measured"),
        ({"method": "held-out", "refitted": True}, "the figure belongs to the model before that"),
        ({"method": "test", "source": "cats/test"}, "Measured on photos given apart (cats/test)"),
    ],
)
def test_the_page_says_which_model_the_figure_belongs_to(facts, read, how, sentence):
    given = facts()
    assert sentence in read(replace(given, measured=replace(given.measured, **how))).text


def test_without_a_measurement_it_says_so_and_prints_no_figure(facts, read):
    page = read(facts(confusion=None, not_measured="One photo a class leaves none."))
    assert "Not measured One photo a class leaves none." in page.text
    assert "interval" not in page.text
    assert "Recall" not in page.text
    assert "comes to more than 1.41" in page.text
    assert not page.unbalanced


def test_without_calibration_figures_before_there_is_no_column_for_them(facts, measured, read):
    plain = measured(
        ["cat", "dog"],
        [[97, 3], [2, 98]],
        log_loss_before=None,
        calibration_error_before=None,
        reliability=(),
        reliability_before=(),
    )
    page = read(facts(measured=plain))
    assert "Before" not in page.text.replace("Before you rely", "")
    assert "0.091" in page.text
    assert "The numbers behind the picture" not in page.text


@pytest.mark.parametrize("classes", [2, 12, 37, 60, 61, 1000])
def test_the_document_is_complete_and_balanced_for_any_number_of_classes(many, read, classes):
    page = read(many(classes))
    assert page.declarations == ["doctype html"]
    assert page.unbalanced == []
    assert page.all("html") == [{"lang": "en"}]
    assert page.text_in("title") == "cats-vs-dogs: headstart report"
    assert len(page.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_every_class_stands_on_the_page_also_with_a_thousand(many, read):
    text = read(many(1000)).text
    assert all(f"class {number:04}" in text for number in range(1000))


def test_a_thousand_classes_get_the_confused_pairs_instead_of_a_table(many, read):
    page = read(many(1000))
    assert not [table for table in page.all("table") if "heat" in table.get("class", "")]
    assert "class 0000 class 0999 5 of 8 62 %" in page.spaced


def test_it_is_understood_without_seeing_it(facts, measured, mistakes, read):
    wrong = measured(["cat", "dog"], [[97, 3], [2, 98]], mistakes=mistakes(["cat/1.jpg", "cat/2.jpg"]))
    page = read(facts(measured=wrong))
    assert [image["alt"] for image in page.all("img")] == ["Photo cat/1.jpg", "Photo cat/2.jpg"]
    assert all("aria-label" in svg or svg.get("aria-hidden") == "true" for svg in page.all("svg"))
    assert all(cell.get("scope") in {"col", "row"} for cell in page.all("th"))
    scrolling = [box for box in page.all("div") if box.get("class") == "scroll"]
    assert all(box["tabindex"] == "0" and {"aria-label", "aria-labelledby"} & set(box) for box in scrolling)
    ids = {attributes.get("id") for _, attributes in page.elements}
    named = {value["aria-labelledby"] for _, value in page.elements if "aria-labelledby" in value}
    assert named <= ids


def test_mistakes_show_what_was_said_and_what_was_true_and_are_capped(facts, measured, mistakes, read):
    names = [f"cat/{number}.jpg" for number in range(SHOWN_MISTAKES + 10)]
    confusion = [[66, 34], [0, 100]]
    page = read(facts(measured=measured(["cat", "dog"], confusion, mistakes=mistakes(names))))
    assert len(page.all("img")) == SHOWN_MISTAKES
    assert f"{SHOWN_MISTAKES} of 34 mistakes" in page.text
    assert "said dog, 93 % is cat cat/0.jpg" in page.text


def test_classes_are_shown_by_a_photo_of_each(facts, read):
    picture = thumbnail(np.full((20, 30, 3), 90, np.uint8))
    page = read(facts(classes=[ClassFacts("cat", 9, picture), ClassFacts("dog", 9, picture)]))
    alternatives = [image["alt"] for image in page.all("img")]
    assert alternatives == ["A photo of the class cat", "A photo of the class dog"]
    assert "The first photo of each class." in page.text


def test_where_not_every_class_has_a_photo_it_says_so(facts, read):
    picture = thumbnail(np.full((20, 30, 3), 90, np.uint8))
    page = read(facts(classes=[ClassFacts("cat", 9, picture), ClassFacts("dog", 9)]))
    assert len(page.all("img")) == 1
    assert "The first photo of 1 of the 2 classes." in page.text
    assert "What it learned to tell apart" not in read(facts()).text


def test_long_lists_of_skipped_files_are_folded_and_capped(facts, read):
    skipped = [SkippedFile(f"x/{number}.jpg", "corrupt", "bad") for number in range(SHOWN_SKIPPED + 50)]
    page = read(facts(skipped=skipped))
    assert f"x/{SHOWN_SKIPPED - 1}.jpg" in page.text
    assert f"x/{SHOWN_SKIPPED}.jpg" not in page.text
    assert "the first 200 of 250; the full list is in skipped.csv" in page.text
    assert {} in page.all("details")  # not open


def test_next_steps_can_be_given(facts, read):
    page = read(facts(next_steps=[NextStep("Serve it", ("first line", "second line"))]))
    assert "first line\nsecond line" in page.text_in("pre")
    assert "headstart predict" not in page.text


def test_the_same_facts_give_the_same_page(facts):
    assert render(facts()) == render(facts())


def test_no_date_given_none_shown(facts, read):
    page = read(facts(created=""))
    assert page.all("time") == []


def test_a_class_that_was_never_measured_or_said_gets_a_dash(facts, read):
    page = read(
        facts(["cat", "dog", "owl"], [[9, 1, 0], [1, 9, 0], [0, 0, 0]], classes=[ClassFacts("cat", 1)])
    )
    assert "owl 0 0 - -" in page.spaced
