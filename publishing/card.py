"""The figure that stands for a post: at its beginning, and below its title where it is shared."""

import io
import re
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from publishing import diagrams, paths, posts
from publishing.errors import PublishingError
from publishing.escaping import html_safe, liquid_safe
from publishing.section import Figure, Page

SIZE = (1200, 630)
_PAPER, _INK, _ACCENT = "#ffffff", "#1d1f23", "#0b5c8a"
_EDGE, _TYPE = 70, 56


def card(page: Page) -> dict[str, bytes]:
    """`ddpm-card.png`, if the paper's post names a figure in its front matter (`card: forward-reverse`)."""
    facts, figure = _chosen(page)
    if figure is None:
        return {}
    if not facts.get("title"):
        cause = "the card shows the title, and there is none; add `title:` to the front matter"
        raise PublishingError(f"{paths.relative(posts.of(page.paper)[0].path)}: {cause}")
    title = re.sub(r"^Paper Summary: ", "", str(facts["title"]))
    return {diagrams.image_name(page.paper, diagrams.CARD): _drawn(title, figure.png)}


def lead_html(page: Page) -> str:
    """The same figure for the beginning of the post, with the words of the front matter (`image: {alt: …}`)."""
    facts, figure = _chosen(page)
    if figure is None:
        return ""
    alt = html_safe(str((facts.get("image") or {}).get("alt", "")))
    src = f"{{{{ '/{paths.relative(paths.IMAGES)}/{diagrams.image_name(page.paper, figure.name)}' | relative_url }}}}"
    size = f'width="{figure.width}" height="{figure.height}"'
    image = f'<img src="{src}" alt="{liquid_safe(alt)}" {size} loading="lazy" decoding="async">'
    return f'<p class="paper-figure"><a href="#fig-{figure.name}">{image}</a></p>\n'


def _chosen(page: Page) -> tuple[dict, Figure | None]:
    """The front matter of the paper's post, and the figure that its `card` names."""
    shown = posts.of(page.paper)
    facts = shown[0].facts if shown else {}
    if "card" not in facts:
        return facts, None
    figure = page.figures.get(str(facts["card"]))
    if figure is None:
        place = paths.relative(shown[0].path)
        raise PublishingError(f"{place}: the card is {facts['card']!r}, which no cell draws; name one of the figures")
    return facts, figure


def _drawn(title: str, png: bytes) -> bytes:
    picture = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 12), fill=_ACCENT)
    lines = wrap(title, 36)
    for number, line in enumerate(lines):
        draw.text((_EDGE, 55 + number * _TYPE * 1.25), line, fill=_INK, font=ImageFont.load_default(_TYPE))
    top = 55 + len(lines) * _TYPE * 1.25 + 30
    figure = Image.open(io.BytesIO(png)).convert("RGB")
    figure.thumbnail((SIZE[0] - 2 * _EDGE, SIZE[1] - round(top) - 30), Image.Resampling.LANCZOS)
    picture.paste(figure, ((SIZE[0] - figure.width) // 2, round(top)))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
