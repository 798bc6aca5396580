"""What is said about whole pages: the contents, the time that they take, the claims, the studies."""

from dataclasses import replace
from itertools import groupby

from markdown_it.token import Token

from publishing import paths, posts
from publishing.contract import CLAIMS_PAGE
from publishing.errors import PublishingError
from publishing.render import nodes, reading, whereabouts
from publishing.render.links import standing
from publishing.render.nodes import Claim, Heading, Inline, Overview, PageLink, as_token, text_token, walk
from publishing.render.page import Page, Paper
from publishing.typeset.formulas import Formula
from publishing.verdicts import exactly

STUDIES, LISTED = "studies", "the list of studies"  # in the post: the id of their list, and who gives it
_KINDS = {"eq": "Eq.", "fig": "Figure", "table": "Table", "source": "Code"}


def contents(page: Page) -> Overview:
    """Links to the sections, each with those of its headings that are of the second level.

    They stand beside the text where there is room; elsewhere in a popover, which a button opens without a script.
    """
    groups: list[tuple[Heading, list[Heading]]] = []
    listed = [Heading(2, STUDIES, Inline([text_token("Studies")]))] if page.ids.get(STUDIES) == LISTED else []
    for heading in [*page.headings, *listed]:
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
    return Overview("ClaimCount", {"claims": _checked(page.claims)})


def claim_list(paper: Paper) -> Overview:
    """Every claim by page, section and cell, and the equations they are about; all links lead to other pages.

    Raises PublishingError if there is no page for them to stand on.
    """
    sections, claims = [], [claim for page in paper.pages.values() for claim in page.claims]
    if claims and not (path := paths.CLAIMS / f"{paper.name}.md").is_file():
        raise PublishingError(f"there is no {paths.relative(path)}, where claims stand; copy the template's")
    for page in paper.pages.values():
        titles = _titles(page)
        for stem, here in groupby(page.claims, lambda claim: claim.stem):
            made = list(here)
            cells = [
                ([_row(one, page, paper) for one in claims_of_cell], page.listings.get((stem, cell)))
                for cell, claims_of_cell in groupby(made, lambda claim: claim.cell)
            ]
            sections.append(
                {
                    "title": titles[stem],
                    "address": page.address,
                    "target": None if page.name else stem,
                    "name": stem.replace("/", "-"),
                    "count": _count(len(made)),
                    "cells": cells,
                }
            )
    numbered: dict[str, str] = {}  # with the address of the first page that shows each
    for page in paper.pages.values():
        numbered |= {name: page.address for name in page.equations if name not in numbered}
    equations = [
        (name, address, [(one.on_claims_page(claim.id), _title(claim.statement)) for one, claim in _about(name, paper)])
        for name, address in numbered.items()
    ]
    values = {"sections": sections, "equations": equations, "places": _places(paper), "total": _checked(claims)}
    return Overview("ClaimList", values)


def _places(paper: Paper) -> list[tuple[str, list[tuple[str, str, Inline]]]]:
    """Each part of the paper, and each file that code names, with links to where it stands."""
    titles = {(page.name, stem): title for page in paper.pages.values() for stem, title in _titles(page).items()}
    found = whereabouts.of_the_paper(paper) | whereabouts.of_files(paper)
    return [(part, [_linked(place, titles) for place in places]) for part, places in found.items()]


def _linked(place: whereabouts.Place, titles: dict[tuple[str, str], Inline]) -> tuple[str, str, Inline]:
    page, stem, target = place
    return page.address, target or ("" if page.name else stem), _title(titles[page.name, stem])


def marks(paper: Paper) -> None:
    """Beside each equation of the post, how many claims are about it."""
    for node in walk(paper.pages[""].sections):
        if isinstance(node, nodes.Equation) and (found := _about(f"eq-{node.number}", paper)):
            node.checks = nodes.Checks(len(found), f"/{paper.name}/{CLAIMS_PAGE}/", _title(found[0][1].statement))


