"""(model folder) => one plain script, without headstart, that builds the network and trains the head anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.registry import adapter
from headstart.backbones.spec import OWN, POCKET
from headstart.errors import ModelError, PhotosError, UsageError
from headstart.model.manifest import read_manifest
from headstart.model.model import load_model
from headstart.model.target import absolute
from headstart.storage.atomic import atomic_write_bytes
from headstart.storage.home import Home, require_writable
from headstart.tasks.ejecting.facts import common
from headstart.tasks.ejecting.script import MARK, script
from headstart.tasks.paths import given_path, photos_and_test, photos_path, refuse_among_photos

if TYPE_CHECKING:
    from headstart.model.model import Model

TORCH, KERAS = "torch", "keras"
_SHARED = 0o644  # a script is for reading
_NOT_MEASURED = "the network was fine-tuned on such photos, so the script measures nothing until TEST is set"
_TO_SET, _SET_IT = "photos", "set PHOTOS at its top before you run it"  # where no photos were given


@dataclass(frozen=True, slots=True)
class Ejected:
    """A script that was written.

    Attributes:
        file: the script.
        framework: "torch" or "keras".
        backbone: the model's network.
        head: "linear", "prototypes" or "neighbours".
        frozen: numbers of the network, none of which the script changes.
        trained: numbers that it trains.
        needs: packages that it imports.
        weights: the file with the network's numbers, or the framework's own name for them.
        written: every file that was written.
        notes: what its user should know before it is run.
    """

    file: str
    framework: str
    backbone: str
    head: str
    frozen: int
    trained: int
    needs: tuple[str, ...]
    weights: str
    written: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "file": self.file,
            "framework": self.framework,
            "backbone": self.backbone,
            "head": self.head,
            "frozen_parameters": self.frozen,
            "trained_parameters": self.trained,
            "needs": list(self.needs),
            "weights": self.weights,
            "written": list(self.written),
            "notes": list(self.notes),
        }


def eject(
    model: str | Path,
    output: str | Path,
    *,
    to: str | None = None,
    photos: str | Path | None = None,
    test: str | Path | None = None,
    home: str | Path | None = None,
) -> Ejected:
    """Write a script that does without headstart what a model was made by, as a textbook would.

    The script builds the network, freezes it, computes the features of labelled photos once, trains the
    head, measures it, and answers for photos. It reads the network's weights from the model folder; where
    they are not in it, they come from their framework, or are written beside the script.

    Args:
        model: a model folder.
        output: the script to write, FILE.py; a script that `eject` wrote is replaced.
        to: "torch" or "keras"; None: what the model's network is of.
        photos: what the script learns from, a folder with a folder for each class or the name of a data set;
            None: "photos", to be set in the script.
        test: photos that it measures on; None: the test part that a data set brings along, else a fifth of
            `photos`; of a network that was fine-tuned on them, none.
        home: where data sets lie, and weights that are not in the model.

    Raises:
        UsageError: a name that can't be written, or another framework than the network's.
        PhotosError: no such folder, or a data set that is not at hand.
        ModelError: no model, or on a network that only its user can build.
        StorageError: the disk refuses.

    Example:
        >>> import tempfile
        >>> from headstart.tasks.train import train
        >>> from headstart.testing import write_photos
        >>> with tempfile.TemporaryDirectory() as place:
        ...     photos = write_photos(Path(place, "photos"))
        ...     _ = train(photos, output=Path(place, "model"), home=Path(place, "home"))
        ...     found = eject(Path(place, "model"), Path(place, "plain.py"), photos=photos)
        ...     "requires_grad_(False)" in Path(place, "plain.py").read_text()
        True
        >>> found.framework, found.backbone, found.trained
        ('torch', 'pocket', 1474)
    """
    learned, measured, notes = _folders(photos, test, home)
    target = _target(output, learned, measured)
    folder = absolute(given_path(model, "model"))
    record, _ = read_manifest(folder)
    framework = _framework(record.backbone.framework, record.backbone.name, to)
    loaded = load_model(folder, home=Home.find(home))
    kept = None if record.weights is None else folder / record.weights.file
    facts = common(loaded, photos=learned, test=measured)
    if framework == TORCH:
        facts, beside = _for_torch(loaded, facts, kept, target)
    else:
        facts, beside = _for_keras(loaded, facts, kept, target)
    for path, data in beside.items():
        atomic_write_bytes(path, data, mode=_SHARED)
    text = script(framework, facts)
    atomic_write_bytes(target, text.encode("ascii"), mode=_SHARED)
    return Ejected(
        file=str(output),
        framework=framework,
        backbone=loaded.backbone_spec.name,
        head=loaded.head.kind,
        frozen=facts["frozen"],
        trained=facts["trained"],
        needs=tuple(facts["needs"]),
        weights=str(facts["weights"]),
        written=(str(output), *map(str, beside)),
        notes=(*notes, *([_NOT_MEASURED] if facts["tuned"] and measured is None else [])),
    )


def _folders(
    photos: str | Path | None, test: str | Path | None, home: str | Path | None
) -> tuple[str, str | None, list[str]]:
    """The folders as they stand in the script: as they were given, and of data sets where they lie."""
    if photos is None:
        learned, notes = _TO_SET, [] if Path(_TO_SET).is_dir() else [_SET_IT]
        measured = None if test is None else photos_path(test, "test", home, measure=True)
    else:
        learned, measured, notes = photos_and_test(photos, test, home)
        learned = _standing(learned, photos)
    return learned, None if measured is None else _standing(measured, test), notes


def _standing(found: str, given: str | Path | None) -> str:
    if not Path(found).is_dir():
        raise PhotosError(f"{found!r} is no folder; the script needs a folder with a folder for each class")
    as_given = given is not None and found == given_path(given, "photos")
    return found if as_given else str(absolute(found))


def _target(output: str | Path, photos: str, test: str | None) -> Path:
    """Where the script goes, refused before any work where something else lies there."""
    path = Path(given_path(output, "output"))
    if path.suffix != ".py":
        raise UsageError(f"output is {str(output)!r}; expected a file name that ends in .py")
    if path.is_dir():
        raise UsageError(f"output {str(output)!r} is a folder; expected a file name that ends in .py")
    if path.exists() and MARK.encode() not in path.read_bytes():
        raise UsageError(
            f"output {str(output)!r} is there already and eject did not write it; choose another name"
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(f"output {str(output)!r} lies in a folder that is not there; make it first")
    refuse_among_photos(path, "output", photos, test)
    require_writable(path.absolute().parent, "the script", choose="choose another output")
    return path


def _framework(framework: str, name: str, to: str | None) -> str:
    """Which of the two the model's network is of."""
    if to not in (None, TORCH, KERAS):
        raise UsageError(f"--to is {to!r}; expected torch or keras")
    if framework == OWN:
        raise ModelError(
            f"{name} is a network of your own, whose code only you have: a script can't build it; use "
            "Model.to_torch() in Python"
        )
    own = KERAS if framework.startswith(KERAS) else TORCH
    if to not in (None, own):
        raise UsageError(
            f"--to is {to}, and this model stands on {name}, a network of {own}: take --to {own}, or train "
            f"on a network of {to} first"
        )
    return own


