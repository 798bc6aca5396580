"""Executed notebooks to the pages of a paper: cells to nodes, notebook by notebook, then passes over all."""

from collections.abc import Callable, Iterator

from markdown_it.token import Token
from nbformat import NotebookNode

from publishing import paths, posts
from publishing.contract import CLAIMS_PAGE, MACROS, MAY_RAISE
from publishing.errors import PublishingError
from publishing.notebooks import slug_of
from publishing.render import bibliography, figures, findings, reading
from publishing.render.card import lead, opening
from publishing.render.highlighting import code
from publishing.render.links import Papers, resolve
from publishing.render.listings import is_folded, one_listing, put_at_captions
from publishing.render.nodes import Block, CellInput, Inline, Listing, Overview, Prose, Section, walk
from publishing.render.outputs import output_node
from publishing.render.overviews import LISTED, STUDIES, byline, claim_count, claim_list, contents, marks, series, steps
from publishing.render.page import Context, Page, Paper
from publishing.render.prose import inline, prose
from publishing.typeset.formulas import Formula


def build_paper(
    name: str,
    notebooks: dict[str, NotebookNode],
    without_tagged: Callable[[NotebookNode], NotebookNode],
    complete: bool = True,
) -> Paper:
    """The pages of these executed notebooks, by their stems; `without_tagged` takes out what tags say not to show.

    Its `faults` name notebook and cell: a figure without alternative text, an include of an image that no cell draws,
    an id given twice, and whatever else would not come out as it was written. Links are left as they are written (see
    `finish`).
    """
    paper = Paper(name, {"": Page(name, complete=complete)}, complete)
    order = ["", *(page for group in posts.studies(name) for page in group.pages)]
    there = [slug_of(stem) for stem in sorted(notebooks)]
    for slug in (slug for slug in dict.fromkeys([*order, *there]) if slug in there):
        paper.pages.setdefault(slug, Page(name, slug, complete=complete))
    for stem, notebook in notebooks.items():
        figures.collect(notebook, Context(paper.pages[slug_of(stem)], stem))
    if paper.studies:
        paper.pages[""].reserve(STUDIES, LISTED)
    for stem, notebook in notebooks.items():
        page = paper.pages[slug_of(stem)]
        page.sections[stem] = build_section(without_tagged(with_numbers(notebook)), Context(page, stem))
    post = paper.pages[""]
    post.opening = post.faults.attempt(opening, post, notebooks, inline) if complete else None
    for page in paper.pages.values():
        page.faults.attempt(_list_references, page)
    return paper


def finish(paper: Paper, papers: Papers) -> None:
    """Resolve its links, of which some lead to other papers, and say what is to be said about whole pages.

    Faults are links and citations that lead nowhere, as long as all notebooks there have run, and numbers in the text
    that are not what their claims measured.
    """
    findings.compare(paper, papers)
    resolve(paper, papers)
    for page in paper.pages.values():
        put_at_captions(page)
        page.seconds = 0 if page.name else reading.of_lead(page.paper, page.opening)
        for section in page.sections.values():
            reading.measure(section, page.answer)
            page.seconds += section.seconds
    marks(paper)
    for page in paper.pages.values():
        parts = _of_study(page, paper) if page.name else page.sections | _beside_the_sections(page, paper)
        page.files = {f"{name}.html": node for name, node in parts.items()}
    paper.claims = Page(paper.name, CLAIMS_PAGE)
    paper.claims.files = {"list.html": paper.pages[""].faults.attempt(claim_list, paper)}


def _beside_the_sections(page: Page, paper: Paper) -> dict[str, object]:
    return {
        "toc": contents(page),
        "claims-summary": claim_count(page),
        "reading": byline(page),
        "lead": page.faults.attempt(lead, page) if page.complete else None,
        "studies": series(paper, page),
    }


def _of_study(page: Page, paper: Paper) -> dict[str, object]:
    (section,) = page.sections.values()
    return {
        "title": page.title,
        "answer": page.answer,
        "tools": Overview("Tools", {"stem": section.stem, "minutes": None}),
        "toc": contents(page),
        "reading": byline(page),
        "text": section,
        "series": series(paper, page),
        "steps": steps(paper, page),
    }


