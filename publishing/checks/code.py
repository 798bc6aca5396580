"""Cells that would run though nobody means it, or not run everywhere."""

import ast
import re
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
