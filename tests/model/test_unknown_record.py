"""What a model folder keeps of unknown photos and sets of classes, and what it refuses."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from headstart.heads.kinds import Kinds
from headstart.heads.sets import Sets
from headstart.heads.unknown import Novelty
from headstart.model.parts import novelty_of, sets_of
from headstart.model.schema import ModelRecord

GOOD = {
    "unknown": {"kind": "classes", "doubt": 0.75, "false_alarms": 0.05, "photos": 60},
    "sets": {"coverage": 0.9, "least": 0.2, "photos": 60, "measured": 0.91, "size": 1.2},
}


def changed(files, **changes):
    return ModelRecord.model_validate_json(json.dumps({**files.record.model_dump(), **changes}))


def test_a_threshold_alone_is_the_distance_to_the_nearest_photo(make_files, tmp_path):
    files = make_files()
    novelty = novelty_of(tmp_path, files)
    assert (novelty.kind, novelty.threshold, novelty.doubt) == ("nearest", 0.5, 0.0)
    assert sets_of(files) is None


def test_the_classes_come_back_as_they_were(make_files, tmp_path):
    files = make_files()
    new = type(files)(changed(files, threshold=3.5, **GOOD), files.tensors)
    novelty = novelty_of(tmp_path, new)
    assert (novelty.kind, novelty.threshold, novelty.doubt) == ("classes", 3.5, 0.75)
    assert (novelty.false_alarms, novelty.photos) == (0.05, 60)
    assert sets_of(new) == Sets(**GOOD["sets"])
    codes = np.array([files.record.head.classes.index(photo.label) for photo in files.record.photos])
    kinds = Kinds(novelty.rows, codes, [photo.sha256 for photo in files.record.photos])
    again = Novelty(novelty.rows, 3.5, kinds=kinds)
    asked = np.random.default_rng(0).normal(size=(5, novelty.rows.shape[1]))
    sure = np.eye(len(files.record.head.classes))[:1].repeat(5, axis=0)
    assert novelty.strangeness(asked, sure).tolist() == again.strangeness(asked).tolist()


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("unknown", "kind", "builtins.eval"),
        ("unknown", "doubt", -1.0),
        ("unknown", "doubt", 1e300),
        ("unknown", "false_alarms", 0.0),
        ("unknown", "false_alarms", 1.0),
        ("unknown", "photos", 0),
        ("unknown", "photos", 2**64),
        ("unknown", "photos", "many"),
        ("unknown", "more", 1),
        ("sets", "least", 1.5),
        ("sets", "coverage", 0.0),
        ("sets", "size", 0.0),
        ("sets", "photos", -3),
        ("sets", "more", 1),
    ],
)
def test_values_that_cannot_be_are_refused(make_files, part, key, value):
    values = {**GOOD[part], key: value}
    with pytest.raises(ValidationError):
        changed(make_files(), **{part: values})


@pytest.mark.parametrize("threshold", [-0.1, 2.5, 1e12])
def test_a_threshold_that_is_no_distance_is_refused(make_files, threshold):
    with pytest.raises(ValidationError):
        changed(make_files(), threshold=threshold)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(make_files, text):
    data = json.dumps({**make_files().record.model_dump(), **GOOD})
    data = data.replace('"doubt": 0.75', f'"doubt": {text}')
    with pytest.raises(ValidationError):
        ModelRecord.model_validate_json(data)
