"""Where a result comes from: what every committed result says of itself."""

import json
import platform
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import torch

from ddpm_notes.checkpoints import write_atomically
from publishing.files import digest_of
from publishing.fingerprint import fingerprint, reached
from publishing.paths import ROOT

EXPERIMENTS = Path(__file__).resolve().parent
CHECKPOINTS = EXPERIMENTS / "checkpoints"
RESULTS = EXPERIMENTS / "results"


def code_digest(modules: Iterable[str]) -> str:
    """One digest for these modules of `ddpm_notes` and all that they import of it, docstrings and comments aside."""
    files = reached("\n".join(f"import {module}" for module in modules), [ROOT])
    return digest_of(json.dumps(fingerprint(files)).encode())[:16]


def provenance(experiment: str, modules: Iterable[str]) -> dict:
    """The command, the machine, and the fingerprint of the modules that decide the result."""
    return {
        "command": shlex.join(["python", "-m", f"experiments.{experiment}", *sys.argv[1:]]),
        "modules": list(modules),
        "code": code_digest(modules),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__.split('+')[0]}",
    }


def write_json(path: Path, values: dict) -> None:
    """Write a result, atomically."""
    write_atomically(path, json.dumps(values, indent=1).encode() + b"\n")
