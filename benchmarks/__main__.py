"""`python -m benchmarks`: every task, the contestants in turn, and a table of medians and ratios."""

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

from benchmarks.shapes import BATCHES, SAMPLES, SIZES, T

ROOT = Path(__file__).parent.parent
PEERS = ("ddpm_notes", "diffusers", "denoising-diffusion-pytorch")
TASKS = {
    "gradient": "loss and gradient",
    "training_step": "training step",
    "sampling_step": "sampling step",
    "algorithm_2": "Algorithm 2",
    "bound": "bound",
}
OURS_ALONE = ("bound",)
SECONDS = 0.3  # of one turn, about


class Worker:
    """A contestant that waits in a process of its own for its turn."""

    def __init__(self, name: str, preset: str, task: str, folder: Path):
        command = [sys.executable, "-m", "benchmarks.worker", name, preset, task, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.about = self.heard()
        self.clock, self.processor = [], []  # seconds of one piece of work, a figure for each turn

    def heard(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"benchmarks: `{' '.join(self.process.args[2:6])}` failed; its message is above")
        return json.loads(line)

    def turn(self, count: int) -> dict:
        """`count` pieces of work."""
        print(count, file=self.process.stdin, flush=True)
        return self.heard()

    def calibrate(self) -> None:
        """How many pieces of work fill a turn."""
        self.count = max(1, round(SECONDS / self.turn(1)["clock"]))

    def timed_turn(self) -> None:
        told = self.turn(self.count)
        self.clock.append(told["clock"] / self.count)
        self.processor.append(told["processor"] / self.count)

    def finish(self) -> None:
        self.process.stdin.close()
        self.about |= self.heard()
        self.process.wait()


def compare(preset: str, task: str, folder: Path, turns: int) -> dict[str, dict]:
    """One task of one preset, everybody in turn: A B C, A B C, …"""
    names = PEERS[:1] if task in OURS_ALONE else PEERS
    workers = {name: Worker(name, preset, task, folder) for name in names}
    workers["machine"] = Worker("machine", preset, "matmul", folder)
    for worker in workers.values():
        worker.calibrate()
    for _ in range(turns):
        for worker in workers.values():
            worker.timed_turn()
    for worker in workers.values():
        worker.finish()
    return {name: summary(worker, workers["ddpm_notes"], workers["machine"]) for name, worker in workers.items()}


def summary(worker: Worker, ours: Worker, machine: Worker) -> dict:
    """Medians, and medians of what was paired turn by turn."""
    speed = worker.about["flops"] / machine.about["flops"]
    clock = statistics.median(worker.clock)
    return {
        "milliseconds": 1e3 * clock,
        "spread": [1e3 * q for q in statistics.quantiles(worker.clock, n=4)[::2]],
        "processor_milliseconds": 1e3 * statistics.median(worker.processor),
        "times_ours": paired(worker.clock, ours.clock),
        "times_ours_processor": paired(worker.processor, ours.processor),
        "gigaflops": worker.about["flops"] / clock / 1e9,
        "share_of_peak": speed * paired(machine.processor, worker.processor),
        "peak_MiB": worker.about["peak"],
        "ready_MiB": worker.about["ready"],
        **{key: worker.about[key] for key in ("flops", "parameters", "threads", "probe") if key in worker.about},
    }


def paired(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


def check_same_weights(results: dict[str, dict]) -> None:
    """Ours and diffusers' networks must be one function, or the comparison means nothing."""
    ours, theirs = results["ddpm_notes"].pop("probe"), results["diffusers"].pop("probe")
    results["denoising-diffusion-pytorch"].pop("probe")
    error = max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / max(map(abs, theirs))
    if error > 1e-5:
        raise SystemExit(f"benchmarks: ddpm_notes and diffusers differ by {error:.1e} with the same weights")


def lines(preset: str, task: str, results: dict[str, dict]) -> list[str]:
    """The rows of the table for one task."""
    rows = []
    for name, r in results.items():
        if name == "machine":
            continue
        per = {"algorithm_2": T[preset], "bound": T[preset] * SAMPLES[preset]}.get(task)
        unit = {"algorithm_2": "step", "bound": "image·t"}.get(task)
        each = f" ({r['milliseconds'] / per:.3g} per {unit})" if per else ""
        rows.append(
            f"| {preset} | {TASKS[task]} | {name} | {r['milliseconds']:.3g}{each} | {r['times_ours']:.2f} "
            f"| {r['times_ours_processor']:.2f} | {100 * r['share_of_peak']:.0f} % | {r['peak_MiB']:.0f} "
            f"| {r['peak_MiB'] - r['ready_MiB']:.0f} |"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--turns", type=int, default=11, help="repetitions, everybody in turn (default 11)")
    parser.add_argument("--presets", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--out", type=Path, help="a file for all figures, JSON")
    given = parser.parse_args()

    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {threads} thread(s) each")
    print(f"load before: {os.getloadavg()[0]:.1f}; batches of {BATCHES} for training, {SAMPLES} else; T = {T}\n")
    columns = ("ms, median", "× ours", "× ours, CPU time", "of matmul peak", "peak MiB", "above idle")
    print(f"| preset | task | package | {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    start, everything = time.monotonic(), {}
    for preset in given.presets:
        with tempfile.TemporaryDirectory() as folder:
            saves = [sys.executable, "-m", "benchmarks.worker", "--weights", preset, folder]
            subprocess.run(saves, cwd=ROOT, check=True)
            for task in given.tasks:
                results = compare(preset, task, Path(folder), given.turns)
                if task not in OURS_ALONE:
                    check_same_weights(results)
                everything[f"{preset}/{task}"] = results
                print("\n".join(lines(preset, task, results)), flush=True)
    machines = [r["machine"] for r in everything.values()]
    peaks = [m["flops"] / m["processor_milliseconds"] / 1e6 for m in machines]
    print(f"\nmatmul peak: {statistics.median(peaks):.0f} GFLOP per CPU second; {given.turns} turns; ", end="")
    print(f"{time.monotonic() - start:.0f} s; load after: {os.getloadavg()[0]:.1f}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        about = {"threads": threads, "turns": given.turns, "machine": platform.machine(), "cores": os.cpu_count()}
        given.out.write_text(json.dumps({"about": about, "results": everything}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
