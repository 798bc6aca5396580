"""Tables that a library shows as HTML, as pandas does: read into our own, or refused if they are more than a table."""

import re
from collections.abc import Callable, Iterator

from bs4 import BeautifulSoup, Comment, Tag

from publishing.render.mathematics import formula
from publishing.render.nodes import Inline, Table, TableCell, as_token, text_token
from publishing.render.page import Context
from publishing.verdicts import readable

_NUMBER = re.compile(r"[<>≤≥≈~±]?\s*[-+−]?[\d.,]*\d(?:e[-+−]?\d+)?(?:\s*±\s*[\d.]+(?:e[-+]?\d+)?)?\s*%?")
_WRITE = "write table(rows, columns=[…], name=…, caption=…)"
_ELEMENTS = ("div", "style", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "br")
_OF_EVERY_TABLE = re.compile(r"(?:\s*\.dataframe [^{}]*\{[^{}]*\})*\s*")  # the style that pandas gives to all
_FORMULA = re.compile(r"(?<!\\)\$(?!\s)([^$]+?)(?<!\s)\$")


def table_of(html: str, context: Context) -> Table:
    """The table in what a library shows; what stands beside it, as how many rows there are, is its caption."""
    soup = BeautifulSoup(html, "html.parser")
    if soup.table is None:
        raise context.error("an output of text/html is no table; write Markdown(…), table(…), diagram(…) or print(…)")
    for fault in _faults(soup):
        raise context.error(f"an output in HTML has {fault}, and a page shows plain tables alone; {_WRITE}")
    head = [_texts(row) for row in soup.select("thead tr")]
    rows = [_texts(row) for row in soup.select("tr") if row.find_parent("thead") is None]
    columns = _columns(head)
    if columns is None or any(len(row) != len(columns) for row in rows):
        raise context.error(f"a table in HTML has several rows of names, or rows of several lengths; {_WRITE}")
    said = " ".join(one.get_text(" ", strip=True) for one in soup.find_all(["caption", "p"]))
    return Table(
        context.reserve_counted("table"),
        _line(said, context),
        [_line(column, context) for column in columns],
        [[cell(text, context, _line) for text in row] for row in rows],
    )


def _faults(soup: BeautifulSoup) -> Iterator[str]:
    if (count := len(soup.find_all("table"))) != 1:
        yield f"{count} tables"
    for tag in soup.find_all(True):
        if tag.name not in _ELEMENTS:
            yield f"<{tag.name}>"
        elif any(str(tag.get(span, "1")) != "1" for span in ("rowspan", "colspan")):
            yield "cells that are merged"
        elif tag.name == "style" and not _OF_EVERY_TABLE.fullmatch(tag.get_text()):
            yield "a style of its own"
    for text in soup.find_all(string=True):
        is_shown = text.strip() and not isinstance(text, Comment)
        if is_shown and not text.find_parent(["th", "td", "caption", "p", "style"]):
            yield f"“{text.strip():.60}” outside its cells"


def _texts(row: Tag) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])]


def _columns(head: list[list[str]]) -> list[str] | None:
    """The names of the columns; a second row may only name those of the index, which have none in the first."""
    if not head:
        return None
    columns, *more = head
    for names in more:
        if len(names) != len(columns) or any(map(all, zip(names, columns, strict=True))):
            return None
        columns = [column or name for name, column in zip(names, columns, strict=True)]
    return columns


def cell(text: str, context: Context, line: Callable[[str, Context], Inline]) -> TableCell:
    """A cell of a table, its text made into a line."""
    is_number = bool(_NUMBER.fullmatch(text.strip()))
    return TableCell(line(readable(text) if is_number else text, context), is_number)


def _line(text: str, context: Context) -> Inline:
    """Text as it is, but for formulas, which JupyterLab sets too."""
    pieces = enumerate(_FORMULA.split(text))
    return Inline([as_token(formula(one, context)) if at % 2 else text_token(one) for at, one in pieces if one])
