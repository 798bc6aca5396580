"""Where in a file a problem stands, as editors and terminals read it: `notebooks/ddpm/05-key-equations.md:37`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from publishing import macros, notebooks, paths
from publishing.errors import PublishingError
from publishing.notebooks import NotebookNode

_MARK = re.compile(r'^```python(?!( tags=\["[^"\n]+"(, "[^"\n]+")*\]| \.noeval.*)?$)[ \t].*', re.MULTILINE)
Found = Iterator[tuple[int, int, str]]  # the cell's number and the line within it, both from 1, and what is wrong


@dataclass(frozen=True)
class Source:
    """A notebook as it is written: its paper, stem and file, its cells, and the line on which each begins.

    What follows from the text alone does not tell two of them apart.
    """

    paper: str
    stem: str
    path: Path
    text: str
    macros: frozenset[str]  # of its paper, by name
    notebook: NotebookNode = field(compare=False)
    starts: list[int] = field(compare=False)

    def at(self, cell: int, line: int = 1) -> str:
        """Name a line of a cell."""
        return f"{at(self.path, self.starts[cell - 1] + line - 1)} (cell {cell})"

    def cells(self, kind: str) -> list[tuple[int, str]]:
        """What is written in the cells of a kind, with their numbers."""
        return [(n, cell.source) for n, cell in enumerate(self.notebook.cells, 1) if cell.cell_type == kind]


def read(paper: str, stem: str) -> Source:
    """A notebook with the place of each of its cells."""
    path = notebooks.path_of(paper, stem)
    text = notebooks.text_of(paper, stem)
    _need_plain_marks(path, text)
    notebook = notebooks.parsed(text, f"{paper}/{stem}")
    starts, position = [], 0
    for cell in notebook.cells:
        found = text.find(cell.source, position)  # a fence that became a magic is not found as it is
        start = found if found >= 0 else len(text) - len(text[position:].lstrip())
        starts.append(line_of(text, start))
        position = start + len(cell.source) if found >= 0 else start
    known, _ = macros.known_and_wrong(paper)
    return Source(paper, stem, path, text, frozenset(macro.name for macro in known), notebook, starts)


def _need_plain_marks(path: Path, text: str) -> None:
    """Refuse what jupytext does not understand, or understands in part, at the beginning of a cell."""
    remedy = 'after ```python stands nothing, .noeval, or tags as in tags=["hide-input", "remove-output"]'
    wrong = [f"{at(path, line_of(text, mark.start()))}: {remedy}; got {mark[0]!r}" for mark in _MARK.finditer(text)]
    if wrong:
        raise PublishingError("\n".join(wrong))


def at(path: Path, line: int = 1) -> str:
    """Name a line of a file."""
    return f"{paths.relative(path)}:{line}"


def line_of(text: str, position: int) -> int:
    """Number of the line that holds this character."""
    return text.count("\n", 0, position) + 1


def blank(found: re.Match) -> str:
    """As many characters and lines, without a word."""
    return re.sub(r"[^\n]", " ", found.group())
