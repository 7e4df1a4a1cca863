"""ROWS -> PROBABILITIES: what is learnt from your photos, on top of features that stay as they are.

    rows (n, d), labels (n,) => estimator.fit => a fitted head => rows (m, d) => probabilities (m, c)

* `linear`, `neighbours`, `prototypes`: the three estimators, with scikit-learn's contract.
* `fitted`: what a fit leaves behind; predicts with numpy alone and is what a model folder keeps.
* `crossfit`, `metrics`: predictions for photos that a head was not trained on, and how good they are.
* `unknown`: the nearest training photos, and whether a photo is far from all of them.

Import the module you need: this package itself loads nothing.
"""
