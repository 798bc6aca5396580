"""`python -m benchmarks.build`: how long the build takes after each kind of edit, and what it runs again.

All of it happens in copies of this repository, in a temporary folder.
"""

import argparse
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.synthetic import write_papers

ROOT = Path(__file__).parent.parent
BUILD = """
import resource, sys
from publishing.__main__ import main
sys.argv = ["publishing", "site"]
status = main()
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""


@dataclass(frozen=True)
class Build:
    """What one build took: seconds of the clock, MiB of the build itself, and the notebooks that it ran."""

    seconds: float
    peak: float
    ran: frozenset[str]


@dataclass(frozen=True)
class Copy:
    """A repository to be edited and built without harm."""

    root: Path

    @classmethod
    def of_this(cls, root: Path, *folders: str) -> "Copy":
        """What git keeps or would keep of these folders, or of everything."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
        told = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, told.split("\0")):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (root / "node_modules").symlink_to(ROOT / "node_modules")
        return cls(root)

    def build(self) -> Build:
        environment = os.environ | {"PYTHONPATH": str(self.root), "BASEURL": ""}
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", BUILD], cwd=self.root, env=environment, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"benchmarks: the build failed: {done.stderr.strip()}")
        ran = re.findall(r"^\w+/(\d\d-\S+)  \d+ cells", done.stdout, re.MULTILINE)
        return Build(seconds, int(done.stdout.split()[-1]) / 1024, frozenset(ran))

    def edited(self, name: str, edit: Callable[[bytes], bytes]) -> Build:
        """The build after an edit of one file; then the file is as it was, and so is the site."""
        path = self.root / name
        before = path.read_bytes()
        after = edit(before)
        if after == before:
            raise SystemExit(f"benchmarks: nothing to edit in {name}; fix benchmarks/build.py")
        path.write_bytes(after)
        build = self.build()
        path.write_bytes(before)
        self.build()
        return build

    def notebooks(self) -> dict[str, str]:
        return {path.stem: path.read_text() for path in sorted(self.root.glob("notebooks/ddpm/[0-9]*.md"))}


# --- edits


def a_word(turn: int) -> Callable[[bytes], bytes]:
    return lambda text: re.sub(rb"(?m)^([A-Z][a-z]* .*)$", rb"\1 Word%d." % turn, text, count=1)


def a_cell(text: bytes) -> bytes:
    return re.sub(rb"(?m)^(```python.*)$", rb"\1\nedited = True", text, count=1)


def a_docstring(turn: int) -> Callable[[bytes], bytes]:
    return lambda text: text.replace(b'"""', b'"""Edited %d times. ' % turn, 1)


def a_formula(text: bytes) -> bytes:
    """Another way to write the same number, so that every claim still holds."""
    return text.replace(b"(noise - eps).square()", b"(eps - noise).square()")


def a_checkpoint(data: bytes) -> bytes:
    """Other bytes for the same network: the header of a safetensors file may end in spaces."""
    size = int.from_bytes(data[:8], "little")
    return (size + 8).to_bytes(8, "little") + data[8 : 8 + size] + b" " * 8 + data[8 + size :]


def a_version(text: bytes) -> bytes:
    return re.sub(rb"(?m)^tqdm==.*$", b"tqdm==0.0.0", text)


# --- what has to run again, found in other ways than the build does


def importers(copy: Copy, module: str) -> frozenset[str]:
    """Notebooks in whose process the module is loaded once their import statements have run."""
    import torch  # noqa: F401  once, before the processes part

    fork = multiprocessing.get_context("fork")
    found = set()
    for stem, text in copy.notebooks().items():
        cells = re.findall(r"(?ms)^```python.*?\n(.*?)^```$", text)
        process = fork.Process(target=_imports, args=(cells, module))
        process.start()
        process.join()
        if process.exitcode == 0:
            found.add(stem)
    return frozenset(found)


def _imports(cells: list[str], module: str) -> None:
    import ast

    sys.path.insert(0, str(ROOT))
    for cell in cells:
        imports = [node for node in ast.parse(cell).body if isinstance(node, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(imports, []), "imports", "exec"), {})
    os._exit(0 if module in sys.modules else 1)


