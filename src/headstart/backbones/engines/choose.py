"""(source, home, what was asked for, real photos) => the engine that runs it here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.engines.engine import ANY, EngineChoice, EngineName, Precision
from headstart.backbones.engines.openvino_engine import OpenVinoEngine
from headstart.backbones.engines.plan import EnginePlan, recall, remember
from headstart.backbones.engines.runtime import has_bf16, has_openvino
from headstart.backbones.engines.tensorflow_engine import TensorFlowEngine, on_tensorflow, require_suited
from headstart.backbones.engines.torch_engine import CPU, CUDA, TorchEngine, has_cuda
from headstart.backbones.engines.trial import PHOTOS, Candidate, try_engines
from headstart.backbones.spec import OWN
from headstart.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headstart.backbones.engines.engine import Engine
    from headstart.backbones.source import FeatureSource
    from headstart.storage.home import Home

Pictures = Callable[[int], "Sequence[NDArray[np.uint8]]"]
"""(how many) => real photos at the network's input size, no more than that; asked only for a trial."""

CALIBRATION_PHOTOS = 128


@dataclass(frozen=True)
class Chosen:
    """An engine, ready to run.

    Attributes:
        engine: the engine.
        plan: why it is this one; None where nothing was chosen.
        notes: what people should know of the choice.
    """

    engine: Engine
    plan: EnginePlan | None
    notes: tuple[str, ...] = ()


def choose_engine(source: FeatureSource, home: Home, asked: EngineChoice, pictures: Pictures) -> Chosen:
    """Take the engine that was chosen before, or try them for a moment and remember the choice.

    A network of the user's own runs in torch unless something was asked for: following one photo through
    code that nobody knows would miss what it decides for each photo anew.

    Args:
        source: what is to be run.
        home: where the choice is remembered, and converted networks are kept.
        asked: engine and precision, where the user wants certain ones.
        pictures: gives real photos for the trial.

    Raises:
        UsageError: an engine or a precision that this machine does not have.
        BackboneError: no engine can run the network as it was asked for.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.backbones.source import FeatureSource
        >>> from headstart.storage.home import Home
        >>> from headstart.testing import fake_photo, tiny_backbone
        >>> source = FeatureSource.of(tiny_backbone())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     asked, photo = EngineChoice("openvino"), fake_photo(0, 0, side=32)
        ...     chosen = choose_engine(source, Home(Path(folder)), asked, lambda most: [photo])
        >>> chosen.plan.engine, chosen.plan.agreement.photos
        ('openvino', 1)
    """
    require_suited(source, asked.engine, asked.precision)
    if on_tensorflow(source):
        return _built(source, home, EnginePlan("tensorflow", "f32"))
    if source.spec.framework == OWN and asked == ANY:
        return _built(source, home, EnginePlan("torch", "f32"))
    plan = recall(source, home, asked)
    if plan is None:
        _require_possible(asked)
        plan = _tried(source, home, asked, pictures)
    return _built(source, home, plan)


def the_engine(
    source: FeatureSource,
    home: Home | None,
    engine: EngineName,
    precision: Precision,
    *,
    device: str = CPU,
) -> Engine:
    """A certain engine, without any trial.

    Args:
        source: what is to be run.
        home: where converted networks are kept; None: nowhere.
        engine: its name.
        precision: in which it computes.
        device: "cuda" where torch should take a card, if there is one.

    Raises:
        UsageError: this machine does not have it, or the network was never quantised in this home.
    """
    require_suited(source, engine, precision)
    _require_possible(EngineChoice(engine, precision))
    on_card = engine == "torch" and device == CUDA and has_cuda()
    return _engine(source, home, engine, precision, CUDA if on_card else CPU)


def _tried(source: FeatureSource, home: Home, asked: EngineChoice, pictures: Pictures) -> EnginePlan:
    real = pictures(CALIBRATION_PHOTOS if asked.precision == "int8" else PHOTOS)
    if not real:  # nothing to measure, and nothing to compute
        return EnginePlan(asked.engine or ("openvino" if has_openvino() else "torch"), "f32")
    if asked.precision == "int8":
        from headstart.backbones.engines.quantise import quantise

        quantise(source, home, real)
    reference = TorchEngine(source)
    candidates = _candidates(source, home, asked, reference)
    plan = try_engines(candidates, reference, real[:PHOTOS], asked)
    return remember(plan, source, home, asked)


def _candidates(
    source: FeatureSource, home: Home, asked: EngineChoice, reference: TorchEngine
) -> list[Candidate]:
    """In the order of preference, f32 first; the reference is one of them."""
    found = []
    for precision in _precisions(asked):
        for engine, device in _places(source, asked, precision):
            same = (engine, precision, device) == ("torch", "f32", CPU)
            built = reference if same else _engine(source, home, engine, precision, device)
            found.append(Candidate(engine, precision, device, built))
    return found


def _precisions(asked: EngineChoice) -> list[Precision]:
    if asked.precision is not None:
        return [asked.precision]
    return ["f32", "bf16"] if has_bf16() else ["f32"]


def _suits_openvino(source: FeatureSource, asked: EngineChoice, precision: Precision) -> bool:
    asked_for = asked.engine == "openvino" or precision == "int8"
    return (source.spec.framework != OWN or asked_for) and (precision != "bf16" or has_bf16())


def _places(source: FeatureSource, asked: EngineChoice, precision: Precision) -> list[tuple[EngineName, str]]:
    places: list[tuple[EngineName, str]] = []
    if has_openvino() and asked.engine != "torch" and _suits_openvino(source, asked, precision):
        places.append(("openvino", CPU))
    if precision != "int8" and asked.engine != "openvino":
        # torch's bf16 lost to OpenVINO's on every network (docs/performance.md): no time is spent on it.
        if not places or precision == "f32" or asked.precision is not None:
            places.append(("torch", CPU))
        if has_cuda():
            places.append(("torch", CUDA))
    return places


def _require_possible(asked: EngineChoice) -> None:
    """Refuse, before any work, what this machine does not have."""
    wish = "--engine openvino" if asked.engine == "openvino" else "--precision int8"
    if (asked.engine == "openvino" or asked.precision == "int8") and not has_openvino():
        raise UsageError(f"{wish} needs OpenVINO, which is not installed here: pip install openvino")
    if asked.engine == "openvino" and asked.precision == "bf16" and not has_bf16():
        raise UsageError(
            "--precision bf16 needs a processor that computes in bfloat16 (AMX, AVX-512 BF16); this one does "
            "not: choose --precision f32"
        )


def _built(source: FeatureSource, home: Home, plan: EnginePlan) -> Chosen:
    return Chosen(_engine(source, home, plan.engine, plan.precision, plan.device), plan)


def _engine(
    source: FeatureSource, home: Home | None, engine: EngineName, precision: Precision, device: str
) -> Engine:
    if engine == "tensorflow":
        return TensorFlowEngine(source)
    if engine == "torch":
        return TorchEngine(source, precision=precision, device=device)
    if precision != "int8":
        return OpenVinoEngine(source, home, precision=precision)
    from headstart.backbones.engines.quantise import quantised

    return OpenVinoEngine(source, home, precision=precision, quantised=quantised(source, home))
