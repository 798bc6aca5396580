"""Folded code: that of a study in its fold, that of the post on the page of claims, since most never open it.

Where scripts run, a fold that is opened shows it in place (`assets/js/folds.js`); elsewhere the fold links to it.
"""

from collections import Counter

from nbformat import NotebookNode

from publishing.contract import CLAIM, DIAGRAM, HIDE_INPUT, REMOVE_CELL, REMOVE_INPUT, TABLE
from publishing.render.highlighting import code
from publishing.render.nodes import Fold, Listing
from publishing.render.page import Context

_MAKES = {DIAGRAM: "figure", TABLE: "table", CLAIM: "check"}


def one_fold(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, with folded code that shows nothing put into the fold that comes next, but not past open code."""
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


def fold(cell: NotebookNode, context: Context) -> Fold:
    """The fold of a cell's code, which in the post goes to the listings; it says what of the page the code makes."""
    name = context.reserve(f"cell-{context.numbered(context.cell)}")
    listing = Listing(name, context.stem, context.cell, code(cell.source))
    if not context.page.name:
        context.page.listings.append(listing)
    within = listing.code if context.page.name else None
    return Fold(name, context.page.paper, context.cell, _makes(cell.outputs), within)


def _makes(outputs: list[dict]) -> str:
    mimes = Counter(mime for output in outputs for mime in output.get("data", {}))
    made = {word: mimes[mime] for mime, word in _MAKES.items()}
    names = [f"the {word}" if count == 1 else f"the {count} {word}s" for word, count in made.items() if count]
    return f" of {' and '.join(names)}" if names else ""
