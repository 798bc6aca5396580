"""sample and evaluate go on where they stopped, to the same result."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_notes.__main__ import main
from ddpm_notes.checkpoints import save_checkpoint
from ddpm_notes.commands import evaluate, sample, shared
from ddpm_notes.finished_parts import Parts, weights_checksum
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import rescaled_linear_schedule
from ddpm_notes.unet import DIGITS, UNet


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    net = UNet(DIGITS)
    nn.init.normal_(net.conv_out.weight, std=0.1)
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, Parameterized(net, rescaled_linear_schedule(25)), {"data": "digits"})
    return path


@pytest.fixture(autouse=True)
def four_at_once(monkeypatch):
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 4)


COMMANDS = {
    "sample": (sample, "sample_from", ["--count", "10"], "npz"),
    "evaluate": (evaluate, "variational_bounds", ["--images", "10"], "json"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupted_command_goes_on_and_gives_the_same(checkpoint, tmp_path, monkeypatch, name):
    module, function, options, kind = COMMANDS[name]
    arguments = [name, "--checkpoint", str(checkpoint), *options, "--out"]
    whole, stopped = tmp_path / f"whole.{kind}", tmp_path / f"stopped.{kind}"
    assert main([*arguments, str(whole)]) == 0

    calls, real = [], getattr(module, function)

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(module, function, interrupted)
        assert main([*arguments, str(stopped)]) == 130
        assert not stopped.exists()
        done = len(list((tmp_path / f"stopped.{kind}.parts").glob("*.safetensors")))
        assert done == 2
        calls[:] = [1, 1, 1]  # from now on it only counts
        assert main([*arguments, str(stopped)]) == 0
    assert len(calls) == 3 + 3 - done
    if kind == "npz":
        assert np.array_equal(np.load(whole)["samples"], np.load(stopped)["samples"])
    else:
        assert json.loads(whole.read_text()) == json.loads(stopped.read_text())
    assert not (tmp_path / f"stopped.{kind}.parts").exists()


def test_parts_of_another_run_are_refused_by_name_and_kept(tmp_path):
    out = tmp_path / "out.npz"
    Parts(out, {"seed": 1, "count": 4}).part("0", lambda: {"x": torch.zeros(1)})
    with pytest.raises(ValueError, match="another seed; remove it or give another --out"):
        Parts(out, {"seed": 2, "count": 4}).part("0", lambda: pytest.fail("computed"))
    assert Parts(out, {"seed": 1, "count": 4}).part("0", lambda: pytest.fail("computed"))["x"].item() == 0


def test_the_checksum_of_weights_sees_one_changed_bit():
    layer = nn.Linear(3, 2)
    before = weights_checksum(layer)
    assert before == weights_checksum(layer)
    with torch.no_grad():
        layer.weight[0, 0] = torch.nextafter(layer.weight[0, 0], torch.tensor(9.0))
    assert weights_checksum(layer) != before
