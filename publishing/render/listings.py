"""The code of cells tagged `hide-input`: a small "code" at what the cell made, which opens it beneath.

It stands at the end of the caption of the cell's first figure or table, else of its last check. Code of which nothing
is shown, as imports, is put into the listing that comes next, and is not shown by itself.
"""

from nbformat import NotebookNode

from publishing.contract import HIDE_INPUT, REMOVE_CELL, REMOVE_INPUT
from publishing.render.nodes import Claim, Figure, Listing, Table, plain
from publishing.render.page import Page


def one_listing(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, with folded code that shows nothing put into the folded cell that comes next, not past open code."""
    joined: list[NotebookNode] = []
    silent: NotebookNode | None = None
    for cell in cells:
        if is_folded(cell):
            if silent:
                joined.remove(silent)
                cell = NotebookNode(cell | {"source": "\n\n\n".join(filter(None, (silent.source, cell.source)))})
            silent = None if cell.outputs else cell
        elif cell.cell_type == "code":
            silent = None
        joined.append(cell)
    return joined


def is_folded(cell: NotebookNode) -> bool:
    """Whether the cell's code is to be folded."""
    tags = {*cell.metadata.get("tags", [])}
    return cell.cell_type == "code" and HIDE_INPUT in tags and tags.isdisjoint({REMOVE_CELL, REMOVE_INPUT})


def put_at_captions(page: Page) -> None:
    """Leave out the claims that the text tells or an equation's mark counts; give each listing to what it is of."""
    for section in page.sections.values():
        for block in section.blocks:
            block.children = _shown(block.children, page)
        section.blocks = [block for block in section.blocks if block.children]


def _shown(children: list, page: Page) -> list:
    kept = [one for one in children if not (isinstance(one, Claim) and (one.is_told or page.marks(one)))]
    listing = next((one for one in kept if isinstance(one, Listing)), None)
    made = [one for one in kept if one is not listing]
    pictured = [one for one in made if isinstance(one, Figure | Table)]
    checks = [one for one in made if isinstance(one, Claim)]
    if listing and (pictured or checks):
        (pictured[0] if pictured else checks[-1]).listing = listing
        listing.of = _name(pictured, checks)
        return made
    return [*made, listing] if listing and made else made


def _name(pictured: list[Figure | Table], checks: list[Claim]) -> str:
    if pictured:
        first = pictured[0]
        return f" of figure {first.name}" if isinstance(first, Figure) else f" of {first.id.replace('-', ' ', 1)}"
    return f" of {len(checks)} checks" if len(checks) > 1 else f" of the check: {plain(checks[0].statement)}"