def _about(name: str, paper: Paper) -> list[tuple[Page, Claim]]:
    return [(page, claim) for page in paper.pages.values() for claim in page.claims if name in claim.of]


def series(paper: Paper, here: Page) -> Overview:
    """The studies in their groups, for the post; on a study's page with the place where one is."""
    listed = posts.studies(paper.name)
    groups = {
        group.title: [_entry(paper.pages[name], here) for name in group.pages if name in paper.pages]
        for group in listed
    }
    number = paper.studies.index(here) + 1 if here.name else None
    group = next((group.title for group in listed if here.name in group.pages), None)
    values = {"groups": groups, "number": number, "count": len(paper.studies), "group": group, "post": _post(paper)}
    return Overview("Series", values)


def steps(paper: Paper, here: Page) -> Overview:
    """The studies before and after one; before the first is the post."""
    place = paper.studies.index(here)
    before = _entry(paper.studies[place - 1], here) if place else _post(paper)
    after = _entry(paper.studies[place + 1], here) if place + 1 < len(paper.studies) else None
    return Overview("Steps", {"before": before, "after": after})


def _entry(page: Page, here: Page) -> dict:
    return {"title": _title(page.title), "address": page.address, "here": page is here}


def _post(paper: Paper) -> dict:
    title = next((str(post.facts.get("title", paper.name)) for post in posts.of(paper.name)), paper.name)
    return {"title": title, "address": paper.pages[""].address}


def _titles(page: Page) -> dict[str, Inline]:
    """What sections are called, or the study; by their file's name if they have no heading."""
    if page.name:
        return dict.fromkeys(page.sections, _title(page.title))
    untitled = {stem: Inline([text_token(stem)]) for stem in page.sections}
    return untitled | {heading.target: _title(heading.title) for heading in page.headings}


def _checked(claims: list[Claim]) -> str:
    return f"{_count(len(claims))}, {'' if len(claims) == 1 else 'each '}checked"


def _count(claims: int) -> str:
    return "1 claim" if claims == 1 else f"{claims} claims"


def _row(claim: Claim, page: Page, paper: Paper) -> dict:
    statement = Inline([_elsewhere(token, page) for token in claim.statement.children])
    about = [((standing(target, page, paper) or page).address, target, _label(target)) for target in claim.of]
    marked = not claim.is_told and page.marks(claim)
    return {
        "id": page.on_claims_page(claim.id),
        "address": page.address,
        "target": next(name for name in claim.of if name in page.equations) if marked else claim.id,
        "statement": statement,
        "verdict": claim.verdict,
        "exactly": exactly(claim.facts),
        "about": about,
    }


def _title(line: Inline) -> Inline:
    """A title within a link, on whatever page: without links of its own."""
    leading = PageLink | nodes.FileLink | nodes.FootnoteMark
    inner = [token for token in line.children if not token.type.startswith("link_")]
    return Inline([_fresh(token) for token in inner if not isinstance(token.meta.get("node"), leading)])


def _elsewhere(token: Token, page: Page) -> Token:
    """The token as it stands on another page than its own: its links lead back, and it has no id."""
    target = nodes.leads_to(token)
    if token.type == "link_open" and target.startswith("#"):
        return as_token(PageLink(page.address, target[1:], str(token.attrs.get("class", ""))))
    node = token.meta.get("node")
    return as_token(replace(node, id="")) if isinstance(node, PageLink) else _fresh(token)


def _fresh(token: Token) -> Token:
    """The token, its formula not typeset yet: each page has glyphs of its own."""
    node = token.meta.get("node")
    return as_token(replace(node, html=None)) if isinstance(node, Formula) else token


def _label(target: str) -> str:
    kind, _, name = target.partition("-")
    return f"Eq. ({name})" if kind == "eq" else _KINDS.get(kind, f"#{target}")
