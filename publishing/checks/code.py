"""Cells that would run though nobody means it, or not run everywhere."""

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

from publishing.checks.places import Found

if TYPE_CHECKING:
    from nbformat import NotebookNode


def not_plain_python(notebook: "NotebookNode") -> Found:
    """Jupytext executes fences of dozens of languages, and what hides in a magic is not tracked."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        magic = re.match(r"%%(\S+)", cell.source)
        if language := magic[1] if magic else cell.metadata.get("language"):
            yield number, 1, f"a fence marked {language} would be executed; mark it text, console or python .noeval"
            continue
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            line = error.lineno or 1
            yield number, line, f"this is not plain Python ({error.msg}); no magics or shell lines here"


def calls(notebook: "NotebookNode", *names: str) -> list[tuple[int, ast.Call]]:
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
    tree = parsed(source) or ast.Module([], [])
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


@cache
def parsed(source: str) -> ast.Module | None:
    """The syntax tree, which several rules read and none changes; None of what is no Python."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None
