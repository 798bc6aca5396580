"""An IPython kernel that writes down which of the repository's data files its notebook opens.

Started as `python -m publishing.execute.recorder ROOT REPORT …kernel arguments…`. The report gets a line for each file,
with its digest at the moment it is first opened. Modules are left out (the fingerprint knows them), and so are macros
(no number follows from them) and what the repository generates.
"""

import json
import os
import sys
from pathlib import Path

from publishing.files import digest

GENERATED = ("build", "_site", "node_modules")


def record(root: str, report: str) -> None:
    """Install an audit hook, for the life of the process, that reports files opened for reading below root.

    Nothing may be left for the end: a kernel can be killed.
    """
    sink = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    seen: set[Path] = set()

    def hook(event: str, arguments: tuple) -> None:
        if event != "open":
            return
        path, mode, flags = arguments
        if isinstance(path, int) or _only_writes(mode, flags):
            return
        path = Path(os.fsdecode(path)).resolve()
        if path in seen or not path.is_relative_to(root):
            return
        seen.add(path)
        inside = path.relative_to(root)
        if _is_data(inside.parts):
            line = json.dumps([inside.as_posix(), digest(path)]) + "\n"
            os.write(sink, line.encode())

    sys.addaudithook(hook)


def read_report(report: Path) -> dict[str, str | None]:
    """Digest by name from the root, for every data file that was opened; None if it was looked for in vain."""
    return dict(sorted(json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()))


def _only_writes(mode: str | None, flags: int) -> bool:
    if mode is not None:
        return "r" not in mode and "+" not in mode
    return flags & os.O_ACCMODE == os.O_WRONLY


def _is_data(parts: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and parts[0] not in GENERATED and not parts[-1].endswith((".py", ".pyc", "macros.tex"))


def main() -> None:
    """Record, then become the kernel; the notebook's folder stays out of the way while Jupyter is imported."""
    root, report = sys.argv[1:3]
    del sys.argv[1:3]
    record(root, report)
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry) != Path.cwd()]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
