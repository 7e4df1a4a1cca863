"""ACTIVATIONS -> ROWS KEPT: what a row depends on, where rows are kept, how missing ones are computed.

    photos ──hash──> known contents ──────────────────────> rows from the store ──> FeatureTable
                └──> missing contents ──decode──> engine ──> store ──┘

`hashing` finds out what photos contain and reads only those that are not `known` by how a `sighting` of
their file looks. `key` says what a row depends on beside its photo, `rows` how one row is kept, `database`
and `store` keep many, `upkeep` checks and thins them, `extract` computes what is missing, `transformer`
brings it into scikit-learn pipelines. Only `extract` (when it must compute) loads torch; only `transformer`
scikit-learn.
"""
