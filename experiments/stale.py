"""Which committed results and checkpoints were made by other code than today's: warnings of `make check`."""

import ast
import json
from pathlib import Path

from publishing.execute.fingerprint import fingerprint, reached
from publishing.files import digest_of
from publishing.paths import ROOT

EXPERIMENTS = Path(__file__).resolve().parent
CHECKPOINTS = EXPERIMENTS / "checkpoints"
RESULTS = EXPERIMENTS / "results"

BOOKKEEPING = {"experiments", "experiments.results", "experiments.stale"}


def code_digest(experiment: str) -> str:
    """One digest for an experiment's script and all of `ddpm_notes` and `experiments` that decides its result.

    Docstrings and comments do not count, nor does the code that only writes results down.
    """
    return digest_of_modules(modules_of(f"experiments.{experiment}"))


def modules_of(*names: str) -> dict[str, str]:
    """What each of these modules means, and each that they import of `ddpm_notes` and `experiments`."""
    modules = reached("\n".join(f"import {name}" for name in names), [ROOT])
    return fingerprint({name: module for name, module in modules.items() if not _is_bookkeeping(name)})


def digest_of_modules(modules: dict[str, str]) -> str:
    """One digest for all."""
    return digest_of(json.dumps(modules).encode())[:16]


def _is_bookkeeping(name: str) -> bool:
    return name in BOOKKEEPING or name.split(".")[0] == "publishing"


def results_of(experiment: str) -> list[Path]:
    """The committed descriptions, JSON, of what an experiment made."""
    paths = sorted([*CHECKPOINTS.glob("*.json"), *RESULTS.glob("*.json")])
    return [path for path in paths if _experiment_of(path) == experiment]


def _experiment_of(path: Path) -> str:
    return json.loads(path.read_text())["command"].split()[-1]


def is_today(path: Path) -> bool:
    """Whether a result was made, or accepted, by today's code."""
    return json.loads(path.read_text())["code"] == code_digest(_experiment_of(path))


def stale() -> list[str]:
    """A line for each result or checkpoint whose code has changed since."""
    lines = []
    for path in sorted([*CHECKPOINTS.glob("*.json"), *RESULTS.glob("*.json")]):
        if not is_today(path):
            name = _experiment_of(path)
            lines.append(
                f"{path.relative_to(ROOT)}: its code has changed since; if the results should be the same, "
                f"`.venv/bin/python -m experiments accept {name}`, else `make experiments ONLY={name}`"
            )
    return lines


def is_made(experiment: str) -> bool:
    """Whether this experiment makes checkpoints, and all of them are there by today's code."""
    own = [path for path in results_of(experiment) if path.parent == CHECKPOINTS]
    return bool(own) and all(path.with_suffix(".safetensors").exists() and is_today(path) for path in own)


def has_functions(name: str) -> bool:
    """Whether a module of this repository defines a function, so that something of it can run."""
    source = reached(f"import {name}", [ROOT])[name].source
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse(source)))


if __name__ == "__main__":
    for line in stale():
        print(f"warning: {line}")
