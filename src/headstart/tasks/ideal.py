"""(model, class) => the picture that a network sees most of that class in, and who else sees it there."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import UsageError
from headstart.features.progress import NoProgress
from headstart.images.pixels import to_pictures, to_pixels
from headstart.storage.home import Home
from headstart.tasks.seeds import check_seed
from headstart.tasks.verifiers import Belief

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headstart.features.progress import Progress
    from headstart.model.model import Model
    from headstart.pixels.ideal.draw import Wanted
    from headstart.pixels.ideal.recipes import Recipe
    from headstart.pixels.network import Network
    from headstart.pixels.optimise import Step
    from headstart.pixels.spectrum import Spectrum
    from headstart.tasks.verifiers import Candidate

ADVERSARIAL_TEXTURE = "an adversarial texture"
_SURE = 0.5
MOST_SEEDS = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture at one step of its making.

    Attributes:
        step: how many steps were done.
        picture: (h, w, 3) uint8.
        logit: what the network gave for what it was shown in that step (for a channel: its activation).
        probability: of the class; None for a channel.
    """

    step: int
    picture: NDArray[np.uint8]
    logit: float
    probability: float | None


@dataclass(frozen=True, slots=True)
class IdealImage:
    """An ideal image and the facts about it, all measured on `picture` as it is, rounded to 8 bits.

    Attributes:
        picture: (h, w, 3) uint8, RGB: saved as PNG, `predict` sees what the network was shown.
        network: its name.
        method: how it was made.
        seed: of its start.
        steps: how many it took.
        label: the class; None for a channel.
        unit: "LAYER channel K"; None for a class.
        probability: of the class, by its own network; None for a channel.
        rank: of the class there, 1 for the answer; None for a channel.
        logit: of the class before the softmax; for a channel its mean activation.
        total_variation: absolute differences of neighbouring values in [0, 1], summed.
        verifiers: what networks say that had no part in it, by name.
        frames: the steps that were asked for.
        notes: what people should know.
        seconds: that it took to make; judging not counted.
        silent: a channel is wanted, and no step drove it more than the start did.
    """

    picture: NDArray[np.uint8]
    network: str
    method: str
    seed: int
    steps: int
    label: str | None
    unit: str | None
    probability: float | None
    rank: int | None
    logit: float
    total_variation: float
    verifiers: Mapping[str, Belief] = field(default_factory=dict)
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    silent: bool = False

    @property
    def adversarial_texture(self) -> bool | None:
        """Whether only its own network sees the class; None where no other was asked or its own does not."""
        if not self.verifiers or self.rank != 1:
            return None
        return not any(each.believed for each in self.verifiers.values())

    @property
    def verdict(self) -> str:
        """What it is worth, in one sentence."""
        if self.silent:
            return (
                f"{self.unit} of {self.network} stays as it was: no gradient leads there from this start; "
                "try another seed, or the layer before its ReLU"
            )
        if self.label is None:
            return f"what drives {self.unit} of {self.network} most; other networks have no such channel"
        if self.rank != 1 or (self.probability or 0.0) < _SURE:
            return f"not even {self.network} itself is sure that this is {self.label!r}: more steps may help"
        if not self.verifiers:
            return (
                f"no other network at hand knows {self.label!r}, so nobody can say whether this is more "
                f"than {ADVERSARIAL_TEXTURE}"
            )
        if self.adversarial_texture:
            return f"{ADVERSARIAL_TEXTURE}: only {self.network} itself sees {self.label!r} in it"
        who = [name for name, each in self.verifiers.items() if each.believed]
        return f"{self.label!r} also for {' and '.join(who)}, which had no part in it"

    def to_json(self) -> dict[str, Any]:
        """Give the facts as JSON values, without the pictures."""
        return {
            "class": self.label,
            "unit": self.unit,
            "network": self.network,
            "method": self.method,
            "seed": self.seed,
            "steps": self.steps,
            "probability": self.probability,
            "rank": self.rank,
            "logit": self.logit,
            "total_variation": self.total_variation,
            "verifiers": {name: each.to_json() for name, each in self.verifiers.items()},
            "adversarial_texture": self.adversarial_texture,
            "verdict": self.verdict,
            "seconds": self.seconds,
        }


