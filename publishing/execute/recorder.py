"""An IPython kernel that writes down what of the machine its notebook depends on.

Started as `python -m publishing.execute.recorder ROOT REPORT …kernel arguments…`. The report gets a line for each thing
when it is first met, as it is then: a file that is opened or asked about, in vain too, a folder that is listed or a
link that is read (see `files.state`), a module of ours that is imported or missing, a program that our code starts. The
names of what is in the repository begin at its root. Left out are Python and its packages, the system's own folders,
and what the kernel writes itself, in folders that it makes too.
"""

import fcntl
import functools
import json
import os
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from multiprocessing import util
from pathlib import Path
from types import FrameType
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

import safetensors

from publishing import files

SYSTEM = (
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/lib",
    "/usr/sbin",
)
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}
PUBLISHING = f"{Path(__file__).parents[1]}{os.sep}"
IMPORTING = "<frozen importlib"
CELL = f"{os.sep}ipykernel_"  # in the name of the file that a cell seems to be


class Report(NamedTuple):
    """What a run met: digests of files and listings by name, those of imported modules' text, and programs."""

    opened: dict[str, str | None]
    imported: dict[str, str | None]
    programs: list[str]


def read_report(report: Path) -> Report:
    """What was written down; of a thing that was met twice, also by a forked child, as it was at first."""
    kinds: dict[str, dict] = {"opened": {}, "imported": {}, "program": {}}
    for line in report.read_text(encoding="utf-8").splitlines():
        kind, name, was = json.loads(line)
        kinds[kind].setdefault(name, was)
    opened, imported, programs = (dict(sorted(found.items())) for found in kinds.values())
    return Report(opened, imported, list(programs))


def record(root: str, report: str) -> None:
    """Write down, for the life of the process; at once, since a kernel can be killed."""
    _Recorder(root, report).install()


