"""Macros that a notebook defines by itself, and those that JupyterLab does not know where they stand."""

import re

from publishing import macros, paths
from publishing.checks.formulas import formulas_of, prose_of, strings_of
from publishing.checks.places import Found, Source
from publishing.notebooks import calls

DEFINES = re.compile(r"\\((?:re|provide)?newcommand|[egx]?def|DeclareMathOperator)(?![A-Za-z])\*?")
_NAME = re.compile(r"\s*(?:\{\s*(\\[A-Za-z]+)\s*\}|(\\[A-Za-z]+))\s*((?:\[[^\]]*\]|#\d|\s)*)")


def misplaced(source: Source) -> Found:
    """Definitions in the prose and in what cells show, each with the line that the paper's file should have."""
    prose = [(number, 1, text) for number, text in prose_of(source)]
    told = [(number, line, text) for number, line, text, _ in strings_of(source)]
    file = paths.relative(paths.macros(source.paper))
    for number, first, text in prose + told:
        for found in DEFINES.finditer(text):
            line = first + text.count("\n", 0, found.start())
            yield number, line, f"{found.group()} stands in a notebook; move it to {file}: {definition(text, found)[0]}"


def unknown_to_jupyter(source: Source) -> Found:
    """The first formula of the prose that uses a macro before a cell calls `macros()`."""
    told = min((number for number, _ in calls(source.notebook, "macros")), default=len(source.notebook.cells) + 1)
    uses = (
        (number, line, name)
        for number, text in prose_of(source)
        for line, tex in formulas_of(text)
        for name in macros.COMMAND.findall(tex)
        if number < told and name in source.macros
    )
    for number, line, name in uses:
        yield number, line, f"JupyterLab does not know {name} yet; call macros() in a cell above"
        return


def definition(text: str, found: re.Match) -> tuple[str, int | None]:
    """The definition as a line of the file, and where it ends in the text if it is whole."""
    named = _NAME.match(text, found.end())
    if named is None or not text[named.end() :].startswith("{"):
        return r"\newcommand{\name}{…}", None
    arguments = named[3].strip()
    if "#" in arguments:
        arguments = f"[{arguments.count('#')}]"
    body, end = _group(text, named.end())
    if found[1].startswith("Declare"):
        body = rf"\operatorname{{{body}}}"
    return rf"\newcommand{{{named[1] or named[2]}}}{arguments}{{{body}}}", end


def _group(text: str, start: int) -> tuple[str, int | None]:
    """What is between the brace here and the one that closes it, on one line, and where that is."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return " ".join(text[start + 1 : place].split()), place + 1
    return "…", None
