"""Every head keeps scikit-learn's contract and our own, whatever it is called."""

import json

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from headstart.heads.fitted import load_head
from headstart.heads.make import HEADS, make_head

every_head = pytest.mark.parametrize("name", HEADS)


@parametrize_with_checks([make_head(name) for name in HEADS])
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


@pytest.fixture(params=[2, 4], ids=["two classes", "four classes"])
def photos(request):
    """Rows like pooled features, labels, and rows of further photos."""
    random = np.random.default_rng(request.param)
    centres = np.maximum(random.normal(size=(request.param, 30)), 0)
    codes = np.repeat(np.arange(request.param), 7)
    rows, further = (
        np.maximum(centres[codes] + random.normal(size=(len(codes), 30)), 0).astype(np.float16)
        for _ in range(2)
    )
    return rows.astype(np.float32), np.array(["ant", "bee", "cat", "dog"])[codes], further.astype(np.float32)


@every_head
def test_probabilities_add_up_and_follow_the_classes(name, photos):
    rows, labels, further = photos
    found = make_head(name).fit(rows, labels)
    odds = found.head_.predict_proba(further)
    assert odds.shape == (len(further), len(set(labels)))
    assert odds.dtype == np.float64
    assert (odds >= 0).all()
    np.testing.assert_allclose(odds.sum(axis=1), 1.0)
    assert found.head_.classes == tuple(found.classes_.tolist()) == tuple(sorted(set(labels)))
    assert found.predict(further).tolist() == [found.head_.classes[column] for column in odds.argmax(axis=1)]


@every_head
def test_what_was_kept_predicts_the_same_bit_for_bit(name, photos):
    rows, labels, further = photos
    head = make_head(name).fit(rows, labels).head_
    settings = json.loads(json.dumps(head.settings()))
    again = load_head(head.kind, head.classes, head.tensors(), settings)
    np.testing.assert_array_equal(again.predict_proba(further), head.predict_proba(further))
    assert again.width == head.width == 30
    for tensor in head.tensors().values():
        assert tensor.dtype in (np.float16, np.float32, np.int32)


@every_head
def test_torch_gives_the_same_probabilities_and_gradients(name, photos):
    rows, labels, further = photos
    head = make_head(name).fit(rows, labels).head_
    module, expected = head.to_torch(), head.predict_proba(further)
    assert not any(parameter.requires_grad for parameter in module.parameters())
    np.testing.assert_allclose(module(torch.from_numpy(further)).numpy(), expected, atol=1e-5)
    given = torch.from_numpy(further.astype(np.float64)).requires_grad_()
    odds = module.double()(given)
    np.testing.assert_allclose(odds.detach().numpy(), expected, atol=1e-5)
    odds[:, 0].sum().backward()
    assert torch.isfinite(given.grad).all()
    assert given.grad.abs().max() > 0


@every_head
def test_same_rows_same_bytes(name, photos):
    rows, labels, _ = photos
    first, second = (make_head(name, seed=3).fit(rows, labels).head_ for _ in range(2))
    assert first.settings() == second.settings()
    for key, tensor in first.tensors().items():
        assert tensor.tobytes() == second.tensors()[key].tobytes()


@every_head
def test_rows_given_are_left_as_they_were(name, photos):
    rows, labels, further = photos
    before = rows.copy(), further.copy()
    make_head(name).fit(rows, labels).predict_proba(further)
    np.testing.assert_array_equal(rows, before[0])
    np.testing.assert_array_equal(further, before[1])


@every_head
def test_one_row_alone_is_answered_as_among_others(name, photos):
    rows, labels, further = photos
    head = make_head(name).fit(rows, labels).head_
    alone = np.concatenate([head.predict_proba(further[at : at + 1]) for at in range(len(further))])
    np.testing.assert_allclose(alone, head.predict_proba(further), rtol=1e-12, atol=1e-15)


@every_head
def test_pipelines_and_grid_searches_take_it(name, photos):
    rows, labels, further = photos
    pipeline = make_pipeline(FunctionTransformer(), make_head(name))
    parameter = {"linear": "linearclassifier__class_weight", "neighbours": "neighboursclassifier__k"}.get(
        name, "prototypesclassifier__calibrate"
    )
    values = {"linear": ["balanced", None], "neighbours": [1, 3]}.get(name, [True, False])
    search = GridSearchCV(pipeline, {parameter: values}, cv=2).fit(rows, labels)
    assert set(search.predict(further)) <= set(labels)
