"""Builds for `make serve`, each in a process of its own, which has imported what it needs before the edit."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from publishing import paths, stamps
from publishing.contract import MAY_RAISE
from publishing.files import below
from publishing.serve.live import News

RUNS = re.compile(r" · (\S+) cell ")  # in what a build says it is doing
STEP = 0.2  # seconds
KILLED = "error: the build was killed; was the machine out of memory?"


class Builder:
    """Updates the site by the same build as `make`, drafts included, by the press's code as it is at the time."""

    def __init__(self) -> None:
        self._next = _stand_by()

    def rebuild(self, news: News) -> bool:
        """Build once, and tell how far it is, and how it ended; True if it ended early, and another has to follow."""
        build = self._next
        if not build.is_ready():
            build.leave()
            build = _stand_by()
        error = build.run(news)
        self._next = _stand_by()
        if build.is_outdated:
            return True
        if error is None:
            news.built()
            return False
        if paths.relative(paths.FAILED) in error:
            error += "".join(f"\n\n{traceback}" for traceback in tracebacks())
        print(error, file=sys.stderr, flush=True)
        news.failed(error)
        return False


class _Standby:
    """A process that begins to build as soon as it is told to, and ends where code is edited that it runs."""

    is_outdated = False

    def __init__(self) -> None:
        self._code = _code()
        self._stderr = TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._reading, writing = os.pipe()
        command = [sys.executable, "-m", "publishing", "site", "--drafts", "--standby", "--progress", str(writing)]
        self._process = subprocess.Popen(
            command,
            cwd=paths.ROOT,
            env=os.environ | {"BASEURL": ""},
            stdin=subprocess.PIPE,
            stderr=self._stderr,
            pass_fds=[writing],
        )
        os.close(writing)

    def is_ready(self) -> bool:
        """Whether it is there, nobody killed it, and the press's code and templates are still those that it read."""
        return self._process.poll() is None and self._code == _code()

    def run(self, news: News) -> str | None:
        """Build; what it said where it failed."""
        assert self._process.stdin
        with suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(b"now\n")
        try:
            codes = {path: _code_of(path) for path in below(paths.NOTEBOOKS) if path.suffix == ".md"}
            with os.fdopen(self._reading, encoding="utf-8", errors="replace") as progress:
                for line in progress:
                    news.doing(line.strip())
                    running = [paths.NOTEBOOKS / f"{name}.md" for name in RUNS.findall(line)]
                    if not self.is_outdated and any(codes.get(path) != _code_of(path) for path in running):
                        self.is_outdated = True
                        self._process.send_signal(signal.SIGINT)
        finally:
            self._process.wait()  # after Ctrl-C too, which the build hears itself
        with self._stderr:
            self._stderr.seek(0)
            return (self._stderr.read().strip() or KILLED) if self._process.returncode else None

    def leave(self) -> None:
        """End without a build."""
        self._process.kill()
        self._process.communicate()
        os.close(self._reading)
        self._stderr.close()


def _stand_by() -> _Standby:
    """One that stands by, as soon as the repository's folder is there, which a person may rename for a moment."""
    while not paths.ROOT.is_dir():
        time.sleep(STEP)
    return _Standby()


def _code_of(notebook: Path) -> list[str]:
    """What stands in its fences, nothing where it is gone."""
    with suppress(OSError):
        return re.findall(r"^```.*?^```", notebook.read_text("utf-8", "replace"), re.DOTALL | re.MULTILINE)
    return []


def _code() -> stamps.Digests:
    with suppress(OSError):  # the build tells it
        return stamps.digests(below(paths.PACKAGE))
    return {}


def tracebacks() -> Iterator[str]:
    """What Python said in the notebooks that failed, without colours."""
    for path in sorted(paths.FAILED.rglob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1):
            for output in cell.get("outputs", []):
                if output["output_type"] == "error" and MAY_RAISE not in cell["metadata"].get("tags", []):
                    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
                    yield f"{path.relative_to(paths.FAILED).with_suffix('')}, cell {number}\n{text}"
