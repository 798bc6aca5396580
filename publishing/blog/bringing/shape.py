"""The shape of a notebook of ours: one title, below it a study's answer, imports and macros before their use."""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from publishing import macros, notebooks
from publishing.blog.bringing.known import STARTER, Known, defined
from publishing.blog.bringing.plots import Plots
from publishing.checks.formulas import formulas_of
from publishing.notebooks import NotebookNode, syntax

ANSWER = f"{STARTER} the answer in two or three sentences, with its number; search engines and the feed show it."
NO_TITLE = f"{STARTER} title"
_TITLE = re.compile(r"^# +(.+)\n*", re.MULTILINE)
_NO_PARAGRAPH = re.compile(r"#|>|\||[-*+] |\d+[.)] |```|~~~|\$\$|<|!\[|(?:\[[^\]]*\]\([^\s()]*\)\s*)+(?:\n\n|\Z)|\s|$")
_FACTS = ("subtitle", "author", "authors", "date", "abstract", "description", "summary", "categories", "tags")


@dataclass
class Cell:
    """A cell that is to be written."""

    kind: str
    text: str
    tags: list[str] = field(default_factory=list)

    def as_node(self) -> NotebookNode:
        from nbformat.v4 import new_code_cell, new_markdown_cell

        if self.kind == "markdown":
            return new_markdown_cell(self.text)
        return new_code_cell(self.text, metadata={"tags": self.tags} if self.tags else {})


def shaped(cells: list[Cell], facts: dict[str, Any], known: Known, plots: Plots) -> list[Cell]:
    """The cells as a notebook of ours has them, with what was kept."""
    title = _titled(cells, facts)
    for cell in cells:
        if cell.kind == "markdown":
            cell.text = known.restored(cell.text).strip("\n")
    cells = [cell for cell in cells if cell.text.strip()]
    _open(cells, known.restored(title), facts, known)
    _tell_macros(cells, known)
    _import(cells, known, plots)
    return cells


def _titled(cells: list[Cell], facts: dict[str, Any]) -> str:
    """The title, taken out of the cells; where there were several, all headings are one level lower."""
    prose = [cell for cell in cells if cell.kind == "markdown"]
    titles = [found[1] for cell in prose for found in _TITLE.finditer(cell.text)]
    title = " ".join(str(facts.get("title") or "").split()) or (titles[0] if titles else NO_TITLE)
    is_there = title in titles
    for cell in prose:
        found = next((one for one in _TITLE.finditer(cell.text) if one[1] == title), None)
        if is_there and found:
            cell.text = (cell.text[: found.start()] + cell.text[found.end() :]).strip("\n")
            is_there = False
        if len(titles) > (title in titles):
            cell.text = re.sub(r"^(#{1,5} )", r"#\1", cell.text, flags=re.MULTILINE)
    return title


def _open(cells: list[Cell], title: str, facts: dict[str, Any], known: Known) -> None:
    """Let the notebook begin with its title, and a study with its answer below it."""
    is_study, opening = notebooks.is_study(known.stem), [f"# {title}"]
    if not is_study and not re.match(r"\d", title):
        opening = [f"# {int(known.stem[:2])}. {title}"]
    if told := {name: facts[name] for name in _FACTS if facts.get(name)}:
        words = "; ".join(f"{name}: {_words(value)}" for name, value in told.items())
        opening.append(f"<!-- Starter: what readers should see of the old header: {words} -->".replace("--;", ";"))
    follows = cells[0].text if cells and cells[0].kind == "markdown" else ""
    if follows and not (is_study and _NO_PARAGRAPH.match(follows)):
        opening.insert(1, follows)
        cells.pop(0)
    elif is_study:
        opening.insert(1, ANSWER)
    cells.insert(0, Cell("markdown", "\n\n".join(opening)))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(map(_words, value.values()))
    return ", ".join(map(_words, value)) if isinstance(value, list) else " ".join(str(value).replace("--", "–").split())


def _tell_macros(cells: list[Cell], known: Known) -> None:
    """Let a cell tell JupyterLab the macros of the paper before the first formula that uses one."""
    names = {macro.name for macro in macros.known_and_wrong(known.paper)[0]}
    names |= {*map(defined, known.macros)}
    uses = [number for number, cell in enumerate(cells) if cell.kind == "markdown" and _uses(cell.text, names)]
    if not uses:
        return
    known.cells.add("macros")
    place = uses[0]
    if place == 0:
        count = 2 if notebooks.is_study(known.stem) else 1
        parts = cells[0].text.split("\n\n")
        cells[0].text, rest = "\n\n".join(parts[:count]), "\n\n".join(parts[count:])
        cells[1:1] = [Cell("markdown", rest)] if rest else []
        place = 1
    cells.insert(place, Cell("code", "macros()", ["remove-input"]))


def _uses(text: str, names: set[str]) -> bool:
    return any(name in names for _, tex in formulas_of(text) for name in macros.COMMAND.findall(tex))


def _import(cells: list[Cell], known: Known, plots: Plots) -> None:
    """Import what the cells now call, where the notebook has its first imports, or else where it is called first."""
    if not known.cells:
        return
    lines = ["import matplotlib.pyplot as plt"] if plots.needs_pyplot else []
    lines.append(f"from publishing.cells import {', '.join(sorted(known.cells))}")
    code = [cell for cell in cells if cell.kind == "code"]
    caller = next(n for n, cell in enumerate(code) if any(f"{name}(" in cell.text for name in known.cells))
    importing = next((n for n, cell in enumerate(code[: caller + 1]) if _imports(cell.text)), None)
    cell = code[caller if importing is None else importing]
    last, text = _imports(cell.text), cell.text.split("\n")
    text[last:last] = lines if last else [*lines, ""]
    cell.text = "\n".join(text)


def _imports(source: str) -> int:
    """The last line of the imports with which a cell begins, those below its docstring or comments too."""
    tree, last = syntax(source), 0
    for statement in tree.body if tree else []:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            last = statement.end_lineno or statement.lineno
        elif last:
            break
    return last
