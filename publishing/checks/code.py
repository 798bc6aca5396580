"""Cells that would run though nobody means it, or not run everywhere, or that are marked in a way that does nothing."""

import ast
import re

from publishing import contract
from publishing.checks.places import Found, Source

TAGS = {contract.REMOVE_CELL, contract.REMOVE_INPUT, contract.REMOVE_OUTPUT, contract.HIDE_INPUT, contract.MAY_RAISE}
_OPTIONS = {  # of Quarto and nbdev, in a comment
    r"echo: *false|hide_input|export": 'tag the cell remove-input: ```python tags=["remove-input"]',
    r"code-fold: *(?:true|show)|code-summary.*|collapse.*": "tag the cell hide-input",
    r"output: *false|hide_output": "tag the cell remove-output",
    r"include: *false|hide": "tag the cell remove-cell",
    r"error: *true": "tag the cell raises-exception",
    r"label.*|fig-.*|tbl-.*": "name and caption are given to diagram() or table()",
}
_OPTION = re.compile(r"#\s?\|\s*(.*\S)\s*|#\s?(export\w*|default_exp \S+|hide(?:_input|_output)?|collapse(?:_\w+)?)")
_MAGIC = {
    "%": "take the line out: a magic is no Python",
    "!": "take the line out: a program that a cell starts is not seen; run it by subprocess, and say depends_on(…)",
}


def not_plain_python(source: Source) -> Found:
    """Jupytext executes fences of dozens of languages, and what hides in a magic is not tracked."""
    for number, cell in enumerate(source.notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        magic = re.match(r"%%(\S+)", cell.source)
        if magic and cell.source in source.text:
            yield number, 1, f"{magic.group()}: {_MAGIC['%']}"
        elif language := magic[1] if magic else cell.metadata.get("language"):
            remedy = "write ```python" if re.fullmatch("i?python3?", language) else _SHOWN
            yield number, 1, f"a fence marked {language} would be executed; {remedy}"
        else:
            yield from ((number, line, problem) for line, problem in _in_python(cell.source))


_SHOWN = "mark it text, console or python .noeval"


def _in_python(text: str):
    for line, written in enumerate(text.splitlines(), 1):
        if found := _OPTION.fullmatch(written):
            said = found[1] or found[2]
            remedies = (remedy for pattern, remedy in _OPTIONS.items() if re.fullmatch(pattern, said))
            yield line, f"{written!r} would do nothing; {next(remedies, 'take the line out')}"
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        wrong = text.splitlines()[line - 1].strip()
        if remedy := _MAGIC.get(wrong[:1]):
            yield line, f"this is not plain Python: {wrong!r}; {remedy}"
        else:
            yield line, f"this is not plain Python ({error.msg}); no magics or shell lines here"
    except RecursionError:
        yield 1, "this is nested too deeply for Python; write it in several statements"
    except ValueError:
        line = next((n for n, written in enumerate(text.split("\n"), 1) if "\0" in written), 1)
        yield line, "this is not plain Python, since a NUL stands in it; take it out"


def unknown_tags(source: Source) -> Found:
    """Tags that do nothing here, of other tools or misspelt; and any on text."""
    for number, cell in enumerate(source.notebook.cells, 1):
        known = TAGS if cell.cell_type == "code" else {contract.REMOVE_CELL}
        for tag in cell.metadata.get("tags", []):
            if tag not in known:
                yield number, 1, f"the tag {tag!r} would do nothing; there are {', '.join(sorted(known))}"
