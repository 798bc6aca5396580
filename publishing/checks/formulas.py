"""TeX that comes out otherwise in JupyterLab than on the page, or in a font of the reader's system."""

import ast
import re
from collections.abc import Iterator

from publishing.checks.places import Found, Source, blank, line_of
from publishing.notebooks import calls
from publishing.render.mathematics import TAG, fault_of

_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?=[^\s$])(?P<inline>(?:\\.|[^$\\\n])+?)\$(?!\$)", re.S
)
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*$", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_DELIMITERS = re.compile(r"^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


def wrong_formulas(source: Source) -> Found:
    """Formulas of the prose, and of the strings given to `table`, `diagram` and `claim`."""
    for number, prose in prose_of(source):
        yield from ((number, line, problem) for line, problem in _faults(prose, _table_lines(prose)))
    for number, line, text, in_table in strings_of(source):
        for _, problem in _faults(text, range(1, 10**6) if in_table else range(0)):
            yield number, line, problem


def prose_of(source: Source) -> Iterator[tuple[int, str]]:
    """Each Markdown cell, by number, with blanks where it has code, so that places stay true."""
    for number, text in source.cells("markdown"):
        yield number, _INLINE_CODE.sub(blank, _FENCED.sub(blank, text))


def strings_of(source: Source) -> Iterator[tuple[int, int, str, bool]]:
    """What is written in calls of `table`, `diagram` and `claim`: cell, line, text, and whether it is in a table."""
    for number, call in calls(source.notebook, "table", "diagram", "claim"):
        for node in ast.walk(call):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield number, node.lineno, node.value, ast.unparse(call.func) == "table"


def formulas_of(text: str) -> Iterator[tuple[int, str]]:
    """The TeX of each formula of a text, with its line."""
    for found in _FORMULA.finditer(text):
        yield line_of(text, found.start()), found["display"] or found["inline"]


def _faults(text: str, table_lines: range | set[int]) -> Iterator[tuple[int, str]]:
    for line, tex in formulas_of(text):
        if problem := fault_of(TAG.sub("", tex, count=1)):
            yield line, problem
        if line in table_lines and "|" in tex:
            shown = " ".join(tex.split())
            remedy = "write \\mid, \\vert or \\Vert"
            yield line, f"the | in the formula “{shown}” ends the table's cell in Jupyter; {remedy}"


def _table_lines(prose: str) -> set[int]:
    """Lines of tables: from the one above the row of hyphens to the next empty line."""
    lines, found = prose.splitlines(), set()
    for index, line in enumerate(lines):
        if index and "|" in lines[index - 1] and _DELIMITERS.match(line):
            end = next((number for number in range(index, len(lines)) if not lines[number].strip()), len(lines))
            found |= set(range(index, end + 1))
    return found
