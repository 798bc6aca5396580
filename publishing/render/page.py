"""What is known and collected while a paper's sections are made into one page."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from publishing.errors import PublishingError
from publishing.render.nodes import Claim, Drawing, Heading, Listing, Section


@dataclass
class Page:
    """What the sections of one paper share: they stand on one page, so an id may be given once."""

    paper: str
    drawings: dict[str, Drawing] = field(default_factory=dict)
    complete: bool = True
    sections: dict[str, Section] = field(default_factory=dict)
    files: dict[str, object] = field(default_factory=dict)  # the nodes of each file that Jekyll includes
    ids: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    citations: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    headings: list[Heading] = field(default_factory=list)
    equations: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    seconds: float = 0

    def reserve(self, name: str, place: str) -> str:
        """Reserve an id that must be the only one of its name on the page."""
        if name in self.ids:
            raise PublishingError(f"{place}: the id {name!r} is already given in {self.ids[name]}; give it once")
        self.ids[name] = place
        return name

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
class Context:
    """Where we are in a notebook that is being made into nodes, and what counts up along it."""

    page: Page
    stem: str
    cell: int = 0
    counts: Counter[str] = field(default_factory=Counter)

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

    def reserve(self, name: str) -> str:
        """Reserve an id that must be the only one of its name on the page."""
        return self.page.reserve(name, self.place)

    def reserve_free(self, name: str) -> str:
        """Reserve `name`, or `name-2`, `name-3`, … if it is taken."""
        candidates = (name if count == 1 else f"{name}-{count}" for count in range(1, len(self.page.ids) + 2))
        return self.reserve(next(one for one in candidates if one not in self.page.ids))

    def reserve_counted(self, kind: str) -> str:
        """Reserve the next `kind-05-1`, `kind-05-2`, … of this section."""
        self.counts[kind] += 1
        return self.reserve(f"{kind}-{self.number}-{self.counts[kind]}")

    def link(self, target: str) -> None:
        """Remember a link into the page, to be checked when all sections are there."""
        self.page.links.append((self.place, target))

    def cite(self, key: str) -> str:
        """Remember a citation and return the id by which the reference links back to it."""
        back = self.reserve_counted("cite")
        self.page.citations[key].append(back)
        return back


def slug(text: str) -> str:
    """Heading text as an id: lower case, words joined by hyphens."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
