"""An IPython kernel that writes down what of the machine its notebook depends on.

Started as `python -m publishing.execute.recorder ROOT REPORT …kernel arguments…`. The report gets a line for each thing
when it is first met, as it is then: a file that is opened or asked about, in vain too, a folder that is listed or a
link that is read (see `files.state`), a module of ours that is imported or missing, a program that our code starts, a
connection that it asks for. The names of what is in the repository begin at its root. Left out are Python and its
packages, the system's own folders, and what the kernel writes itself, in folders that it makes too.
"""

import _posixsubprocess
import fcntl
import functools
import json
import os
import subprocess  # noqa: F401 - its programs are heard, and it shall not take our fork_exec for its own
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from importlib.util import source_from_cache
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
    """What a run met: digests of files and listings by name, of imported modules' text; programs, and false claims."""

    opened: dict[str, str | None]
    imported: dict[str, str | None]
    programs: list[str]
    claims: list[str]


def read_report(report: Path) -> Report:
    """What was written down; of a thing that was met twice, also by a forked child, as it was at first."""
    kinds: dict[str, dict] = {"opened": {}, "imported": {}, "program": {}, "claim": {}}
    for line in report.read_text(encoding="utf-8").splitlines():
        kind, name, was = json.loads(line)
        kinds[kind].setdefault(name, was)
    opened, imported, programs, claims = (dict(sorted(found.items())) for found in kinds.values())
    return Report(opened, imported, list(programs), list(claims))


def record(root: str, report: str) -> None:
    """Write down, for the life of the process; at once, since a kernel can be killed."""
    _Recorder(root, report).install()


class _Recorder:
    FILES = {"open", "os.listdir", "os.scandir", "os.mkdir", "sqlite3.connect", "ctypes.dlopen", "import"}
    HEARD = FILES | PROGRAMS | {"socket.connect", "socket.getaddrinfo", "publishing.claim"}

    def __init__(self, root: str, report: str) -> None:
        self.root = os.path.abspath(root)
        self.sink = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.library = f"{sysconfig.get_path('stdlib')}{os.sep}"
        self.ipython = os.path.join(sysconfig.get_path("purelib"), "IPython", "")
        self.met: set[tuple[str, str]] = set()
        python = [sys.prefix, os.path.realpath(sys.prefix), *sysconfig.get_paths().values()]
        scratch = [os.path.dirname(os.path.abspath(report)), tempfile.gettempdir()]
        elsewhere = [os.path.join(self.root, name) for name in ("_site", "node_modules", "build/executed")]
        self.left_out = tuple(f"{place}{os.sep}" for place in (*python, *SYSTEM, *elsewhere))
        self.within = tuple(place for place in self.left_out if place.startswith(self.root + os.sep))
        self.scratch = tuple(f"{place}{os.sep}" for place in scratch if not self.root.startswith(place))
        self.began = time.time()
        self.made: tuple[str, ...] = ()  # folders
        self.threads: WeakSet[threading.Thread] = WeakSet()  # that the notebook started
        self.open, self.open_safely, self.fork = os.open, safetensors.safe_open, _posixsubprocess.fork_exec

    def install(self) -> None:
        sys.addaudithook(self.hear)
        for unheard in (os.stat, os.lstat, os.access, os.readlink):  # by Python's audit
            _replace(unheard, self.asking(unheard, "//" if unheard is os.readlink else ""))
        _replace(os.open, self.opened_below)
        vars(safetensors)["safe_open"] = self.safe_open
        vars(_posixsubprocess)["fork_exec"] = self.forked
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
            elif _is_import(caller):
                self.meet("imported", _text_of(os.fsdecode(path)))
            elif _reads(flags):
                self.meet("opened", path)
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
        elif event == "import":
            if arguments[1]:  # of a compiled module, which no Python opens
                self.meet("imported", arguments[1])
        elif event.startswith("socket."):
            asked = arguments[1] if event == "socket.connect" else arguments
            if isinstance(asked, tuple) and asked[0] and self.is_asked(caller):
                self.write("program", f"a connection to {asked[0]}", None)
        elif event == "publishing.claim":
            self.write("claim", arguments[0], None)
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

    def forked(self, arguments, *others):
        """A Python that multiprocessing or joblib starts from nothing, where nobody records."""
        if self.is_asked(sys._getframe(1)) and "resource_tracker" not in str(arguments):
            self.write("program", "a process of multiprocessing's that is no fork", None)
        return self.fork(arguments, *others)

    def from_source(self, folder: str) -> FileFinder:
        """Import our modules from their text alone: byte code can be older than an edit of the same second."""
        if self.is_left_out(os.path.abspath(folder) + os.sep) or os.path.isfile(folder):  # a zip is another's
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
        if (name := self.name_of(path, kind)) is None:
            return
        name += aspect
        if (kind, name) not in self.met:
            self.met.add((kind, name))
            self.write(kind, name, files.state(name, Path(self.root)))

    def name_of(self, path: str | bytes | os.PathLike, kind: str = "opened") -> str | None:
        """The name from the root; else the whole path, of a module or if a cell asks; None of what does not matter."""
        whole = os.path.abspath(os.fsdecode(path))
        if f"{whole}{os.sep}".startswith(self.made):
            return None
        if whole.startswith(self.root + os.sep):
            inside = whole[len(self.root) + 1 :]
            skipped = self.is_left_out(whole) or whole.endswith((".pyc", f"{os.sep}macros.tex")) or whole == __file__
            name = f"./{inside}" if inside.startswith("$") else inside  # which is no variable
            return None if skipped or "__pycache__" in inside else name
        if self.is_left_out(whole) or (whole.startswith(self.scratch) and not self.is_older(whole)):
            return None
        return whole if kind == "imported" or self.is_asked(sys._getframe(1)) else None

    def is_left_out(self, whole: str) -> bool:
        """Whether it is Python's, a package's or the system's, in which the repository itself may lie, or generated."""
        return whole.startswith(self.within if whole.startswith(self.root + os.sep) else self.left_out)

    def is_older(self, whole: str) -> bool:
        """Whether it was there before this process."""
        return os.path.exists(whole) and os.path.getmtime(whole) < self.began

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
        """The file of the code nearest to a frame that is neither Python's own library nor IPython's."""
        while frame and frame.f_code.co_filename.startswith(("<frozen", self.library, self.ipython)):
            frame = frame.f_back
        return frame.f_code.co_filename if frame else ""

    def is_ours(self, file: str) -> bool:
        """Whether it holds a cell, or code that comes from no package."""
        ours = os.path.isabs(file) and not file.startswith(PUBLISHING) and not self.is_left_out(file)
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


def _text_of(module: str) -> str:
    """The file that byte code was made from."""
    try:
        return source_from_cache(module)
    except ValueError:  # it is none
        return module


def _reads(flags: int) -> bool:
    return flags & os.O_ACCMODE != os.O_WRONLY


def main() -> None:
    """Record, then become the kernel; the notebook's folder stays out of the way while Jupyter is imported."""
    root, report = sys.argv[1:3]
    del sys.argv[1:3]
    record(root, report)
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry) != Path.cwd()]
    from ipykernel.kernelapp import IPKernelApp

    from publishing.execute.kernel import Kernel

    IPKernelApp.launch_instance(kernel_class=Kernel)


if __name__ == "__main__":
    main()
