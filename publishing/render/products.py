"""The files that a page becomes: first what stands for itself, then the HTML that Jekyll includes."""

from pathlib import Path

from markupsafe import Markup

from publishing import paths
from publishing.render import figures
from publishing.render.card import card
from publishing.render.nodes import walk
from publishing.render.page import Page
from publishing.render.serialise import html_of
from publishing.render.together import keep_together
from publishing.typeset.formulas import Formula, typeset


def images_and_data(page: Page) -> dict[Path, bytes]:
    """The images of a page, and what its instruments fetch."""
    drawn = [one for drawing in page.drawings.values() for one in (drawing, drawing.phone) if one]
    images = {figures.image_name(page.paper, one.name, one.suffix): one.image for one in drawn}
    images |= card(page) if page.complete else {}
    data = {
        paths.DATA / figures.data_name(page.paper, name, file): content
        for name, drawing in page.drawings.items()
        for file, content in drawing.files.items()
    }
    return data | {paths.IMAGES / name: png for name, png in images.items()}


def sections(page: Page) -> dict[Path, str]:
    """Its sections, what is said about all of them, and the glyphs of their formulas, which are typeset here."""
    nodes = [page.files[name] for name in sorted(page.files)]
    glyphs = typeset(page.paper, [node for node in walk(nodes) if isinstance(node, Formula)], page.paper)
    keep_together(nodes)
    html = {"glyphs.html": Markup(glyphs)} | {name: html_of(node) for name, node in page.files.items()}
    return {paths.sections_dir(page.paper) / name: str(content) for name, content in html.items()}