def reading(copy: Copy, network: str) -> frozenset[str]:
    """Notebooks that name the checkpoint, or all checkpoints in one line."""
    named = re.compile(rf"({re.escape(Path(network).stem)}|checkpoints/\{{name\}})\.safetensors")
    return frozenset(stem for stem, text in copy.notebooks().items() if named.search(text))


# --- the table


def row(what: str, builds: list[Build], must_run: frozenset[str], aim: float | None) -> None:
    seconds = statistics.median(build.seconds for build in builds)
    as_it_must = all(build.ran == must_run for build in builds)
    ran = f"{len(builds[0].ran)}" + ("" if as_it_must else f", not the {len(must_run)} that must")
    met = "" if aim is None else f"{aim:g} s: {'met' if seconds <= aim else 'missed'}"
    peak = max(build.peak for build in builds)
    print(f"| {what} | {seconds:.1f} | {len(builds)} | {ran} | {met} | {peak:.0f} |", flush=True)


def edits(folder: Path, turns: int) -> None:
    copy = Copy.of_this(folder)
    every, none = frozenset(copy.notebooks()), frozenset()
    notebook = "notebooks/ddpm/05-key-equations.md"
    losses, network, lock = (
        "ddpm_notes/losses.py",
        "experiments/checkpoints/digits.safetensors",
        "requirements/main.lock",
    )

    print("| edit | seconds to the page, median | of | notebooks run | aim | MiB |\n|---|---|---|---|---|---|")
    row("from clean", [copy.build()], every, None)
    row("nothing", [copy.build() for _ in range(turns)], none, 1)
    words = [copy.edited(notebook, a_word(turn)) for turn in range(turns)]
    row("a word of prose", words, none, 4)
    docstrings = [copy.edited(losses, a_docstring(turn)) for turn in range(turns)]
    row("a docstring of `ddpm_notes/losses.py`", docstrings, none, None)
    row("a code cell", [copy.edited(notebook, a_cell)], frozenset({Path(notebook).stem}), None)
    row(
        "a formula of `ddpm_notes/losses.py`",
        [copy.edited(losses, a_formula)],
        importers(copy, "ddpm_notes.losses"),
        None,
    )
    row("a checkpoint", [copy.edited(network, a_checkpoint)], reading(copy, network), None)
    row("a version in the lock file", [copy.edited(lock, a_version)], every, None)


def growth(folder: Path) -> None:
    """One synthetic paper of thirteen notebooks beside ten of them."""
    folders = ("publishing", "requirements", "_config.yml", "_layouts", "_includes", "assets", "package*.json")
    print("\n| synthetic papers | from clean, s | nothing, s | a word, s | MiB of the build |\n|---|---|---|---|---|")
    measured = []
    for papers in (1, 10):
        copy = Copy.of_this(folder / str(papers), *folders)
        write_papers(copy.root, papers)
        clean, nothing = copy.build(), copy.build()
        word = copy.edited("notebooks/paper0/01-synthetic.md", a_word(0))
        peak = max(build.peak for build in (clean, nothing, word))
        measured.append([clean.seconds, nothing.seconds, word.seconds, peak])
        print(f"| {papers} | " + " | ".join(f"{one:.1f}" for one in measured[-1]) + " |", flush=True)
    ratios = [ten / one for one, ten in zip(*measured, strict=True)]
    print("| ratio | " + " | ".join(f"{one:.1f}" for one in ratios) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="repetitions of what takes seconds (default 5)")
    parser.add_argument("--only", choices=("edits", "growth"))
    given = parser.parse_args()
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as folder:
        if given.only != "growth":
            edits(Path(folder, "edits"), given.turns)
        if given.only != "edits":
            growth(Path(folder))
    check = time.monotonic()
    subprocess.run([sys.executable, "bootstrap.py", "site"], cwd=ROOT, check=True)
    print(f"\n`make` first looks at the set-up, {time.monotonic() - check:.1f} s; ", end="")
    print(f"all of this took {time.monotonic() - began:.0f} s; load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
