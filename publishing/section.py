"""What is known and collected while a paper's sections are rendered."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from publishing.errors import PublishingError
from publishing.escaping import MARK


@dataclass(frozen=True)
class Figure:
    """An image that a cell drew with `diagram`, and its size on the page in CSS pixels.

    `phone` is what a narrow screen shows in its place. A `chart` holds no pictures, so that its colours may be turned
    into those of a dark page. `instrument` names the script that brings it to life, and
    `files` are what that script may fetch.
    """

    name: str
    png: bytes
    width: int
    height: int
    chart: bool = False
    phone: "Figure | None" = None
    instrument: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Heading:
    """A heading as the table of contents shows it."""

    level: int
    target: str
    html: str


@dataclass(frozen=True)
class Claim:
    """A claim that held when its notebook ran, with its statement and numbers as HTML."""

    id: str
    stem: str
    statement: str
    numbers: str
    of: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """The folded code of a cell as HTML. Its fold in the post and its place beside the claims have the same id."""

    id: str
    stem: str
    cell: int
    html: str


@dataclass
class Page:
    """What the sections of one paper share: they stand on one page, so an id may be given once."""

    paper: str
    figures: dict[str, Figure] = field(default_factory=dict)
    complete: bool = True
    ids: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    citations: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    headings: list[Heading] = field(default_factory=list)
    equations: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    minutes: list[int] = field(default_factory=list)

    def check_links(self) -> None:
        """Raise PublishingError for the first link into the page that leads nowhere."""
        for place, target in self.links:
            if target not in self.ids:
                raise PublishingError(f"{place}: {_missing(target)}")


def _missing(target: str) -> str:
    kind, _, name = target.partition("-")
    if kind == "ref":
        return f"cites {name!r}, which has no entry; add it to references.bib, and call references() in a cell"
    if kind == "source":
        return f"links to #{target}, which no cell shows; add source({name!r})"
    return f"links to #{target}, which is nowhere on the page; correct the link or name its target so"


@dataclass
class Section:
    """One notebook being rendered: where we are in it, and what counts up along it."""

    page: Page
    stem: str
    cell: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    includes: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Number of the section as its file name has it, e.g. `05`."""
        return self.stem.partition("-")[0]

    @property
    def place(self) -> str:
        """Where we are, for people."""
        return f"{self.page.paper}/{self.stem}, cell {self.cell}"

    def error(self, message: str) -> PublishingError:
        """An error that begins with where we are, to be raised."""
        return PublishingError(f"{self.place}: {message}")

    def claim_id(self, name: str) -> str:
        """Register an id that must be the only one of its name on the page."""
        if name in self.page.ids:
            raise self.error(f"the id {name!r} is already given in {self.page.ids[name]}; give it once")
        self.page.ids[name] = self.place
        return name

    def free_id(self, name: str) -> str:
        """Register `name`, or `name-2`, `name-3`, … if it is taken."""
        candidates = (name if count == 1 else f"{name}-{count}" for count in range(1, len(self.page.ids) + 2))
        return self.claim_id(next(one for one in candidates if one not in self.page.ids))

    def counted_id(self, kind: str) -> str:
        """Register the next `kind-05-1`, `kind-05-2`, … of this section."""
        self.counts[kind] += 1
        return self.claim_id(f"{kind}-{self.number}-{self.counts[kind]}")

    def keep(self, include: str) -> str:
        """Keep Liquid aside while the rest is made safe from it; returns the mark that stands for it."""
        self.includes.append(include.replace("\n", " "))
        return f"{MARK}{len(self.includes) - 1}{MARK}\n"

    def link(self, target: str) -> None:
        """Remember a link into the page, to be checked when all sections are rendered."""
        self.page.links.append((self.place, target))

    def cite(self, key: str) -> str:
        """Remember a citation and return the id by which the reference links back to it."""
        back = self.counted_id("cite")
        self.page.citations[key].append(back)
        return back


def slug(text: str) -> str:
    """Heading text as an id: lower case, words joined by hyphens."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
