"""Outputs of notebooks that ran, found again by what they were made from and by nothing else."""

import ast
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from publishing import paths
from publishing.contract import DEPENDS_ON, MAY_RAISE, VARIABLE
from publishing.execute.fingerprint import Module, fingerprint, imports_by_name, meaning, reached
from publishing.files import digest, digest_of, read_sealed, write_sealed
from publishing.notebooks import NotebookNode, calls
from publishing.stamps import states

ENTRIES_KEPT = 400
RUNNERS = ("kernel.py", "kernels.py", "recorder.py")


@dataclass(frozen=True)
class Run:
    """A successful execution: each code cell's count and outputs, and what it met, as it was then (`files.state`)."""

    cells: list[dict]
    opened: dict[str, str | None]


def key(folder: Path, notebook: NotebookNode, modules: Mapping[str, Module]) -> str:
    """Names what a run depends on and can be known before it: code, modules, lock, Python, where and how we run it.

    Prose is not in it. Of the cells' tags only the one that bears on execution is.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = _code(notebook)
    parts = {
        "paper": folder.relative_to(paths.NOTEBOOKS).as_posix(),
        "cells": [(cell.source, MAY_RAISE in cell.metadata.get("tags", [])) for cell in cells],
        "modules": fingerprint(modules, shown_in=code),
        "environment": {name: os.environ.get(name) for name in variables(notebook)},
        "lock": digest(paths.REQUIREMENTS),
        "python": platform.python_version(),
        "runner": [meaning(Path(__file__).with_name(name).read_text(encoding="utf-8")) for name in RUNNERS],
    }
    return digest_of(json.dumps(parts, sort_keys=True).encode())


def modules(folder: Path, notebook: NotebookNode) -> dict[str, Module]:
    """The modules of this repository, and beside the notebook in its folder, that its code reaches."""
    return reached(_code(notebook), (folder, paths.ROOT))


def came_upon(folder: Path, notebook: NotebookNode, imported: Mapping[str, str | None]) -> dict[str, str | None]:
    """Of the modules that a run imported, those that no import statement of its code leads to."""
    code = _code(notebook)
    stated = reached(code, (folder, paths.ROOT), whole=not imports_by_name(code, modules(folder, notebook)))
    known = {paths.relative(module.path) for module in stated.values()}
    return {name: was for name, was in imported.items() if name not in known}


def variables(notebook: NotebookNode) -> list[str]:
    """The environment's variables that its cells say they depend on: no other one reaches a kernel."""
    named = (argument for _, call in calls(notebook, DEPENDS_ON) for argument in call.args)
    texts = (argument.value for argument in named if isinstance(argument, ast.Constant))
    return sorted({text for text in texts if isinstance(text, str) and VARIABLE.fullmatch(text)})


def _code(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def load(name: str) -> Run | None:
    """The run of this key, if its entry is whole and the data files that it opened are still the same."""
    path = paths.CACHE / name
    if (body := read_sealed(path)) is None:
        return None
    try:
        run = Run(**json.loads(body))
    except (ValueError, TypeError):
        return None
    if states(run.opened) != run.opened:
        return None
    os.utime(path)
    return run


def store(name: str, run: Run) -> None:
    """Keep a successful run, and drop the entries that were longest not asked for."""
    write_sealed(paths.CACHE / name, json.dumps(asdict(run), sort_keys=True).encode())
    entries = sorted(filter(Path.is_file, paths.CACHE.glob("[!.]*")), key=lambda path: path.stat().st_mtime)
    for path in entries[:-ENTRIES_KEPT]:
        path.unlink()