class _Recorder:
    HEARD = {"open", "os.listdir", "os.scandir", "os.mkdir", "sqlite3.connect", "ctypes.dlopen", *PROGRAMS}

    def __init__(self, root: str, report: str) -> None:
        self.root = os.path.abspath(root)
        self.sink = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.library = f"{sysconfig.get_path('stdlib')}{os.sep}"
        self.met: set[tuple[str, str]] = set()
        python = [sys.prefix, os.path.realpath(sys.prefix), *sysconfig.get_paths().values()]
        scratch = [os.path.dirname(os.path.abspath(report)), tempfile.gettempdir()]
        elsewhere = [os.path.join(self.root, name) for name in ("_site", "node_modules", "build/executed")]
        self.left_out = tuple(f"{place}{os.sep}" for place in (*python, *SYSTEM, *elsewhere))
        self.scratch = tuple(f"{place}{os.sep}" for place in scratch if not self.root.startswith(place))
        self.made: tuple[str, ...] = ()  # folders
        self.threads: WeakSet[threading.Thread] = WeakSet()  # that the notebook started
        self.open, self.open_safely, self.spawn = os.open, safetensors.safe_open, util.spawnv_passfds

    def install(self) -> None:
        sys.addaudithook(self.hear)
        for unheard in (os.stat, os.access, os.readlink):  # by Python's audit
            _replace(unheard, self.asking(unheard, "//" if unheard is os.readlink else ""))
        _replace(os.open, self.opened_below)
        vars(safetensors)["safe_open"] = self.safe_open
        util.spawnv_passfds = self.spawned
        threading.Thread.start = self.starting(threading.Thread.start)  # type: ignore[method-assign]
        sys.path_hooks.insert(0, self.from_source)
        sys.path_importer_cache.clear()
        sys.meta_path.append(self)

    def hear(self, event: str, arguments: tuple) -> None:
        """Sort what Python says that it does, apart from our own looking."""
        if event in self.HEARD and not self.is_looking(sys._getframe(1)):
            self.sort(event, arguments, sys._getframe(1))

    def sort(self, event: str, arguments: tuple, caller: FrameType) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int):
                return
            if flags & (os.O_TRUNC | os.O_EXCL):
                self.met.add(("opened", self.name_of(path) or ""))
            elif _reads(flags):
                self.meet("imported" if _is_import(caller) else "opened", path)
        elif event in ("os.listdir", "os.scandir"):
            if not isinstance(arguments[0], int) and self.is_asked(caller):
                self.meet("opened", arguments[0] or ".", "/")
        elif event == "os.mkdir":
            if not os.path.lexists(whole := os.path.abspath(os.fsdecode(arguments[0]))):
                self.made += (f"{whole}{os.sep}",)
        elif event == "sqlite3.connect":
            if database := _database(os.fsdecode(arguments[0])):
                self.meet("opened", database)
        elif event == "ctypes.dlopen":
            if arguments[0] and os.sep in os.fsdecode(arguments[0]):
                self.meet("opened", arguments[0])
        elif event in PROGRAMS and self.nearest(caller):
            what = arguments[0] or arguments[1]
            self.write("program", os.fsdecode(what) if isinstance(what, str | bytes) else str(what), None)

    def asking(self, function: Callable, aspect: str) -> Callable:
        """A function by which Python looks what is there, and how large; with an ear."""

        @functools.wraps(function)
        def asked(path, *arguments, dir_fd=None, **keywords):
            caller = sys._getframe(1)
            if not isinstance(path, int) and self.is_asked(caller) and not self.is_looking(caller):
                self.meet("opened", _at(path, dir_fd), aspect)
            return function(path, *arguments, dir_fd=dir_fd, **keywords)

        return asked

    def opened_below(self, path, flags, mode=0o777, *, dir_fd=None):
        """os.open, of which the audit does not say below which folder."""
        if not isinstance(path, int) and _reads(flags) and not flags & (os.O_TRUNC | os.O_EXCL):
            self.meet("opened", _at(path, dir_fd))
        return self.open(path, flags, mode, dir_fd=dir_fd)

    def safe_open(self, filename, *arguments, **keywords):
        """A checkpoint, which no Python opens."""
        self.meet("opened", filename)
        return self.open_safely(filename, *arguments, **keywords)

    def starting(self, start: Callable) -> Callable:
        """The start of a thread, in whose work no cell is seen."""

        @functools.wraps(start)
        def started(thread: threading.Thread) -> None:
            if self.is_asked(sys._getframe(1)):
                self.threads.add(thread)
            start(thread)

        return started

    def spawned(self, path, arguments, descriptors):
        """A Python that multiprocessing starts from nothing, where nobody records."""
        if self.is_asked(sys._getframe(1)) and "resource_tracker" not in str(arguments):
            self.write("program", "a process of multiprocessing's that is no fork", None)
        return self.spawn(path, arguments, descriptors)

    def from_source(self, folder: str) -> FileFinder:
        """Import our modules from their text alone: byte code can be older than an edit of the same second."""
        place = os.path.abspath(folder) + os.sep
        if not place.startswith(self.root + os.sep) or place.startswith(self.left_out):
            raise ImportError
        return FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES))

    def find_spec(self, name: str, path=None, target=None) -> None:
        """Note a module that nobody found, where it could appear."""
        for folder in (path or sys.path) if self.nearest(sys._getframe(1)) else ():
            stem = os.path.join(folder, name.rpartition(".")[2])
            self.meet("opened", f"{stem}.py")
            self.meet("opened", os.path.join(stem, "__init__.py"))

    def meet(self, kind: str, path: str | bytes | os.PathLike, aspect: str = "") -> None:
        """Write down a file, or the aspect that `files.state` knows of it, unless met before or of no matter."""
        if (name := self.name_of(path)) is None:
            return
        name += aspect
        if (kind, name) not in self.met:
            self.met.add((kind, name))
            self.write(kind, name, files.state(name, Path(self.root)))

    def name_of(self, path: str | bytes | os.PathLike) -> str | None:
        """The name from the root, or else the whole path if a cell is asking; None for what does not matter."""
        whole = os.path.abspath(os.fsdecode(path))
        if f"{whole}{os.sep}".startswith(self.made):
            return None
        if whole.startswith(self.root + os.sep):
            inside = whole[len(self.root) + 1 :]
            skipped = whole.startswith(self.left_out) or whole.endswith((".pyc", "macros.tex")) or whole == __file__
            return None if skipped or "__pycache__" in inside else inside
        skipped = whole.startswith((*self.left_out, *self.scratch)) or not self.is_asked(sys._getframe(1))
        return None if skipped else whole

    def is_asked(self, frame: FrameType | None) -> bool:
        """Whether a cell or our code is at work, and not a library that is being imported by it."""
        while frame and not self.is_ours(frame.f_code.co_filename):
            if frame.f_code.co_filename.startswith(IMPORTING):
                return False
            frame = frame.f_back
        return frame is not None or threading.current_thread() in self.threads

    def is_looking(self, frame: FrameType | None) -> bool:
        """Whether it is this recorder, or `source`, which shows code as it is when the page is made."""
        file = self.by(frame)
        return file.startswith(PUBLISHING) and not self.is_ours(file)

    def nearest(self, frame: FrameType | None) -> bool:
        """Whether the code nearest to a frame, apart from Python's own library, is a cell's or the repository's."""
        file = self.by(frame)
        return self.is_ours(file) or (not file and threading.current_thread() in self.threads)

    def by(self, frame: FrameType | None) -> str:
        """The file of the code nearest to a frame that is not Python's own library."""
        while frame and frame.f_code.co_filename.startswith(("<frozen", self.library)):
            frame = frame.f_back
        return frame.f_code.co_filename if frame else ""

    def is_ours(self, file: str) -> bool:
        """Whether it holds a cell or code of the repository."""
        ours = file.startswith(self.root + os.sep) and not file.startswith((*self.left_out, PUBLISHING))
        return ours or CELL in file or file == f"{PUBLISHING}cells.py"

    def write(self, kind: str, name: str, was: str | None) -> None:
        os.write(self.sink, f"{json.dumps([kind, name, was])}\n".encode())


class _FromSource(SourceFileLoader):
    def path_stats(self, path):
        raise OSError  # no byte code is read or written without


def _at(path: str | bytes | os.PathLike, dir_fd: int | None) -> str:
    inside = os.fsdecode(path)
    return inside if dir_fd is None else os.path.join(_folder(dir_fd), inside)


def _folder(descriptor: int) -> str:
    """The folder that is open there."""
    if hasattr(fcntl, "F_GETPATH"):  # on macOS, which has no /proc
        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")


def _replace(function: Callable, other: Callable) -> None:
    """Put another function into os, as able as the one that was there."""
    for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if function in able:
            able.add(other)
    setattr(os, function.__name__, other)


def _database(given: str) -> str | None:
    """The file of a database of SQLite, if it is in one."""
    path = unquote(urlsplit(given).path) if given.startswith("file:") else given
    return None if path == ":memory:" else path


def _is_import(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(IMPORTING)


def _reads(flags: int) -> bool:
    return flags & os.O_ACCMODE != os.O_WRONLY


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
