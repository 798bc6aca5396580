"""One notebook in one fresh kernel."""

import asyncio
import atexit
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient
from nbclient import client as nbclient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode, ValidationError

from publishing import paths
from publishing.contract import MAY_RAISE
from publishing.execute import limits
from publishing.execute.cache import variables
from publishing.execute.recorder import Report, read_report

nbclient._RGX_CARRIAGERETURN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)  # its own takes a long line for hours

LONGEST = 70  # bytes of a folder's name, below which a socket can still be named
START_SECONDS = 1800  # of wall time, which passes on a busy machine as well
REPORT = "opened"
PACKAGE = "; is it a package? Then add it to pyproject.toml and requirements/main.lock"
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "MPLCONFIGDIR": str(Path(sys.prefix, "cache", "matplotlib")),  # nobody's settings, and never taken for data
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "TZ": "UTC",
}
INHERITED = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|LD_LIBRARY_PATH|CUDA_VISIBLE_DEVICES|(SSL|REQUESTS|CURL)_\w+|(https?|ftp|all|no)_proxy",
    re.IGNORECASE,
)


class CellFailure(Exception):
    """A notebook stopped; `cell` counts all cells of the notebook from 1 (0: it never started)."""

    def __init__(self, cell: int, cause: str):
        super().__init__(cause)
        self.cell = cell


class RecordedKernel(AsyncKernelManager):
    """Starts this environment's Python under the recorder, whatever kernels the machine has registered."""

    @property
    def kernel_spec(self) -> KernelSpec:
        report = Path(self.connection_file).with_name(REPORT)
        recorder = [sys.executable, "-m", "publishing.execute.recorder", str(paths.ROOT), str(report)]
        arguments = [*recorder, "-f", "{connection_file}"]
        return KernelSpec(argv=arguments, display_name="Python 3", language="python")


async def run(notebook: NotebookNode, folder: Path, begins: Callable[[int], None]) -> Report:
    """Execute the notebook in place, with the folder as its working directory; tells what the run met.

    `begins(cell)` hears of every code cell when it starts. Raises CellFailure where one raises, kills its kernel or
    exceeds a limit; the notebook then holds the outputs up to there.
    """
    current = 0

    def hear(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index + 1
        begins(current)

    short = None if len(os.fsencode(tempfile.gettempdir())) <= LONGEST else "/tmp"
    with tempfile.TemporaryDirectory(prefix="notebook-", dir=short, ignore_cleanup_errors=True) as scratch:
        client = NotebookClient(
            notebook,
            kernel_manager_class=RecordedKernel,
            timeout=None,  # see limits
            startup_timeout=START_SECONDS,
            iopub_timeout=START_SECONDS,  # by default, outputs that come late are lost without a word
            raise_on_iopub_timeout=True,
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            on_cell_execute=hear,
        )
        _keep_to(client.create_kernel_manager(), scratch)
        try:
            await _within_limits(
                client, lambda: current, cwd=str(folder), env=_environment(scratch, variables(notebook))
            )
        except CellExecutionError as error:
            errors = [output for output in notebook.cells[current - 1].outputs if output.output_type == "error"]
            told = errors[-1] if errors else error  # of one in a display, the exception says "NoneType: None"
            remedy = PACKAGE if told.ename == "ModuleNotFoundError" else ""
            raise CellFailure(current, f"{told.ename}: {_first_line(told.evalue)}{remedy}") from None
        except ValidationError as error:  # as by `display({"text/plain": 5}, raw=True)`
            raise CellFailure(
                current, f"an output has {error.instance!r:.60} where text belongs; write str(…)"
            ) from None
        except RuntimeError as error:
            cause = "the kernel died (was it out of memory?)" if current else f"no kernel ({_first_line(str(error))})"
            raise CellFailure(current, cause) from None
        finally:
            await _end(client)
        _settle(notebook)
        try:
            return read_report(Path(scratch, REPORT))
        except FileNotFoundError:
            raise CellFailure(current, f"a cell removed {scratch}, where its kernel lives") from None


async def _within_limits(client: NotebookClient, cell: Callable[[], int], **keywords: Any) -> None:
    """Execute, and look after the kernel; it is ended where it takes more than it may."""
    run = asyncio.ensure_future(client.async_execute(**keywords))
    guard = asyncio.ensure_future(_exceeded(client, cell))
    try:
        await asyncio.wait({run, guard}, return_when=asyncio.FIRST_COMPLETED)
        if guard.done() and not run.done():
            raise CellFailure(cell(), guard.result())
        await run
    finally:
        for task in (run, guard):
            task.cancel()
        await asyncio.gather(run, guard, return_exceptions=True)


async def _exceeded(client: NotebookClient, cell: Callable[[], int]) -> str:
    while not cell():
        await asyncio.sleep(limits.EVERY)
    process = getattr(client.km, "provisioner", None)
    return await limits.exceeded(getattr(process, "pid", 0), cell, client.nb)


def _keep_to(manager: KernelManager, scratch: str) -> None:
    """Let the kernel speak through sockets in a folder of its own: another may take a TCP port before it is bound."""
    manager.connection_file = f"{scratch}/connection.json"
    manager.transport, manager.ip = "ipc", f"{scratch}/socket"


async def _end(client: NotebookClient) -> None:
    """Stop what is still there: nbclient forgets a kernel that did not finish its start, and trips over it at exit."""
    atexit.unregister(client._cleanup_kernel)
    if client.km is not None:
        await client._async_cleanup_kernel()


def _environment(scratch: str, declared: Sequence[str]) -> dict[str, str]:
    """Of the machine's environment what a program needs to run at all and the declared ones; no habit, no setting."""
    inherited = {name: os.environ[name] for name in os.environ if INHERITED.fullmatch(name) or name in declared}
    search = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))
    return inherited | ENVIRONMENT | {"PYTHONPATH": search, "IPYTHONDIR": scratch}


def _settle(notebook: NotebookNode) -> None:
    """Hold cells to their word that they raise, and keep of an expected error what is the same on every machine."""
    for number, cell in enumerate(notebook.cells, 1):
        if problem := limits.shows_too_much(cell):
            raise CellFailure(number, problem)
        if cell.cell_type != "code" or not _may_raise(cell):
            continue
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if not errors:
            raise CellFailure(number, "is tagged raises-exception and raises nothing; drop the tag or fix the cell")
        for error in errors:
            error.traceback = [f"{error.ename}: {error.evalue}"]


def _may_raise(cell: NotebookNode) -> bool:
    return MAY_RAISE in cell.metadata.get("tags", [])


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[0]
