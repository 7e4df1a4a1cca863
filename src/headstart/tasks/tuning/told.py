"""(facts of a fine-tuning) => what the report says of it, and the words that ask for it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headstart.report.tuning import Share, TuningEpoch, TuningFacts
from headstart.tasks.tuning.options import settings_of

if TYPE_CHECKING:
    from headstart.model.facts import Accuracy, DifferenceFacts, FinetuningFacts

_NO_OPTION = {"seed", "find-rate"}
"""Settings that are asked for in another way."""


def tuning_facts(facts: FinetuningFacts) -> TuningFacts:
    """Give the report's values."""
    assert facts.accuracy and facts.probe and facts.difference  # noqa: S101, PT018  (photos were held out)
    test = facts.rate_test
    return TuningFacts(
        start=facts.start,
        part=facts.part,
        share=facts.share,
        kept=facts.kept == "fine-tuned",
        gate=facts.gate,
        loss=facts.validation.loss,
        probe_loss=facts.validation.probe_loss,
        validation=facts.validation.photos,
        accuracy=_share(facts.accuracy),
        probe=_share(facts.probe),
        difference=_share(facts.difference),
        best=facts.best_epoch,
        blend=facts.blend,
        stopped=facts.stopped,
        history=[
            TuningEpoch(each.number, each.train_loss, each.loss, each.accuracy) for each in facts.history
        ],
        rates=() if test is None else test.rates,
        losses=() if test is None else test.losses,
        suggested=None if test is None else test.suggested,
        settings=[(name, written(value)) for name, value in facts.settings.items()],
    )


def _share(figure: Accuracy | DifferenceFacts) -> Share:
    return Share(figure.value, figure.low, figure.high)


def written(value: str | float | bool | None) -> str:  # noqa: FBT001  (a setting's value)
    """A setting as people read it.

    Example:
        >>> written(True), written(None), written(0.0003), written("adamw")
        ('yes', 'none', '0.0003', 'adamw')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def changed_settings(facts: FinetuningFacts) -> list[str]:
    """The options of the command line that differ from their defaults.

    Example:
        >>> from headstart.finetune.settings import Tuning
        >>> from types import SimpleNamespace
        >>> asked = Tuning(epochs=3, mirror=False, clip=None)
        >>> changed_settings(SimpleNamespace(settings=settings_of(asked), rate_test=None))
        ['--epochs', '3', '--clip', '0', '--no-mirror']
    """
    from headstart.finetune.settings import Tuning

    usual, words = settings_of(Tuning()), []
    for name, value in facts.settings.items():
        if name in _NO_OPTION or value == usual.get(name):
            continue
        if name == "learning-rate" and facts.rate_test is not None:
            words += ["--learning-rate", "find"]
        elif isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            words += [f"--{name}", "0" if value is None else str(value)]
    return words
