"""(name) => a method of attack: what it takes, its defaults, and where its code is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

from headstart.errors import UsageError
from headstart.pixels.constraints import Norm

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings
    from headstart.pixels.network import Differentiable

Attack: TypeAlias = Callable[
    ["Differentiable", "Tensor", int, "int | None", "ResolvedSettings"],
    "Tensor",
]
"""(network, pixels (1, 3, h, w), label, target or None, resolved settings) => pixels (1, 3, h, w) in [0, 1].

With `settings.on_lattice` the result is whole 255ths. Chance comes from `settings.seed` and the pixels alone:
`headstart.pixels.attacks.goal.chance`.
"""


@dataclass(frozen=True)
class Method:
    """A method of attack.

    Attributes:
        name: what `--method` takes.
        says: what it does, in a few words.
        code: where its `Attack` is: "module:function", imported when it is asked for.
        steps: how many steps by default, by norm; its keys are the norms that it knows, its default first.
        relative_step: a step's length as a share of epsilon, by norm; empty where a step has its own length.
        step_size: the length of a step, where it does not depend on epsilon; None otherwise.
        random_start: whether it begins somewhere in the ball rather than at the photo.
        budget: whether it takes an epsilon; False: it looks for the smallest change by itself.
        one_step: whether more than one step would make it another method.
        needs: packages of the extra `attacks` that it is made of.
    """

    name: str
    says: str
    code: str
    steps: Mapping[Norm, int]
    relative_step: Mapping[Norm, float] = field(default_factory=dict)
    step_size: float | None = None
    random_start: bool = False
    budget: bool = True
    one_step: bool = False
    needs: tuple[str, ...] = ()

    @property
    def norms(self) -> tuple[Norm, ...]:
        """The norms that it knows, its default first."""
        return tuple(self.steps)

    def require_packages(self) -> None:
        """Find out before any work whether what it is made of is installed; nothing is imported.

        Raises:
            UsageError: it is not; the message says how to get it.
        """
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            raise UsageError(
                f"{self.name} needs {' and '.join(missing)}, which are not installed; "
                "run: pip install 'headstart[attacks]'"
            )

    def load(self) -> Attack:
        """Import its code."""
        module, _, function = self.code.partition(":")
        attack: Attack = getattr(import_module(module), function)
        return attack


_WALK = "headstart.pixels.attacks.walk:walk"
_OURS = (
    # Steps and their lengths: Foolbox's defaults (.01 / .3 of epsilon for 40 steps, .025 for 50)
    Method(
        name="pgd",
        says="projected gradient descent (Madry et al. 2018)",
        code=_WALK,
        steps={"linf": 40, "l2": 50},
        relative_step={"linf": 0.01 / 0.3, "l2": 0.025},
        random_start=True,
    ),
    Method(
        name="fgsm",
        says="one step along the gradient's sign (Goodfellow et al. 2015)",
        code=_WALK,
        steps={"linf": 1, "l2": 1},
        relative_step={"linf": 1.0, "l2": 1.0},
        one_step=True,
    ),
    # Ten steps as published; a fifth of epsilon each as in Foolbox
    Method(
        name="momentum",
        says="steps along what all gradients agree on: MI-FGSM (Dong et al. 2018)",
        code=_WALK,
        steps={"linf": 10, "l2": 10},
        relative_step={"linf": 0.2, "l2": 0.2},
    ),
    Method(
        name="descent",
        says="along the gradient until the answer changes, however far that is",
        code="headstart.pixels.attacks.descent:descend",
        steps={"l2": 1000},
        step_size=0.1,
        budget=False,
    ),
)
_SECML, _ART = "headstart.pixels.attacks.outside:by_secml", "headstart.pixels.attacks.outside:by_art"
_OUTSIDE = (
    Method(
        name="cw",
        says="Carlini and Wagner 2017, the smallest change by penalty; Foolbox's, through secml-torch",
        code=_SECML,
        steps={"l2": 200},
        step_size=0.01,
        budget=False,
        needs=("secmlt", "foolbox"),
    ),
    Method(
        name="ddn",
        says="the smallest change, direction and length apart (Rony et al. 2019); secml-torch's",
        code=_SECML,
        steps={"l2": 100},
        budget=False,
        needs=("secmlt", "foolbox"),
    ),
    # secml-torch's own FMN comes to the smallest change of a linear network with a first step of 0.1, in both
    # norms; with 1.0 it stays at up to six times that
    Method(
        name="fmn",
        says="the smallest change along the boundary between two classes (Pintor et al. 2021); secml-torch's",
        code=_SECML,
        steps={"linf": 100, "l2": 100},
        step_size=0.1,
        budget=False,
        needs=("secmlt", "foolbox"),
    ),
    Method(
        name="deepfool",
        says="the nearest boundary, as if all were linear (Moosavi-Dezfooli et al. 2016); Foolbox's",
        code=_SECML,
        steps={"l2": 50},
        budget=False,
        needs=("secmlt", "foolbox"),
    ),
    # Its first step is twice the budget (Croce and Hein 2020)
    Method(
        name="autoattack",
        says=(
            "APGD on two losses, DeepFool and Square, as adversarial-robustness-toolbox puts them together: "
            "not the published AutoAttack, so not comparable with its figures"
        ),
        code=_ART,
        steps={"linf": 100, "l2": 100},
        relative_step={"linf": 2.0, "l2": 2.0},
        needs=("art", "multiprocess"),
    ),
)
METHODS: dict[str, Method] = {method.name: method for method in (*_OURS, *_OUTSIDE)}
"""Every method that is known, by name."""


def register(method: Method) -> None:
    """Make a method known under its name, for the command line and Python alike."""
    METHODS[method.name] = method


def find_method(name: str) -> Method:
    """Look a method up.

    Raises:
        UsageError: there is none of that name.

    Example:
        >>> find_method("pgd").steps["linf"]
        40
    """
    if name not in METHODS:
        raise UsageError(f"--method is {name!r}; expected one of {', '.join(METHODS)}")
    return METHODS[name]
