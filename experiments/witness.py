"""Witnesses: every experiment in miniature, stored with its results, so that code may be changed without hours of work.

A miniature is the experiment's own `main` with fewer steps and images, each path of the code still taken, in a folder
that is thrown away. `accept` runs it again by today's code. If it gives all that was stored, what was made before is
today's as well, and is stamped so; if not, nothing is stamped.
"""

import hashlib
import importlib
import inspect
import json
import math
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass, replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from ddpm_notes import linear_schedule, read_tensors
from ddpm_notes.training import Trained
from experiments import digits, fashion, fashion_pilot, networks
from experiments.results import write_json
from experiments.stale import EXPERIMENTS, ROOT, digest_of_modules, has_functions, modules_of, results_of

WITNESSES = EXPERIMENTS / "witnesses"
SMALL = {"steps": 20, "warmup": 10, "save_every": 10}
MINIATURES: dict[str, dict[str, object]] = {  # the names that get another value; the one they had is kept as a setting
    "classifier": {"classifier.STEPS": {"digits": 20, "fashion-mnist": 20}},
    "photographs": {},
    "fashion_pilot": {"fashion_pilot.TRIED": fashion_pilot.TRIED[:1]},
    "digits": {"digits.CONFIG": replace(digits.CONFIG, **SMALL)},
    "fashion": {"fashion.CONFIG": replace(fashion.CONFIG, **SMALL)},
    "report": {"report.BOUND_IMAGES": {"digits": 4, "fashion-mnist": 2}, "report.SAMPLES": 4, "report.PART": 2},
    "few_steps": {"few_steps.STEPS": (5,), "few_steps.SAMPLES": 32},
    "ablation": {
        "ablation.SEEDS": (1,),
        "ablation.CONFIG": replace(networks.CONFIG, **SMALL),
        "ablation.linear_schedule": partial(linear_schedule, T=10),
    },
    "schedules": {"schedules.SEEDS": (1,), "schedules.CONFIG": replace(networks.CONFIG, **SMALL)},
    "scaling": {
        "scaling.WIDTHS": (8,),
        "scaling.STEPS": (10, 20),
        "scaling.SAMPLES": 32,
        "scaling.CONFIG": replace(networks.CONFIG, **SMALL),
    },
    "projection": {"projection.REPEATS": 1},
}
WRITTEN = {  # where experiments write
    "results.RESULTS": "results",
    "report.RESULTS": "results",
    "photographs.FILE": "results/photographs.safetensors",
    "training.CHECKPOINTS": "checkpoints",
    "classifier.CHECKPOINTS": "checkpoints",
    **{f"{module}.STATES": "states" for module in ("training", "networks", "report", "scaling")},
}
TRAINING = ("training", "networks", "scaling", "fashion_pilot", "projection")  # modules that call `train`
IDLE = {  # what an experiment imports and never runs, so that a change of it cannot matter
    **dict.fromkeys(("digits", "fashion", "fashion_pilot", "projection"), {"ddpm_notes.reverse"}),  # L_simple alone
    "scaling": {"ddpm_notes.likelihood"},  # no bounds
}
SHOWN = 20  # numbers; of a longer list the digest and norm are kept
_VOLATILE = {"code", "duration", "machine", "threads", "seconds", "seconds_of_training", "seconds_per_image"}
_VOLATILE |= {"file_checksum"}  # safetensors writes a header in any order; the tensors have digests of their own
_DIGESTS = {"digest"}


class Refused(ValueError):
    """Today's code does not give what the witness says, or no witness can say it."""


def stamp(experiment: str) -> str | None:
    """The digest of the code by which the witness is, as results have one; None without a witness."""
    return digest_of_modules(_stored(experiment)["modules"]) if _path(experiment).exists() else None


def store(experiment: str) -> None:
    """Write the experiment's witness by today's code."""
    values, _ = miniature(experiment)
    write_json(_path(experiment), {"modules": modules_of(f"experiments.{experiment}"), "machine": machine(), **values})


def accept(experiment: str) -> str:
    """Stamp the experiment's results as today's, if its witness is the same by today's code; says what was compared.

    Raises `Refused`, and stamps nothing, if a value differs, if a module that changed since did not run, or if there
    is no witness by the code that made the results.
    """
    results, today = results_of(experiment), modules_of(f"experiments.{experiment}")
    if {json.loads(path.read_text())["code"] for path in results} != {stamp(experiment)}:
        raise Refused(f"no witness by the code that made its results; `make experiments ONLY={experiment}`")
    witness = _stored(experiment)
    values, ran = miniature(experiment)
    changed, idle = {name for name in today if today[name] != witness["modules"].get(name)}, IDLE.get(experiment, set())
    if busy := idle & ran:
        raise Refused(f"{', '.join(busy)} runs, although IDLE says that it never does")
    if unseen := sorted(name for name in changed - ran - idle if has_functions(name)):
        raise Refused(f"{', '.join(unseen)} changed, but the miniature runs nothing of it")
    same_machine = witness["machine"] == machine()
    if differences := list(_differences({key: witness[key] for key in values}, values, same_machine)):
        shown = "".join(f"\n  {line}" for line in differences[:5])
        more = f"\n  and {len(differences) - 5} more" if len(differences) > 5 else ""
        raise Refused(f"today's code gives something else:{shown}{more}")
    for path in results:
        write_json(path, json.loads(path.read_text()) | {"code": digest_of_modules(today)})
    write_json(_path(experiment), witness | {"modules": today})
    return "the same bits" if same_machine else f"equal to 1e-6 ({witness['machine']} then, {machine()} now)"


