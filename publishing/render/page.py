"""What is known and collected while a paper's notebooks are made into its pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from publishing import posts
from publishing.errors import PublishingError
from publishing.faults import Faults, Made
from publishing.render.nodes import Claim, Drawing, Figure, Heading, Inline, Listing, Place, References, Section, walk


@dataclass
class Page:
    """What the notebooks of one page share, so that an id may be given once: those of the post, or the one of a study.

    A study has a `name`, by which its address below the paper's ends; a `title`, and an `answer` below it.
    """

    paper: str
    name: str = ""
    drawings: dict[str, Drawing] = field(default_factory=dict)
    complete: bool = True
    title: Inline = field(default_factory=lambda: Inline([]))
    answer: Inline = field(default_factory=lambda: Inline([]))
    opening: Figure | None = None  # of a post, where no section shows it
    sections: dict[str, Section] = field(default_factory=dict)
    files: dict[str, object] = field(default_factory=dict)  # the nodes of each file that Jekyll includes
    ids: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, Place]] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)  # below the site's, of links and pictures as written
    met: set[str] = field(default_factory=set)  # files that it names, and folders, with /, in which it looks for such
    citations: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    references: list[References] = field(default_factory=list)  # where they are listed
    headings: list[Heading] = field(default_factory=list)
    equations: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    listings: dict[tuple[str, int], Listing] = field(default_factory=dict)  # of cells that claim something
    seconds: float = 0
    faults: Faults = field(default_factory=Faults)

    @cached_property
    def address(self) -> str:
        """Where it is found, below the address of the site."""
        return f"/{self.paper}/{self.name}/" if self.name else posts.address(self.paper)

    @property
    def prefix(self) -> str:
        """What the names of its files and of its glyphs begin with, before a hyphen: no other page has the same."""
        return f"{self.paper}-{self.name}-" if self.name else self.paper

    @property
    def figures(self) -> Iterator[Figure]:
        """The figures that it shows, in their order."""
        return (node for node in walk(self.sections) if isinstance(node, Figure))

    def claim(self, name: str) -> Claim | None:
        """The claim of this id."""
        return next((one for one in self.claims if one.id == name), None)

    def lists_references(self) -> References:
        """A place where they are listed, once every citation is known."""
        self.references.append(References())
        return self.references[-1]

    def on_claims_page(self, name: str) -> str:
        """The id that a claim of this page has on the page of all claims."""
        return f"claim-{self.name}--{name.removeprefix('claim-')}" if self.name else name

    def marks(self, claim: Claim) -> bool:
        """Whether a mark beside an equation stands for a claim: so in a post, where each would have its line."""
        return not self.name and not {*self.equations}.isdisjoint(claim.of)

    def reserve(self, name: str, place: str) -> str:
        """Reserve an id that must be the only one of its name on the page."""
        if name in self.ids:
            raise PublishingError(f"{place}: the id {name!r} is already given in {self.ids[name]}; give it once")
        self.ids[name] = place
        return name


@dataclass
class Paper:
    """The pages of a paper by their names: its post, which has none, and its studies in the order of reading."""

    name: str
    pages: dict[str, Page]
    complete: bool = True
    claims: Page | None = None  # the page of all claims

    @property
    def faults(self) -> Faults:
        """What is wrong with any of its pages."""
        return Faults(fault for page in self.pages.values() for fault in page.faults)

    @property
    def studies(self) -> list[Page]:
        """Those of its pages that have a name."""
        return [page for page in self.pages.values() if page.name]


@dataclass
class Context:
    """Where we are in a notebook that is being made into nodes, and what counts up along it."""

    page: Page
    stem: str
    cell: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def place(self) -> str:
        """Where we are, for people."""
        return f"{self.page.paper}/{self.stem}, cell {self.cell}"

    def error(self, message: str) -> PublishingError:
        """An error that begins with where we are, to be raised."""
        return PublishingError(f"{self.place}: {message}")

    def fault(self, message: str) -> None:
        """Remember what is wrong where we are, to be told with all that is wrong."""
        self.page.faults.append(f"{self.place}: {message}")

    def attempt(self, make: Callable[..., Made], *given: object) -> Made | None:
        """What it makes; what stops it is remembered as well."""
        return self.page.faults.attempt(make, *given)

    def numbered(self, count: int | str) -> str:
        """The end of an id: `05-2` in Section 5, as the file's name has it; `2` in a study, alone on its page."""
        return str(count) if self.page.name else f"{self.stem.partition('-')[0]}-{count}"

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
        return self.reserve(f"{kind}-{self.numbered(self.counts[kind])}")

    def link(self, target: str | Place) -> None:
        """Remember a link, to be checked when all pages are there; text is an id of this page, or of another."""
        there = Place(f"#{target}", self.page.paper, None, target) if isinstance(target, str) else target
        self.page.links.append((self.place, there))

    def cite(self, key: str) -> str:
        """Remember a citation and return the id by which the reference links back to it."""
        back = self.reserve_counted("cite")
        self.page.citations[key].append(back)
        return back


def slug(text: str) -> str:
    """Heading text as an id: lower case, words joined by hyphens."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
