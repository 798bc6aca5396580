"""How much memory, time and output a notebook may take, and what is said when it takes more."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil
from nbformat import NotebookNode

MEMORY = 0.5  # of the machine's, resident, by a kernel and what it started
CELL_SECONDS = 1800.0  # of processors' time, by a cell and what it started
PATIENCE = 20  # times as long a cell may take in all, if it merely waits
OUTPUT = 1_000_000  # bytes of text that one cell may show
PICTURES = 20_000_000  # and of all else
EVERY = 0.5  # seconds between two looks

TOO_LARGE = "takes {:.1f} GB of memory, more than half of this machine's; let it hold less at a time"
TOO_LONG = (
    "computes longer than {:,.0f} s; let it compute less, or open a result that experiments/ computed and git keeps"
)
TOO_SLOW = "is not done after {:,.0f} s, most of which it waits; is what it waits for there?"
TOO_MUCH = "shows {:,} bytes, and a page takes {:,}; print less, or a table of the few that matter"
TOO_MANY = "shows pictures and data of {:,} bytes, and a page takes {:,}; show fewer, or smaller ones"


async def exceeded(pid: int, cell: Callable[[], int], notebook: NotebookNode) -> str:
    """Look after a kernel that runs one cell after the other of a notebook; return what it exceeds, once it does."""
    running, began, spent = 0, 0.0, 0.0
    now = asyncio.get_running_loop().time
    while True:
        memory, seconds = _taken(pid)
        if memory > MEMORY * psutil.virtual_memory().total:
            return TOO_LARGE.format(memory / 1e9)
        if problem := shows_too_much(notebook.cells[cell() - 1]):
            return problem
        if running != cell():
            running, began, spent = cell(), now(), seconds
        if seconds - spent > CELL_SECONDS:
            return TOO_LONG.format(CELL_SECONDS)
        if now() - began > PATIENCE * CELL_SECONDS:
            return TOO_SLOW.format(PATIENCE * CELL_SECONDS)
        await asyncio.sleep(EVERY)


def _taken(pid: int) -> tuple[int, float]:
    """Resident bytes, and seconds of processors, of a process and all that it started; a child's stay when it ends."""
    memory, seconds = 0, 0.0
    with suppress(psutil.Error):
        kernel = psutil.Process(pid)
        for process in (kernel, *kernel.children(recursive=True)):
            with suppress(psutil.Error):
                memory += process.memory_info().rss
                seconds += sum(process.cpu_times()[:4])
    return memory, seconds


def shows_too_much(cell: NotebookNode) -> str | None:
    """What is to be said of a cell that shows more text, or larger pictures, than a page takes."""
    shown: Counter[str] = Counter()
    for output in cell.get("outputs", []):
        shown["text"] += len(output.get("text", "").encode())
        for kind, value in output.get("data", {}).items():
            shown[kind.partition("/")[0]] += len(str(value).encode())
    text = shown.pop("text", 0)
    if text > OUTPUT:
        return TOO_MUCH.format(text, OUTPUT)
    return TOO_MANY.format(shown.total(), PICTURES) if shown.total() > PICTURES else None
