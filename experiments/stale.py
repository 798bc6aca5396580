"""Which committed results and checkpoints were made by other code than today's: warnings of `make check`."""

import json
from pathlib import Path

from publishing.execute.fingerprint import Module, fingerprint, reached
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
    return fingerprint(sources_of(*names))


def sources_of(*names: str) -> dict[str, Module]:
    """These modules, and all that they import of `ddpm_notes` and `experiments`, but for the bookkeeping."""
    modules = reached("\n".join(f"import {name}" for name in names), (ROOT,))
    deciding = (name for name in modules if name not in BOOKKEEPING and name.split(".")[0] != "publishing")
    return {name: modules[name] for name in deciding}


def digest_of_modules(modules: dict[str, str]) -> str:
    """One digest for all."""
    return digest_of(json.dumps(modules).encode())[:16]


def _results() -> list[Path]:
    return sorted([*CHECKPOINTS.glob("*.json"), *RESULTS.glob("*.json")])


def results_of(experiment: str) -> list[Path]:
    """The committed descriptions, JSON, of what an experiment made."""
    return [path for path in _results() if _experiment_of(path) == experiment]


def _experiment_of(path: Path) -> str:
    return json.loads(path.read_text())["command"].split()[-1]


def code_of(path: Path) -> str:
    """The digest of the code that made a result, or by which it was accepted."""
    return json.loads(path.read_text())["code"]


def is_today(path: Path) -> bool:
    """Whether a result was made, or accepted, by today's code."""
    return code_of(path) == code_digest(_experiment_of(path))


def stale() -> list[str]:
    """A line for each result or checkpoint whose code has changed since."""
    lines = []
    for path in _results():
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


if __name__ == "__main__":
    for line in stale():
        print(f"warning: {line}")
