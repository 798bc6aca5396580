"""Other programs: where Node is, how one loads while its input is made, and how one ended."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any


def node() -> str | None:
    """Node, beside this Python or where the shell finds one; None if there is none."""
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return shutil.which("node", path=here)


def end(name: str, status: int) -> str:
    """How a program ended that gave no reason, and what to do."""
    if status < 0:
        return f"{name} was killed by signal {-status}; was the machine out of memory? Try again"
    return f"{name} stopped with exit code {status} and gave no reason; try again"


@contextmanager
def waiting(command: list[Any], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program that loads, and waits for its input; it ends with the block.

    It keeps the hold on the repository, should this process be killed before it is done.
    """
    process = subprocess.Popen(
        command, stdin=PIPE, stdout=PIPE, stderr=PIPE, encoding="utf-8", errors="replace", close_fds=False, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
