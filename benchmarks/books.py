"""The same notebooks by Jupyter Book 1 and by MyST, each with its cache."""

import json
import os
import time
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, STDOUT, Popen

import nbformat

from benchmarks.copies import ROOT, Build, Copy
from publishing import macros
from publishing.files import write
from publishing.notebooks import parsed

VENV, BOOKS = ROOT / ".venv", ROOT / "vendor" / "books"
MYST = ROOT / "vendor" / "myst" / "node_modules" / ".bin" / "myst"
KERNEL = {"argv": ["-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "", "language": "python"}
FAILED = ("Executing notebook failed", "⛔")


class Book(Copy):
    """A repository whose notebooks another press takes, each as an .ipynb beside the text that it was made from."""

    command: list[str | Path]  # what builds the book, in the folder of its paper

    @abstractmethod
    def settings(self, stems: list[str]) -> dict[str, dict]:
        """What the press reads beside the notebooks: YAML, and so JSON."""

    def build(self) -> Build:
        """Build; to write the notebooks as .ipynb takes none of its time."""
        folder = self._folder()
        for name, content in self.settings(_converted(folder)).items():
            write(folder / name, json.dumps(content))
        jupyter = self._jupyter()
        search = os.pathsep.join([f"{BOOKS / 'bin'}", f"{VENV / 'bin'}", os.environ["PATH"]])
        here = {"PATH": search, "JUPYTER_PATH": f"{jupyter}", "JUPYTER_CONFIG_DIR": f"{jupyter}"}
        environment = self.environment | here
        began = time.perf_counter()
        with Popen(
            self.command, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, text=True, process_group=0
        ) as process:
            said, _ = process.communicate()
            seconds = time.perf_counter() - began
            with suppress(ProcessLookupError):
                os.killpg(process.pid, SIGKILL)  # MyST leaves the server of its kernels behind
        if process.returncode or any(word in said for word in FAILED):
            raise SystemExit(f"benchmarks: {type(self).__name__} failed: {said[-3000:]}")
        return Build(seconds)

    def _folder(self) -> Path:
        """Where the notebooks of its one paper are."""
        return next(path for path in (self.root / "notebooks").iterdir() if path.name != "template")

    def _jupyter(self) -> Path:
        """The folder of the kernel that all use, and of a server for MyST, which root may start too."""
        folder = self.root / "build" / "jupyter"
        kernel = KERNEL | {"argv": [f"{VENV / 'bin' / 'python'}", *KERNEL["argv"]]}
        write(folder / "kernels/python3/kernel.json", json.dumps(kernel))
        write(folder / "jupyter_server_config.json", json.dumps({"ServerApp": {"allow_root": True}}))
        return folder


def _converted(folder: Path) -> list[str]:
    """Write every notebook as an .ipynb if it changed; their stems."""
    found = sorted(path for path in folder.glob("**/*.md") if "_build" not in path.parts)
    for path in found:
        write(path.with_suffix(".ipynb"), nbformat.writes(parsed(path.read_text(encoding="utf-8"), path.name)))
    return [path.relative_to(folder).with_suffix("").as_posix() for path in found]


class JupyterBook(Book):
    """Jupyter Book 1."""

    command = [BOOKS / "bin" / "jupyter-book", "build", "."]

    def settings(self, stems: list[str]) -> dict[str, dict]:
        execute = {"execute_notebooks": "cache", "timeout": -1}
        return {
            "_config.yml": {"title": "Notes", "only_build_toc_files": True, "execute": execute},
            "_toc.yml": {"format": "jb-book", "root": stems[0], "chapters": [{"file": stem} for stem in stems[1:]]},
        }

    def page(self, paper: str, stem: str) -> str:
        return (self.root / "notebooks" / paper / "_build" / "html" / f"{stem}.html").read_text(encoding="utf-8")


class MyST(Book):
    """MyST as far as it comes without a network: pages in JSON, which a theme from there would turn into HTML."""

    command = [MYST, "build", "--execute", "--execute-parallel", f"{os.cpu_count()}", "--site"]

    def settings(self, stems: list[str]) -> dict[str, dict]:
        known = {macro.name: macro.body for macro in macros.read(self._folder().name)}
        project = {"toc": [{"file": f"{stem}.ipynb"} for stem in stems], "math": known}
        return {
            "myst.yml": {"version": 1, "project": project, "site": {"template": "./theme"}},
            "theme/template.yml": {"jtex": "v1", "title": "None"},
        }

    def page(self, paper: str, stem: str) -> str:
        content = self.root / "notebooks" / paper / "_build" / "site" / "content"
        pages = [path.read_text(encoding="utf-8") for path in content.rglob("*.json")]
        return next(page for page in pages if json.loads(page)["location"] == f"/{stem}.ipynb")
