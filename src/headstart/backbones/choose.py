"""(one traced pass) => the layer whose row stands for a photo; derived from the network, no table of names.

The row is the last spatial map before the classifier, averaged over height and width, where the network
works that way or flattens the map (VGG); otherwise it is the vector that enters the classifier, which is the
network's own pooling (transformers, DenseNet's functional ReLU).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from headstart.backbones.layers import OUTPUT
from headstart.errors import BackboneError

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.backbones.trace import Trace, Visit


def choose_layer(trace: Trace, *, has_classifier: bool = False) -> str:
    """The default feature layer of a network of which nothing else is known.

    Args:
        trace: one pass.
        has_classifier: the network is known to end in a classifier; otherwise that is judged by its shapes.

    Raises:
        BackboneError: the network has fewer than two layers with parameters, so nothing lies before its last.
    """
    classifier = _classifier(trace)
    whole = trace.visits[""]
    if classifier is None or not (has_classifier or _looks_like_classifier(trace, classifier)):
        if trace.is_map(whole.given):
            return f"{readable(trace, whole.given_mean) or OUTPUT}:mean"
        found = readable(trace, whole.given_mean)
        return f"{found}:mean" if found else OUTPUT
    return _before(trace, classifier)


def readable(trace: Trace, row: Tensor | None, *, until: int | None = None) -> str | None:
    """The last outermost module whose map, averaged, is that row; one with parameters is preferred.

    Args:
        trace: one pass.
        row: (1, channels).
        until: only modules that had finished at this moment of the pass.
    """
    maps = [
        each
        for each in _outermost(trace)
        if trace.is_map(each.given) and (until is None or each.left < until) and _same(each.given_mean, row)
    ]
    chosen = [each for each in maps if each.parameters] or maps
    return chosen[-1].name if chosen else None


def _classifier(trace: Trace) -> Visit | None:
    """The outermost module that holds the last parameters to be used, and not all the others too."""
    users = [each for each in trace.ran() if each.own_parameters and each.name]
    if not users:
        return None
    last = max(users, key=lambda each: each.entered)
    for holder in _chain(trace, last):
        before = [each for each in users if each.entered < holder.entered and not each.holds(holder)]
        if before:
            return holder
    raise BackboneError(
        f"only {last.name!r} has parameters, so no layer lies before it; state a feature layer"
    )


def _chain(trace: Trace, visit: Visit) -> list[Visit]:
    """The modules that hold a module, from the outside in, itself last; those that ran."""
    parts = visit.name.split(".")
    names = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return [trace.visits[name] for name in names if name in trace.visits and trace.visits[name].calls]


def _looks_like_classifier(trace: Trace, last: Visit) -> bool:
    """Whether the last layer gives what the network gives, and not a map that is still to be averaged."""
    whole = trace.visits[""].given
    return not trace.is_map(whole) and math.prod(last.given[1:]) == math.prod(whole[1:])


def _before(trace: Trace, classifier: Visit) -> str:
    entering = classifier.taken_mean
    if entering is None:
        raise BackboneError(f"no tensor enters {classifier.name!r}; state a feature layer for this network")
    last = _last_map(trace, classifier)
    if last is not None and (_same(last.given_mean, entering) or _is_flattened(last, entering)):
        return f"{last.name}:mean"
    averaging = len(classifier.taken) == 3 or trace.is_map(classifier.taken)
    return f"{classifier.name}:in:mean" if averaging else f"{classifier.name}:in"


def _last_map(trace: Trace, classifier: Visit) -> Visit | None:
    maps = [
        each
        for each in _outermost(trace, beside=classifier)
        if each.parameters and each.left < classifier.entered and trace.is_map(each.given)
    ]
    return maps[-1] if maps else None


def _outermost(trace: Trace, beside: Visit | None = None) -> list[Visit]:
    """Modules that ran once, not inside another that ran, wrappers of everything aside; as they finished."""
    everything = trace.visits[""].parameters
    wrappers = [
        each for each in trace.ran() if each.parameters == everything or (beside and each.holds(beside))
    ]
    candidates = [each for each in trace.ran() if each not in wrappers]
    return [
        each
        for each in candidates
        if each.calls == 1 and not any(other is not each and other.holds(each) for other in candidates)
    ]


def _is_flattened(last: Visit, entering: Tensor) -> bool:
    """Whether a vector is a map of the same channels, flattened (VGG, AlexNet)."""
    channels = last.given[1]
    if last.given_mean is None or entering.shape[1] <= channels or entering.shape[1] % channels:
        return False
    return _same(entering.view(1, channels, -1).mean(2), last.given_mean)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    import torch

    if one is None or other is None or one.shape != other.shape:
        return False
    scale = float(other.abs().max())
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5 * scale + 1e-12)
