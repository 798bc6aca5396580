"""Two processes under torchrun do what one does. Dropout off: each process draws its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm_notes.__main__ import main
from ddpm_notes.commands import shared
from ddpm_notes.files import read_tensors

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def torchrun(*command):
    """Run on two processes of one thread each, and return what they print."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([*TORCHRUN, *command], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_two_processes_train_on_the_batches_of_one(tmp_path):
    """The weights themselves (ema 0) after 5 steps: they move by 0.005, and agree to a thousandth of that."""
    options = "--data digits --steps 5 --batch 8 --warmup 0 --ema 0 --dropout 0 --flips"
    one, two = (f"train {options} --out {tmp_path / name}.safetensors".split() for name in ("one", "two"))
    assert main(one) == 0
    printed = torchrun("-m", "ddpm_notes", *two)
    assert printed.count("5 steps") == 1
    kinds = (".json", ".last.safetensors", ".safetensors", ".toml")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{name}{kind}" for name in ("one", "two") for kind in kinds
    ]
    (a, _), (b, about) = (read_tensors(tmp_path / f"{n}.safetensors") for n in ("one", "two"))
    torch.testing.assert_close(a, b, atol=5e-6, rtol=0)
    losses = [json.loads((tmp_path / f"{n}.json").read_text())["mean_loss_of_last_1000_steps"] for n in ("one", "two")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and about["processes"] == 2


FOUR_AT_ONCE = """
import sys
from pathlib import Path
from ddpm_notes.__main__ import main
from ddpm_notes.commands import shared

shared.AT_ONCE["cpu"] = 4  # so that 7 are done in two goes
sys.exit(main(sys.argv[1:]))
"""


def test_two_processes_draw_and_evaluate_what_one_does(short, tmp_path, monkeypatch):
    script = tmp_path / "script.py"
    script.write_text(FOUR_AT_ONCE)
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 4)
    for command, kind, line in (
        (f"sample --checkpoint {short} --count 7 --seed 3 --out", "npz", "7 samples"),
        (f"evaluate --checkpoint {short} --images 7 --out", "json", "beta_tilde: "),
    ):
        assert main([*command.split(), str(tmp_path / f"one.{kind}")]) == 0
        assert torchrun(str(script), *command.split(), str(tmp_path / f"two.{kind}")).count(line) == 1

    a, b = (np.load(tmp_path / f"{n}.npz")["samples"].astype(int) for n in ("one", "two"))
    assert a.shape == (7, 1, 8, 8) and a.std() > 30
    assert abs(a - b).max() <= 1 and (a != b).mean() < 0.01  # a pixel may round to the next of 256 levels
    one, two = (json.loads((tmp_path / f"{n}.json").read_text())["variance"] for n in ("one", "two"))
    for variance, parts in one.items():
        for name in ("prior", "rate", "distortion", "total"):
            assert two[variance][name] == pytest.approx(parts[name], rel=1e-4)
        assert two[variance]["terms"] == pytest.approx(parts["terms"], rel=1e-4, abs=1e-6)


COUNT_THREADS = """
import os
import sys
import threading
import time
from ddpm_notes.__main__ import main

assert main(sys.argv[1:]) == 0
deadline = time.monotonic() + 10
while len(os.listdir("/proc/self/task")) > threading.active_count() and time.monotonic() < deadline:
    time.sleep(0.05)  # one that was joined is listed a moment longer
print(len(os.listdir("/proc/self/task")) - threading.active_count(), "threads of others")
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system lists no threads")
def test_no_thread_of_the_group_outlives_it(tmp_path):
    """One that drops a tensor while the interpreter ends aborts the process, now and then."""
    script = tmp_path / "script.py"
    script.write_text(COUNT_THREADS)
    train = f"train --data digits --steps 2 --batch 8 --warmup 0 --out {tmp_path / 'net.safetensors'}"
    printed = torchrun(str(script), *train.split())
    assert printed.count("0 threads of others") == 2
