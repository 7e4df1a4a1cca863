"""(names, home) => the networks to compare: those at hand, or those that were named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headstart.backbones.registry import parse_name
from headstart.backbones.spec import KERAS_MODEL, OWN, RANDOM
from headstart.backbones.weights import WeightsStore
from headstart.errors import HeadstartError, UsageError
from headstart.tasks.baselines import RAW_PIXELS, is_raw_pixels, raw_pixels
from headstart.tasks.rows import Wanted
from headstart.tasks.weights import list_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headstart.backbones.base import Backbone
    from headstart.backbones.source import FeatureSource
    from headstart.backbones.spec import BackboneSpec
    from headstart.features.progress import Progress
    from headstart.storage.home import Home

_FLOAT32 = 4  # bytes
_OWN = (f"{OWN}:", f"{KERAS_MODEL}:")


@dataclass(frozen=True)
class Candidate:
    """A network to compare, not loaded.

    Attributes:
        name: its full name.
        given: what opens it: a name, or the network itself.
        megabytes: of its weights: the file where there is one, else four bytes a parameter (1 MB = 10**6).
        learned: whether it has learned anything: False for seeded random weights and for raw pixels.
        home: where its weights lie.
    """

    name: str
    given: str | Backbone
    megabytes: float
    learned: bool
    home: Home

    @property
    def is_floor(self) -> bool:
        """Whether it is no network at all, but the raw pixels."""
        return self.name == RAW_PIXELS

    @property
    def file(self) -> str:
        """The path that was given for it, where it is a file."""
        is_file = isinstance(self.given, str) and self.name.startswith(f"{KERAS_MODEL}:")
        return str(self.given) if is_file else ""

    def open(self, progress: Progress | None = None) -> FeatureSource:
        """Give a source of its own, so that what one stage has loaded goes when the stage is over."""
        return Wanted.checked(self.given, None, self.home, progress).open(progress)


def the_floor(home: Home) -> Candidate:
    """The raw pixels, which every network must clear."""
    return Candidate(RAW_PIXELS, raw_pixels(), 0.0, learned=False, home=home)


def find_candidates(
    wanted: Sequence[str | Backbone] | None, home: Home, progress: Progress | None = None
) -> tuple[list[Candidate], list[str]]:
    """Find the networks to compare, each once, and say which of those at hand can't be used.

    Args:
        wanted: names or networks; None: `pocket` and all whose weights are in the home.
        home: where weights lie.
        progress: told of a download: weights that are named and not at hand are fetched.

    Returns:
        The networks, raw pixels not among them, and a line for each that is left out.

    Raises:
        UsageError: no network is left, or two networks of the user's own have the same name.
        BackboneError: a name that no framework knows.
        WeightsMissingError: a network that was named is not at hand and can't be fetched.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.storage.home import Home
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found, left_out = find_candidates(["squeezenet1_1@random"], Home(Path(folder)))
        >>> [(each.name, round(each.megabytes, 1), each.learned) for each in found], left_out
        ([('torchvision:squeezenet1_1@random', 4.9, False)], [])
    """
    names = None if wanted is None else [each for each in wanted if not _is_floor(each)]
    if names is None:
        found, left_out = _at_hand(home, progress)
    else:
        for name in names:
            if isinstance(name, str):
                parse_name(name)
        found, left_out = [_candidate(each, home, progress) for each in names], []
    if not found:
        reasons = f" ({left_out[0]})" if left_out else ""
        raise UsageError(f"there is no network to compare{reasons}; name some with --backbones")
    return _each_once(found), left_out


def _is_floor(given: str | Backbone) -> bool:
    return isinstance(given, str) and is_raw_pixels(given)


def _at_hand(home: Home, progress: Progress | None) -> tuple[list[Candidate], list[str]]:
    found, left_out = [], []
    for facts in list_weights(home=home.root):
        try:
            found.append(_candidate(facts.backbone, home, progress))
        except HeadstartError as error:
            left_out.append(f"{facts.backbone} is left out: {error}")
    return found, left_out


def _candidate(given: str | Backbone, home: Home, progress: Progress | None) -> Candidate:
    spec = Wanted.checked(given, None, home, progress).open(progress).spec
    return Candidate(spec.name, given, _megabytes(spec, home), spec.tag != RANDOM, home)


def _megabytes(spec: BackboneSpec, home: Home) -> float:
    files = {facts.backbone: facts.bytes for facts in list_weights(home=home.root)}
    return files.get(spec.name, _FLOAT32 * spec.parameters) / 1e6


def _each_once(found: Sequence[Candidate]) -> list[Candidate]:
    first: dict[str, Candidate] = {}
    for each in found:
        if first.setdefault(each.name, each).given is not each.given and each.name.startswith(_OWN):
            raise UsageError(f"two networks are called {each.name}; give each a name of its own")
    return list(first.values())


def architectures_at_hand(home: Home) -> set[tuple[str, str]]:
    """Framework and architecture of all weights in the home.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from headstart.storage.home import Home
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     architectures_at_hand(Home(Path(folder)))
        set()
    """
    return {(entry.framework, entry.architecture) for entry in WeightsStore(home).readable_entries()}
