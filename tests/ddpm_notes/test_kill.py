"""A run that is killed, and started again, gives the bits of the run that was not."""

import random
import signal
import subprocess
import sys

import torch

from ddpm_notes.files import read_tensors

RUN = """
import os, signal, sys
from pathlib import Path
import torch
from ddpm_notes.files import write_tensors
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import UNet, UNetConfig

folder, die_in_write, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
writes, fsync = 0, os.fsync

def dying_fsync(fd):
    global writes
    writes += 1
    if writes == die_in_write and seconds:
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF, which nothing here handles, ends it as abruptly
    elif writes == die_in_write:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(fd)

os.fsync = dying_fsync
torch.manual_seed(0)
tiny = UNetConfig(size=8, channels=1, width=8, multipliers=(1,), attention=(), groups=4, blocks=1, dropout=0.1)
model = Parameterized(UNet(tiny), linear_schedule())
config = TrainingConfig(steps=100, batch=4, warmup=2, learning_rate=1e-3, ema=0.9, flips=True, save_every=2)
trained = train(model, torch.rand(64, 1, 8, 8) * 2 - 1, model.schedule, config, folder / "state")
weights = {f"model.{k}": v for k, v in model.state_dict().items()}
weights |= {f"ema.{k}": v for k, v in trained.model.state_dict().items()}
write_tensors(folder / "result", {**weights, "losses": trained.losses}, {})
"""


def run(folder, die_in_write=0, seconds=0.0):
    """Its end: by itself, in a write, or after so many seconds of its own processor time since that write."""
    folder.mkdir(exist_ok=True)
    return subprocess.run([sys.executable, "-c", RUN, str(folder), str(die_in_write), str(seconds)]).returncode


def test_killed_at_random_moments_and_while_writing(tmp_path):
    assert run(tmp_path / "whole") == 0
    folder, moments = tmp_path / "killed", random.Random(20201216)
    for _ in range(2):
        assert run(folder, moments.randint(1, 4), moments.uniform(0.001, 0.05)) == -signal.SIGPROF
    assert run(folder, die_in_write=2) == -signal.SIGKILL
    assert (folder / ".state.part").exists() and not (folder / "result").exists()

    assert run(folder) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["result", "state"]
    (whole, _), (pieces, _) = (read_tensors(one / "result") for one in (tmp_path / "whole", folder))
    assert len(whole["losses"]) == 100 and whole.keys() == pieces.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, pieces[name]), name
