"""(side, file of rows) => seconds to fit, and log loss and accuracy on rows held out; one process a fit.

headstart     `LinearClassifier`: strength and temperature chosen inside
scikit-learn  `LogisticRegressionCV`: the same scaled rows, strengths (as C) and folds; L-BFGS,
                  on one BLAS thread, which is faster for it than two
cholesky      the same with Newton steps on a Cholesky factor, its other fast solver
torch         AdamW on standardised rows, early stopping on a tenth held out, as people write it
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from head_rows import SEED, Problem
from headstart.heads.folds import inner_folds
from headstart.heads.linear import ONE_FOLD_FROM, STRENGTHS, LinearClassifier
from headstart.heads.metrics import log_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WITHIN = 1.01  # of our loss: what counts as equal
_EPOCHS, _PATIENCE, _BATCH = 300, 10, 256


def _result(seconds: float, probabilities: NDArray[np.floating], codes: NDArray[np.intp]) -> dict[str, float]:
    right = float((probabilities.argmax(axis=1) == codes).mean())
    return {"seconds": seconds, "loss": log_loss(probabilities, codes), "accuracy": right}


def headstart(problem: Problem, target: float | None) -> dict[str, Any]:
    """Fit our head."""
    del target
    began = time.perf_counter()
    head = LinearClassifier(seed=SEED).fit(problem.rows, problem.codes)
    seconds = time.perf_counter() - began
    return _result(seconds, head.predict_proba(problem.test_rows), problem.test_codes)


def scikit_learn(problem: Problem, target: float | None, solver: str = "lbfgs") -> dict[str, Any]:
    """Fit scikit-learn's on the same problem: it has one loss, reached at its end or not at all."""
    from sklearn.linear_model import LogisticRegressionCV
    from threadpoolctl import threadpool_limits

    began = time.perf_counter()
    mean, deviation = problem.rows.mean(axis=0), problem.rows.std(axis=0)
    scale = 1.0 / np.sqrt(np.where(deviation > 0, deviation, np.inf) * deviation.sum())
    folds = inner_folds(problem.codes, seed=SEED)
    held = [folds == fold for fold in np.unique(folds)]
    splits = [(np.flatnonzero(~part), np.flatnonzero(part)) for part in held]
    # With two classes scikit-learn fits the difference of our two columns: the same penalty is C / 2 there.
    share = 2.0 if problem.codes.max() == 1 else 1.0
    model = LogisticRegressionCV(
        Cs=[share / strength for strength in STRENGTHS],
        cv=splits[:1] if len(folds) >= ONE_FOLD_FROM else splits,
        solver=solver,
        scoring="neg_log_loss",
        class_weight="balanced",
        max_iter=1000,
        l1_ratios=(0.0,),
        use_legacy_attributes=False,
    )
    # numpy's and scipy's threads take the cores from each other: one thread is several times faster here.
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        warnings.simplefilter("ignore")
        model.fit((problem.rows - mean) * scale, problem.codes)
    seconds = time.perf_counter() - began
    found = _result(seconds, model.predict_proba((problem.test_rows - mean) * scale), problem.test_codes)
    return {**found, "reached": seconds if target and found["loss"] <= WITHIN * target else None}


def cholesky(problem: Problem, target: float | None) -> dict[str, Any]:
    """Fit scikit-learn's with its other solver."""
    return scikit_learn(problem, target, solver="newton-cholesky")


def torch_loop(problem: Problem, target: float | None) -> dict[str, Any]:
    """Fit in a loop of torch; what it takes to look at the held-out rows after each epoch is not timed."""
    import torch

    torch.manual_seed(SEED)
    began, looked, reached = time.perf_counter(), 0.0, None
    mean, deviation = problem.rows.mean(axis=0), problem.rows.std(axis=0) + 1e-6
    rows = torch.from_numpy((problem.rows - mean) / deviation)
    test_rows = torch.from_numpy((problem.test_rows - mean) / deviation)
    codes = torch.from_numpy(problem.codes)
    order = torch.randperm(len(rows))
    stop, learn = order[: len(rows) // 10], order[len(rows) // 10 :]
    layer = torch.nn.Linear(rows.shape[1], int(codes.max()) + 1)
    optimiser = torch.optim.AdamW(layer.parameters(), lr=1e-3, weight_decay=1e-2)
    measure = torch.nn.functional.cross_entropy
    best, kept, waited = float("inf"), None, 0
    for _ in range(_EPOCHS):
        for batch in learn[torch.randperm(len(learn))].split(_BATCH):  # type: ignore[no-untyped-call]
            optimiser.zero_grad()
            measure(layer(rows[batch]), codes[batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        with torch.no_grad():
            loss, waited = float(measure(layer(rows[stop]), codes[stop])), waited + 1
            if loss < best:
                best, waited = loss, 0
                kept = [parameter.clone() for parameter in layer.parameters()]
            look = time.perf_counter()
            found = torch.softmax(layer(test_rows), dim=1).numpy()
            if target and reached is None and log_loss(found, problem.test_codes) <= WITHIN * target:
                reached = look - began - looked
            looked += time.perf_counter() - look
        if waited >= _PATIENCE:
            break
    seconds = time.perf_counter() - began - looked
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), kept or (), strict=True):
            parameter.copy_(value)
        found = torch.softmax(layer(test_rows), dim=1).numpy()
    return {**_result(seconds, found, problem.test_codes), "reached": reached}


SIDES: dict[str, Callable[[Problem, float | None], dict[str, Any]]] = {
    "headstart": headstart,
    "scikit-learn": scikit_learn,
    "cholesky": cholesky,
    "torch": torch_loop,
}

if __name__ == "__main__":
    side, file, *target = sys.argv[1:]
    print(json.dumps(SIDES[side](Problem.load(Path(file)), float(target[0]) if target else None)))
