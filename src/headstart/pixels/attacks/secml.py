"""(module, one picture, method) => the smallest change that secml-torch finds; its own code and Foolbox's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from headstart.pixels.attacks.settings import ResolvedSettings

# The paper's own; secml-torch's 8/255 grows by a twentieth a step and needs a hundred to come to 1.
_DDN_START = 1.0
_CW_SEARCHES = 9  # Carlini and Wagner's own, as is the constant to begin with


def attack(
    module: torch.nn.Module,
    pixels: Tensor,
    label: int,
    target: int | None,
    settings: ResolvedSettings,
) -> Tensor:
    """Attack one picture, (1, 3, h, w) in [0, 1] => the same."""
    import torch
    from secmlt.models.pytorch.base_pytorch_nn import BasePyTorchClassifier
    from torch.utils.data import DataLoader, TensorDataset

    photo = DataLoader(TensorDataset(pixels, torch.tensor([label])), batch_size=1)
    found = _made(target, settings)(BasePyTorchClassifier(module), photo)
    changed: Tensor = next(iter(found))[0]
    return changed


def _made(target: int | None, settings: ResolvedSettings) -> Any:
    from secmlt.adv.evasion.cw import CW
    from secmlt.adv.evasion.ddn import DDN
    from secmlt.adv.evasion.deepfool import DeepFool
    from secmlt.adv.evasion.fmn import FMN

    method, steps, size = settings.method, settings.steps, settings.step_size
    if method == "ddn":
        return DDN(num_steps=steps, eps_init=_DDN_START, y_target=target, backend="native")
    if method == "fmn":
        return FMN(settings.norm, steps, size, y_target=target, backend="native")
    if method == "deepfool":
        return DeepFool(num_steps=steps, backend="foolbox")
    return CW(
        binary_search_steps=_CW_SEARCHES,
        num_steps=steps,
        step_size=size,
        y_target=target,
        backend="foolbox",
    )
