"""`python -m benchmarks.build`: how long the build takes after each kind of edit, and what it runs again.

Beside it stand Jupyter Book 1 and MyST, turn by turn. All of it happens in copies, in a temporary folder.
"""

import argparse
import ast
import importlib
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import edits
from benchmarks.books import JupyterBook, MyST
from benchmarks.copies import ROOT, Build, Copy
from benchmarks.edits import LOSSES, NETWORK, NOTEBOOK, Edit
from benchmarks.saving import saving
from benchmarks.stale import stale
from benchmarks.synthetic import FOR_A_POST, write_papers

CLEAN, NOTHING, TEXT = 180, 0.4, 2.0  # seconds to the page that are aimed at
FORMULA, CELL = 0.5, 2.0  # more than a word takes, and than the notebook itself
SLACK = 1.1  # times as long as with one paper


# --- what has to run again, found in other ways than the build does


def notebooks(copy: Copy) -> dict[str, str]:
    """Their texts, of sections and studies."""
    folder = copy.root / "notebooks" / "ddpm"
    return {path.relative_to(folder).with_suffix("").as_posix(): path.read_text() for path in folder.rglob("*.md")}


def importers(copy: Copy, module: str) -> frozenset[str]:
    """Notebooks in whose process the module is loaded once their import statements have run."""
    import torch  # noqa: F401  once, before the processes part

    fork = multiprocessing.get_context("fork")
    found = set()
    for stem, text in notebooks(copy).items():
        cells = re.findall(r"(?ms)^```python.*?\n(.*?)^```$", text)
        process = fork.Process(target=_imports, args=(cells, module))
        process.start()
        process.join()
        if process.exitcode == 0:
            found.add(stem)
    return frozenset(found)


def _imports(cells: list[str], module: str) -> None:
    sys.path.insert(0, str(ROOT))
    sys.modules["ddpm_notes"] = _lazy("ddpm_notes")
    for cell in cells:
        body: list[ast.stmt] = [node for node in ast.parse(cell).body if isinstance(node, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(body, []), "imports", "exec"), {})
    os._exit(0 if module in sys.modules else 1)


def _lazy(name: str) -> ModuleType:
    """A package that only passes names on, and here imports the module of none but those that are taken."""
    init = ROOT / name / "__init__.py"
    nodes = [node for node in ast.parse(init.read_text()).body if isinstance(node, ast.ImportFrom)]
    origins = {alias.name: node.module for node in nodes for alias in node.names}

    def take(wanted: str) -> object:
        if wanted not in origins:
            raise AttributeError(wanted)
        return getattr(importlib.import_module(f"{origins[wanted]}"), wanted)

    package = ModuleType(name)
    package.__path__ = [str(init.parent)]
    package.__getattr__ = take  # type: ignore[method-assign]
    return package


def reading(copy: Copy, network: str) -> frozenset[str]:
    """Notebooks that name the checkpoint, or its network and a checkpoint by a name that is put in."""
    name = Path(network).stem
    one, put_in = re.compile(rf"\b{name}\.safetensors"), re.compile(r"(?i)checkpoints\b.*\{")
    texts = notebooks(copy).items()
    return frozenset(stem for stem, text in texts if one.search(text) or f'"{name}"' in text and put_in.search(text))


# --- the tables


def in_turn(presses: Sequence[Copy], turns: int, build: Callable[[Copy, int], Build]) -> list[list[Build]]:
    """What the presses take, one after the other in every turn; a list for each of them."""
    return [
        list(builds) for builds in zip(*([build(press, n) for press in presses] for n in range(turns)), strict=True)
    ]


