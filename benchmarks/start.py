"""How long whole commands take, from the shell's side: start, imports, work, end.

Each command is a process of its own; all of them take turns, after a round that does not count and fills the
system's file cache. Beside them stand the interpreter doing nothing, the imports that set the pace, and one
photo named by a script around torchvision. Which heavy packages a command loads is read from the
interpreter's own `-X importtime`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from commands import HEAVY, Command, heavy_modules, timed
from embed_tables import number, plain_table
from headstart.backbones.engines.processor import cpu_kind
from headstart.cli.output import UNUSABLE, note, print_json, say
from headstart.cli.run import explain
from headstart.errors import HeadstartError, UsageError
from headstart.images.names import counted
from headstart.tasks.embed import embed
from headstart.tasks.train import train
from headstart.tasks.weights import add_weights
from headstart.testing import write_photos
from peer import HERE, peers_python, run_module
from tables import show
from turns import in_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROUNDS = 7
NOTHING = "python -c pass"
BACKBONES = {"pocket": "pocket", "mobilenet_v2": "timm:mobilenetv2_100@slim"}
PEER = "torchvision, one photo"
NO_PEERS = "peers: there is no environment for them; make peers"
_PHOTOS, _SIDE = 12, 320


def baselines() -> dict[str, Command]:
    """What any such command costs at least."""
    return {
        NOTHING: Command(("-c", "pass")),
        "import numpy, PIL": Command(("-c", "import numpy, PIL.Image")),
        "import torch": Command(("-c", "import torch")),
    }


def our_commands(folder: Path, backbones: Iterable[str], manifest: Path | None) -> dict[str, Command]:
    """Headstart's commands, after all that they need was made: weights, a model of a few photos, its rows.

    Args:
        folder: an empty folder for all of it.
        backbones: keys of `BACKBONES`.
        manifest: of weights; None: only pocket can be used.
    """
    home, photos = folder / "home", write_photos(folder / "photos", each=_PHOTOS, side=_SIDE)
    photo, another = next(photos.rglob("*.jpg")), folder / "another.jpg"
    another.write_bytes(photo.read_bytes())
    if manifest is not None:
        add_weights(manifest, home=home)
    found = {"headstart --help": Command(("-m", "headstart", "--help"))}
    for name in backbones:
        backbone, model = BACKBONES[name], folder / f"model-{name}"
        train(photos, backbone=backbone, output=model, home=home)
        embed(photos, backbone=backbone, home=home)
        settings = ("--home", str(home))
        ask = ("-m", "headstart", "predict", str(model))
        known, new = (*ask, str(photo), *settings), (*ask, str(another), *settings)
        again = ("-m", "headstart", "embed", str(photos), "--backbone", backbone, *settings)
        found[f"headstart predict, new photo, {name}"] = Command(new, before=partial(_renew, another))
        found[f"headstart predict, known photo, {name}"] = Command(known)
        found[f"headstart embed again, {name}"] = Command(again)
    return found


def _renew(photo: Path) -> None:
    """Make a photo one that was never seen: bytes after its end change its content and not its picture."""
    with photo.open("ab") as file:
        file.write(b"another")


def peer_command(folder: Path, python: Path) -> dict[str, Command]:
    """One photo named by a script around torchvision, in the peers' environment."""
    checkpoint, photo = folder / "checkpoint.pt", next((folder / "photos").rglob("*.jpg"))
    run_module(python, "peers.checkpoint", "save", str(checkpoint))
    words = ("-m", "peers.checkpoint", "predict", str(checkpoint), str(photo))
    return {PEER: Command(words, python=python, folder=HERE)}


def compare(commands: dict[str, Command], rounds: int) -> dict[str, Any]:
    """Time commands in turns, as JSON values.

    Args:
        commands: by name.
        rounds: that count, at least 1.
    """
    jobs = {name: timed(command) for name, command in commands.items()}
    turns = in_turns(jobs, rounds + 1, note)
    seconds = {name: median(found[1:]) for name, found in turns.results.items()}
    nothing, peer = seconds.get(NOTHING), seconds.get(PEER)
    return {
        "commands": [
            {
                "command": name,
                "seconds": each,
                "over_nothing": None if nothing is None else each - nothing,
                "to_peer": None if peer is None else each / peer,
                "heavy": heavy_modules(commands[name]),
            }
            for name, each in seconds.items()
        ],
        "left_out": [f"{name}: {why}" for name, why in turns.failed.items()],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 done, 2 nothing that could be measured."""
    options = _parser().parse_args(arguments)
    try:
        result = _run(options)
    except HeadstartError as error:
        sys.stderr.write(f"start.py: {explain(error)}\n")
        return UNUSABLE
    if options.json:
        print_json(result)
        return 0
    show(_table(result["commands"]))
    say(
        f"loads: of {', '.join(HEAVY)}",
        result["conditions"],
        *(f"left out: {line}" for line in result["left_out"]),
    )
    return 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.rounds < 1:
        raise UsageError(f"--rounds is {options.rounds}; expected 1 or more")
    with_weights = list(BACKBONES)[: None if options.weights else 1]
    backbones = with_weights if options.backbones is None else options.backbones
    python = peers_python() if options.peer else None
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        place = Path(folder)
        commands = {**baselines(), **our_commands(place, backbones, options.weights)}
        if python is not None:
            commands.update(peer_command(place, python))
        result = compare(commands, options.rounds)
    missing = [NO_PEERS] if options.peer and python is None else []
    conditions = f"medians of {counted(options.rounds, 'round')} in turns, warm file cache; {cpu_kind()}"
    return {**result, "left_out": [*missing, *result["left_out"]], "conditions": conditions}


def _table(rows: Sequence[dict[str, Any]]) -> Any:
    headings = ("seconds", "over python", "x torchvision", "loads")
    return plain_table(
        "whole process",
        headings,
        [
            [
                row["command"],
                number(row["seconds"], 3),
                number(row["over_nothing"], 3),
                number(row["to_peer"]),
                ", ".join(row["heavy"]) or "none",
            ]
            for row in rows
        ],
    )


def _parser() -> argparse.ArgumentParser:
    assets = os.environ.get("HEADSTART_ASSETS")
    manifest = Path(assets, "weights", "manifest.json") if assets else None
    parser = argparse.ArgumentParser(prog="start.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the medians count")
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, help="pocket needs no weights")
    parser.add_argument(
        "--weights",
        type=Path,
        default=manifest if manifest is not None and manifest.exists() else None,
        help="a manifest of weights; without, pocket alone",
    )
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True, help="torchvision")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main())
