"""Every experiment in miniature: its own `main` with fewer steps and images, each path of the code still taken."""

import importlib
import inspect
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, is_dataclass, replace
from functools import partial
from pathlib import Path
from types import CodeType
from unittest.mock import patch

import torch

import ddpm_notes
from ddpm_notes import linear_schedule, read_tensors
from ddpm_notes.training import Trained
from experiments import digits, fashion, fashion_pilot, networks
from experiments.bits import summary
from experiments.stale import sources_of
from publishing.execute.fingerprint import Module

SMALL = {"steps": 20, "warmup": 10, "save_every": 10}
MINIATURES: dict[str, dict[str, object]] = {  # the names that get another value; the one they had is kept as a setting
    "classifier": {"classifier.STEPS": {"digits": 20, "fashion-mnist": 20}},
    "photographs": {},
    "fashion_pilot": {"fashion_pilot.TRIED": fashion_pilot.TRIED[:1]},
    "digits": {"digits.CONFIG": replace(digits.CONFIG, **SMALL)},
    "fashion": {"fashion.CONFIG": replace(fashion.CONFIG, **SMALL)},
    "report": {
        "report.BOUND_IMAGES": {"digits": 4, "fashion-mnist": 2},
        "report.SAMPLES": {"digits": 8, "fashion-mnist": 4},
        "report.PART": 2,
        "report.SET": 4,
    },
    "few_steps": {"few_steps.STEPS": (5,), "few_steps.SETS": 1},
    "ablation": {
        "ablation.SEEDS": (1,),
        "networks.SETS": 1,
        "ablation.CONFIG": replace(networks.CONFIG, **SMALL),
        "ablation.linear_schedule": partial(linear_schedule, T=10),
    },
    "schedules": {
        "schedules.SEEDS": (1,),
        "networks.SETS": 1,
        "schedules.CONFIG": replace(networks.CONFIG, **SMALL),
    },
    "scaling": {
        "scaling.WIDTHS": (8,),
        "scaling.STEPS": (10, 20),
        "scaling.SETS": 1,
        "scaling.CONFIG": replace(networks.CONFIG, **SMALL),
    },
    "projection": {"projection.REPEATS": 1},
}
WRITTEN = {  # where experiments write; what is under `made` is compared
    "results.RESULTS": "made/results",
    "report.RESULTS": "made/results",
    "photographs.FILE": "made/results/photographs.safetensors",
    "training.CHECKPOINTS": "made/checkpoints",
    "classifier.CHECKPOINTS": "made/checkpoints",
    **{f"{module}.STATES": "states" for module in ("training", "networks", "report", "results", "scaling")},
}
# Of each run its own; and the checksum of a file, whose header safetensors writes in any order.
VOLATILE = {"code", "duration", "machine", "file_checksum"}
SHOWN = 20  # numbers; of a longer list the summary is kept


def miniature(experiment: str) -> tuple[dict, set[str]]:
    """What it gives on one thread: settings, trainings and files; and the modules of which a function ran."""
    main = importlib.import_module(f"experiments.{experiment}").main
    trainings: list[dict] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        small = MINIATURES[experiment]
        settings = {name: _said(_named(name)) for name in small}
        for name, value in (small | {name: Path(folder, place) for name, place in WRITTEN.items()}).items():
            stack.enter_context(patch(f"experiments.{name}", value))
        for name, module in sorted(sys.modules.items()):
            if name.startswith("experiments.") and getattr(module, "train", None) is ddpm_notes.train:
                stack.enter_context(patch.object(module, "train", _recorded(trainings)))
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        torch.manual_seed(0)
        ran = watched(main, sources_of(f"experiments.{experiment}"))
        made = Path(folder, "made")
        files = {path.relative_to(made).as_posix(): _content(path) for path in sorted(made.rglob("*.*"))}
    values = {"settings": settings, "trainings": trainings, "files": files}
    return json.loads(json.dumps(values)), ran


def _recorded(trainings: list[dict]) -> Callable[..., Trained]:
    """`train`, which notes losses and weights; of one speed for the pilot, whose steps it decides."""

    def recorded(model, *args, **kwargs) -> Trained:
        trained = ddpm_notes.train(model, *args, **kwargs)
        weights = [*model.state_dict().values(), *trained.model.state_dict().values()]
        trainings.append({"losses": trained.losses.tolist(), **summary(weights)})
        return replace(trained, seconds=fashion_pilot.SECONDS * len(trained.losses) / SMALL["steps"])

    return recorded


def watched(run: Callable[[], None], modules: Mapping[str, Module]) -> set[str]:
    """Those of the modules of which a function ran; that the body of a module or a class did, on import, is nothing."""
    seen: set[CodeType] = set()
    sys.setprofile(lambda frame, event, _: seen.add(frame.f_code) if event == "call" else None)
    try:
        run()
    finally:
        sys.setprofile(None)
    files = {Path(code.co_filename).resolve() for code in seen if _is_function(code)}
    return {name for name, module in modules.items() if module.path.resolve() in files}


def _is_function(code: CodeType) -> bool:
    """A `def`: no body of a class, which keeps its names in a dictionary; no `<module>`, `<lambda>` or `<listcomp>`."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED) and not code.co_name.startswith("<")


def _content(path: Path) -> dict:
    if path.suffix == ".json":
        return _kept(json.loads(path.read_text()))
    tensors, about = read_tensors(path)
    return {"about": _kept(about), "tensors": {name: summary([tensor]) for name, tensor in tensors.items()}}


def _kept(value):
    if isinstance(value, dict):
        return {key: _kept(inner) for key, inner in value.items() if key not in VOLATILE}
    if isinstance(value, list) and len(value) > SHOWN:
        return summary([torch.tensor(value, dtype=torch.float64)])
    return value


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
