"""Outputs of cells as nodes: what the writer's language says, and plain text as a terminal shows it."""

import re
from collections.abc import Callable
from typing import Any

from nbconvert.filters import ansi2html

from publishing import source
from publishing.contract import CLAIM, DIAGRAM, REFERENCES, SOURCE, TABLE, ClaimFacts, SourceFacts, TableFacts
from publishing.escaping import clean, terminal
from publishing.render import figures
from publishing.render.frames import cell, table_of
from publishing.render.highlighting import code
from publishing.render.mathematics import equation
from publishing.render.nodes import Claim, Equation, Source, Table, Text
from publishing.render.page import Context
from publishing.render.prose import computed, inline
from publishing.render.serialise import liquid_safe

_SHOWS = 'diagram(plt.gcf(), "name", alt="what one sees", caption="what it means")'
_PLAIN = {  # texts that say nothing of what they are
    r"<(?:Figure size|Axes)\b[^>]*>": f"shows no figure; write {_SHOWS}",
    r"<[^<>]* object(?: of \d+ artists)?>|<[^<>]* at 0x[0-9a-f]+[^<>]*>": "says nothing to a reader; "
    "print what is meant, or end the line with a semicolon",
}
_WHOLE = re.compile(r"\$\$(.*)\$\$|\$([^$]*)\$|\\\[(.*)\\\]|(\\begin\{(\w+\*?)\}.*\\end\{\5\})", re.DOTALL)
_ALIVE = {  # what needs JupyterLab, or a script; it may have HTML beside it
    r"application/vnd\.jupyter\.widget.*": "a widget lives in JupyterLab alone; show it by diagram() or table()",
    r"application/(?:vnd\.(?:plotly|vega|bokeh|holoviews).*|javascript)": "a page runs no script of an output; "
    f"draw it with matplotlib, and write {_SHOWS}",
}
_OTHER = {
    r"image/.*": f"a picture is shown without alternative text; write {_SHOWS}",
    r"(?:audio|video)/.*": "a page plays neither sound nor film; link to it: [words](https://…)",
    r"(?!text/plain).*": "nothing on a page can show it; use table(), diagram(), Markdown(…) or print()",
}
_EMBEDDED = re.compile(r"<(audio|video|iframe)\b", re.IGNORECASE)


def output_node(output: dict, context: Context) -> Any:
    """The node of one output of a cell. What has none is refused, as a bare picture or HTML."""
    if output["output_type"] == "stream":
        return printed(output["text"], "stdout" if output["name"] == "stdout" else "stderr")
    if output["output_type"] == "error":
        return printed(f"{output['ename']}: {output['evalue']}", "error")
    data = output["data"]
    _refuse(_ALIVE, data, context)
    for mime, node in _NODES.items():
        if mime in data:
            return node(data[mime], context)
    _refuse(_OTHER, data, context)
    plain = data.get("text/plain", "")
    for pattern, remedy in _PLAIN.items():
        if found := re.search(pattern, plain):
            raise context.error(f"{found.group()} {remedy}")
    return printed(plain, "result")


def _refuse(remedies: dict[str, str], data: dict, context: Context) -> None:
    for pattern, remedy in remedies.items():
        if mime := next((mime for mime in data if re.fullmatch(pattern, mime)), None):
            raise context.error(f"an output of {mime}: {remedy}")


def printed(text: str, kind: str) -> Text:
    """A terminal's text, its colours as classes."""
    left = terminal(text).rstrip("\n")
    return Text(liquid_safe(clean(ansi2html(left))), kind, left.count("\n") + 1)


def _latex(tex: str, context: Context) -> Equation:
    r"""A formula of `Math`, `Latex` or sympy, which JupyterLab sets; sympy begins it by `\displaystyle`."""
    found = _WHOLE.fullmatch(tex.strip())
    if found is None:
        raise context.error(f"Latex({tex.strip()!r:.60}) is more than one formula; write Markdown(…) with $…$ in it")
    inside = found[1] or found[2] or found[3] or found[4] or ""
    return equation(inside.strip().removeprefix(r"\displaystyle"), context)


def _html(html: str, context: Context) -> Table:
    if found := _EMBEDDED.search(html):
        cause = f"an output in HTML has <{found[1]}>, and a page plays none"
        raise context.error(f"{cause}; link to it: [words](https://…)")
    return table_of(html, context)


def _table(table: TableFacts, context: Context) -> Table:
    name = context.reserve(f"table-{table['name']}")
    columns = [inline(column, context) for column in table["columns"]]
    rows = [[cell(text, context, inline) for text in row] for row in table["rows"]]
    return Table(name, inline(table["caption"], context), columns, rows)


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
    REFERENCES: lambda reference, context: context.page.lists_references(),
    "text/html": _html,  # as JupyterLab, which shows the first of these that it finds
    "text/markdown": computed,
    "text/latex": _latex,
}
