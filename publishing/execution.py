"""Notebooks to executed notebooks: from the cache where nothing that matters changed, else in parallel kernels."""

import asyncio
import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from publishing import cache, lints, paths, source
from publishing.cache import Run
from publishing.errors import PublishingError
from publishing.files import write
from publishing.stamps import Digests, digests

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Executed:
    """An executed notebook, and digests of the modules and data files of this repository that it was made from."""

    path: Path
    made_from: Digests


@dataclass
class Job:
    """One notebook on its way: its run, once there is one, or why there is none."""

    paper: str
    stem: str
    notebook: "NotebookNode"
    key: str
    modules: Digests
    run: Run | None = None
    failure: str | None = None


def execute(paper: str, stems: list[str], force: bool = False) -> list[Executed]:
    """Bring these sections' executed notebooks up to date, in build/executed.

    What ran is cached even if another notebook fails. Then nothing in build/executed changes, the partial notebooks
    are kept in build/failed, and one PublishingError names the first failure; the others are in the progress lines.
    """
    jobs = [_job(paper, stem, force) for stem in stems]
    waiting = [job for job in jobs if job.run is None]
    if waiting:
        _execute(waiting, say=_progress_of(jobs))
    for job in jobs:
        if job.failure is None:
            _failed_path(job).unlink(missing_ok=True)
    failures = [job.failure for job in jobs if job.failure]
    if failures:
        others = f" (and {len(failures) - 1} more, named above)" if len(failures) > 1 else ""
        raise PublishingError(failures[0] + others)
    return [_written(job) for job in jobs]


def executed_path(paper: str, stem: str) -> Path:
    """Where the executed notebook lies."""
    return paths.executed_dir(paper) / f"{stem}.ipynb"


def _job(paper: str, stem: str, force: bool) -> Job:
    notebook = lints.checked(paper, stem)
    modules = cache.modules(paper, notebook)
    key = cache.key(paper, notebook, modules)
    return Job(paper, stem, notebook, key, digests(modules.values()), run=None if force else cache.load(key))


def _progress_of(jobs: list[Job]) -> Callable[[Job, str], None]:
    width = max(len(job.stem) for job in jobs)
    return lambda job, text: print(f"{job.stem:{width}}  {text}", flush=True)


def _execute(jobs: list[Job], say: Callable[[Job, str], None]) -> None:
    """Run the jobs on as many kernels as there are cores, each to its end, whatever happens to the others."""
    kernels = min(len(jobs), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    print(f"executing {len(jobs)} of the notebooks on {kernels} {'kernel' if kernels == 1 else 'kernels'}", flush=True)

    async def all_of_them() -> None:
        free = asyncio.Semaphore(kernels)
        ends = await asyncio.gather(*(_execute_one(job, free, say) for job in jobs), return_exceptions=True)
        for end in filter(None, ends):
            raise end

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(all_of_them())


class _Loop(asyncio.SelectorEventLoop):
    """Leaves Ctrl-C to asyncio, which stops every kernel; each nbclient would claim it for its own kernel alone."""

    def add_signal_handler(self, *_) -> None:
        raise RuntimeError("this loop takes no signal handlers")


async def _execute_one(job: Job, free: asyncio.Semaphore, say: Callable[[Job, str], None]) -> None:
    from publishing import kernels

    notebook, total = deepcopy(job.notebook), len(job.notebook.cells)
    async with free:
        try:
            job.run = await kernels.run(
                notebook,
                folder=paths.notebooks_dir(job.paper),
                progress=lambda cell, seconds: say(job, f"cell {cell}/{total}  {seconds:.1f} s"),
            )
        except kernels.CellFailure as failure:
            say(job, f"cell {failure.cell}/{total}  failed: {failure}")
            write(_failed_path(job), _text(notebook))
            kept = paths.relative(_failed_path(job))
            job.failure = f"{job.paper}/{job.stem}, cell {failure.cell}: {failure} (as far as it got: {kept})"
        else:
            modules = cache.modules(job.paper, job.notebook)
            if cache.key(job.paper, job.notebook, modules) == job.key:  # none was edited while the notebook ran
                cache.store(job.key, job.run)


def _failed_path(job: Job) -> Path:
    return paths.failed_dir(job.paper) / f"{job.stem}.ipynb"


def _written(job: Job) -> Executed:
    """Join today's prose with the run's outputs, in which the package's source is shown as it is today."""
    runs = iter(job.run.cells)
    for number, cell in enumerate(job.notebook.cells, 1):
        if cell.cell_type == "code":
            cell.update(next(runs))
            for output in cell.outputs:
                _refresh_source(output, f"{job.paper}/{job.stem}, cell {number}")
    job.notebook.metadata["language_info"] = {"name": "python"}
    path = executed_path(job.paper, job.stem)
    write(path, _text(job.notebook))
    return Executed(path, job.modules | job.run.opened)


def _refresh_source(output: dict, place: str) -> None:
    if shown := output.get("data", {}).get(source.MIME):
        try:
            output["data"] = source.source_bundle(shown["object"])
        except PublishingError as error:
            raise PublishingError(f"{place}: {error}") from None


def _text(notebook: "NotebookNode") -> str:
    import nbformat

    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"
