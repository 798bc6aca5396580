"""Papers, their sections and studies, and the Markdown notebooks that a person writes.

A notebook is called by its stem: `05-key-equations`, or `studies/which-variance`.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from publishing import paths
from publishing.contract import CLAIMS_PAGE, NAME, PAPER, SECTION
from publishing.errors import PublishingError
from publishing.files import digest_of

if TYPE_CHECKING:
    from nbformat import NotebookNode
else:
    NotebookNode = dict  # which it is; a build that has nothing to do can do without the library

HEADER = """\
---
jupyter:
  jupytext:
    cell_metadata_filter: tags,-all
    notebook_metadata_filter: words,-jupytext.text_representation.jupytext_version
    text_representation:
      extension: .md
      format_name: markdown
      format_version: '1.3'
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
---
"""


def papers() -> list[str]:
    """Papers of this repository: the folders of notebooks/ other than the template."""
    folders = [path for path in sorted(paths.NOTEBOOKS.glob("[!._]*")) if path.is_dir() and path != paths.TEMPLATE]
    for folder in folders:
        if not PAPER.fullmatch(folder.name):
            raise PublishingError(f"{paths.relative(folder)}: name it by small letters and digits alone, as in ddpm")
    return [folder.name for folder in folders]


def sections(paper: str) -> list[str]:
    """The stems of the notebooks that are a paper's post, in the order of their numbers."""
    stems = _stems(paths.notebooks_dir(paper))
    for stem in stems:
        if not SECTION.fullmatch(stem):
            raise PublishingError(f"{paper}/{stem}.md: a notebook is named like 05-key-equations.md; rename it")
    for number, count in Counter(stem[:2] for stem in stems).items():
        if count > 1:
            raise PublishingError(f"{paper}: {count} notebooks bear the number {number}; renumber one")
    return stems


def studies(paper: str) -> list[str]:
    """The stems of the notebooks that are a page each."""
    names = _stems(paths.notebooks_dir(paper) / paths.OF_STUDIES)
    for name in names:
        check_study(paper, name)
    return [f"{paths.OF_STUDIES}/{name}" for name in names]


def _stems(folder: Path) -> list[str]:
    found = sorted(folder.glob("[!.]*.md"))
    for path in found:
        if not path.is_file():
            raise PublishingError(f"{paths.relative(path)} is no file, but a folder or a link to nothing; move it away")
    return [path.stem for path in found]


def check_study(paper: str, name: str) -> None:
    """Raise PublishingError if a study cannot be named so."""
    place = f"{paper}/{paths.OF_STUDIES}/{name}.md"
    if not NAME.fullmatch(name):
        raise PublishingError(f"{place}: a study is named like which-variance.md, as in its address; name it so")
    if name == CLAIMS_PAGE:
        raise PublishingError(f"{place}: the name is taken, /{paper}/{name}/ is the page of claims; take another")
    if SECTION.fullmatch(name):
        raise PublishingError(f"{place}: the name is taken, sections are named like it; take another")


def slug_of(stem: str) -> str:
    """What a study is called in its address; nothing for a section, which stands in the post."""
    return stem.removeprefix(f"{paths.OF_STUDIES}/") if is_study(stem) else ""


def is_study(stem: str) -> bool:
    """Whether the notebook is a page of its own."""
    return stem.startswith(f"{paths.OF_STUDIES}/")


def every(paper: str) -> list[str]:
    """The stems of all notebooks of a paper."""
    return [*sections(paper), *studies(paper)]


def select(paper: str, only: str | None) -> list[str]:
    """The notebooks that ONLY names, as in 5, ddpm/05, 05-key-equations or ddpm/which-variance; without it, all."""
    if only is None:
        return every(paper)
    name = only.removeprefix(f"{paper}/")
    number = f"{name.zfill(2)}-" if name.isdecimal() else None
    return [stem for stem in every(paper) if name in (stem, slug_of(stem)) or (number and stem.startswith(number))]


def path_of(paper: str, stem: str) -> Path:
    """Where the notebook is written by hand."""
    return paths.notebooks_dir(paper) / f"{stem}.md"


def text_of(paper: str, stem: str) -> str:
    """The notebook as it is written now."""
    with _readable(f"{paper}/{stem}"):
        return path_of(paper, stem).read_text(encoding="utf-8")


def read(paper: str, stem: str) -> NotebookNode:
    """The notebook without outputs."""
    return parsed(text_of(paper, stem), f"{paper}/{stem}")


def parsed(text: str, place: str) -> NotebookNode:
    """A notebook from its text; an error names the place. Its cells' ids follow from their content alone."""
    with _readable(place):
        return deepcopy(_parsed(text))


@cache
def _parsed(text: str) -> NotebookNode:
    import jupytext

    notebook = jupytext.reads(text, fmt="md")
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = digest_of(f"{cell.cell_type}\n{cell.source}".encode())[:12]
        seen[content] += 1
        cell["id"] = content if seen[content] == 1 else f"{content}-{seen[content]}"
    return notebook


@contextmanager
def _readable(place: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise PublishingError(f"{place}: byte {error.start + 1} is no UTF-8; save the file as UTF-8") from None
    except Exception as error:
        cause = " ".join(str(error).split())
        raise PublishingError(f"{place}: no readable notebook ({cause}); compare its header with another's") from None


def calls(notebook: NotebookNode, *names: str) -> list[tuple[int, ast.Call]]:
    """Calls of these functions of the writer's language, with the cells in which they stand."""
    return [
        (number, call)
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code"
        for call in _calls(cell.source)
        if getattr(call.func, "id", None) in names
    ]


@cache
def _calls(source: str) -> list[ast.Call]:
    """Every call of a plain name."""
    tree = syntax(source) or ast.Module([], [])
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


@cache
def syntax(source: str) -> ast.Module | None:
    """The syntax tree, which several rules read and none changes; None of what is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # the second of a NUL, or of half a letter
        return None
