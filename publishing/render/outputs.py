"""Outputs of cells as nodes: what the writer's language says, and plain text as a terminal shows it."""

import re
from collections.abc import Callable
from typing import Any

from nbconvert.filters import ansi2html

from publishing import source
from publishing.contract import CLAIM, DIAGRAM, REFERENCES, SOURCE, TABLE, ClaimFacts, SourceFacts, TableFacts
from publishing.escaping import clean, terminal
from publishing.render import figures
from publishing.render.highlighting import code
from publishing.render.nodes import Claim, References, Source, Table, TableCell, Text
from publishing.render.page import Context
from publishing.render.prose import inline
from publishing.render.serialise import liquid_safe
from publishing.verdicts import readable

_STAND_IN = re.compile(r"<IPython\.core\.display\.\w+ object>")  # what HTML(…) and its like say of themselves
_NUMBER = re.compile(r"[<>≤≥≈~±]?\s*[-+−]?[\d.,]*\d(?:e[-+−]?\d+)?(?:\s*±\s*[\d.]+(?:e[-+]?\d+)?)?\s*%?")


def output_node(output: dict, context: Context) -> Any:
    """The node of one output of a cell. What has none is refused, as a bare picture or HTML."""
    if output["output_type"] == "stream":
        return printed(output["text"], "stdout" if output["name"] == "stdout" else "stderr")
    if output["output_type"] == "error":
        return printed(f"{output['ename']}: {output['evalue']}", "error")
    data = output["data"]
    for mime, node in _NODES.items():
        if mime in data:
            return node(data[mime], context)
    if any(mime.startswith("image/") for mime in data):
        raise context.error(
            "a picture is shown without alternative text; show it with diagram(figure, name, alt=…, caption=…)"
        )
    if "text/plain" in data and not _STAND_IN.fullmatch(data["text/plain"]):
        return printed(data["text/plain"], "result")
    raise context.error(f"nothing on a page can show {', '.join(data)}; use table(), diagram() or print()")


def printed(text: str, kind: str) -> Text:
    """A terminal's text, its colours as classes."""
    left = terminal(text).rstrip("\n")
    return Text(liquid_safe(clean(ansi2html(left))), kind, left.count("\n") + 1)


def _table(table: TableFacts, context: Context) -> Table:
    name = context.reserve(f"table-{table['name']}")
    columns = [inline(column, context) for column in table["columns"]]
    rows = [[_table_cell(cell, context) for cell in row] for row in table["rows"]]
    return Table(name, inline(table["caption"], context), columns, rows)


def _table_cell(text: str, context: Context) -> TableCell:
    is_number = bool(_NUMBER.fullmatch(text.strip()))
    return TableCell(inline(readable(text) if is_number else text, context), is_number)


def _claim(claim: ClaimFacts, context: Context) -> Claim:
    name = context.reserve(f"claim-{claim['name']}") if "name" in claim else context.reserve_counted("claim")
    for target in claim["of"]:
        context.link(target)
    found = Claim(name, context.stem, context.cell, inline(claim["statement"], context), claim)
    context.page.claims.append(found)
    return found


def _source(reference: SourceFacts, context: Context) -> Source:
    """The package's source as it is today, whatever it was when the notebook ran."""
    name = reference["object"]
    return Source(context.reserve_free(f"source-{name}"), name, code(source.source_text(**reference)))


_NODES: dict[str, Callable[[Any, Context], Any]] = {
    DIAGRAM: lambda drawn, context: figures.shown(drawn, context, inline),
    TABLE: _table,
    CLAIM: _claim,
    SOURCE: _source,
    REFERENCES: lambda reference, context: References(),
}
