"""The report's part on training the network: what it says, and its two pictures."""

import re
from dataclasses import replace

import pytest

from headstart.report.page import environment
from headstart.report.tuning import Share, TuningEpoch, TuningFacts
from headstart.report.tuning_charts import history_picture, rates_picture

FACTS = TuningFacts(
    start="timm:resnet50",
    part="layer4",
    share=0.64,
    kept=True,
    gate=True,
    loss=0.21,
    probe_loss=0.293,
    validation=84,
    accuracy=Share(0.912, 0.88, 0.93),
    probe=Share(0.881, 0.85, 0.91),
    difference=Share(0.031, 0.005, 0.059),
    best=2,
    blend=1.0,
    stopped="",
    history=[
        TuningEpoch(0, None, 0.293, 0.88),
        TuningEpoch(1, 0.7, 0.35, 0.86),
        TuningEpoch(2, 0.4, 0.21, 0.92),
    ],
    settings=[("epochs", "2"), ("mixup", "<none>")],
)


def told(facts):
    page = environment().get_template("_tuning.html").render(facts={"tuning": facts})
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_network_that_is_better_is_the_model():
    words = told(FACTS)
    assert "The fine-tuned network is the model: on the 84 validation photos its log loss is 0.210" in words
    assert "+3.1" in words
    assert "+0.5 to +5.9" in words
    assert "does not hold 0" in words
    assert "&lt;none&gt;" in words


def test_the_gate_says_that_it_refused_and_how_it_is_switched_off():
    words = told(replace(FACTS, kept=False, loss=0.5))
    assert "The linear head was kept." in words
    assert "--no-gate" in words


def test_a_worse_network_that_was_insisted_on_is_not_called_better():
    assert "the gate was switched off" in told(replace(FACTS, loss=0.5, gate=False))


def test_a_difference_that_holds_nothing_is_called_so():
    words = told(replace(FACTS, difference=Share(0.01, -0.02, 0.04)))
    assert "holds 0: so few photos" in words


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.3], [1e26, 0.2, 0.4], [1e-6, 2e-6]])
def test_the_history_is_drawn_whatever_its_span(values):
    history = [TuningEpoch(number, None, value, 0.5) for number, value in enumerate(values)]
    picture = str(history_picture(replace(FACTS, history=history, best=0)))
    places = [float(each) for each in re.findall(r'c[xy]="([-\d.e+]+)"', picture)]
    assert len(places) == 2 * (len(values) + 1)
    assert all(0 <= place <= 600 for place in places)
    assert picture.count("<text") < 40


def test_the_range_test_shows_the_rate_that_was_taken():
    picture = str(rates_picture([1e-5, 1e-4, 1e-3, 1e-2], [1.0, 0.9, 0.5, 2.0], 1e-4))
    assert "1e-4" in picture
    assert "suggested learning rate 0.0001" in picture
