"""Two processes under torchrun do what one does. Dropout off: each process draws its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from ddpm_notes.__main__ import main
from ddpm_notes.commands import shared
from ddpm_notes.files import read_tensors

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture
def torchrun(tmp_path_factory):
    """Run a program on two processes of one thread each, and return what they print."""
    script = tmp_path_factory.mktemp("program") / "program.py"

    def run(program, *command):
        script.write_text(program)
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run([*TORCHRUN, script, *command], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


COUNT_THREADS = """
import os
import sys
import threading
import time
from ddpm_notes.__main__ import main

TASK = "/proc/self/task"  # some systems list no threads

def others():
    return len(os.listdir(TASK)) - threading.active_count() if os.path.isdir(TASK) else 0

assert main(sys.argv[1:]) == 0
deadline = time.monotonic() + 10
while others() and time.monotonic() < deadline:
    time.sleep(0.05)  # one that was joined is listed a moment longer
print("threads of others:", others())
"""


def test_two_processes_train_on_the_batches_of_one_and_no_thread_of_the_group_outlives_it(tmp_path, torchrun):
    """The weights themselves (ema 0) after 5 steps: they move by 0.005, and agree to a thousandth of that.

    A thread that drops a tensor while the interpreter ends aborts the process, now and then.
    """
    options = "--data digits --steps 5 --batch 8 --warmup 0 --ema 0 --dropout 0 --flips"
    one, two = (f"train {options} --out {tmp_path / name}.safetensors".split() for name in ("one", "two"))
    assert main(one) == 0
    printed = torchrun(COUNT_THREADS, *two)
    assert printed.count("5 steps") == 1 and printed.count("threads of others: 0") == 2
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
from ddpm_notes.__main__ import main
from ddpm_notes.commands import shared

shared.AT_ONCE["cpu"] = 4  # so that 7 are done in two goes
assert all(main(command.split(" ")) == 0 for command in sys.argv[1:])
"""


def test_two_processes_draw_and_evaluate_what_one_does(short, tmp_path, monkeypatch, torchrun):
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 4)
    sample = f"sample --checkpoint {short} --count 7 --seed 3 --out {tmp_path}/{{}}.npz"
    evaluate = f"evaluate --checkpoint {short} --images 7 --out {tmp_path}/{{}}.json"
    assert main(sample.format("one").split()) == main(evaluate.format("one").split()) == 0
    printed = torchrun(FOUR_AT_ONCE, sample.format("two"), evaluate.format("two"))
    assert printed.count("7 samples") == printed.count("beta_tilde: ") == 1

    a, b = (np.load(tmp_path / f"{n}.npz")["samples"].astype(int) for n in ("one", "two"))
    assert a.shape == (7, 1, 8, 8) and a.std() > 30
    assert abs(a - b).max() <= 1 and (a != b).mean() < 0.01  # a pixel may round to the next of 256 levels
    one, two = (json.loads((tmp_path / f"{n}.json").read_text())["variance"] for n in ("one", "two"))
    for variance, parts in one.items():
        for name in ("prior", "rate", "distortion", "total"):
            assert two[variance][name] == pytest.approx(parts[name], rel=1e-4)
        assert two[variance]["terms"] == pytest.approx(parts["terms"], rel=1e-4, abs=1e-6)
