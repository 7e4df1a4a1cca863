import numpy as np
import pytest

from headstart.heads.calibration import fit_temperature
from headstart.heads.softmax import log_loss, softmax


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_made_the_answers_is_found_again(true_temperature):
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 5)) * 2
    codes = np.array([random.choice(5, p=row) for row in softmax(logits / true_temperature)])
    assert fit_temperature(logits, codes)[0] == pytest.approx(true_temperature, rel=0.1)


def test_a_perfect_run_is_not_taken_for_certainty():
    few, many = (fit_temperature(np.tile([1.0, 0.0], (n, 1)), np.zeros(n, dtype=int))[0] for n in (10, 1000))
    sure = [softmax(np.array([[1.0, 0.0]]) / temperature)[0, 0] for temperature in (few, many)]
    assert sure == pytest.approx([11 / 12, 1001 / 1002], abs=1e-3)


def test_logits_of_any_size_stay_finite():
    logits = np.array([[1e5, 0.0], [0.0, 1e5]])
    temperature, loss = fit_temperature(logits, np.array([0, 0]))
    assert np.isfinite([temperature, loss]).all()
    assert np.isfinite(log_loss(logits, np.array([0, 0])))