def ideal_image(
    model: str | Path | Model | Network, class_name: str | None = None, *, seed: int = 0, **options: Any
) -> IdealImage:
    """Make the picture in which a network sees most of a class.

    Args:
        model: a trained `Model`, its folder, a `Network`, or the name of a network with classes of its own.
        class_name: the class, by name or identifier; None where `layer` is given.
        seed: of the start and of what the picture must survive.
        **options: as `ideal_images` takes them.

    Returns:
        The picture and the facts. The same seed gives the same bytes on one machine.

    Raises:
        UsageError: no such network, class, layer, method or number.

    Example:
        >>> import tempfile
        >>> from headstart.pixels.network import of_backbone
        >>> from headstart.testing import tiny_backbone
        >>> network = of_backbone(tiny_backbone(classes=("cat", "dog", "elk")))
        >>> with tempfile.TemporaryDirectory() as home:
        ...     ideal = ideal_image(network, "elk", steps=20, home=home)
        >>> ideal.picture.shape, ideal.label, ideal.rank
        ((32, 32, 3), 'elk', 1)
    """
    return ideal_images(model, class_name, seeds=[seed], **options)[0]


def ideal_images(
    model: str | Path | Model | Network,
    class_name: str | None = None,
    *,
    seeds: Sequence[int] = (0,),
    layer: str | None = None,
    channel: int | None = None,
    method: str = "fourier",
    steps: int | None = None,
    tv: float | None = None,
    optimiser: str | None = None,
    learning_rate: float | None = None,
    spectrum: Spectrum | str | Path | None = None,
    verifiers: Sequence[str] = (),
    record: Callable[[int], Collection[int]] | None = None,
    home: str | Path | None = None,
    progress: Progress | None = None,
) -> list[IdealImage]:
    """Make several of them, each from a seed of its own and just as it would be made by itself.

    Args:
        model: as in `ideal_image`.
        class_name: likewise.
        seeds: one picture for each.
        layer: with `channel`: what drives that channel of a layer most, instead of a class.
        channel: from 0.
        method: "lesson", "pixel", "fourier" or "maco": see `headstart.pixels.ideal.recipes`.
        steps: how many; None: the method's own.
        tv: weight of the total variation, in the method's unit; None: the method's own.
        optimiser: "sgd", "momentum", "rmsprop", "adam", "nadam" or "adagrad"; None: the method's own.
        learning_rate: None: the method's own for that optimiser.
        spectrum: for "maco": a measured one, or photos to measure; None: that of 1,000 photos of ImageNet.
        verifiers: networks to ask in addition to those at hand: names or model folders.
        record: how many steps there will be => the numbers of those to keep in `frames`.
        home: the folder for weights and features; None: `HEADSTART_HOME` or the platform's.
        progress: told of the pace.

    Raises:
        UsageError: no such network, class, layer, method or number.
        PhotosError: photos for the spectrum that can't be used.
    """
    from headstart.backbones.engines.one_thread import each_alone
    from headstart.pixels.ideal.recipes import choose_recipe
    from headstart.tasks.network import open_with_model
    from headstart.tasks.spectrum import open_spectrum

    recipe = choose_recipe(method, steps=steps, optimiser=optimiser, learning_rate=learning_rate, tv=tv)
    _check(class_name, layer, channel, seeds, spectrum, method)
    place, show = Home.find(home), NoProgress() if progress is None else progress
    network, trained = open_with_model(model, place, progress)
    wanted, label = _wanted(network, class_name, layer, channel)
    judges = _judges(network, trained, label, verifiers, place)
    measured = open_spectrum(spectrum, show) if spectrum is not None else None
    kept = frozenset(record(recipe.steps) if record is not None else ())
    work = _Work(network, wanted, label, recipe, measured, kept, show)
    show.start(recipe.steps * len(seeds), "steps to the ideal image")
    try:
        made = list(each_alone(work.make, seeds))
    finally:
        show.stop()
    return _judged(network, made, judges)


def _check(  # noqa: PLR0917
    class_name: str | None,
    layer: str | None,
    channel: int | None,
    seeds: Sequence[int],
    spectrum: object,
    method: str,
) -> None:
    if (layer is None) != (channel is None):
        raise UsageError("a channel is named by --layer L and --channel K together; give both")
    if (class_name is None) == (layer is None):
        what = "a class and a layer were" if layer is not None else "neither a class nor a layer was"
        raise UsageError(f"{what} given; expected a class, or --layer L --channel K instead of it")
    if not 1 <= len(seeds) <= MOST_SEEDS:
        raise UsageError(f"{len(seeds)} seeds were given; expected 1 to {MOST_SEEDS}")
    for seed in seeds:
        check_seed(seed)
    if spectrum is not None and method != "maco":
        raise UsageError(f"a spectrum is what --method maco keeps to; --method {method} does not use one")