def with_numbers(notebook: NotebookNode) -> NotebookNode:
    """The cells with their numbers, which they keep when folds are joined and others are taken out."""
    cells = [
        NotebookNode(cell | {"metadata": cell.metadata | {"number": number}})
        for number, cell in enumerate(notebook.cells, 1)
    ]
    return NotebookNode(notebook | {"cells": one_listing(cells)})


def build_section(notebook: NotebookNode, context: Context) -> Section:
    """One notebook, its cells numbered in their metadata."""
    page = context.page
    name = None if page.name else context.reserve(context.stem)
    written, footnotes = prose(
        {cell.metadata["number"]: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}, context
    )
    if page.name:
        context.cell = 1
        context.attempt(_take_opening, written, context)
    blocks = []
    for cell in notebook.cells:
        context.cell = number = cell.metadata["number"]
        kind, children = "", []
        if cell.cell_type == "code":
            kind, children = "cell code", list(_of_code(cell, context))
        elif cell.cell_type == "raw":
            context.fault("a raw cell would not be shown as it is; make it Markdown or code")
        elif any(map(_is_seen, written[number].tokens)):
            children = [written[number]]
        if children:
            blocks.append(Block(number, kind, children))
    if page.name and page.citations and not page.references:
        heading, _ = prose({context.cell: "## References"}, context)
        blocks.append(Block(context.cell, "", [heading[context.cell], page.lists_references()]))
    return Section(context.stem, blocks, footnotes, name)


def _take_opening(written: dict[int, Prose], context: Context) -> None:
    """Let the page of a study have its title and its answer, with which the notebook begins."""
    first = written[1].tokens if 1 in written else []
    if [(token.type, token.tag) for token in first[:6]] != _OPENING:
        raise context.error("a study begins with its title, `# …`, and a paragraph that gives the answer; write both")
    page = context.page
    page.title, page.answer = Inline(first[1].children or []), Inline(first[4].children or [])
    if any(isinstance(node, Formula) for node in walk(page.title)):
        context.fault("the title of a study is shown in tabs and feeds, where no formula can be; say it in words")
    del first[:6]
    for context.cell, cell in written.items():
        if any(token.tag == "h1" for token in cell.tokens):
            context.fault("a study has one title; write its headings as `## …`")


_OPENING = [
    *(("heading_open", "h1"), ("inline", ""), ("heading_close", "h1")),
    *(("paragraph_open", "p"), ("inline", ""), ("paragraph_close", "p")),
]


def _is_seen(token: Token) -> bool:
    """Whether it brings anything to the page; a comment does not."""
    if token.type == "inline":
        return any(map(_is_seen, token.children or []))
    return token.type not in ("text", "softbreak", "html_inline") or bool(token.content.strip())


def _of_code(cell: NotebookNode, context: Context) -> Iterator[object]:
    claims = len(context.page.claims)
    listing = Listing(f"cell-{context.numbered(context.cell)}", code(cell.source))
    is_shown = cell.source and not cell.metadata.get("transient", {}).get("remove_source")  # by the tag `remove-input`
    if is_folded(cell):
        context.reserve(listing.id)
        yield listing
    elif is_shown:
        yield CellInput(listing.code)
    for output in cell.outputs:
        if output.output_type == "error" and MAY_RAISE not in cell.metadata.get("tags", []):
            context.fault(f"raised {output.ename}; fix it, or tag the cell raises-exception")
        elif MACROS not in output.get("data", {}) and (node := context.attempt(output_node, output, context)):
            yield node
    if is_shown and len(context.page.claims) > claims:
        context.page.listings[context.stem, context.cell] = listing


# --- passes over the page -------------------------------------------------------------------------------------------


def _list_references(page: Page) -> None:
    """Fill in the bibliography where a cell called `references()`, now that every citation is known."""
    path = paths.bibliography(page.paper)
    for node in page.references:
        node.entries = bibliography.references(path, page.citations)
        for name in (f"ref-{entry.key}" for entry in node.entries):
            if name in page.ids:
                raise PublishingError(f"{page.paper}/{path.name}: {name!r} is listed twice; call references() once")
            page.ids[name] = path.name
