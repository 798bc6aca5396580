"""Shared small things: a generator seeded afresh for every test, a schedule, a few digits, and a checkpoint."""

import os
import signal

import pytest
import torch

from ddpm_notes import data
from ddpm_notes.checkpoints import save_checkpoint
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule, rescaled_linear_schedule
from ddpm_notes.unet import DIGITS, UNet


def stopping_at(call, monkeypatch, number=signal.SIGINT):
    """Send the signal in that call of the network. Returns the list of the calls."""
    calls, real = [], UNet.forward

    def counted(self, x, t):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), number)
        return real(self, x, t)

    monkeypatch.setattr(UNet, "forward", counted)
    return calls


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20201216)


@pytest.fixture(scope="session")
def paper_schedule():
    return linear_schedule()


@pytest.fixture(scope="session")
def digits():
    return data.load("digits", "all")


@pytest.fixture
def short(tmp_path):
    """The checkpoint of a network that is not trained, and not near 0, with a chain of 25 steps."""
    torch.manual_seed(0)
    net, path = UNet(DIGITS), tmp_path / "short.safetensors"
    torch.nn.init.normal_(net.conv_out.weight, std=0.1)
    save_checkpoint(path, Parameterized(net, rescaled_linear_schedule(25)), {"data": "digits"})
    return path
