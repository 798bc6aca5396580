"""Notebooks to executed notebooks: from the cache where nothing that matters changed, else in parallel kernels."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publishing import macros, paths, progress, source, stamps
from publishing.contract import DEPENDS_ON, MACROS, SOURCE
from publishing.errors import PublishingError
from publishing.execute import cache
from publishing.execute.cache import Run
from publishing.faults import Faults
from publishing.files import make_way, write
from publishing.notebooks import NotebookNode, calls, path_of
from publishing.stamps import Digests, digests

if TYPE_CHECKING:
    from publishing.execute.recorder import Report

TRIES = 3
PROGRAM_UNSEEN = "what it reads is not seen; say depends_on(…) from publishing.cells, of a file or a variable"


@dataclass(frozen=True)
class Executed:
    """An executed notebook, digests of this repository's files that it was made from, and whether it ran just now."""

    path: Path
    made_from: Digests
    ran: bool

    def changed(self) -> str | None:
        """The first of these files that is no longer as it was read."""
        now = stamps.states(self.made_from)
        return next((name for name, was in self.made_from.items() if now[name] != was), None)


@dataclass
class Job:
    """One notebook on its way: its run, once there is one, or why there is none."""

    paper: str
    stem: str
    notebook: NotebookNode
    key: str
    modules: Digests
    run: Run | None = None
    failure: str | None = None
    cell: int | None = None  # that runs, or was the last to
    tries: int = 0
    began: float = 0.0

    @property
    def name(self) -> str:
        """What messages call the notebook."""
        return f"{self.paper}/{self.stem}"

    @property
    def folder(self) -> Path:
        """Where it is written, and runs."""
        return path_of(self.paper, self.stem).parent

    @property
    def is_done(self) -> bool:
        """Whether it ran, or failed."""
        return bool(self.run or self.failure)

    def ends(self, notebook: NotebookNode, report: "Report") -> None:
        """Take the outputs, unless a module was edited meanwhile: then the notebook has to run on it as it is now."""
        self.tries += 1
        if any(report.imported.get(name, was) != was for name, was in self.modules.items()):
            self.key, self.modules = _made_from(self.folder, self.notebook)
            if self.tries == TRIES:
                self.failure = f"{self.name}: its modules change while it runs; let it change none of them"
        elif report.programs and not calls(notebook, DEPENDS_ON):
            self.failure = f"{self.name} starts {report.programs[0]}, and {PROGRAM_UNSEEN}"
        elif unheard := [claim for claim in report.claims if claim not in _raised(notebook)]:
            self.failure = f"{self.name}: {unheard[0]}, and its cell went on; claim it where nothing catches that"
        else:
            opened = report.opened | cache.came_upon(self.folder, notebook, report.imported)
            self.run = Run(_outputs(notebook), opened)

    def begins(self, cell: int) -> None:
        """Take note of the cell that runs from now on."""
        self.cell, self.began = cell, time.monotonic()


def kept(paper: str, stem: str, made_from: Mapping[str, object]) -> Executed | None:
    """The executed notebook, if nothing that it was made from changed since."""
    stage = stamps.of_notebook(paper, stem)
    if (outputs := stamps.outputs_if_fresh(stage, made_from)) is None:
        return None
    _failed_path(paper, stem).unlink(missing_ok=True)
    return Executed(outputs[0], stamps.found(stage), ran=False)


class NotAllRan(PublishingError):
    """Notebooks failed, a line each; those that ran, by their stems."""

    def __init__(self, failures: list[str], ran: dict[str, NotebookNode]):
        super().__init__("\n".join(failures))
        self.ran = ran


def planned(paper: str, notebooks: Mapping[str, NotebookNode], force: bool = False) -> list[Job]:
    """What is to be done with these notebooks, by their stems: nothing where they ran before, unless by `force`."""
    jobs = []
    for stem, notebook in notebooks.items():
        key, modules = _made_from(path_of(paper, stem).parent, notebook)
        jobs.append(Job(paper, stem, notebook, key, modules, run=None if force else cache.load(key)))
    return jobs


def execute(jobs: list[Job]) -> list[Executed]:
    """Update the executed notebooks in build/executed.

    What ran is cached even if another notebook fails. Then nothing in build/executed changes, the partial notebooks
    are kept in build/failed, and NotAllRan tells all failures.
    """
    waiting = [job for job in jobs if job.run is None]
    if waiting:
        _execute(waiting)
    for job in jobs:
        if job.failure is None:
            _failed_path(job.paper, job.stem).unlink(missing_ok=True)
    ran = [job for job in jobs if job.run and not job.failure]
    faults = Faults(job.failure for job in jobs if job.failure)
    joined = {job.stem: faults.attempt(_joined, job, job.run) for job in ran}
    if faults:
        raise NotAllRan(faults, {stem: notebook for stem, notebook in joined.items() if notebook})
    return [_written(job) for job in ran]


def _made_from(folder: Path, notebook: NotebookNode) -> tuple[str, Digests]:
    modules = cache.modules(folder, notebook)
    return cache.key(folder, notebook, modules), digests(module.path for module in modules.values())


