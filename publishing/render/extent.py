"""How tall the blocks of a section will be, roughly.

A browser need not draw a block before it comes into sight. A block says its height in lines of text, on a coarse scale
that the stylesheet knows (`lines-8`), so that the scroll bar and links to a place far down are nearly right before
anything is drawn. What is estimated too low would seem to overlap what follows it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from markdown_it.token import Token

from publishing.render import nodes
from publishing.render.nodes import Claims, Figure, Section, walk
from publishing.typeset.formulas import Formula

SCALE = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256)
_LINE = 62  # characters
_PIXELS = 30  # of a line
_APART, _HEADING, _CODE, _EQUATION = 0.93, 2.6, 1.4, 3  # lines
_TALL = dict.fromkeys(("p", "li", "tr"), _APART) | dict.fromkeys(("h2", "h3", "h4", "h5", "h6", "summary"), _HEADING)


class _Extent(NamedTuple):
    """What a node or token brings by itself: its words, and beyond them how many lines it takes."""

    text: str = ""
    lines: float = 0


def measure(section: Section) -> None:
    """Say how tall each block will be."""
    for block in section.blocks:
        lines = _lines(block.children)
        block.lines = next((size for size in SCALE if size >= lines), SCALE[-1])


def _lines(written: list) -> float:
    folded = [claim for node in written if isinstance(node, Claims) for claim in node.more]
    return _height(written) - _height(folded)


def _height(written: list) -> float:
    """Lines of what is not in a fold that the writer typed."""
    inside: list[str] = []
    lines = 0.0
    for one in _parts(written):
        if isinstance(one, Token) and one.tag in ("details", "summary"):
            inside.append(one.tag) if one.nesting > 0 else inside.remove(one.tag)
        if "details" not in inside or "summary" in inside:
            text, apart = _extent(one)
            lines += apart + len(text.lstrip()) / _LINE
    return lines


def _parts(written: Iterable[object]) -> Iterator[object]:
    """All that these nodes hold, but for the words of figures."""
    for node in written:
        yield from [node] if isinstance(node, Figure | nodes.Fold) else walk(node)


def _extent(one: object) -> _Extent:
    return _EXTENTS[type(one)](one) if type(one) in _EXTENTS else _Extent()


def _of_token(token: Token) -> _Extent:
    if token.type in ("text", "code_inline"):
        return _Extent(token.content if token.type == "text" else f" {token.content} ")
    opens = token.nesting > 0 and not token.hidden
    return _Extent(" ", _TALL.get(token.tag, 0) if opens else 0)


def _of_code(one: Any) -> _Extent:
    return _Extent("", _CODE + 0.7 * one.html.count("\n"))


_EXTENTS: dict[type, Callable[[Any], _Extent]] = {
    Token: _of_token,
    nodes.Inline: lambda line: _Extent(" "),
    Formula: lambda formula: _Extent(f" {formula.tex} "),
    nodes.Equation: lambda it: _Extent(f" ({it.number}) " if it.number else "", _EQUATION),
    nodes.Table: lambda table: _Extent(" ", _APART * (len(table.rows) + 2)),
    Figure: lambda figure: _Extent("", figure.drawing.height / _PIXELS if figure.drawing else 0),
    nodes.Code: _of_code,
    nodes.Text: _of_code,
    nodes.Source: lambda source: _Extent(f" {source.name} ", _APART),
    nodes.Claim: lambda claim: _Extent(f" ✓ {claim.numbers} ", _APART),
    Claims: lambda claims: _Extent(f" {len(claims.more)} more checks ", _HEADING) if claims.more else _Extent(),
    nodes.Fold: lambda fold: _Extent(f" Code{fold.makes} code ", _HEADING),
    nodes.FootnoteMark: lambda mark: _Extent(f" {mark.note} "),
    nodes.FootnoteBack: lambda back: _Extent(f" {back.note} "),
    nodes.References: lambda listed: _Extent("", 5 * len(listed.entries)),
}
