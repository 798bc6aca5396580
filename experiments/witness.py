"""Witnesses: what every experiment gave in miniature, so that code may be changed without hours of work.

`accept` runs the miniature again by today's code. If it gives all that was stored and nothing else, what was made
before is today's as well, and is stamped so; if not, nothing is stamped.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from experiments.bits import OF_A_NUMBER, differences, machine
from experiments.miniatures import miniature
from experiments.results import write_json
from experiments.stale import EXPERIMENTS, code_of, digest_of_modules, is_today, modules_of, results_of, sources_of
from publishing.execute.fingerprint import Module, fingerprint

WITNESSES = EXPERIMENTS / "witnesses"
IDLE = {  # what an experiment imports and never runs, so that a change of it cannot matter
    **dict.fromkeys(("fashion_pilot", "projection"), {"ddpm_notes.interrupts"}),  # no state
    "scaling": {"ddpm_notes.likelihood"},  # no bounds
}


class Refused(ValueError):
    """Today's code does not give what the witness says, or no witness can say it."""


def stamp(experiment: str) -> str | None:
    """The digest of the code by which the witness is, as results have one; None without a witness."""
    return digest_of_modules(_stored(experiment)["modules"]) if _path(experiment).exists() else None


def store(experiment: str) -> None:
    """Write the experiment's witness by today's code."""
    gave, _ = miniature(experiment)
    about = {"modules": modules_of(f"experiments.{experiment}"), "machine": machine()}
    write_json(_path(experiment), about | {"gave": gave})


def accept(experiment: str) -> str:
    """Stamp the experiment's results as today's, if its witness is the same by today's code; says what was compared.

    Raises `Refused`, and stamps nothing, if anything differs, if a module that changed since did not run, or if there
    is no witness by the code that made the results.
    """
    results = [path for path in results_of(experiment) if not is_today(path)]
    if {code_of(path) for path in results} != {stamp(experiment)}:
        raise Refused(f"no witness by the code that made its results; `make experiments ONLY={experiment}`")
    witness, sources = _stored(experiment), sources_of(f"experiments.{experiment}")
    today = fingerprint(sources)
    changed = {name: sources[name] for name in today if today[name] != witness["modules"].get(name)}
    gave, ran = miniature(experiment)
    _check_ran(changed, ran, IDLE.get(experiment, set()))
    same_machine = witness["machine"] == machine()
    machines = f"{witness['machine']} then, {machine()} now"
    if lines := list(differences(witness["gave"], gave, exact=same_machine)):
        where = "" if same_machine else f" ({machines})"
        more = [f"and {len(lines) - 5} more"] if len(lines) > 5 else []
        raise Refused("\n  ".join([f"today's code gives something else{where}:", *lines[:5], *more]))
    for path in results:
        write_json(path, json.loads(path.read_text()) | {"code": digest_of_modules(today)})
    write_json(_path(experiment), witness | {"modules": today})
    return "the same bits" if same_machine else f"equal to {OF_A_NUMBER} ({machines})"


def _check_ran(changed: Mapping[str, Module], ran: set[str], idle: set[str]) -> None:
    """`Refused` unless a function ran of every module that changed.

    So a changed module of constants alone is refused: that what imports it ran does not say that it used what changed.
    Only a package's list of names counts for nothing, since another name there leads to another module.
    """
    if busy := sorted(idle & ran):
        raise Refused(f"{', '.join(busy)} runs, although IDLE says that it never does")
    passes_on = {name for name, module in changed.items() if module.source != module.path.read_text(encoding="utf-8")}
    if unseen := sorted(changed.keys() - ran - idle - passes_on):
        raise Refused(f"{', '.join(unseen)} changed, but the miniature runs no function of it; run the experiment")


def _stored(experiment: str) -> dict:
    return json.loads(_path(experiment).read_text())


def _path(experiment: str) -> Path:
    return WITNESSES / f"{experiment}.json"
