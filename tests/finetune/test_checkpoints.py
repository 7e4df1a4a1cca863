"""What an interrupted training goes on from, and what it does not trust."""

import stat
from dataclasses import asdict

import pytest
import torch

from headstart.errors import StorageError
from headstart.finetune.checkpoints import Checkpoints
from headstart.finetune.history import Epoch
from headstart.finetune.loop import RunState, fit
from tests.finetune.fakes import examples, perceptron, same, training

HISTORY = [
    Epoch(0, None, 0.7, 0.5),
    Epoch(1, 0.5, 1 / 3, 0.75, 1e-3, 0.25),
    Epoch(2, 0.4, 0.3, 0.8, 1e-4, 1.5),
]


def state(epoch, stopped=""):
    tensors = {"now.weight": torch.full((3, 2), float(epoch)), "best.count": torch.tensor(epoch)}
    return RunState(epoch, HISTORY[: epoch + 1], tensors, stopped)


@pytest.fixture
def checkpoints(tmp_path):
    kept = Checkpoints(tmp_path / "key" / "run")
    kept.save(state(1))
    kept.save(state(2))
    return kept


def newest_file(checkpoints):
    return max(checkpoints.folder.iterdir())


def test_an_epoch_comes_back_as_it_was(checkpoints):
    found = checkpoints.newest()

    assert (found.epoch, found.stopped) == (2, "")
    assert [asdict(each) for each in found.history] == [asdict(each) for each in HISTORY]
    assert same(found.tensors, state(2).tensors)
    assert found.tensors["best.count"].dtype == torch.int64


def test_two_epochs_are_kept_and_only_their_owner_reads_them(checkpoints):
    checkpoints.save(state(2, stopped="no better epoch for 1"))
    names = sorted(path.name[:11] for path in checkpoints.folder.iterdir())

    assert len(names) == 2
    assert names[-1] == "epoch-00002"
    assert checkpoints.newest().stopped == "no better epoch for 1"
    for folder in (checkpoints.folder, checkpoints.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in checkpoints.folder.iterdir()} == {0o600}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_passed_over(checkpoints, share):
    path = newest_file(checkpoints)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])

    assert checkpoints.newest().epoch == 1


def test_no_flipped_bit_is_taken_for_the_truth(checkpoints):
    path = newest_file(checkpoints)
    data = path.read_bytes()
    for place in {*range(0, len(data), 7), len(data) - 1}:
        broken = bytearray(data)
        broken[place] ^= 0b100
        path.write_bytes(bytes(broken))

        assert checkpoints.newest().epoch == 1, place


def test_where_all_are_damaged_or_none_is_there_it_begins_again(checkpoints, tmp_path):
    for path in checkpoints.folder.iterdir():
        path.write_bytes(b"")

    assert checkpoints.newest() is None
    assert Checkpoints(tmp_path / "none").newest() is None


def test_a_disk_that_refuses_leaves_the_epoch_before(checkpoints, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError) as refused:
        checkpoints.save(state(2, stopped="other"))
    monkeypatch.undo()

    assert "\n" not in str(refused.value)
    assert checkpoints.newest().stopped == ""


class Stop:
    """Ctrl-C in one of the steps."""

    def __init__(self, step):
        self.step = step

    def __call__(self, moment):
        if moment.step == self.step:
            raise KeyboardInterrupt


def run(checkpoints=None, stop=None, **options):
    module = perceptron()
    fitted = fit(
        module,
        examples(),
        training(epochs=5, average=0.9, mixup=0.2, **options),
        checkpoints=checkpoints,
        watch=stop,
        keep_last=True,
    )
    return module.state_dict(), fitted


@pytest.mark.parametrize("optimiser", ["adamw", "momentum", "adagrad", "sgd"])
def test_an_interrupted_training_goes_on_to_the_same_end(tmp_path, optimiser):
    undisturbed, told = run(optimiser=optimiser)
    kept = Checkpoints(tmp_path / "run")
    for step in (1, 4, 8, 14):  # in the first epoch, the second, at the end of the third, in the last step
        with pytest.raises(KeyboardInterrupt):
            run(kept, Stop(step), optimiser=optimiser)
    ended, said = run(kept, optimiser=optimiser)

    assert same(ended, undisturbed)
    assert (said.history, said.best, said.stopped) == (told.history, told.best, told.stopped)


def test_after_a_damaged_epoch_it_goes_on_from_the_one_before_to_the_same_end(tmp_path):
    undisturbed, told = run()
    kept = Checkpoints(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        run(kept, Stop(10))
    newest_file(kept).write_bytes(b"lost")
    ended, said = run(kept)

    assert same(ended, undisturbed)
    assert said.history == told.history
    assert told.notes == ()
    assert said.notes == ("the checkpoint of epoch 3 was damaged, so training went on after epoch 2",)


def test_where_every_epoch_was_damaged_it_says_that_it_began_again(tmp_path):
    kept = Checkpoints(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        run(kept, Stop(4))
    newest_file(kept).write_bytes(b"lost")

    assert run(kept)[1].notes == ("the checkpoint of epoch 1 was damaged, so training began again",)


def test_a_training_that_had_ended_early_stays_ended(tmp_path):
    kept = Checkpoints(tmp_path / "run")
    options = {"learning_rate": 0.3, "schedule": "constant", "patience": 1}
    first, told = run(kept, **options)
    again, said = run(kept, Stop(0), **options)

    assert told.stopped
    assert same(first, again)
    assert said.stopped == told.stopped
