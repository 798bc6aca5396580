"""What a page is made of. A node says what a thing is; a macro of its name writes it (`nodes.html.j2`).

Its fields stand in the order in which they are read on the page, so that a walk meets things as a reader does.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from html import unescape
from operator import attrgetter
from typing import Any, NamedTuple

from markdown_it.token import Token
from markupsafe import Markup

from publishing.contract import ClaimFacts, Link
from publishing.typeset.formulas import Formula
from publishing.verdicts import verdict


@dataclass(frozen=True)
class Drawing:
    """An image that a cell drew with `diagram`, or a file beside the notebook, and its size on the page in CSS pixels.

    `links` are the parts of it that lead somewhere; `phone` is what a narrow screen shows in its place. A `chart` holds
    no pictures, so that its colours may be turned into those of a dark page. `instrument` names the script that brings
    it to life, and `files` are what that script may fetch.
    """

    name: str
    image: bytes
    width: int
    height: int
    links: Sequence[Link] = ()
    chart: bool = False
    phone: "Drawing | None" = None
    instrument: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    suffix: str = ".png"


@dataclass
class Equation:
    """A display formula, perhaps with a number, and the TeX that a reader gets who copies it."""

    formula: Formula
    number: str | None
    source: str
    checks: "Checks | None" = None


@dataclass
class Inline:
    """A line of prose: a caption, a claim, a table's cell."""

    children: list[Token]


@dataclass
class Prose:
    """Blocks of Markdown."""

    tokens: list[Token]


@dataclass
class FileLink:
    """The beginning of a link to a file of this repository, on GitHub."""

    path: str
    lines: str
    title: str


@dataclass
class FootnoteMark:
    """The number in the text that leads to a footnote."""

    note: int
    name: str
    back: str


@dataclass
class Code:
    """A block of code, its words in elements that the stylesheet colours."""

    language: str
    html: Markup


@dataclass
class CellInput:
    """The open code of a cell."""

    code: Code


@dataclass
class Listing:
    """The folded code of a cell, and what of the page it is of, as a screen reader tells it."""

    id: str
    code: Code
    of: str = ""


@dataclass
class Text:
    """What a cell printed, as a terminal shows it, folded if long; kind is stdout, stderr, result or error."""

    html: Markup
    kind: str
    lines: int


@dataclass
class Figure:
    """A figure: its name, the address of its image, its words, and what is drawn, once its cell has run.

    The `first` of a post, below its title, is not waited with until it comes into sight.
    """

    name: str
    src: str
    alt: str
    caption: Inline
    drawing: Drawing | None
    first: bool = False
    listing: Listing | None = None


@dataclass
class TableCell:
    """A cell of a table; a number stands on the right."""

    content: Inline
    is_number: bool


@dataclass
class Table:
    """A table with its caption."""

    id: str
    caption: Inline
    columns: list[Inline]
    rows: list[list[TableCell]]
    listing: Listing | None = None


@dataclass
class Claim:
    """A claim that held when its notebook ran, and the code of its cell; `is_told` by a number of its page's text."""

    id: str
    stem: str
    cell: int
    statement: Inline
    facts: ClaimFacts
    is_told: bool = False
    listing: Listing | None = None

    @property
    def of(self) -> list[str]:
        """The ids of what it is about."""
        return self.facts["of"]

    @property
    def verdict(self) -> str:
        """What was found."""
        return verdict(self.facts)


@dataclass
class Checks:
    """The mark beside an equation: how many claims are about it, where they are listed, and what the first says."""

    count: int
    address: str
    first: Inline


@dataclass
class Source:
    """The source of a thing of the package."""

    id: str
    name: str
    code: Code


@dataclass
class Reference:
    """An entry of the bibliography, with the sections that cite it, none in a study, and the ids where they do."""

    key: str
    html: Markup
    cited: list[tuple[int | None, list[str]]]


@dataclass
class References:
    """The bibliography; its entries are known when all sections are."""

    entries: list[Reference] = field(default_factory=list)


@dataclass
class Block:
    """What a cell brings to the page."""

    cell: int
    kind: str
    children: list


@dataclass
class Section:
    """One notebook: its blocks, and its footnotes. A study's has no id: it is all of its page."""

    stem: str
    blocks: list[Block]
    footnotes: Prose
    id: str | None
    words: int = 0
    seconds: float = 0


@dataclass
class Heading:
    """A heading as the table of contents shows it."""

    level: int
    target: str
    title: Inline


@dataclass
class Overview:
    """What is said about a section or about all together: the macro that writes it, and what the macro is given."""

    kind: str
    values: Mapping[str, object]


class Place(NamedTuple):
    """Where a link leads, as it is written: an id of a page of a paper, said to be in the notebook of a section.

    If no page is named, the id may stand on any page of the paper.
    """

    written: str
    paper: str
    page: str | None
    id: str
    section: str = ""


@dataclass
class PageLink:
    """The beginning of a link to another page of the site, by its address; without a target, to its top."""

    address: str
    target: str
    kind: str
    id: str = ""


def walk(node: object) -> Iterator[object]:
    """The node and all below it that may hold more, in the order of the page."""
    waiting = [node]
    while waiting:
        yield (one := waiting.pop())
        kind: Any = type(one)
        if inside := _opens(kind)(one):
            waiting += [inner for inner in reversed(inside) if type(inner) not in _LEAVES]


_LEAVES = {str, Markup, bytes, int, float, bool, type(None)}  # most of what is met


@cache
def _opens(kind: Any) -> Callable[[Any], Sequence[object]]:
    """What gives all that a node of this kind holds: asked a quarter of a million times in a build."""
    if issubclass(kind, Token):
        return lambda token: [*token.meta.values(), *(token.children or [])] if token.meta else token.children or ()
    if issubclass(kind, dict):
        return lambda node: [*node.values()]
    if issubclass(kind, list | tuple):
        return lambda node: node
    names = [one.name for one in fields(kind)] if is_dataclass(kind) else []
    return attrgetter(*names) if len(names) > 1 else lambda node: [getattr(node, name) for name in names]


def lines(node: object) -> Iterator[Inline | Token]:
    """The lines of Markdown in it."""
    for one in walk(node):
        if isinstance(one, Inline) or (isinstance(one, Token) and one.type == "inline"):
            yield one


def plain(line: Inline) -> str:
    """A line as text alone, for a browser's tab or a feed: a formula in the words in which it is read out."""
    return " ".join("".join(map(_words, line.children)).split())


def _words(token: Token) -> str:
    node = token.meta.get("node")
    if isinstance(node, Formula):
        spoken = re.search(r'aria-label="([^"]*)"', node.html or "")
        return unescape(spoken[1]) if spoken else node.tex
    return " " if token.type == "softbreak" else token.content if token.type != "html_inline" else ""


def text_token(content: str) -> Token:
    """A token of plain text."""
    return Token("text", "", 0, content=content)


def merged(children: Sequence[Token]) -> list[Token]:
    """The same, where pieces of text that touch each other are one; so is a backslash that stands for itself."""
    one: list[Token] = []
    for child in children:
        is_text = child.type == "text" or (child.type == "text_special" and child.content == child.markup)
        if is_text and one and one[-1].type == "text":
            one[-1] = text_token(one[-1].content + child.content)
        elif not is_text or child.content:
            one.append(text_token(child.content) if is_text else child)
    return one


def leads_to(link: Token) -> str:
    """Where a link leads."""
    return str(link.attrs.get("href", ""))


def as_token(node: object) -> Token:
    """A token of Markdown that stands for a node."""
    return Token("node", "", 0, meta={"node": node})
