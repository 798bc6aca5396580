"""What a build is doing now: a line that is rewritten, in a terminal and in the browser of `make serve`."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

TICK = 0.5
_CLEAR = "\r\x1b[K"
listener: int | None = None  # the descriptor of an open file that is told the line, too


@contextmanager
def doing(describe: Callable[[], str]) -> Iterator[None]:
    """Show what `describe` says, and for how long by now, while the block takes longer than a tick."""
    done = Event()
    thread = Thread(target=_show, args=(describe, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def say(text: str) -> None:
    """Print a line that stays."""
    _write(f"{text}\n")


def log(text: str) -> None:
    """Print a line that stays, unless a terminal shows the same in passing."""
    if not _in_terminal():
        say(text)


def lasting(seconds: float) -> str:
    """How long something takes, as in 12.3 s or 4:05 min."""
    return f"{seconds:.1f} s" if seconds < 60 else "{}:{:02} min".format(*divmod(round(seconds), 60))


def _show(describe: Callable[[], str], done: Event) -> None:
    began = time.monotonic()
    while not done.wait(TICK):
        line = f"{lasting(time.monotonic() - began)}  {describe()}"
        if _in_terminal():
            width = shutil.get_terminal_size().columns - 1
            _write(line if len(line) <= width else f"{line[: width - 1]}…")
        if listener is not None:
            os.write(listener, f"{line}\n".encode())
    if _in_terminal():
        _write("")


def _write(text: str) -> None:
    if sys.stdout:
        sys.stdout.write(_CLEAR + text if _in_terminal() else text)
        sys.stdout.flush()


def _in_terminal() -> bool:
    return bool(sys.stdout) and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
