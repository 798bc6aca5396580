"""Folded code stands on the page of the claims, since most readers of the post never open it.

Where scripts run, a fold that is opened shows it in place (`assets/js/folds.js`); elsewhere the fold links to it.
"""

from collections import Counter
from itertools import groupby

from nbformat import NotebookNode

from publishing import paths
from publishing.errors import PublishingError
from publishing.escaping import liquid_safe
from publishing.section import Listing, Page, Section

_REMOVED = ("remove-cell", "remove-input")
_MAKES = {"diagram": "figure", "table": "table", "claim": "check"}


def one_fold(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, with folded code that shows nothing put into the fold that comes next, but not past open code."""
    joined: list[NotebookNode] = []
    silent: NotebookNode | None = None
    for cell in cells:
        if _is_folded(cell):
            if silent:
                joined.remove(silent)
                cell = NotebookNode(cell | {"source": "\n\n\n".join(filter(None, (silent.source, cell.source)))})
            silent = None if cell.outputs else cell
        elif cell.cell_type == "code":
            silent = None
        joined.append(cell)
    return joined


def _is_folded(cell: NotebookNode) -> bool:
    tags = {*cell.metadata.get("tags", [])}
    return cell.cell_type == "code" and "hide-input" in tags and tags.isdisjoint(_REMOVED)


def folded(html: str, outputs: list[dict], section: Section) -> str:
    """The fold of a cell's code, which goes to the page's listings; it says what of the post the code makes."""
    listing = Listing(section.claim_id(f"cell-{section.number}-{section.cell}"), section.stem, section.cell, html)
    section.page.listings.append(listing)
    address = f"{{{{ '/{section.page.paper}/claims/' | relative_url }}}}#{listing.id}"
    link = section.keep(f'<p><a class="code-link" href="{address}">The code of cell {section.cell}</a></p>')
    name = f"Code{_of(outputs)}"
    return f'<details class="cell-input" id="{listing.id}"><summary>{name}</summary>\n{link}</details>\n'


def _of(outputs: list[dict]) -> str:
    mimes = Counter(mime for output in outputs for mime in output.get("data", {}))
    made = {word: mimes[f"application/vnd.paper-{kind}+json"] for kind, word in _MAKES.items()}
    names = [f"the {word}" if count == 1 else f"the {count} {word}s" for word, count in made.items() if count]
    return f" of {' and '.join(names)}" if names else ""


def listings_html(page: Page) -> str:
    """All folded code by section; its headings lead to the post, whose address is `paper_post`.

    Raises PublishingError if there is no page for it to stand on.
    """
    if not page.listings:
        return ""
    if not (path := paths.CLAIMS / f"{page.paper}.md").is_file():
        raise PublishingError(f"there is no {paths.relative(path)}, where folded code stands; copy the template's")
    titles = {heading.target: heading.html for heading in page.headings}
    parts = ['<h2 id="code">The code that the post keeps folded</h2>\n']
    for stem, listings in groupby(page.listings, lambda listing: listing.stem):
        parts.append(f'<h3 id="code-{stem}">{liquid_safe(titles.get(stem, stem))}</h3>\n')
        parts += map(_listing, listings)
    return "".join(parts)


def _listing(listing: Listing) -> str:
    back = f'<p><a href="{{{{ paper_post }}}}#{listing.id}">Cell {listing.cell}</a></p>'
    return f'<div class="listing" id="{listing.id}">\n{back}\n{liquid_safe(listing.html)}</div>\n'
