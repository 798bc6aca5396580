"""One task of one contestant in a process of its own: `python -m benchmarks.worker NAME PRESET TASK FOLDER`.

It prints a line of JSON about itself, then for every number n that it reads does the task n times and
prints the seconds of the clock and of the processor; at the end of input, the peak memory.
"""

import json
import sys
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.contestants import CONTESTANTS, Machine, save_shared_weights


def memory(line: str) -> float:
    """A line of /proc/self/status in MiB: VmRSS is what is resident now, VmHWM the largest since the last reset.

    `getrusage` would start from the parent's peak, which survives exec, and cannot be reset after the imports.
    """
    for each in Path("/proc/self/status").read_text().splitlines():
        if each.startswith(f"{line}:"):
            return int(each.split()[1]) / 1024
    raise OSError("this system does not tell a process's memory in /proc/self/status")


def say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def main(name: str, preset: str, task: str, folder: str) -> None:
    contestant = CONTESTANTS[name](preset, Path(folder))
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM: what importing took is not what the task takes
    about = {"ready": memory("VmRSS"), "threads": torch.get_num_threads()}
    if isinstance(contestant, Machine):
        about["flops"] = 2 * contestant.side**3
    else:
        contestant.net.eval()
        about["parameters"] = sum(p.numel() for p in contestant.net.parameters())
        about["probe"] = contestant.probe().flatten()[:64].tolist()
        with FlopCounterMode(display=False) as counter:
            getattr(contestant, task)()
        about["flops"] = counter.get_total_flops()
    work = getattr(contestant, task)
    for _ in range(3):
        work()
    say(**about)
    for line in sys.stdin:
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            work()
        say(clock=time.perf_counter() - clock, processor=time.process_time() - processor)
    say(peak=memory("VmHWM"))


if __name__ == "__main__":
    if sys.argv[1] == "--weights":
        save_shared_weights(sys.argv[2], Path(sys.argv[3]))
    else:
        main(*sys.argv[1:])
