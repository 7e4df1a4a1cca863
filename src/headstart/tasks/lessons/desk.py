"""(home, what was given) => the photos and networks at hand, and what is missing or takes too long."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from headstart.backbones.keras.runtime import has_keras
from headstart.backbones.registry import parse_name
from headstart.backbones.spec import KERAS, POCKET
from headstart.backbones.weights import WeightsStore
from headstart.errors import PhotosError
from headstart.features.progress import NoProgress
from headstart.images.names import some
from headstart.images.reader import PhotoReader
from headstart.storage.home import Home
from headstart.tasks.gather import gather, scan_labelled
from headstart.tasks.lessons.figures import CATS, DIGITS
from headstart.tasks.lessons.measured import NotMeasuredError
from headstart.tasks.paths import photos_path
from headstart.tasks.rows import open_backbone, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from headstart.backbones.base import Backbone
    from headstart.features.progress import Progress
    from headstart.features.store import FeatureStore
    from headstart.images.photo import PhotoSet
    from headstart.tasks.gather import Gathered
    from headstart.tasks.lessons.figures import Figure

T = TypeVar("T")
MINUTES = 1.0
_PETS_OF_TWO = {"cat", "dog"}
_BATCH = 4
_MUCH = 1e9  # bytes


@dataclass(frozen=True, slots=True)
class Chosen:
    """The network that a row is measured with.

    Attributes:
        name: for people.
        backbone: the network.
        reasons: why it is not the lesson's own; () where it is.
    """

    name: str
    backbone: Backbone
    reasons: tuple[str, ...] = ()


@dataclass
class Desk:
    """Everything that rows share: what is read, loaded or trained for one of them serves the others.

    Attributes:
        home: of weights, data sets and features.
        given: photos by the name of the data set that they stand for.
        backbone: stands in for the lesson's networks; None: nothing does.
        only: rows that are measured however long they take.
        minutes: what each other row may take.
        seed: of every choice and every start.
        progress: told of the pace.
    """

    home: Home
    given: Mapping[str, str] = field(default_factory=dict)
    backbone: str | Backbone | None = None
    only: tuple[str, ...] = ()
    minutes: float = MINUTES
    seed: int = 0
    progress: Progress = field(default_factory=NoProgress)
    _kept: dict[object, Any] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def of(cls, home: str | Path, **more: Any) -> Desk:
        """A desk over a home."""
        return cls(Home.find(home), **more)

    def __enter__(self) -> Self:
        """What is opened while it is in use is closed at its end."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Close what was opened."""
        self._open.close()

    @cached_property
    def reader(self) -> PhotoReader:
        """Reads photos."""
        return self._open.enter_context(PhotoReader())

    @cached_property
    def store(self) -> FeatureStore:
        """Keeps features."""
        return self._open.enter_context(open_store(self.home))

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What is made for the first row that needs it."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def require(self, figure: Figure) -> None:
        """Stop where the photos or the weights of a row are not at hand.

        Raises:
            NotMeasuredError: says what is missing, and what fetches it.
        """
        lacks, fetch = [], []
        if figure.networks and self._named(figure) is None:
            name = _fetchable(figure)
            lacks.append(f"the weights of {name}")
            fetch.append(f"headstart weights fetch {name}")
        if figure.data and not self._has_data(figure.data):
            lacks.append("MNIST" if figure.data == DIGITS else f"the photos of {figure.data}")
            fetch.append(_fetches(figure.data))
        if lacks:
            raise NotMeasuredError(f"not at hand: {', '.join(lacks)}", *fetch)

    def _has_data(self, data: str) -> bool:
        if data == DIGITS:
            from headstart.tasks.lessons.dropout import pictures_name

            return pictures_name(self) is not None
        try:
            self.folder(data)
        except PhotosError:
            return False
        return True

    def folder(self, data: str) -> Path:
        """Where photos lie: as they were given, else a folder of that name, else the data set's.

        Raises:
            PhotosError: they are not at hand.
        """
        found = Path(photos_path(self.given.get(data, data), f"--photos {data}", self.home.root))
        if not found.exists():
            raise PhotosError(f"--photos {data}={found} is not there; expected a folder of photos")
        train = found / "train"
        return train if train.is_dir() else found

    def instead(self, data: str) -> tuple[str, ...]:
        """The reason that photos were given for a data set; () where they were not.

        Example:
            >>> Desk.of("home", given={"oxford-pets": "my photos"}).instead("oxford-pets")
            ('photos of my photos instead of oxford-pets',)
        """
        if data not in self.given or data == DIGITS:  # other digits are named by the rows of dropout
            return ()
        return (f"photos of {self.given[data]} instead of {data}",)

    def scanned(self, data: str) -> PhotoSet:
        """The photos that were found, none of them read.

        Raises:
            PhotosError: no folder of classes; or other classes than cats and dogs where those are needed.
        """
        found = self.once(("scanned", data), lambda: scan_labelled(self.folder(data)))
        if data == CATS and {each.lower().rstrip("s") for each in found.classes} != _PETS_OF_TWO:
            raise PhotosError(
                f"{found.source} has the classes {some(found.classes)}; {CATS} needs two, cat and dog"
            )
        return found

    def gathered(self, data: str) -> Gathered:
        """The photos that can be used, as far as their headers tell."""
        return self.once(
            ("gathered", data),
            lambda: gather(self.scanned(data), self.reader, self.progress, files=self.store.files),
        )

    def network(self, figure: Figure, *, standing_in: bool = True) -> Chosen | None:
        """The first of a row's networks that is at hand, or what stands in for them; None where none is.

        Args:
            figure: the row.
            standing_in: whether `backbone` may stand in.
        """
        name = self._named(figure) if standing_in else self._own(figure)
        if name is None:
            return None
        backbone = self.once(("backbone", name), lambda: self._load(name))
        found = backbone.spec.name
        if name == figure.networks[0]:
            return Chosen(found, backbone)
        same = name in figure.networks
        why = f"{found} instead of {figure.networks[0]}"
        return Chosen(found, backbone, (f"{why}, from another framework" if same else why,))

    def chosen(self, figure: Figure) -> Chosen:
        """The same where `require` found that there is one."""
        found = self.network(figure)
        if found is None:
            raise NotMeasuredError(f"not at hand: the weights of {_fetchable(figure)}")
        return found

    def _load(self, name: str | Backbone) -> Backbone:
        return open_backbone(name, self.home, self.progress) if isinstance(name, str) else name

    def _named(self, figure: Figure) -> str | Backbone | None:
        if self.backbone is not None and figure.way != "lighter":
            return self.backbone
        return self._own(figure)

    def _own(self, figure: Figure) -> str | None:
        return next((name for name in figure.networks if self.has_weights(name)), None)

    def has_weights(self, name: str) -> bool:
        """Whether a network can be loaded without fetching anything."""
        if name == POCKET:
            return True
        if name.startswith(f"{KERAS}:") and not has_keras():
            return False
        wanted = parse_name(name)
        return WeightsStore(self.home).find(wanted.framework, wanted.architecture, wanted.tag) is not None

    def afford(self, figure: Figure, seconds: float, memory: int = 0) -> None:
        """Stop where a row would take too long and was not asked for by name.

        Args:
            figure: the row.
            seconds: that it takes here, about.
            memory: bytes that it needs beside the network.

        Raises:
            NotMeasuredError: says about how long.
        """
        if figure.key in self.only or seconds <= 60 * self.minutes:
            return
        much = f" and {memory / 1e9:.1f} GB of memory" if memory > _MUCH else ""
        raise NotMeasuredError(f"about {_long(seconds)}{much} here; --only measures it", slow=True)

    def pace(self, chosen: Chosen) -> float:
        """Seconds that a network takes for a photo of its own size, by a trial with torch."""
        return self.once(("pace", chosen.name), lambda: _seconds(chosen.backbone))


def _seconds(backbone: Backbone) -> float:
    import torch

    resize = backbone.spec.preprocessing.resize
    photos = torch.full((_BATCH, 3, resize.height, resize.width), 0.5)
    with torch.no_grad():
        backbone.features(photos)
        began = time.perf_counter()
        backbone.features(photos)
    return (time.perf_counter() - began) / _BATCH


def _fetchable(figure: Figure) -> str:
    """The lesson's own network, or the same architecture where Keras is not installed."""
    usable = (each for each in figure.networks if has_keras() or not each.startswith(f"{KERAS}:"))
    return next(usable, figure.networks[0])


def _fetches(data: str) -> str:
    return "headstart tricks mnist --only dropout" if data == DIGITS else f"headstart datasets fetch {data}"


def _long(seconds: float) -> str:
    """A time in words.

    Example:
        >>> _long(40), _long(300), _long(9000)
        ('1 minute', '5 minutes', '2.5 hours')
    """
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
