"""Committed results: written part by part, each saying where it comes from."""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ddpm_notes.data import load
from ddpm_notes.files import write_atomically
from experiments.stale import CHECKPOINTS, RESULTS, code_digest, digest_of_modules, modules_of

NO_FASHION = (
    "Fashion-MNIST is not on this machine: install Debian's package (`apt install dataset-fashion-mnist`), or connect "
    "to the network, from where it is fetched once"
)
_DECIDING = ["ddpm_notes.data", "ddpm_notes.sampling", "ddpm_notes.training", "ddpm_notes.unet"]
STATES = RESULTS.parents[1] / "build/experiments" / digest_of_modules(modules_of(*_DECIDING))
"""Unfinished runs, not committed; other code has another folder, so that it goes on from none of theirs."""


def provenance(experiment: str, data: str, seed: int = 0) -> dict:
    """What every result and checkpoint says of itself; the duration is added when it is known."""
    return {
        "command": f"python -m experiments {experiment}",
        "code": code_digest(experiment),
        "data": data,
        "data_checksum": load(data, "train").checksum,
        "seed": seed,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__.split('+')[0]}",
        "threads": torch.get_num_threads(),
    }


class Result:
    """`results/NAME.json`, as a context, at whose end it is replaced. Until then its parts are in `STATES`.

    A part that is there, by the same code, data, seed and weights, is not computed again.
    """

    def __init__(self, name: str, experiment: str, data: str, weights: dict[str, str] | None = None):
        self.path, self.unfinished = RESULTS / f"{name}.json", STATES / f"{name}.json"
        about = provenance(experiment, data) | {"weights": weights or {}}
        self.values = about | {"duration": 0.0, "parts": {}}
        for before in (json.loads(path.read_text()) for path in (self.unfinished, self.path) if path.exists()):
            if all(before[key] == about[key] for key in ("code", "data_checksum", "seed", "weights")):
                self.values = before
                return
        print(f"{name}: computing anew", flush=True)

    def __enter__(self) -> "Result":
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            write_json(self.path, self.values)
            self.unfinished.unlink(missing_ok=True)

    def part(self, name: str, compute: Callable[[], dict]) -> dict:
        """The part called `name`, computed and saved unless it is there."""
        parts = self.values["parts"]
        if name not in parts:
            print(f"{self.path.stem}: {name} …", flush=True)
            started = time.monotonic()
            parts[name] = compute()
            self.values["duration"] = round(self.values["duration"] + time.monotonic() - started, 1)
            write_json(self.unfinished, self.values)
        return parts[name]


def weights_of(*names: str) -> dict[str, str]:
    """Checkpoints by the first 16 digits of their SHA-256, so that a result says which weights it judged."""
    return {name: checksum_of(CHECKPOINTS / f"{name}.safetensors") for name in names}


def checksum_of(path: Path) -> str:
    """The first 16 hex digits of the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def write_json(path: Path, values: dict) -> None:
    """Write a result, atomically."""
    write_atomically(path, json.dumps(values, indent=1).encode() + b"\n")
