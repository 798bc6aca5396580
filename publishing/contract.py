"""What a kernel and the renderer agree on: how outputs say what they are, how things are named, what tags mean."""

import re
from typing import NotRequired, TypedDict

PRIVATE = "application/vnd.paper-"
DIAGRAM, TABLE, CLAIM, SOURCE, REFERENCES, MACROS = (
    f"{PRIVATE}{kind}+json" for kind in ("diagram", "table", "claim", "source", "references", "macros")
)

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")  # of a figure, a table, an instrument, a place that a writer names
FILE = re.compile(r"[a-z0-9][a-z0-9.-]*")  # that an instrument fetches
NUMBER = re.compile(r"[\w.-]+", re.ASCII)  # of an equation
PAPER = re.compile(r"[a-z0-9]+")
SECTION = re.compile(r"\d\d(?:-[a-z0-9]+)+")
FEW = 12  # numbers, which a claim tells one by one
CLAIMS_PAGE = "claims"  # of all claims of a paper, below its address

REMOVE_CELL, REMOVE_INPUT, REMOVE_OUTPUT, HIDE_INPUT = "remove-cell", "remove-input", "remove-output", "hide-input"
MAY_RAISE = "raises-exception"
DEPENDS_ON = "depends_on"  # the function by which a cell declares what cannot be seen
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")  # of the environment


class Size(TypedDict):
    """Of an image on the page, in CSS pixels."""

    width: int
    height: int


class Link(TypedDict):
    """A part of an image that leads to an id of the page: words for those who do not see it, place in pixels."""

    target: str
    label: str
    left: float
    top: float
    width: float
    height: float


class Picture(Size):
    """A PNG in base64."""

    png: str
    links: NotRequired[list[Link]]


class DiagramFacts(Size):
    """What `diagram` says beside `image/png`; a file is a `text`, or the `path` of one in this repository."""

    name: str
    alt: str
    caption: str
    chart: bool
    links: NotRequired[list[Link]]
    phone: NotRequired[Picture]
    instrument: NotRequired[str]
    files: NotRequired[dict[str, dict[str, str]]]


class TableFacts(TypedDict):
    """What `table` says; all text is Markdown."""

    name: str
    caption: str
    columns: list[str]
    rows: list[list[str]]


class ClaimFacts(TypedDict):
    """What `claim` says of `count` numbers, of more than FEW only the least and the greatest; `of` holds ids."""

    statement: str
    measured: list[float]
    relation: str
    expected: list[float]
    count: int
    tolerance: float
    standard_error: float | None
    of: list[str]
    name: NotRequired[str]


class SourceFacts(TypedDict):
    """What `source` shows, by its dotted name."""

    object: str
    docstring: NotRequired[bool]  # False: without it