def _for_torch(
    model: Model, facts: dict[str, Any], kept: Path | None, target: Path
) -> tuple[dict[str, Any], dict[Path, bytes]]:
    from headstart.tasks.ejecting.torch_network import FRAMEWORKS, torch_facts

    spec = model.backbone_spec
    if spec.framework not in FRAMEWORKS:
        raise ModelError(f"{spec.name} is of {spec.framework}, for which eject has no script")
    # pocket is published with headstart alone, which the script does without
    own_tags = () if spec.framework == POCKET else adapter(spec.framework).tags(spec.architecture)
    beside: dict[Path, bytes] = {}
    weights: Path | str
    if kept is not None:
        weights = kept
    elif spec.tag in own_tags:
        weights = spec.tag
    else:
        weights = _beside(target, ".safetensors")
        beside = {weights: model.backbone().weights()}
    found = torch_facts(model, from_file=isinstance(weights, Path))
    return {**facts, **found, "weights": str(weights)}, beside


def _for_keras(
    model: Model, facts: dict[str, Any], kept: Path | None, target: Path
) -> tuple[dict[str, Any], dict[Path, bytes]]:
    from headstart.tasks.ejecting.keras_network import keras_facts, network_file

    found = keras_facts(model, from_file=kept is not None)
    beside: dict[Path, bytes] = {}
    if not found["application"]:
        kept = _beside(target, ".keras")
        beside = {kept: network_file(model)}
    return {**facts, **found, "weights": str(kept)}, beside


def _beside(target: Path, suffix: str) -> Path:
    """The file for a network's numbers beside the script; another's is never replaced."""
    path = target.absolute().with_suffix(suffix)
    if path.exists() and not target.exists():
        raise UsageError(
            f"{str(path)!r} is there already, and the script needs a file there: choose another output"
        )
    return path
