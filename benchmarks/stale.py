"""Pages that a press leaves as they were, though what they show is so no longer."""

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.books import JupyterBook, MyST
from benchmarks.copies import Copy
from benchmarks.synthetic import FOR_A_POST, write_paper

PAPER = "kinds"
MODULE = "def word():\n    return {!r}\n"
SWAP = """\
from pathlib import Path

flag, module = Path("../../build/once"), Path("../../undone.py")
good = module.read_text()
if not flag.exists():
    flag.parent.mkdir(exist_ok=True)
    flag.write_text("")
    module.write_text(good.replace("after", "meanwhile"))
import undone

module.write_text(good)
print("shown", undone.word())"""
CELL = "# Kind\n\n```python\n{}\n```\n"
DECLARED = """\
import os

from publishing.cells import depends_on

depends_on("NOTES_WORD")
print("shown", os.environ["NOTES_WORD"])"""


def text(name: str, form: str = "{}") -> Callable[[Path, str], None]:
    """Write the word into a file."""

    def change(root: Path, word: str) -> None:
        (root / name).write_text(form.format(word))

    return change


def timed(root: Path, word: str) -> None:
    """Write a module whose time and size stay, so that its byte code seems to be of today."""
    text("timed.py", MODULE)(root, word.ljust(6))
    os.utime(root / "timed.py", (1e9, 1e9))


def listed(root: Path, word: str) -> None:
    """Let a folder hold the word alone."""
    (root / "listed").mkdir(exist_ok=True)
    for path in (root / "listed").iterdir():
        path.unlink()
    (root / "listed" / word).touch()


def appears(root: Path, word: str) -> None:
    """A file that is there only at the end."""
    if word == "after":
        (root / "there").touch()


def undone(root: Path, word: str) -> None:
    """A module that is right before and after the build."""
    text("undone.py", MODULE)(root, "after")


def nothing(root: Path, word: str) -> None:
    """Where the cell itself has the word."""


KINDS = {  # what a notebook depends on: its cell, which shows the word, and how the word gets there
    "the cell itself": ("print('shown', 'ITSELF')", nothing),
    "a module's function": ("import edited\n\nprint('shown', edited.word())", text("edited.py", MODULE)),
    "a module of the same time and size as before": ("import timed\n\nprint('shown', timed.word())", timed),
    "a module that is edited while it runs, and put back": (SWAP, undone),
    "a data file": ("print('shown', open('../../data.txt').read())", text("data.txt")),
    "the files of a folder": ("import os\n\nprint('shown', *os.listdir('../../listed'))", listed),
    "whether a file is there": (
        "import os.path\n\nprint('shown', 'after' if os.path.exists('../../there') else 'before')",
        appears,
    ),
    "a declared variable of the environment": (DECLARED, lambda root, word: os.environ.update(NOTES_WORD=word)),
}


def stale(folder: Path, _: int) -> None:
    """Build a page for each kind, change what all depend on, build, and tell which pages are of yesterday."""
    cells = {f"{n:02}-kind": code for n, (code, _) in enumerate(KINDS.values(), 1)}
    copies = [kind.of_this(folder / kind.__name__, *FOR_A_POST) for kind in (Copy, JupyterBook, MyST)]
    for copy in copies:
        for word in ("before", "after"):
            write_paper(
                copy.root, PAPER, {name: CELL.format(code.replace("ITSELF", word)) for name, code in cells.items()}
            )
            for _, change in KINDS.values():
                change(copy.root, word)
            copy.build()
    found = [["shown after" not in copy.page(PAPER, name) for copy in copies] for name in cells]
    print("| a change of | `make` | Jupyter Book 1 | MyST |\n|---|---|---|---|")
    for what, pages in zip(KINDS, found, strict=True):
        print(f"| {what} | " + " | ".join("stale" if page else "" for page in pages) + " |")
    print("| stale pages | " + " | ".join(map(str, map(sum, zip(*found, strict=True)))) + " |", flush=True)
