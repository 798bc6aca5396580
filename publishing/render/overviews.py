"""What is said about all sections together: the contents, the time that they take, the claims, the folded code."""

from collections import Counter, defaultdict
from itertools import groupby

from markdown_it.token import Token

from publishing import paths
from publishing.errors import PublishingError
from publishing.render import reading
from publishing.render.nodes import Claim, Heading, Inline, Overview, PostLink, as_token, leads_to, text_token
from publishing.render.page import Page

_KINDS = {"eq": "Eq.", "fig": "Figure", "table": "Table", "source": "Code"}


def contents(page: Page) -> Overview:
    """Links to the sections, each with those of its headings that are of the second level.

    They stand beside the text where there is room; elsewhere in a popover, which a button opens without a script.
    """
    groups: list[tuple[Heading, list[Heading]]] = []
    for heading in page.headings:
        if heading.level == 2:
            groups.append((heading, []))
        elif heading.level == 3 and groups:
            groups[-1][1].append(heading)
    return Overview("Contents", {"groups": groups})


def byline(page: Page) -> Overview:
    """How long it takes to read all of it, for the post's byline."""
    hours, minutes = divmod(reading.minutes(page.seconds), 60)
    return Overview("Reading", {"hours": hours, "minutes": minutes})


def claim_count(page: Page) -> Overview:
    """How many claims were checked, for the post."""
    return Overview("ClaimCount", {"claims": _checked(page)})


def claim_list(page: Page) -> Overview:
    """Every claim by section, and the equations they are about, for a page of its own; its links lead to the post."""
    titles, claims = _titles(page), defaultdict(list)
    for claim in page.claims:
        claims[claim.stem].append(_row(claim))
    listings = Counter(listing.stem for listing in page.listings)
    about = {target for claim in page.claims for target in claim.of}
    sections = [
        {
            "title": titles[stem],
            "stem": stem,
            "count": _count(len(claims[stem])),
            "claims": claims[stem],
            "has_code": stem in listings,
        }
        for stem in sorted(claims.keys() | listings)
    ]
    covered = [name for name in page.equations if name in about]
    uncovered = [name for name in page.equations if name not in about]
    return Overview(
        "ClaimList", {"sections": sections, "covered": covered, "uncovered": uncovered, "total": _checked(page)}
    )


def listing_list(page: Page) -> Overview:
    """All folded code by section. Raises PublishingError if there is no page for it to stand on."""
    if page.listings and not (path := paths.CLAIMS / f"{page.paper}.md").is_file():
        raise PublishingError(f"there is no {paths.relative(path)}, where folded code stands; copy the template's")
    titles = _titles(page)
    groups = groupby(page.listings, lambda listing: listing.stem)
    sections = [{"title": titles[stem], "stem": stem, "listings": list(listings)} for stem, listings in groups]
    return Overview("ListingList", {"sections": sections})


def _titles(page: Page) -> dict[str, Inline]:
    """What sections are called; by their file's name if they have no heading."""
    untitled = {stem: Inline([text_token(stem)]) for stem in page.sections}
    return untitled | {heading.target: heading.title for heading in page.headings}


def _checked(page: Page) -> str:
    return f"{_count(len(page.claims))}, {'' if len(page.claims) == 1 else 'each '}checked"


def _count(claims: int) -> str:
    return "1 claim" if claims == 1 else f"{claims} claims"


def _row(claim: Claim) -> dict:
    statement = Inline(list(map(_into_the_post, claim.statement.children)))
    about = [(target, _label(target)) for target in claim.of]
    return {"id": claim.id, "statement": statement, "numbers": claim.numbers, "about": about}


def _into_the_post(token: Token) -> Token:
    """The token as it stands on another page than the post: its links lead there, and it has no id."""
    target = leads_to(token)
    if token.type == "link_open" and target.startswith("#"):
        return as_token(PostLink(target[1:], str(token.attrs.get("class", ""))))
    return token


def _label(target: str) -> str:
    kind, _, name = target.partition("-")
    return f"Eq. ({name})" if kind == "eq" else _KINDS.get(kind, f"#{target}")
