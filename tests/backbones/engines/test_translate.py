"""Networks in OpenVINO compute what they compute in torch, whatever torch calls an operation."""

import numpy as np
import pytest
import torch
from torch import nn

from headstart.backbones.engines.network_file import as_model, write_down
from headstart.backbones.engines.runtime import core
from headstart.backbones.engines.translate import translate


class Using(nn.Module):
    def __init__(self, operation):
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 1))  # a module inside: its operations are found too
        self.operation = operation

    def forward(self, photo):
        return self.operation(self.inner(photo), photo.mean(1, keepdim=True))


def in_openvino(module, photo):
    model = as_model(write_down(translate(module, photo)))
    return core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(photo.numpy())[0]


@pytest.mark.parametrize(
    "operation",
    [
        torch.subtract,
        lambda maps, grey: torch.subtract(maps, grey, alpha=3),
        lambda maps, grey: torch.subtract(maps, 1.5),
        lambda maps, grey: torch.multiply(maps.argmax(1, keepdim=True), 0.37) + grey,
        lambda maps, grey: torch.divide(maps, grey + 1),
        lambda maps, grey: torch.divide(maps, 0.1, rounding_mode="floor"),
        lambda maps, grey: torch.divide(maps, 0.1, rounding_mode="trunc"),
        lambda maps, grey: torch.divide(maps.argmax(1, keepdim=True), 3) + grey,
    ],
)
def test_second_names_of_operations_mean_what_they_mean_in_torch(operation):
    module = Using(operation).eval()
    photo = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        np.testing.assert_allclose(in_openvino(module, photo), module(photo).numpy(), atol=1e-5)


def test_what_can_not_be_traced_is_exported(monkeypatch):
    from headstart.backbones.engines import translate as translating

    module = nn.Conv2d(3, 4, 3).eval()
    photo = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    def fails(*_):
        raise RuntimeError("no rule for this step")

    monkeypatch.setattr(translating, "_traced", fails)
    np.testing.assert_allclose(in_openvino(module, photo), module(photo).detach().numpy(), atol=1e-5)


def test_the_first_fault_is_told_where_both_ways_fail():
    class Endless(nn.Module):
        def forward(self, photo):
            raise ValueError("not for anybody")

    with pytest.raises(ValueError, match="not for anybody"):
        translate(Endless(), torch.zeros(1, 3, 8, 8))
