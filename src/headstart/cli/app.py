"""The verbs and their order in `headstart --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App, Group

if TYPE_CHECKING:
    from collections.abc import Callable

_PHOTOS = Group("From photos to a classifier", sort_key=1)
_MIND = Group("Into the network's mind", sort_key=2)
_LESSON = Group("The lesson", sort_key=3)
_PARTS = Group("The parts", sort_key=4)


def _version() -> str:
    from importlib import metadata

    return metadata.version("headstart")


def build_app() -> App:
    """Build the command line; heavy libraries load only in the verb that needs them."""
    from headstart.cli.ask import ask
    from headstart.cli.attack import attack
    from headstart.cli.backbones import backbones
    from headstart.cli.catalogue import catalogue
    from headstart.cli.choose import choose
    from headstart.cli.datasets import datasets
    from headstart.cli.demo import demo
    from headstart.cli.doctor import doctor
    from headstart.cli.eject import eject
    from headstart.cli.embed import embed
    from headstart.cli.evaluate import evaluate
    from headstart.cli.explain import explain
    from headstart.cli.features import features
    from headstart.cli.finetune import finetune
    from headstart.cli.forget import forget
    from headstart.cli.ideal import ideal
    from headstart.cli.learn import learn
    from headstart.cli.learning_curve import learning_curve
    from headstart.cli.lesson import lesson
    from headstart.cli.maps import maps
    from headstart.cli.newkind import newkind
    from headstart.cli.port import port
    from headstart.cli.predict import predict
    from headstart.cli.quiz import quiz
    from headstart.cli.robustness import robustness
    from headstart.cli.train import train
    from headstart.cli.tricks import tricks
    from headstart.cli.weights import weights

    app = App(
        name="headstart",
        help="Give a pretrained network your own classes: photos go in, a measured classifier comes out.",
        version=_version,
        version_flags=["--version"],
        help_format="plaintext",
        suppress_keyboard_interrupt=False,  # run.py says how to resume
    )
    verbs: tuple[Callable[..., int], ...] = (
        demo,
        train,
        finetune,
        predict,
        catalogue,
        learn,
        forget,
        ask,
        doctor,
        evaluate,
        embed,
        choose,
        learning_curve,
        newkind,
        tricks,
    )
    for place, verb in enumerate(verbs):
        app.command(verb, group=_PHOTOS, sort_key=place)
    looking: tuple[Callable[..., int], ...] = (maps, explain, ideal, attack, robustness)
    for place, verb in enumerate(looking):
        app.command(verb, group=_MIND, sort_key=place)
    app.command(quiz, group=_LESSON)
    app.command(lesson, group=_LESSON)
    for family in (backbones, weights, datasets, features):
        family.group = (_PARTS,)
        app.command(family)
    app.command(port, group=_PARTS)
    app.command(eject, group=_PARTS)
    return app
