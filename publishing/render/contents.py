"""What is said about all sections together: the contents, the time that they take, the claims, the folded code."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby

from markdown_it.token import Token

from publishing import paths
from publishing.errors import PublishingError
from publishing.render.nodes import Claim, Heading, Inline, Listing, PostLink, as_token
from publishing.render.page import Page

_KINDS = {"eq": "Eq.", "fig": "Figure", "table": "Table", "source": "Code"}


@dataclass
class Contents:
    """Links to the sections, each with those of its headings that are of the second level.

    They stand beside the text where there is room; elsewhere in a popover, which a button opens without a script.
    """

    groups: list[tuple[Heading, list[Heading]]]


@dataclass
class Reading:
    """How long it takes to read all of it, for the post's byline."""

    hours: int
    minutes: int


@dataclass
class ClaimCount:
    """How many claims were checked, for the post."""

    claims: str


@dataclass
class ClaimRow:
    """A claim on the page of claims: its links lead to the post, and `about` holds ids there with their names."""

    id: str
    statement: Inline
    numbers: str
    about: list[tuple[str, str]]


@dataclass
class SectionOfClaims:
    """A section on that page."""

    title: Inline
    stem: str
    count: str
    claims: list[ClaimRow]
    has_code: bool


@dataclass
class ClaimList:
    """Every claim of the paper by section, and the equations that they are about; for a page of its own."""

    covered: list[str]
    uncovered: list[str]
    total: str
    sections: list[SectionOfClaims]


@dataclass
class SectionOfCode:
    """A section among the listings."""

    title: Inline
    stem: str
    listings: list[Listing]


@dataclass
class ListingList:
    """All folded code by section."""

    sections: list[SectionOfCode]


def contents(page: Page) -> Contents:
    """The contents of the page."""
    groups: list[tuple[Heading, list[Heading]]] = []
    for heading in page.headings:
        if heading.level == 2:
            groups.append((heading, []))
        elif heading.level == 3 and groups:
            groups[-1][1].append(heading)
    return Contents(groups)


def reading(page: Page) -> Reading:
    """The time for all of its sections."""
    return Reading(*divmod(page.minutes, 60))


def claim_count(page: Page) -> ClaimCount:
    """How many claims the page makes."""
    return ClaimCount(_checked(page))


def claim_list(page: Page) -> ClaimList:
    """The claims of the page, and what each section makes and keeps folded."""
    titles, rows = _titles(page), defaultdict(list)
    for claim in page.claims:
        rows[claim.stem].append(_row(claim))
    listings = Counter(listing.stem for listing in page.listings)
    about = {target for claim in page.claims for target in claim.of}
    return ClaimList(
        covered=[name for name in page.equations if name in about],
        uncovered=[name for name in page.equations if name not in about],
        total=_checked(page),
        sections=[
            SectionOfClaims(titles[stem], stem, _count(len(rows[stem])), rows[stem], stem in listings)
            for stem in sorted(rows.keys() | listings)
        ],
    )


def listing_list(page: Page) -> ListingList:
    """The folded code. Raises PublishingError if there is no page for it to stand on."""
    if page.listings and not (path := paths.CLAIMS / f"{page.paper}.md").is_file():
        raise PublishingError(f"there is no {paths.relative(path)}, where folded code stands; copy the template's")
    titles = _titles(page)
    groups = groupby(page.listings, lambda listing: listing.stem)
    return ListingList([SectionOfCode(titles[stem], stem, list(listings)) for stem, listings in groups])


def _titles(page: Page) -> dict[str, Inline]:
    """What sections are called; by their file's name if they have no heading."""
    untitled = {stem: Inline([Token("text", "", 0, content=stem)]) for stem in page.sections}
    return untitled | {heading.target: heading.title for heading in page.headings}


def _checked(page: Page) -> str:
    return f"{_count(len(page.claims))}, {'' if len(page.claims) == 1 else 'each '}checked"


def _count(claims: int) -> str:
    return "1 claim" if claims == 1 else f"{claims} claims"


def _row(claim: Claim) -> ClaimRow:
    statement = Inline(list(map(_into_the_post, claim.statement.children)))
    return ClaimRow(claim.id, statement, claim.numbers, [(target, _label(target)) for target in claim.of])


def _into_the_post(token: Token) -> Token:
    """The token as it stands on another page than the post: its links lead there, and it has no id."""
    target = token.attrs.get("href", "")
    if token.type == "link_open" and target.startswith("#"):
        return as_token(PostLink(target[1:], token.attrs.get("class", "")))
    return token


def _label(target: str) -> str:
    kind, _, name = target.partition("-")
    return f"Eq. ({name})" if kind == "eq" else _KINDS.get(kind, f"#{target}")