def _wanted(
    network: Network, class_name: str | None, layer: str | None, channel: int | None
) -> tuple[Wanted, str | None]:
    from headstart.pixels.ideal.draw import Wanted, channels
    from headstart.pixels.network import class_index
    from headstart.tasks.layer_names import completed

    if class_name is not None:
        index = class_index(network, class_name)
        return Wanted(index=index), network.classes[index]
    if layer is None or channel is None:
        raise AssertionError("checked before")
    layer = completed(network.backbone, layer)
    there, layout = channels(network, layer)
    if not 0 <= channel < there:
        raise UsageError(f"--channel is {channel}; {layer} of {network.name} has channels 0 to {there - 1}")
    return Wanted(layer=layer, channel=channel, layout=layout), None


def _judges(
    network: Network, trained: Model | None, label: str | None, verifiers: Sequence[str], home: Home
) -> list[Candidate]:
    if label is None:
        if verifiers:
            raise UsageError("--verifier judges a class; a channel exists in one network only")
        return []
    from headstart.tasks.verifiers import candidates, named_candidate

    named = [named_candidate(network, label, each, home) for each in verifiers]
    already = {each.name for each in named}
    return [*named, *(each for each in candidates(network, trained, home) if each.name not in already)]


@dataclass(frozen=True)
class _Work:
    """Everything that the pictures of several seeds share."""

    network: Network
    wanted: Wanted
    label: str | None
    recipe: Recipe
    spectrum: Spectrum | None
    record: frozenset[int]
    progress: Progress

    def make(self, seed: int) -> IdealImage:
        from headstart.pixels.ideal.draw import draw

        began, frames, start = time.perf_counter(), list[Frame](), list[float]()

        def watch(step: Step) -> None:
            self.progress.advance()
            if not start:
                start.append(float(step.value.sum()))
            if step.number in self.record:
                frames.append(self._frame(step))

        made = draw(self.network, self.wanted, self.recipe, seed=seed, spectrum=self.spectrum, watch=watch)
        seconds = time.perf_counter() - began
        measured = self._measured(to_pictures(made)[0], seed, tuple(frames), seconds)
        silent = self.label is None and (not start or measured.logit <= start[0])
        return replace(measured, silent=silent)

    def _frame(self, step: Step) -> Frame:
        from headstart.pixels.ideal.draw import framed

        picture = to_pictures(framed(step.pixels, self.network.resize))[0]
        if self.wanted.index is None:
            return Frame(step.number, picture, float(step.value.sum()), None)
        shown = step.logits[:, self.wanted.index].mean()
        probability = step.logits.softmax(dim=1)[:, self.wanted.index].mean()
        return Frame(step.number, picture, float(shown), float(probability))

    def _measured(
        self, picture: NDArray[np.uint8], seed: int, frames: tuple[Frame, ...], seconds: float
    ) -> IdealImage:
        import torch

        from headstart.pixels.objectives import total_variation
        from headstart.tasks.verifiers import as_received

        received = as_received(png_of(picture), self.network.resize)
        with torch.no_grad():
            seen = self.network.see(received, self.wanted.objective().layers)
            value = float(self.wanted.objective().value(seen))
        probability, rank, index = None, None, self.wanted.index
        if index is not None:
            logits = seen.logits[0]
            probability = float(logits.softmax(0)[index])
            rank = int((logits > logits[index]).sum()) + 1
        return IdealImage(
            picture=picture,
            network=self.network.name,
            method=self.recipe.method,
            seed=seed,
            steps=self.recipe.steps,
            label=self.label,
            unit=None if self.label is not None else f"{self.wanted.layer} channel {self.wanted.channel}",
            probability=probability,
            rank=rank,
            logit=value,
            total_variation=float(total_variation(torch.from_numpy(to_pixels([picture])))),
            frames=frames,
            seconds=seconds,
        )


def _judged(network: Network, made: Sequence[IdealImage], judges: Sequence[Candidate]) -> list[IdealImage]:
    from headstart.tasks.verifiers import Bench

    label = made[0].label
    if label is None or not judges:
        return list(made)
    bench = Bench(network, label)
    said = bench.ask(judges, [png_of(each.picture) for each in made])
    return [
        replace(each, verifiers=beliefs, notes=tuple(bench.notes))
        for each, beliefs in zip(made, said, strict=True)
    ]


def png_of(picture: NDArray[np.uint8]) -> bytes:
    """The bytes of the file that is saved."""
    from PIL import Image

    from headstart.report.sheet import png

    return png(Image.fromarray(picture))
