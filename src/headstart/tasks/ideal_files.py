"""(where an ideal image goes) => refused before any work, or written: the picture, its journey, its film."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.errors import UsageError
from headstart.report.journey import film, film_steps, journey, journey_steps
from headstart.report.sheet import Tile, png
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import require_writable
from headstart.tasks.ideal import MOST_SEEDS, png_of
from headstart.tasks.paths import given_path, refuse_among_photos

if TYPE_CHECKING:
    from collections.abc import Collection

    from PIL.Image import Image

    from headstart.tasks.ideal import Frame, IdealImage


@dataclass(frozen=True)
class IdealFiles:
    """Where the files go.

    Attributes:
        output: the picture.
        journey: a sheet of steps; None: not wanted.
        film: None: not wanted.
        seeds: one picture for each.
    """

    output: Path
    journey: Path | None
    film: Path | None
    seeds: tuple[int, ...]

    @classmethod
    def checked(
        cls,
        output: Path,
        journey: Path | None = None,
        film: Path | None = None,
        *,
        seed: int = 0,
        seeds: int = 1,
        spectrum: str | None = None,
    ) -> IdealFiles:
        """Refuse, before any work, files that could not be written.

        Raises:
            UsageError: a wrong ending, a folder that is not there, the same file twice, or among photos.
            StorageError: no permission to write there.
        """
        if not 1 <= seeds <= MOST_SEEDS:
            raise UsageError(f"--seeds is {seeds}; expected 1 to {MOST_SEEDS}")
        photos = None if spectrum is None else given_path(spectrum, "the spectrum")
        wanted = [("-o", output, ".png"), ("--journey", journey, ".png"), ("--film", film, ".gif")]
        given = [(option, path.expanduser(), ending) for option, path, ending in wanted if path is not None]
        for option, path, ending in given:
            _check_file(option, path, ending)
            refuse_among_photos(path, option, photos)
            if photos is not None and path.exists() and Path(photos).exists() and path.samefile(photos):
                raise UsageError(f"{option} is {str(path)!r}, which is the photo itself; choose another name")
        paths = [path.resolve() for _, path, _ in given]
        if len(set(paths)) < len(paths):
            raise UsageError(f"{paths[0]} was given twice; each file needs a name of its own")
        found = {option: path for option, path, _ in given}
        chosen = tuple(range(seed, seed + seeds))
        return cls(found["-o"], found.get("--journey"), found.get("--film"), chosen)

    def recorded(self, steps: int) -> Collection[int]:
        """The steps that the journey and the film show."""
        shown = set(journey_steps(steps)) if self.journey is not None else set()
        return shown | (set(film_steps(steps)) if self.film is not None else set())

    def write(self, image: IdealImage) -> dict[str, str]:
        """Write the files of one picture.

        Returns:
            "file", and "journey" and "film" where they are wanted, with their paths.
        """
        written = {"file": self._write(self.output, image.seed, png_of(image.picture))}
        if self.journey is not None:
            written["journey"] = self._write(self.journey, image.seed, png(_sheet(image)))
        if self.film is not None:
            shown = film_steps(image.steps)
            frames = [*(each.picture for each in image.frames if each.step in shown), image.picture]
            written["film"] = self._write(self.film, image.seed, film(frames))
        return written

    def _write(self, path: Path, seed: int, data: bytes) -> str:
        target = path if len(self.seeds) == 1 else path.with_name(f"{path.stem}-{seed}{path.suffix}")
        atomic_write_bytes(target, data, mode=0o644)
        return str(target)


def _check_file(option: str, path: Path, ending: str) -> None:
    if path.suffix.lower() != ending:
        raise UsageError(f"{option} is {str(path)!r}; expected a file that ends in {ending}")
    if path.is_dir():
        raise UsageError(f"{option} is {str(path)!r}, which is a folder; expected a file")
    if not path.parent.is_dir():
        raise UsageError(
            f"{option} is {str(path)!r}, but there is no folder {str(path.parent)!r}; make it first"
        )
    require_writable(path.absolute().parent, "the picture", choose="choose another place")


def _sheet(image: IdealImage) -> Image:
    shown = journey_steps(image.steps)
    tiles = [Tile(each.picture, _caption(each)) for each in image.frames if each.step in shown]
    end = "end" if image.probability is None else f"end: {100 * image.probability:.1f} %"
    return journey(
        [*tiles, Tile(image.picture, f"{end}\n{_value(image.logit, image.probability)}")],
        heading=f"{image.label or image.unit} as {image.network} sees it",
        note=image.verdict,
    )


def _caption(frame: Frame) -> str:
    sure = "" if frame.probability is None else f": {100 * frame.probability:.1f} %"
    return f"step {frame.step}{sure}\n{_value(frame.logit, frame.probability)}"


def _value(value: float, probability: float | None) -> str:
    return f"activation {value:.3g}" if probability is None else f"logit {value:.1f}"
