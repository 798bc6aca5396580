"""sample and evaluate go on where they stopped, to the same result."""

import json
import signal
import sys

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_notes.__main__ import main
from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.commands import sample, shared
from ddpm_notes.finished_parts import Parts, model_checksum
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import rescaled_linear_schedule
from ddpm_notes.unet import DIGITS, UNet

from .conftest import stopping_at


@pytest.fixture(autouse=True)
def four_at_once(monkeypatch):
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 4)


COMMANDS = {"sample": ("--count", "npz"), "evaluate": ("--images", "json")}


def same(one, other):
    if one.suffix == ".npz":
        return np.array_equal(np.load(one)["samples"], np.load(other)["samples"])
    return json.loads(one.read_text()) == json.loads(other.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupted_command_loses_a_step_at_most_and_gives_the_same(short, tmp_path, monkeypatch, name, number):
    """The signal comes in the third of three parts, in its tenth of 25 steps: none of those before is taken again."""
    count, kind = COMMANDS[name]
    whole, stopped = tmp_path / f"whole.{kind}", tmp_path / f"stopped.{kind}"
    parts = stopped.with_suffix(f".{kind}.parts")

    def run(out):
        return main(f"{name} --engine pytorch --checkpoint {short} {count} 10 --out {out}".split())

    assert run(whole) == 0
    calls = stopping_at(60, monkeypatch, number)
    assert run(stopped) == 130
    assert len(calls) == 60 and not stopped.exists()
    assert sorted(path.suffix for path in parts.iterdir()) == [".begun", ".safetensors", ".safetensors"]
    assert run(stopped) == 0
    assert len(calls) == 75 + (name == "sample")  # x_t is kept, and what the network says of it is not
    assert same(whole, stopped) and not parts.exists()


@pytest.mark.parametrize("call", [10, 60], ids=["in the first part", "in the third"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_gone_on_with_where_more_images_fit_gives_all_of_them(short, tmp_path, monkeypatch, name, call):
    count, kind = COMMANDS[name]
    whole, moved = tmp_path / f"whole.{kind}", tmp_path / f"moved.{kind}"
    command = f"{name} --engine pytorch --checkpoint {short} {count} 10 --out".split()
    stopping_at(call, monkeypatch)
    assert main([*command, str(moved)]) == 130
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 64)
    assert main([*command, str(moved)]) == main([*command, str(whole)]) == 0
    assert same(whole, moved) and not moved.with_suffix(f".{kind}.parts").exists()


def test_parts_of_another_network_schedule_or_meaning_are_not_gone_on_with(short, tmp_path, capsys):
    net = load_checkpoint(short).model.net
    command = f"sample --checkpoint {short} --count 10 --out {tmp_path / 'out.npz'}".split()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "finish", lambda *_: sys.exit(9))  # all parts are there
        with pytest.raises(SystemExit):
            main(command)
    for model in (
        Parameterized(net, rescaled_linear_schedule(30)),
        Parameterized(net, rescaled_linear_schedule(25), predicts="x0"),
        Parameterized(UNet(DIGITS), rescaled_linear_schedule(25)),
    ):
        save_checkpoint(short, model, {"data": "digits"})
        assert main(command) == 1 and "belongs to a run with another" in capsys.readouterr().err


def of(value):
    """A part of one step."""
    return lambda begun: iter([lambda: {"x": torch.full((1,), float(value))}])


def never(begun):
    pytest.fail("computed")


def test_parts_of_another_run_are_refused_by_name_and_kept(tmp_path):
    out = tmp_path / "out.npz"
    Parts(out, {"seed": 1, "count": 4}).part("0", of(0))
    with pytest.raises(ValueError, match=r"another seed \(1\); remove it or give another --out"):
        Parts(out, {"seed": 2, "count": 4}).part("0", never)
    assert Parts(out, {"seed": 1, "count": 4}).part("0", never)["x"].item() == 0


def test_the_checksum_of_weights_sees_one_changed_bit():
    layer = nn.Linear(3, 2)
    before = model_checksum(layer)
    assert before == model_checksum(layer)
    with torch.no_grad():
        layer.weight[0, 0] = torch.nextafter(layer.weight[0, 0], torch.tensor(9.0))
    assert model_checksum(layer) != before