def every_edit(folder: Path, turns: int) -> None:
    """Every edit, by every press."""
    presses = [kind.of_this(folder / kind.__name__) for kind in (Copy, JupyterBook, MyST)]

    def row(what: str, must_run: frozenset[str], aim: float | None, builds: list[list[Build]]) -> None:
        medians = [statistics.median(build.seconds for build in of_one) for of_one in builds]
        ours = builds[0]
        ran = f"{len(ours[0].ran)}" + ("" if all(b.ran.keys() == must_run for b in ours) else f", not {len(must_run)}")
        met = "" if aim is None else f"{aim:.1f} s: {'met' if medians[0] <= aim else 'missed'}"
        peak = max(build.peak for build in ours)
        others = " | ".join(f"{median:.1f}" for median in medians[1:])
        print(f"| {what} | {medians[0]:.1f} | {len(ours)} | {ran} | {met} | {peak:.0f} | {others} |", flush=True)

    def edited(name: str, edit: Callable[[int], Edit], turns: int = 1) -> list[list[Build]]:
        return in_turn(presses, turns, lambda press, turn: press.edited(name, edit(turn)))

    every, none = notebooks(presses[0]).keys(), frozenset[str]()
    print("| edit | `make`, s | of | notebooks run | aim | MiB | Jupyter Book 1, s | MyST, s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    row("from clean", frozenset(every), CLEAN, in_turn(presses, 1, lambda press, _: press.build()))
    row("nothing", none, NOTHING, in_turn(presses, turns, lambda press, _: press.build()))
    words = edited(NOTEBOOK, edits.a_word, turns)
    row("a word of prose", none, TEXT, words)
    word = statistics.median(build.seconds for build in words[0])
    row("a new formula in the prose", none, word + FORMULA, edited(NOTEBOOK, edits.mathematics, turns))
    row("a rule of the stylesheet", none, TEXT, edited(edits.STYLES, edits.a_rule, turns))
    row(f"a docstring of `{LOSSES}`", none, TEXT, edited(LOSSES, edits.a_docstring, turns))
    cells = edited(NOTEBOOK, edits.a_cell, turns)
    own = statistics.median(sum(build.ran.values()) for build in cells[0])
    row(f"a code cell of a notebook that runs for {own:.1f} s", frozenset({Path(NOTEBOOK).stem}), own + CELL, cells)
    row(f"a formula of `{LOSSES}`", importers(presses[0], "ddpm_notes.losses"), None, edited(LOSSES, edits.a_formula))
    row("a checkpoint", reading(presses[0], NETWORK), None, edited(NETWORK, edits.a_checkpoint))
    row("a version in the lock file", frozenset(every), None, edited(edits.LOCK, edits.a_version))


def growth(folder: Path, turns: int) -> None:
    """Edits of one synthetic paper, alone and beside nine others."""
    copies = [Copy.of_this(folder / f"{papers}", *FOR_A_POST) for papers in (1, 10)]
    for copy in copies:
        write_papers(copy.root, int(copy.root.name))
    section = "notebooks/paper0/01-synthetic.md"
    print("| synthetic papers | 1, s | 10, s | ratio | MiB | MiB | aim |\n|---|---|---|---|---|---|---|", flush=True)

    def row(what: str, aim: float | None, builds: list[list[Build]]) -> None:
        one, ten = (statistics.median(build.seconds for build in of_one) for of_one in builds)
        peaks = " | ".join(f"{max(build.peak for build in of_one):.0f}" for of_one in builds)
        met = "" if aim is None else f"{aim:.1f}: {'met' if ten <= aim * one else 'missed'}"
        print(f"| {what} | {one:.2f} | {ten:.2f} | {ten / one:.2f} | {peaks} | {met} |", flush=True)

    row("from clean", None, in_turn(copies, 1, lambda copy, _: copy.build()))
    row("nothing", SLACK, in_turn(copies, turns, lambda copy, _: copy.build()))
    for what, edit in (("a word", edits.a_word), ("a new formula", edits.mathematics), ("a code cell", edits.a_cell)):
        row(what, SLACK, in_turn(copies, turns, lambda copy, turn, edit=edit: copy.edited(section, edit(turn))))


TABLES = {"edits": every_edit, "saving": saving, "growth": growth, "stale": stale}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="repetitions of what takes seconds (default 5)")
    parser.add_argument("--only", choices=TABLES, help="one of the tables")
    given = parser.parse_args()
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}\n")
    for name in [given.only] if given.only else TABLES:
        with tempfile.TemporaryDirectory() as folder:
            TABLES[name](Path(folder), given.turns)
        print()
    check = time.monotonic()
    subprocess.run([sys.executable, "bootstrap.py", "site"], cwd=ROOT, check=True)
    print(f"`make` first looks at the set-up, {time.monotonic() - check:.1f} s; ", end="")
    print(f"all of this took {time.monotonic() - began:.0f} s; load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