def miniature(experiment: str) -> tuple[dict, set[str]]:
    """What the miniature gave: settings, trainings and files; and the modules of which a function ran."""
    trainings: list[dict] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        changes = MINIATURES[experiment]
        settings = {name: _said(_named(name)) for name in changes}
        changes = changes | {name: Path(folder, place) for name, place in WRITTEN.items()}
        changes |= {f"{module}.train": _recorded(module, trainings) for module in TRAINING}
        for name, value in changes.items():
            stack.enter_context(patch(f"experiments.{name}", value))
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        torch.manual_seed(0)
        ran = _watched(importlib.import_module(f"experiments.{experiment}").main)
        files = {path.name: _content(path) for path in sorted(Path(folder).glob("[rc]*/*.*"))}
    values = {"settings": settings, "trainings": trainings, "files": files}
    return json.loads(json.dumps(values)), ran


def _recorded(module: str, trainings: list[dict]) -> Callable[..., Trained]:
    """The module's `train`, which notes losses and weights; of one speed for the pilot, whose steps it decides."""
    train = _named(f"{module}.train")

    def recorded(model, *args, **kwargs) -> Trained:
        trained = train(model, *args, **kwargs)
        weights = [*model.state_dict().values(), *trained.model.state_dict().values()]
        trainings.append({"losses": trained.losses.tolist(), **summary(weights)})
        return replace(trained, seconds=fashion_pilot.SECONDS * len(trained.losses) / SMALL["steps"])

    return recorded


def _watched(run: Callable[[], None]) -> set[str]:
    files: set[str] = set()
    sys.setprofile(lambda frame, event, _: files.add(frame.f_code.co_filename) if event == "call" else None)
    try:
        run()
    finally:
        sys.setprofile(None)
    ours = [Path(file).relative_to(ROOT) for file in files if Path(file).is_relative_to(ROOT)]
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in ours}


def _content(path: Path) -> dict:
    if path.suffix == ".json":
        return _without_volatile(json.loads(path.read_text()))
    tensors, _ = read_tensors(path)
    return {name: summary([tensor]) for name, tensor in tensors.items()}


def _without_volatile(value):
    if isinstance(value, dict):
        return {key: _without_volatile(inner) for key, inner in value.items() if key not in _VOLATILE}
    if isinstance(value, list) and len(value) > SHOWN:
        return summary([torch.tensor(value, dtype=torch.float64)])
    return value


def summary(tensors: Iterable[Tensor]) -> dict:
    """A digest of the bits, and the norm, which another processor's rounding hardly changes."""
    digest, squares = hashlib.sha256(), 0.0
    for tensor in tensors:
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
        squares += tensor.double().square().sum().item()
    return {"digest": digest.hexdigest()[:16], "norm": math.sqrt(squares)}


def _differences(then, now, exact: bool, place: str = "") -> Iterator[str]:
    """A line for whatever was stored and is another now; digests count on the same machine only."""
    if isinstance(then, dict | list) and type(then) is type(now):
        inner = then.items() if isinstance(then, dict) else enumerate(then)
        for key, value in inner:
            if key not in _VOLATILE and (exact or key not in _DIGESTS):
                there = now.get(key, "nothing") if isinstance(now, dict) else [*now, *["nothing"] * len(then)][key]
                yield from _differences(value, there, exact, f"{place}/{key}")
    elif not (then == now or (not exact and _close(then, now))):
        yield f"{place}: {then} then, {now} now"


def _close(then, now) -> bool:
    return isinstance(then, float) and isinstance(now, float) and math.isclose(then, now, rel_tol=1e-6)


def _named(name: str):
    module, _, attribute = name.partition(".")
    return getattr(importlib.import_module(f"experiments.{module}"), attribute)


def _said(value) -> object:
    """A setting as JSON can keep it: of a function the defaults."""
    if is_dataclass(value):
        return asdict(value)
    if callable(value):
        parameters = inspect.signature(value).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
    return value


def machine() -> str:
    cpu = Path("/proc/cpuinfo")
    model = re.search("model name\\s*: (.*)", cpu.read_text()) if cpu.exists() else None
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{model[1] if model else platform.machine()}, {capability}, torch {torch.__version__.partition('+')[0]}"


def _stored(experiment: str) -> dict:
    return json.loads(_path(experiment).read_text())


def _path(experiment: str) -> Path:
    return WITNESSES / f"{experiment}.json"
