"""Executed notebooks to the page of a paper: cells to nodes, section by section, then passes over all."""

from collections.abc import Callable, Iterator
from itertools import groupby

from markdown_it.token import Token
from nbformat import NotebookNode

from publishing import paths
from publishing.contract import MACROS, MAY_RAISE
from publishing.errors import PublishingError
from publishing.render import bibliography, extent, figures, reading
from publishing.render.card import lead
from publishing.render.crossrefs import resolve
from publishing.render.highlighting import code
from publishing.render.listings import fold, is_folded, one_fold
from publishing.render.nodes import Block, CellInput, Claim, Claims, References, Section, lines, walk
from publishing.render.outputs import output_node
from publishing.render.overviews import byline, claim_count, claim_list, contents, listing_list
from publishing.render.page import Context, Page
from publishing.render.prose import prose

CLAIMS_SHOWN = 3  # and the others behind a fold, if they are several


def build_page(
    paper: str,
    notebooks: dict[str, NotebookNode],
    without_tagged: Callable[[NotebookNode], NotebookNode],
    complete: bool = True,
) -> Page:
    """The page of these executed notebooks, by their stems; `without_tagged` takes out what tags say not to show.

    If it is not complete, links are not checked. Raises PublishingError that names notebook and cell: for a figure
    without alternative text, an include of an image that no cell draws, an id given twice, a link or citation that
    leads nowhere, and whatever else would not come out as it was written.
    """
    page = Page(paper, complete=complete)
    for stem, notebook in notebooks.items():
        figures.collect(notebook, Context(page, stem))
    for stem, notebook in notebooks.items():
        page.sections[stem] = build_section(without_tagged(with_numbers(notebook)), Context(page, stem))
    _list_references(page)
    if complete:
        page.check_links()
    resolve_equations(page)
    _measure(page)
    page.files = {f"{stem}.html": section for stem, section in page.sections.items()} | _beside_the_sections(page)
    return page


def _beside_the_sections(page: Page) -> dict[str, object]:
    return {
        "toc.html": contents(page),
        "claims.html": claim_list(page),
        "code.html": listing_list(page),
        "claims-summary.html": claim_count(page),
        "reading.html": byline(page),
        "lead.html": lead(page) if page.complete else None,
    }


def with_numbers(notebook: NotebookNode) -> NotebookNode:
    """The cells with their numbers, which they keep when folds are joined and others are taken out."""
    cells = [
        NotebookNode(cell | {"metadata": cell.metadata | {"number": number}})
        for number, cell in enumerate(notebook.cells, 1)
    ]
    return NotebookNode(notebook | {"cells": one_fold(cells)})


def build_section(notebook: NotebookNode, context: Context) -> Section:
    """One notebook, its cells numbered in their metadata."""
    context.reserve(context.stem)
    written, footnotes = prose(
        {cell.metadata["number"]: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}, context
    )
    blocks = []
    for cell in notebook.cells:
        context.cell = number = cell.metadata["number"]
        if cell.cell_type == "raw":
            raise context.error("a raw cell would not be shown as it is; make it Markdown or code")
        if cell.cell_type == "code":
            kind, children = "cell code", _together(list(_of_code(cell, context)))
        else:
            kind, children = "", [written[number]] if any(map(_is_seen, written[number].tokens)) else []
        if children:
            blocks.append(Block(number, kind, children))
    return Section(context.stem, blocks, footnotes)


def _is_seen(token: Token) -> bool:
    """Whether it brings anything to the page; a comment does not."""
    if token.type == "inline":
        return any(map(_is_seen, token.children or []))
    return token.type not in ("text", "softbreak", "html_inline") or bool(token.content.strip())


def _of_code(cell: NotebookNode, context: Context) -> Iterator[object]:
    if is_folded(cell):
        yield fold(cell, context)
    elif cell.source and not cell.metadata.get("transient", {}).get("remove_source"):  # by the tag `remove-input`
        yield CellInput(code(cell.source))
    for output in cell.outputs:
        if output.output_type == "error" and MAY_RAISE not in cell.metadata.get("tags", []):
            raise context.error(f"raised {output.ename}; fix it, or tag the cell raises-exception")
        if MACROS not in output.get("data", {}):
            yield output_node(output, context)


def _together(nodes: list) -> list:
    """The nodes, with claims that follow each other in one box."""
    joined: list = []
    for are_claims, run in groupby(nodes, lambda node: isinstance(node, Claim)):
        claims = list(run)
        shown = len(claims) if len(claims) == CLAIMS_SHOWN + 1 else CLAIMS_SHOWN
        joined += [Claims(claims[:shown], claims[shown:])] if are_claims else claims
    return joined


# --- passes over the page -------------------------------------------------------------------------------------------


def _list_references(page: Page) -> None:
    """Fill in the bibliography where a cell called `references()`, now that every citation is known."""
    for node in walk(page.sections):
        if isinstance(node, References):
            path = paths.bibliography(page.paper)
            node.entries = bibliography.references(path, page.citations)
            for name in (f"ref-{entry.key}" for entry in node.entries):
                if name in page.ids:
                    raise PublishingError(f"{page.paper}/{path.name}: {name!r} is listed twice; call references() once")
                page.ids[name] = path.name


def resolve_equations(page: Page) -> None:
    """Leave links to the equations alone that are on the page."""
    for line in lines([page.sections, page.headings]):
        line.children = resolve(line.children or [], page.equations)


def _measure(page: Page) -> None:
    page.seconds = reading.of_lead(page.paper)
    for section in page.sections.values():
        extent.measure(section)
        reading.measure(section)
        page.seconds += section.seconds
