"""`python -m benchmarks`: training and sampling steps, the contestants in turn, and a table of medians and ratios."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.contestants import CONTESTANTS, PRESETS
from ddpm_notes import load_checkpoint
from ddpm_notes.diffusers_layout import save_diffusers

ROOT = Path(__file__).parent.parent
TRAINED = {"digits": 64, "fashion": 32}  # images of a training step
SAMPLED = (1, 4, 16, 128)  # images of a sampling step
SECONDS = 0.3  # of one turn, about


class Worker:
    """A contestant that waits in a process of its own for its turn."""

    def __init__(self, *arguments: str):
        command = [sys.executable, "-m", "benchmarks.worker", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.about = self.heard()
        self.clock, self.processor = [], []  # seconds of one piece of work, a figure for each turn
        self.count = max(1, round(SECONDS / self.turn(1)["clock"]))

    def heard(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"benchmarks: `{' '.join(self.process.args[2:6])}` failed; its message is above")
        return json.loads(line)

    def turn(self, count: int) -> dict:
        """`count` pieces of work."""
        print(count, file=self.process.stdin, flush=True)
        return self.heard()

    def timed_turn(self) -> None:
        told = self.turn(self.count)
        self.clock.append(told["clock"] / self.count)
        self.processor.append(told["processor"] / self.count)

    def finish(self) -> None:
        self.process.stdin.close()
        self.about |= self.heard()
        self.process.wait()


def compare(preset: str, task: str, batch: int, weights: str, turns: int) -> dict[str, dict]:
    """One task of one preset, everybody in turn: A B C, A B C, …"""
    names = [name for name in CONTESTANTS if task == "sampling_step" or "onnxruntime" not in name]
    tasks = {name: "matmul" if name == "machine" else task for name in names}
    workers = {name: Worker(name, preset, tasks[name], str(batch), weights) for name in names}
    for _ in range(turns):
        for worker in workers.values():
            worker.timed_turn()
    for worker in workers.values():
        worker.finish()
    theirs, machine = workers["diffusers"], workers.pop("machine")
    return {name: summary(worker, theirs, machine) for name, worker in workers.items()}


def summary(worker: Worker, theirs: Worker, machine: Worker) -> dict:
    """Medians, and medians of what was paired turn by turn."""
    about, expected = worker.about, theirs.about["eps"]
    if about["parameters"] == theirs.about["parameters"]:
        error = max(abs(a - b) for a, b in zip(about["eps"], expected, strict=True)) / max(map(abs, expected))
        if error > 1e-5:
            raise SystemExit(f"benchmarks: the networks differ by {error:.1e} with the same weights")
    flops = about["flops"] or theirs.about["flops"]  # none are counted in onnxruntime, which runs the same network
    return {
        "milliseconds": 1e3 * statistics.median(worker.clock),
        "spread": [1e3 * q for q in statistics.quantiles(worker.clock, n=4)[::2]],
        "times_diffusers": paired(theirs.clock, worker.clock),
        "times_diffusers_processor": paired(theirs.processor, worker.processor),
        "share_of_peak": flops / machine.about["flops"] * paired(machine.processor, worker.processor),
        "peak_MiB": about["peak"],
        "flops": flops,
        "parameters": about["parameters"],
        "matmul_gigaflops": machine.about["flops"] / statistics.median(machine.processor) / 1e9,
    }


def paired(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--turns", type=int, default=11, help="repetitions, everybody in turn (default 11)")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--out", type=Path, help="a file for all figures, JSON")
    given = parser.parse_args()

    about = {
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "turns": given.turns,
        "machine": f"{platform.machine()} with {torch.backends.cpu.get_cpu_capability()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    print("| images | task | at once | package | ms | × diffusers | × by CPU time | of matmul peak | peak MiB |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    start, everything = time.monotonic(), {}
    for preset in given.presets:
        with tempfile.TemporaryDirectory() as weights:
            save_diffusers(weights, load_checkpoint(ROOT / f"experiments/checkpoints/{preset}.safetensors").model)
            for task, batch in [("training_step", TRAINED[preset]), *(("sampling_step", n) for n in SAMPLED)]:
                results = compare(preset, task, batch, weights, given.turns)
                everything[f"{preset}/{task}/{batch}"] = results
                for name, r in results.items():
                    times = f"{r['times_diffusers']:.2f} | {r['times_diffusers_processor']:.2f}"
                    rest = f"{times} | {100 * r['share_of_peak']:.0f} % | {r['peak_MiB']:.0f} |"
                    row = f"| {preset} | {task.replace('_', ' ')} | {batch} | {name} | {r['milliseconds']:.3g} | {rest}"
                    print(row, flush=True)
    print(f"\n{time.monotonic() - start:.0f} s; load after: {os.getloadavg()[0]:.1f}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps({"about": about, "results": everything}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
