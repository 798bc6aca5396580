"""The figure that stands for a post: at its beginning, and below its title where it is shared."""

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from textwrap import wrap

from nbformat import NotebookNode
from PIL import Image, ImageDraw, ImageFont

from publishing import paths, posts
from publishing.errors import PublishingError
from publishing.memory import remembered
from publishing.notebooks import slug_of
from publishing.render import figures
from publishing.render.named import as_png
from publishing.render.nodes import Drawing, Figure, Overview, plain
from publishing.render.page import Context, Page

SIZE = (1200, 630)
_PAPER, _INK, _ACCENT = "#ffffff", "#1d1f23", "#0b5c8a"
_EDGE, _TYPE = 70, 56


def card(page: Page) -> dict[str, bytes]:
    """`ddpm-card.png`, if the paper's post names a figure in its front matter (`card: forward-reverse`).

    A study has one with the first figure that it shows, if there is one.
    """
    if page.name:
        title, image = plain(page.title), next((one.drawing.image for one in page.figures if one.drawing), None)
    else:
        facts, drawing = _chosen(page)
        if drawing is None:
            return {}
        if not facts.get("title"):
            cause = "the card shows the title, and there is none; add `title:` to the front matter"
            raise PublishingError(f"{paths.relative(posts.of(page.paper)[0].path)}: {cause}")
        title, image = re.sub(r"^Paper Summary: ", "", str(facts["title"])), drawing.image
    drawn = remembered(title.encode() + b"\0" + (image or b""), partial(_drawn, title, image), by=__file__)
    return {figures.image_name(page.prefix, figures.CARD): drawn}


def opening(page: Page, notebooks: Mapping[str, NotebookNode], inline: figures.Inline) -> Figure | None:
    """The same figure as the post's first, if no section shows it: its cell has the tag `remove-output`."""
    name = str(_chosen(page)[0].get("card"))
    for stem, notebook in notebooks.items():
        for cell, drawn, _ in figures.drawn_by(notebook):
            if drawn["name"] == name and f"fig-{name}" not in page.ids and not slug_of(stem):
                return replace(figures.shown(drawn, Context(page, stem, cell), inline), first=True)
    return None


def lead(page: Page) -> Figure | Overview | None:
    """That, or for a figure that a section shows, its image, with the words of the front matter (`image: {alt: …}`)."""
    drawing = _chosen(page)[1]
    if drawing is None or page.opening:
        return page.opening
    src = figures.src_of(page.prefix, drawing.name, drawing.suffix)
    alt = str(posts.of(page.paper)[0].image.get("alt", ""))
    return Overview("Lead", {"src": src, "drawing": drawing, "alt": alt})


def _chosen(page: Page) -> tuple[dict, Drawing | None]:
    """The front matter of the paper's post, and the figure that its `card` names."""
    shown = posts.of(page.paper)
    facts = shown[0].facts if shown else {}
    if "card" not in facts:
        return facts, None
    drawing = page.drawings.get(str(facts["card"]))
    if drawing is None:
        place = paths.relative(shown[0].path)
        raise PublishingError(f"{place}: the card is {facts['card']!r}, which no cell draws; name one of the figures")
    return facts, drawing


def _drawn(title: str, image: bytes | None) -> bytes:
    picture = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 12), fill=_ACCENT)
    lines = wrap(title, 36)
    for number, line in enumerate(lines):
        draw.text((_EDGE, 55 + number * _TYPE * 1.25), line, fill=_INK, font=ImageFont.load_default(_TYPE))
    top = 55 + len(lines) * _TYPE * 1.25 + 30
    if image:
        figure = Image.open(io.BytesIO(image)).convert("RGB")
        figure.thumbnail((SIZE[0] - 2 * _EDGE, SIZE[1] - round(top) - 30), Image.Resampling.LANCZOS)
        picture.paste(figure, ((SIZE[0] - figure.width) // 2, round(top)))
    return as_png(picture)
