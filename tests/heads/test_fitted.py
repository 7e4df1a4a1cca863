import json
import subprocess
import sys

import numpy as np
import pytest

from headstart.errors import FitError, UsageError
from headstart.heads.fitted import LinearHead, NeighboursHead, PrototypesHead, load_head


def test_a_linear_head_is_the_layer_it_says():
    head = LinearHead(("a", "b"), np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.5, 0.0]), temperature=2.0)
    odds = np.exp(np.array([1.5, 2.0]) / 2.0)
    np.testing.assert_allclose(head.predict_proba(np.array([[1.0, 1.0]])), [odds / odds.sum()])
    np.testing.assert_allclose(head.logits(np.array([[1.0, 1.0]])), [[1.5, 2.0]])


def test_prototypes_look_at_directions_only():
    head = PrototypesHead(("a", "b"), np.array([[1.0, 0.0], [0.0, 5.0]]), temperature=0.1)
    rows = np.array([[2.0, 1.0], [1.0, 2.0]])
    np.testing.assert_allclose(head.predict_proba(rows), head.predict_proba(rows * 100))
    assert head.predict_proba(rows).argmax(axis=1).tolist() == [0, 1]


def test_nearer_neighbours_count_more_and_no_class_is_impossible():
    rows = np.array([[1.0, 0.0], [1.0, 0.5], [0.9, 0.5], [0.0, 1.0]])
    head = NeighboursHead(("near", "far", "never"), rows, np.array([0, 1, 1, 1]), k=3)
    odds = head.predict_proba(np.array([[1.0, 0.02]]))[0]
    assert odds[0] > 0.8 > odds[1] > odds[2] > 0
    assert odds.sum() == pytest.approx(1.0)


def test_a_photo_that_was_trained_on_answers_with_its_own_class(clouds):
    data = clouds(noise=5.0)
    codes = np.random.default_rng(0).integers(0, 3, len(data.rows))
    head = NeighboursHead(data.names, data.rows, codes)
    assert (head.predict_proba(data.rows).argmax(axis=1) == codes).all()


def test_k_is_capped_at_the_number_of_rows():
    assert NeighboursHead(("a", "b"), np.eye(2), np.array([0, 1]), k=9).k == 2


@pytest.mark.parametrize("kind", ["linear", "neighbours", "prototypes"])
def test_a_row_of_another_width_or_with_nan_is_refused(kind):
    tensors = {
        "linear": {"weight": np.eye(2), "bias": np.zeros(2)},
        "prototypes": {"means": np.eye(2)},
        "neighbours": {"rows": np.eye(2), "codes": np.arange(2)},
    }[kind]
    head = load_head(kind, ("a", "b"), tensors, {"temperature": 1.0, "k": 1, "smoothing": 0.25})
    with pytest.raises(UsageError, match="rows of 2 features; it was given \\(1, 3\\)"):
        head.predict_proba(np.zeros((1, 3)))
    with pytest.raises(UsageError, match="NaN"):
        head.predict_proba(np.array([[np.nan, 0.0]]))
    assert head.predict_proba(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(
    ("kind", "tensors", "settings", "says"),
    [
        ("forest", {}, {}, "'forest' is not known"),
        ("linear", {"bias": np.zeros(2)}, {"temperature": 1.0}, "no tensor 'weight'"),
        ("linear", {"weight": np.eye(3), "bias": np.zeros(3)}, {"temperature": 1.0}, "must be 2 x any"),
        ("linear", {"weight": np.eye(2), "bias": np.zeros(3)}, {"temperature": 1.0}, "'bias' must be 2;"),
        ("linear", {"weight": np.eye(2) * np.nan, "bias": np.zeros(2)}, {"temperature": 1.0}, "finite"),
        ("linear", {"weight": np.eye(2) * 1e300, "bias": np.zeros(2)}, {"temperature": 1.0}, "too large"),
        ("linear", {"weight": np.eye(2), "bias": np.zeros(2)}, {}, "lack 'temperature'"),
        ("linear", {"weight": np.eye(2), "bias": np.zeros(2)}, {"temperature": 0.0}, "above 0"),
        ("linear", {"weight": np.eye(2), "bias": np.zeros(2)}, {"temperature": "1"}, "above 0"),
        ("linear", {"weight": np.array([["a"], ["b"]]), "bias": np.zeros(2)}, {"temperature": 1.0}, "finite"),
        ("neighbours", {"rows": np.eye(2), "codes": np.array([0, 2])}, {"k": 1, "smoothing": 1}, "0 to 1"),
        ("neighbours", {"rows": np.eye(2), "codes": np.array([0])}, {"k": 1, "smoothing": 1}, "must be 2;"),
        ("prototypes", {"means": np.zeros((2, 0))}, {"temperature": 1.0}, "2 x any"),
    ],
)
def test_what_can_not_be_a_head_is_refused(kind, tensors, settings, says):
    with pytest.raises(FitError, match=says):
        load_head(kind, ("a", "b"), tensors, settings)


def test_rows_are_kept_in_half_precision_where_that_loses_nothing():
    codes = np.array([0, 1])
    kept = [
        NeighboursHead(("a", "b"), np.eye(2) * scale, codes).tensors()["rows"].dtype
        for scale in (0.5, 0.1, 70_000.0)
    ]
    assert kept == [np.float16, np.float32, np.float32]


def test_prediction_loads_neither_scikit_learn_nor_scipy_nor_torch():
    code = (
        "import json, sys, numpy as np\n"
        "from headstart.heads.fitted import load_head\n"
        "from headstart.heads import metrics, unknown\n"
        "tensors = {'weight': np.eye(2), 'bias': np.zeros(2)}\n"
        "head = load_head('linear', ('a', 'b'), tensors, {'temperature': 1.0})\n"
        "odds = head.predict_proba(np.eye(2))\n"
        "metrics.measure(['a', 'b'], odds, ('a', 'b'), how='test')\n"
        "unknown.Novelty(np.eye(2), 0.5).unknown(np.eye(2))\n"
        "print(json.dumps([name for name in ('sklearn', 'scipy', 'torch') if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
