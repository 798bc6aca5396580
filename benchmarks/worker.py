"""One task of one contestant in a process of its own: `python -m benchmarks.worker NAME PRESET TASK BATCH WEIGHTS`.

It prints a line of JSON about itself, then for every number n that it reads does the task n times and
prints the seconds of the clock and of the processor; at the end of input, the peak memory.
"""

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.contestants import CONTESTANTS, Machine


def peak_memory() -> float:
    """The largest resident memory since the last reset, in MiB: VmHWM of /proc/self/status.

    `getrusage` would start from the parent's peak, which survives exec, and cannot be reset after the imports.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def main(name: str, preset: str, task: str, batch: str, weights: str) -> None:
    contestant = CONTESTANTS[name](preset, int(batch), Path(weights))
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM: what importing took is not what the task takes
    about: dict[str, object] = {}
    work = getattr(contestant, task)
    with nullcontext() if task == "training_step" else torch.inference_mode():
        if isinstance(contestant, Machine):
            about["flops"] = 2 * contestant.side**3
        else:
            contestant.net.eval()
            about["parameters"] = sum(p.numel() for p in contestant.net.parameters())
            about["eps"] = contestant.eps().flatten()[:64].tolist()
            with FlopCounterMode(display=False) as counter:
                work()
            about["flops"] = counter.get_total_flops()
        for _ in range(2):
            work()
        say(**about)
        for line in sys.stdin:
            clock, processor = time.perf_counter(), time.process_time()
            for _ in range(int(line)):
                work()
            say(clock=time.perf_counter() - clock, processor=time.process_time() - processor)
    say(peak=peak_memory())


if __name__ == "__main__":
    main(*sys.argv[1:])
