"""What Markdown drops without a word: cells of a table, footnotes, definitions of links. Here it is a fault."""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

DEEPEST = 60  # tokens within each other, of which a list takes two, and a quotation one
_BEFORE = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)?")


def of_depth(tokens: Sequence[Token]) -> Iterator[str]:
    """Lists and quotations within each other, so deep that what is in the last would be left out."""
    if any(token.nesting == 1 and token.level >= DEEPEST - 1 for token in tokens):
        yield "lists and quotations stand so deep in each other that text would be lost; write them less deep"


def in_tables(tokens: Sequence[Token], source: str) -> Iterator[str]:
    """Rows that have more cells than the first, or a | within code, which parts cells too."""
    lines, columns = source.split("\n"), 0
    for token in tokens:
        columns = 0 if token.type == "table_open" else columns + (token.type == "th_open")
        if token.type == "tr_open" and token.map and columns:
            row = _BEFORE.sub("", lines[token.map[0]], count=1).strip()
            cells = escapedSplit(row.removeprefix("|").removesuffix("|"))
            if any(cell.count("`") % 2 for cell in cells):
                yield f"the | in the code of {row!r:.80} parts two cells; write \\| in a table"
            elif len(cells) > columns:
                yield f"the row {row!r:.80} has {len(cells)} cells for {columns} columns; a | within a cell is \\|"


def of_footnote(token: Token, env: MutableMapping[str, Any]) -> str | None:
    """What is wrong with the text of a footnote, of which the notebook has several; `env` is the parser's."""
    label = token.meta["label"]
    if label in env.setdefault("told", set()):
        return f"the footnote [^{label}] has a text already; write each once in a notebook"
    env["told"].add(label)
    if env["footnotes"]["refs"][f":{label}"] < 0:
        return f"nothing refers to the footnote [^{label}]; write [^{label}] where it belongs, or take it out"
    return None


def of_links(env: MutableMapping[str, Any]) -> Iterator[str]:
    """Links that are defined twice in a notebook, of which only the first definition counts."""
    for one in env.pop("duplicate_refs", []):
        if env["references"][one["label"]]["href"] != one["href"]:
            yield f"[{one['label'].lower()}]: is defined already, to lead elsewhere; give it another name"
