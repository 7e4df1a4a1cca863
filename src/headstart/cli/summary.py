"""The facts of a result, as lines for people."""

from __future__ import annotations

from typing import Any

from headstart.cli.output import percent

_NAMED = 5
_HOW = {
    "folds": "out of fold: each judged by a head that had not seen it",
    "held-out": "on a held-out part",
    "test": "on the test photos",
}


def accuracy_line(accuracy: dict[str, Any] | None) -> str:
    """Write an accuracy with its interval and what it rests on; None where nothing could be measured.

    Example:
        >>> accuracy_line({"value": 0.975, "low": 0.943, "high": 0.989, "photos": 200, "how": "test"})
        '97.5 % right of 200 photos (95 % interval 94.3 to 98.9), on the test photos'
    """
    if accuracy is None:
        return "how good it is could not be measured"
    line = (
        f"{percent(accuracy['value'])} right of {accuracy['photos']:,} photos "
        f"(95 % interval {100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f}), "
        f"{_HOW.get(accuracy['how'], accuracy['how'])}"
    )
    if accuracy.get("top3") is not None:
        line += f"; among the first three: {percent(accuracy['top3'])}"
    return line


def photos_lines(photos: dict[str, Any], skipped: list[dict[str, str]] | None = None) -> list[str]:
    """Write how many of how many photos were used, and why the others were not.

    Args:
        photos: the counts.
        skipped: the files, of which the first few are named.

    Example:
        >>> photos_lines({"used": 8, "skipped": 2, "reasons": {"empty": 1, "truncated": 1}})
        ['used 8 of 10 photos; 2 skipped: 1 empty, 1 truncated']
    """
    total = photos["used"] + photos["skipped"]
    line = f"used {photos['used']:,} of {total:,} photos"
    if photos["skipped"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in photos["reasons"].items())
        line += f"; {photos['skipped']} skipped: {reasons}"
    named = [f"  {each['file']}: {each['detail']}" for each in (skipped or [])[:_NAMED]]
    more = (
        [f"  and {len(skipped) - _NAMED} more (--json names all)"]
        if skipped and len(skipped) > _NAMED
        else []
    )
    return [line, *named, *more]


def training_lines(facts: dict[str, Any]) -> list[str]:
    """Write what `train` gives: the answer first, then what it rests on, then what to do next."""
    seconds, features = facts["seconds"], facts["features"]
    lines = [accuracy_line(facts["accuracy"]), *tuning_lines(facts.get("finetuning"))]
    lines += photos_lines(facts["photos"])
    lines += [f"note: {note}" for note in facts["notes"]]
    network = f"{facts['backbone']}{engine_words(facts['engine'])}"
    lines.append(
        f"{network}: {features['computed']:,} features computed, {features['reused']:,} reused "
        f"in {seconds['features']:.1f} s; head in {seconds['head']:.1f} s; {_training(seconds)}"
        f"{seconds['total']:.1f} s in all"
    )
    lines += agreement_lines(facts["engine"])
    lines.append(f"model:   {facts['model']}")
    lines.append(f"report:  {facts['report']}")
    if facts["photos"]["skipped"]:
        lines.append(f"skipped: {facts['skipped_list']}")
    return lines


def _training(seconds: dict[str, float]) -> str:
    if "training" not in seconds:
        return ""
    return f"activations in {seconds['activations']:.1f} s; network trained in {seconds['training']:.1f} s; "


def tuning_lines(tuning: dict[str, Any] | None) -> list[str]:
    """Write what came of training the network on; nothing where it was not trained."""
    if tuning is None:
        return []
    difference, checked = tuning["difference"], tuning["validation"]
    better = 100 * difference["value"]
    lines = [
        f"linear head alone: {percent(tuning['probe']['value'])}; fine-tuned: "
        f"{percent(tuning['accuracy']['value'])}, {better:+.1f} points on the same photos "
        f"(95 % interval {100 * difference['low']:+.1f} to {100 * difference['high']:+.1f})",
        f"validation log loss: {curve([epoch['loss'] for epoch in tuning['history']])} "
        f"epoch {tuning['best_epoch']} of {tuning['history'][-1]['number']}"
        f"{'; ' + tuning['stopped'] if tuning['stopped'] else ''}",
    ]
    verdict = f"{checked['loss']:.4g} against {checked['probe_loss']:.4g} on {checked['photos']} photos"
    if tuning["kept"] != "fine-tuned":
        return [
            *lines,
            f"kept: the linear head; fine-tuning is not better ({verdict}; --no-gate would keep it)",
        ]
    if checked["loss"] >= checked["probe_loss"]:
        return [*lines, f"kept: the fine-tuned network, though it is not better ({verdict}): the gate is off"]
    return [*lines, f"kept: the fine-tuned network ({verdict})"]


_BARS = "▁▂▃▄▅▆▇█"


def curve(values: list[float]) -> str:
    """A row of figures as one line of bars, each as high as its figure among them.

    Example:
        >>> curve([3.0, 2.0, 1.0])
        '3 █▅▁ 1'
    """
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    bars = (_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)
    return f"{values[0]:.3g} {''.join(bars)} {values[-1]:.3g}"


def engine_words(engine: dict[str, Any] | None) -> str:
    """Say what computed features, where that was chosen.

    Example:
        >>> engine_words({"name": "openvino", "precision": "bf16"})
        ' in openvino bf16'
    """
    return "" if engine is None else f" in {engine['name']} {engine['precision']}"


def agreement_lines(engine: dict[str, Any] | None) -> list[str]:
    """Write how features and answers in a lower precision agree with those in f32; nothing for f32 itself.

    Example:
        >>> agreement = {"photos": 16, "median": 0.9999, "least": 0.9995}
        >>> agreement_lines({"precision": "bf16", "agreement": agreement})
        ['features: cosine with torch in f32: 0.9995 or more for each of 16 photos']
    """
    if engine is None or engine["precision"] == "f32":
        return []
    from headstart.tasks.agreement import agreement_sentence, comparison_sentence

    agreement, comparison = engine.get("agreement"), engine.get("comparison")
    lines = [] if agreement is None else [f"features: {agreement_sentence(agreement)}"]
    return lines if comparison is None else [*lines, f"answers: {comparison_sentence(comparison)}"]