def _described(jobs: list[Job]) -> str:
    """How many of the jobs are done, and in which cells the others are, the slowest first."""
    running = sorted((job for job in jobs if job.cell and not job.is_done), key=lambda job: job.began)
    done = f"{sum(job.is_done for job in jobs)} of {len(jobs)} notebooks executed"
    now = time.monotonic()
    cells = [
        f"{job.name} cell {job.cell}/{len(job.notebook.cells)}, {progress.lasting(now - job.began)}" for job in running
    ]
    return " · ".join([done, *cells])


def _execute(jobs: list[Job]) -> None:
    """Run the jobs on as many kernels as there are cores, each to its end, whatever happens to the others."""
    kernels = min(len(jobs), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    progress.log(f"executing {len(jobs)} of the notebooks on {kernels} {'kernel' if kernels == 1 else 'kernels'}")

    async def all_of_them() -> None:
        free = asyncio.Semaphore(kernels)
        ends = await asyncio.gather(*(_execute_one(job, free) for job in jobs), return_exceptions=True)
        for end in filter(None, ends):
            raise end

    with progress.doing(lambda: _described(jobs)), asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(all_of_them())


class _Loop(asyncio.SelectorEventLoop):
    """Leaves Ctrl-C to asyncio, which stops every kernel; each nbclient would claim it for its own kernel alone."""

    def add_signal_handler(self, *_: Any) -> None:  # type: ignore[override]
        raise RuntimeError("this loop takes no signal handlers")

    def call_exception_handler(self, context: dict) -> None:
        """Say nothing of nbclient's watch on a kernel, which it forgets at Ctrl-C and which trips over the end."""
        if not isinstance(context.get("exception"), AssertionError):
            super().call_exception_handler(context)


async def _execute_one(job: Job, free: asyncio.Semaphore) -> None:
    from publishing.execute import kernels

    notebook = job.notebook
    async with free:
        began = time.monotonic()
        try:
            while not job.is_done:
                notebook = deepcopy(job.notebook)
                job.ends(notebook, await kernels.run(notebook, job.folder, job.begins))
        except kernels.CellFailure as failure:
            task = asyncio.current_task()
            if task and task.cancelling():  # by Ctrl-C, which nbclient takes for the end of the kernel
                raise asyncio.CancelledError from None
            job.failure = f"{job.name}, cell {failure.cell}: {failure}"
            progress.say(job.failure)
            partial = _failed_path(job.paper, job.stem)
            write(partial, _text(notebook))
            job.failure += f" (as far as it got: {paths.relative(partial)})"
        else:
            progress.log(f"{job.name}  {len(notebook.cells)} cells  {progress.lasting(time.monotonic() - began)}")
            if job.run and _made_from(job.folder, job.notebook)[0] == job.key:  # no data was edited while it ran
                cache.store(job.key, job.run)


def _failed_path(paper: str, stem: str) -> Path:
    """Where a partial notebook is kept, with nothing in its way."""
    path = paths.FAILED / paper / f"{stem}.ipynb"
    make_way(path)
    return path


def _joined(job: Job, run: Run) -> NotebookNode:
    """Today's prose with the run's outputs, in which source and macros are shown as they are today."""
    import nbformat

    runs = iter(run.cells)
    for number, cell in enumerate(job.notebook.cells, 1):
        if cell.cell_type == "code":
            cell.update(next(runs))
            for output in cell.outputs:
                _refresh(output, job.paper, f"{job.name}, cell {number}")
    job.notebook.metadata["language_info"] = {"name": "python"}
    return nbformat.from_dict(job.notebook)


def _written(job: Job) -> Executed:
    path = paths.executed_path(job.paper, job.stem)
    make_way(path)
    write(path, _text(job.notebook))
    opened = job.run.opened if job.run else {}
    variables = {f"${name}": stamps.of_variable(name) for name in cache.variables(job.notebook)}
    return Executed(path, job.modules | opened | variables | _shown(job.notebook), ran=job.cell is not None)


def _shown(notebook: NotebookNode) -> Digests:
    """The modules whose source it shows, which its code need not reach."""
    bundles = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return digests(source.module_of(data[SOURCE]["object"])[0] for data in bundles if SOURCE in data)


def _refresh(output: dict, paper: str, place: str) -> None:
    shown = output.get("data", {})
    try:
        if SOURCE in shown:
            output["data"] = source.source_bundle(shown[SOURCE])
        if MACROS in shown:
            output["data"] = macros.bundle(paper)
    except PublishingError as error:
        raise PublishingError(f"{place}: {error}") from None


def _raised(notebook: NotebookNode) -> list[str]:
    """What the errors say that its cells end with, as their tags allow."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.evalue for output in shown if output.output_type == "error"]


def _outputs(notebook: NotebookNode) -> list[dict]:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return json.loads(json.dumps([{"execution_count": c.execution_count, "outputs": c.outputs} for c in cells]))


def _text(notebook: NotebookNode) -> str:
    import nbformat

    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"
