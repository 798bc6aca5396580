"""Which committed results and checkpoints were made by other code than today's: warnings of `make check`."""

import json
from collections.abc import Iterable
from pathlib import Path

from publishing.files import digest_of
from publishing.fingerprint import fingerprint, reached
from publishing.paths import ROOT

EXPERIMENTS = Path(__file__).resolve().parent
CHECKPOINTS = EXPERIMENTS / "checkpoints"
RESULTS = EXPERIMENTS / "results"

BOOKKEEPING = {"experiments", "experiments.results", "experiments.stale"}


def code_digest(experiment: str) -> str:
    """One digest for an experiment's script and all of `ddpm_notes` and `experiments` that decides its result.

    Docstrings and comments do not count, nor does the code that only writes results down.
    """
    return modules_digest([f"experiments.{experiment}"])


def modules_digest(modules: Iterable[str]) -> str:
    """One digest for these modules and all that they import of `ddpm_notes` and `experiments`, bookkeeping aside."""
    files = reached("\n".join(f"import {module}" for module in modules), [ROOT])
    deciding = {name: path for name, path in files.items() if not _is_bookkeeping(name)}
    return digest_of(json.dumps(fingerprint(deciding)).encode())[:16]


def _is_bookkeeping(name: str) -> bool:
    return name in BOOKKEEPING or name.split(".")[0] == "publishing"


def stale() -> list[str]:
    """A line for each result or checkpoint whose code has changed since."""
    lines = []
    for path in sorted([*CHECKPOINTS.glob("*.json"), *RESULTS.glob("*.json")]):
        about = json.loads(path.read_text())
        experiment = about["command"].split()[-1]
        if about["code"] != code_digest(experiment):
            lines.append(f"{path.relative_to(ROOT)}: its code has changed since; `make experiments ONLY={experiment}`")
    return lines


def is_made(experiment: str) -> bool:
    """Whether this experiment makes checkpoints, and all of them are there by today's code."""
    made = {path: json.loads(path.read_text()) for path in CHECKPOINTS.glob("*.json")}
    own = {path: about for path, about in made.items() if about["command"].split()[-1] == experiment}
    code = code_digest(experiment)
    return bool(own) and all(
        path.with_suffix(".safetensors").exists() and about["code"] == code for path, about in own.items()
    )


if __name__ == "__main__":
    for line in stale():
        print(f"warning: {line}")
