"""The command of a check-up repeats what was asked, and a better network is named where one is at hand."""

from __future__ import annotations

import shlex
from types import SimpleNamespace

import pytest

from headstart.backbones import weights
from headstart.storage.home import Home
from headstart.tasks.doctoring.command import Request, better_network
from headstart.testing import tiny_backbone

ASKED = Request(
    source="my pets", backbone="pocket", output="a;b", test="$HOME", labels=False, engine="torch",
    precision="bf16", seed=7, follow_links=True,
)  # fmt: skip


def test_all_that_was_asked_is_repeated_and_quoted():
    assert shlex.split(ASKED.command) == [
        "headstart", "doctor", "my pets", "-o", "a;b", "--test", "$HOME", "--backbone", "pocket", "--engine",
        "torch", "--precision", "bf16", "--seed", "7", "--no-labels", "--follow-links",
    ]  # fmt: skip


@pytest.mark.slow  # loads torch
def test_a_network_without_a_name_is_asked_for_in_python():
    command = Request(source="pets", backbone=tiny_backbone()).command
    assert command == "headstart.tasks.doctor.doctor('pets', backbone=…)  # in Python"


@pytest.fixture
def at_hand(monkeypatch, tmp_path):
    def register(*entries):
        made = [
            SimpleNamespace(backbone=name, framework="timm", classes=classes, bytes=size)
            for name, classes, size in entries
        ]
        monkeypatch.setattr(weights.WeightsStore, "readable_entries", lambda _: made)
        return Home(tmp_path)

    return register


def test_the_largest_network_that_knows_imagenet_is_named_with_its_command(at_hand):
    home = at_hand(("timm:a@x", "imagenet-1k", 5), ("timm:b@x", "imagenet-1k", 9), ("timm:c@x", None, 99))
    said = better_network(ASKED, home)
    assert said.endswith(ASKED.command.replace("--backbone pocket", "--backbone timm:b@x"))


def test_without_another_network_or_with_another_one_asked_for_nothing_is_said(at_hand):
    assert better_network(ASKED, at_hand()) is None
    home = at_hand(("timm:a@x", "imagenet-1k", 5))
    assert better_network(Request(source="pets", backbone="timm:a@x"), home) is None
