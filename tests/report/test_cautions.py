"""The warnings appear where they are true, and only there."""

from dataclasses import replace

import pytest

from headstart.report.cautions import baseline, cautions
from headstart.report.facts import ClassFacts, SkippedFile


def test_a_good_and_well_measured_model_gets_none(facts):
    assert cautions(facts()) == ()


def test_random_weights_come_first(facts):
    given = facts()
    said = cautions(replace(given, backbone=replace(given.backbone, random=True)))
    assert "it has learned nothing" in said[0]


def test_no_better_than_the_largest_class(facts, measured):
    said = cautions(facts(measured=measured(["cat", "dog"], [[110, 90], [95, 105]])))
    assert any("not shown to be better than always answering “cat”, which scores 50.0" in s for s in said)


def test_a_wide_interval_says_how_wide_and_on_how_many_photos(facts, measured):
    said = cautions(facts(measured=measured(["cat", "dog"], [[18, 2], [3, 17]])))
    assert any("21 points wide" in s and "40 photos" in s for s in said)


@pytest.mark.parametrize(("photos", "warned"), [(3, True), (9, True), (10, False)])
def test_few_photos_of_a_class(facts, photos, warned):
    said = cautions(facts(classes=[ClassFacts("cat", 20), ClassFacts("dog", photos)]))
    assert any(f"“dog” has {photos}" in s and "1 of 2 classes was taught" in s for s in said) is warned


@pytest.mark.parametrize(("largest", "warned"), [(299, False), (300, True)])
def test_uneven_classes(facts, largest, warned):
    said = cautions(facts(classes=[ClassFacts("cat", largest), ClassFacts("dog", 100)]))
    assert any("uneven" in s for s in said) is warned


def test_classes_measured_on_few_photos(facts, measured):
    said = cautions(facts(measured=measured(["cat", "dog"], [[97, 3], [0, 9]])))
    assert any("1 of 2 classes was measured on fewer than 10" in s for s in said)


@pytest.mark.parametrize(("skipped", "warned"), [(20, False), (100, True)])
def test_many_files_not_used(facts, skipped, warned):
    said = cautions(facts(skipped=[SkippedFile("a", "corrupt")] * skipped))
    assert any(f"{skipped} of {296 + skipped} files" in s for s in said) is warned


def test_the_baseline_is_the_trained_majority_on_the_measured_photos(facts, measured):
    given = facts(
        classes=[ClassFacts("cat", 10), ClassFacts("dog", 30)],
        measured=measured(["cat", "dog"], [[60, 0], [0, 40]]),
    )
    assert (baseline(given).label, baseline(given).share) == ("dog", 0.4)


def test_without_a_measurement_there_is_no_baseline(facts):
    assert baseline(facts(confusion=None)) is None


def test_warnings_stand_on_the_page(facts, measured, read):
    given = facts(measured=measured(["cat", "dog"], [[18, 2], [3, 17]]))
    page = read(given)
    assert cautions(given)
    assert all(" ".join(sentence.split()) in page.text for sentence in cautions(given))
