"""A run that is killed with SIGKILL, and started again, gives the bits of the run that was not."""

import random
import signal
import subprocess
import sys
import time

import torch

from ddpm_notes.checkpoints import read_tensors

RUN = """
import os, signal, sys
from pathlib import Path
import torch
from ddpm_notes import checkpoints
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import TrainingConfig, train
from ddpm_notes.unet import UNet, UNetConfig

folder, die_in_write = Path(sys.argv[1]), int(sys.argv[2])
writes, fsync = 0, os.fsync

def dying_fsync(fd):
    global writes
    writes += 1
    if writes == die_in_write:
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
checkpoints.write_tensors(folder / "result", {**weights, "losses": trained.losses}, {})
"""


def start(folder, die_in_write=0):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-c", RUN, str(folder), str(die_in_write)])


def saved(folder):
    return (folder / "state").stat().st_mtime_ns if (folder / "state").exists() else None


def test_killed_at_random_moments_and_while_writing(tmp_path):
    assert start(tmp_path / "whole").wait() == 0
    folder, moments = tmp_path / "killed", random.Random(20201216)
    for life in range(3):
        process, before = start(folder), saved(folder)
        for _ in range(moments.randint(1, 4)):  # so many saves, and then any moment soon after
            while saved(folder) == before and process.poll() is None:
                time.sleep(0.001)
            before = saved(folder)
        time.sleep(moments.uniform(0, 0.05))
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"life {life} ended before it was killed: make the run longer"
    assert start(folder, die_in_write=2).wait() == -signal.SIGKILL
    assert (folder / ".state.part").exists() and not (folder / "result").exists()

    assert start(folder).wait() == 0
    assert sorted(p.name for p in folder.iterdir()) == ["result", "state"]
    (whole, _), (pieces, _) = (read_tensors(run / "result") for run in (tmp_path / "whole", folder))
    assert len(whole["losses"]) == 100 and whole.keys() == pieces.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, pieces[name]), name
