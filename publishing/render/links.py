"""Links between pages: written as JupyterLab follows them, resolved when the pages are there, and checked.

`#eq-5` is an id of its own page, else of another page of the paper. `05-key-equations.md#eq-5`,
`studies/which-variance.md` and `../ddpm/05-key-equations.md#eq-5` name a notebook. A link to a claim leads to the page
of all claims, where its numbers and its code are.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from posixpath import dirname, join, normpath

from markdown_it.token import Token

from publishing import notebooks, posts
from publishing.contract import CLAIMS_PAGE, NAME, PAPER, SECTION
from publishing.errors import PublishingError
from publishing.paths import OF_STUDIES
from publishing.render.crossrefs import EQUATION_LINK
from publishing.render.nodes import PageLink, Place, as_token, leads_to, lines
from publishing.render.page import Context, Page, Paper

_NOTEBOOK = re.compile(rf"({PAPER.pattern})/(?:({SECTION.pattern})|{OF_STUDIES}/({NAME.pattern}))\.md")
Papers = Callable[[str], Paper]


def into_notebook(target: str, context: Context) -> Place | None:
    """The place that a link names by a notebook's file, from the folder where the link is written; else None."""
    file, _, anchor = target.partition("#")
    path = normpath(join(context.page.paper, dirname(context.stem), file))
    if not (found := _NOTEBOOK.fullmatch(path)):
        return None
    paper, section, study = found.groups()
    return Place(target, paper, study or "", anchor or section or "", section or "")


def resolve(paper: Paper, papers: Papers) -> None:
    """Let every link of the paper lead to the page where its target stands; `papers` gives other papers' pages.

    One that leads nowhere is a fault; an equation that no page shows is left as text.
    """
    for page in paper.pages.values():
        for where, place in page.links:
            page.faults.attempt(_check, where, place, page, paper, papers)
        for line in lines([page.sections, page.opening, page.headings, page.title, page.answer]):
            line.children = _resolved(line.children or [], page, paper, papers)


def _resolved(children: list[Token], page: Page, paper: Paper, papers: Papers) -> list[Token]:
    kept, unlinking = [], False
    for child in children:
        if place := place_of(child, page):
            kind = str(child.attrs.get("class", ""))
            there = find(place, page, paper, papers)
            unlinking = there is None and kind == EQUATION_LINK
            if there is None and place.paper != page.paper:  # whose notebooks have not run yet
                there = Page(place.paper, place.page or "")
            address, target = _destination(there or page, place.id)
            page.addresses[place.written] = f"{address}#{target}" if target else address
            if address == page.address:
                child.attrSet("href", f"#{target}")
            else:
                child = as_token(PageLink(address, target, kind, str(child.attrs.get("id", ""))))
            kept += [] if unlinking else [child]
        elif unlinking and child.type == "link_close":
            unlinking = False
        else:
            kept.append(child)
    return kept


def _destination(there: Page, name: str) -> tuple[str, str]:
    """The address of what has this id on a page, and its id there."""
    if there.claim(name):
        return f"/{there.paper}/{CLAIMS_PAGE}/", there.on_claims_page(name)
    return there.address, name


def place_of(token: Token, page: Page) -> Place | None:
    """Where a token begins to lead, if that is a page of this site."""
    target = leads_to(token)
    if token.type == "link_open" and target.startswith("#"):
        return Place(target, page.paper, None, target[1:])
    return token.meta.get("place")


def standing(name: str, page: Page, paper: Paper) -> Page | None:
    """The page of a paper on which an id stands: this one before the others. Each page has references of its own."""
    pages = [page] if name.startswith("ref-") else [page, *paper.pages.values()]
    return next((one for one in pages if name in one.ids), None)


def find(place: Place, page: Page, paper: Paper, papers: Papers) -> Page | None:
    """The page to which a link on this page leads."""
    there = paper if place.paper == paper.name else papers(place.paper)
    if place.page is None:
        return standing(place.id, page, there)
    found = there.pages.get(place.page)
    return found if found and {place.id, place.section} - {""} <= found.ids.keys() else None


def _check(where: str, place: Place, page: Page, paper: Paper, papers: Papers) -> None:
    there = paper
    if place.paper != paper.name:
        if place.paper not in notebooks.papers():
            raise PublishingError(f"{where}: links to {place.written}, but no paper is named so; {_CORRECT}")
        if not posts.is_shown(place.paper, drafts=not posts.is_shown(paper.name)):
            cause = f"links to {place.written}, but {place.paper!r} is not published"
            raise PublishingError(f"{where}: {cause}; publish it, or take the link out")
        there = papers(place.paper)
    if there.complete and not find(place, page, paper, papers):
        ids = [name for key, one in there.pages.items() if place.page in (None, key) for name in one.ids]
        near = "".join(f" (there is #{name})" for name in get_close_matches(place.id, ids, 1, 0.75))
        raise PublishingError(f"{where}: {_missing(place)}{near}")


_CORRECT = "correct the link or name its target so"


def _missing(place: Place) -> str:
    kind, _, name = place.id.partition("-")
    if place.page is not None:
        return f"links to {place.written}, where there is no such notebook or no such place in it; {_CORRECT}"
    if kind == "ref":
        return f"cites {name!r}, which has no entry; add it to references.bib, and call references() in a cell"
    if kind == "source":
        return f"links to {place.written}, which no cell shows; add source({name!r})"
    return f"links to {place.written}, which is nowhere in these notes; {_CORRECT}"
