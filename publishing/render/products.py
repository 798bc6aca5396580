"""The files that a paper becomes: first what stands for itself, then the HTML that Jekyll includes."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from markupsafe import Markup

from publishing import paths, posts
from publishing.render import figures
from publishing.render.card import SIZE, card
from publishing.render.nodes import plain, walk
from publishing.render.page import Page, Paper
from publishing.render.serialise import html_of
from publishing.render.together import keep_together
from publishing.typeset.formulas import Formula, can_typeset, typeset


def images_and_data(paper: Paper) -> dict[Path, bytes]:
    """The images of a paper's pages, and what its instruments fetch."""
    made: dict[Path, bytes] = {}
    for page in paper.pages.values():
        for drawing in page.drawings.values():
            for one in filter(None, (drawing, drawing.phone)):
                made[paths.IMAGES / figures.image_name(page.prefix, one.name, one.suffix)] = one.image
            for file, content in drawing.files.items():
                made[paths.DATA / figures.data_name(page.prefix, drawing.name, file)] = content
        if page.complete:
            made |= {paths.IMAGES / name: png for name, png in card(page).items()}
    return made


def pages(paper: Paper) -> dict[Path, str]:
    """What Jekyll includes in the paper's pages, and the pages of its studies around that."""
    parts = [*paper.pages.values(), *([paper.claims] if paper.claims else [])]
    return sections(paper.name, parts) | {
        paths.STUDIES / paper.name / f"{page.name}.html": _frame(page) for page in paper.studies
    }


def sections(paper: str, parts: list[Page]) -> dict[Path, str]:
    """The text of these pages of a paper, what is said about them, and the glyphs of their formulas, typeset here."""
    made: dict[Path, str] = {}
    nodes = {page.prefix: [page.files[name] for name in sorted(page.files)] for page in parts}
    glyphs = typeset(_formulas(nodes), paper)
    for page in parts:
        keep_together(nodes[page.prefix])
        html = {"glyphs.html": Markup(glyphs[page.prefix])} | {name: html_of(node) for name, node in page.files.items()}
        made |= {paths.SECTIONS / paper / page.name / name: str(content) for name, content in html.items()}
    return made


def try_formulas(paper: Paper) -> None:
    """Typeset what a draft shows, if that is possible here; raises PublishingError with all that is wrong with it.

    What is kept of the whole pages stays.
    """
    if can_typeset():
        shown = {f"{page.prefix}.draft": [page.title, page.answer, page.sections] for page in paper.pages.values()}
        typeset(_formulas(shown), paper.name)


def _formulas(nodes: Mapping[str, list]) -> dict[str, list[Formula]]:
    return {name: [one for one in walk(shown) if isinstance(one, Formula)] for name, shown in nodes.items()}


def _frame(page: Page) -> str:
    """The page of a study, as Jekyll knows it: front matter, from which its layout finds the rest."""
    title, figure = plain(page.title), next(page.figures, None)
    width, height = SIZE
    picture = figures.src_of(page.prefix, figures.CARD)
    facts = {
        "layout": "study",
        "title": title,
        "description": plain(page.answer),
        "paper": page.paper,
        "subpage": page.name,
        "permalink": page.address,
        "feed": {"excerpt_only": True},
        "image": {"path": picture, "width": width, "height": height, "alt": figure.alt if figure else title},
    }
    # A time, also where it is a page.
    days = [f"date: {post.date} 00:00:00 +0000\n" for post in posts.of(page.paper)[:1]]
    return f"---\n{yaml.safe_dump(facts, allow_unicode=True, sort_keys=False)}{''.join(days)}---\n"
