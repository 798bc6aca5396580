"""Figures: drawn by a cell with `diagram`, or files beside the notebook; shown there, or by an include by hand."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image
from markdown_it.token import Token
from mdit_py_plugins.utils import is_code_block

from publishing import paths
from publishing.contract import DIAGRAM, FILE, NAME, DiagramFacts, Picture
from publishing.escaping import clean
from publishing.folders import has_file
from publishing.render import named, nodes
from publishing.render.nodes import Drawing, Figure
from publishing.render.page import Context, Page

CARD = "card"  # beside the figures, the picture of card.py has this name

Inline = Callable[[str, Context], nodes.Inline]
_OPENING = re.compile(r"\{%-?\s*include\s+paper_diagram\.html\b")
_WHOLE = re.compile(_OPENING.pattern + r".*?%\}\s*", re.DOTALL)
_TITLE = re.compile(r"""\s(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\(((?:\\.|[^()\\])*)\))\s*\)\Z""", re.DOTALL)
_PARAMETER = re.compile(r'\s+(\w+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')


def collect(notebook: dict, context: Context) -> None:
    """Add the images that a notebook's cells drew to the page's figures."""
    for context.cell, drawn, png in drawn_by(notebook):
        context.attempt(_collect_one, drawn, png, context)


def drawn_by(notebook: dict) -> Iterator[tuple[int, DiagramFacts, str]]:
    """The figures that a notebook draws: the number of the cell, what it says of the figure, and the PNG in base64."""
    for number, cell in enumerate(notebook["cells"], 1):
        for output in cell.get("outputs", []):
            if (drawn := output.get("data", {}).get(DIAGRAM)) is not None:
                yield number, drawn, output["data"]["image/png"]


def _collect_one(drawn: DiagramFacts, png: str, context: Context) -> None:
    name = drawn["name"]
    _need_new(name, context)
    instrument = drawn.get("instrument")
    if instrument and not has_file(paths.INSTRUMENTS / f"{instrument}.js"):
        folder = paths.relative(paths.INSTRUMENTS)
        raise context.error(f"the figure {name!r} wants the instrument {instrument!r}; write {folder}/{instrument}.js")
    files = {file: _content(file, where, name, context) for file, where in drawn.get("files", {}).items()}
    phone = _drawing(f"{name}.phone", drawn["phone"]) if "phone" in drawn else None
    links = drawn.get("links", [])
    picture: Picture = {"png": png, "width": drawn["width"], "height": drawn["height"], "links": links}
    context.page.drawings[name] = _drawing(name, picture, drawn["chart"], phone, instrument, files)


def _need_new(name: str, context: Context) -> None:
    if not NAME.fullmatch(name):
        raise context.error(f"a figure cannot be named {name!r}; use small letters, digits and single hyphens")
    if name == CARD:
        raise context.error(f"a figure cannot be named {name!r}, as the picture for sharing is; name it otherwise")
    if name in context.page.drawings:
        raise context.error(f"a figure named {name!r} is drawn twice on this page; name one of them otherwise")


def _drawing(name: str, drawn: Picture, *more: Any) -> Drawing:
    size, links = (round(drawn["width"]), round(drawn["height"])), drawn.get("links", [])
    return Drawing(name, base64.b64decode(drawn["png"]), *size, links, *more)


def _content(file: str, where: dict, name: str, context: Context) -> bytes:
    """A file of an instrument: text that the cell made, or a file of the repository."""
    if not FILE.fullmatch(file):
        raise context.error(f"the figure {name!r} cannot publish a file named {file!r}; use a-z, 0-9, dots and hyphens")
    if "text" in where:
        return where["text"].encode()
    path = (paths.ROOT / where["path"]).resolve()
    if not path.is_relative_to(paths.ROOT) or not has_file(path):
        raise context.error(f"the figure {name!r} needs {where['path']!r}, which is not in the repository; add it")
    return path.read_bytes()


def shown(drawn: DiagramFacts, context: Context, inline: Inline) -> Figure:
    """The figure where its cell draws it."""
    return _figure_of(drawn["name"], drawn["alt"], inline(drawn["caption"], context), context)


def included(text: str, context: Context, inline: Inline) -> Figure:
    """One that is included by hand; the include must point at an image that these notes draw."""
    inside = text.partition("paper_diagram.html")[2].removesuffix("%}").removesuffix("-")
    parameters = {name: double or single for name, double, single in _PARAMETER.findall(inside)}
    if _PARAMETER.sub("", inside).strip() or not {"src", "alt"} <= parameters.keys() <= {"src", "alt", "caption"}:
        raise context.error('the include of paper_diagram.html is written src="…" alt="…" caption="…"; correct it')
    name = _name(parameters["src"], context.page)
    if name is None or (context.page.complete and name not in context.page.drawings):
        raise context.error(f"the include points at {parameters['src']!r}, which no cell draws; draw it with diagram()")
    return _figure_of(name, parameters["alt"], inline(parameters.get("caption", ""), context), context)


def pictured(token: Token, context: Context, inline: Inline) -> Figure:
    """A picture that no cell draws: `![alt](picture.png "caption")` on lines of its own."""
    drawing = named.picture_of(str(token.attrs["src"]), context)
    _need_new(drawing.name, context)
    context.page.drawings[drawing.name] = drawing
    figure = _figure_of(drawing.name, _alt(token, context), inline(_title(token, context), context), context)
    context.page.addresses[str(token.attrs["src"])] = figure.src
    return figure


def _alt(token: Token, context: Context) -> str:
    inside = token.children or []
    if any(one.type == "node" for one in inside):
        raise context.error(f"the alternative text of {token.attrs['src']!r} holds more than words; say it in words")
    return "".join(" " if one.type == "softbreak" else one.content for one in inside)


def _title(token: Token, context: Context) -> str:
    """The caption as it was typed: Markdown takes a title for plain text, and a backslash before a sign away."""
    found = _TITLE.search(token.meta["source"])
    if found is None and token.attrs.get("title"):
        raise context.error(f'write the picture {token.attrs["src"]!r} as ![alt](picture.png "caption"), in one place')
    return found[1] or found[2] or found[3] if found else ""


def image_name(prefix: str, name: str, suffix: str = ".png") -> str:
    """File name of the image of a figure, by the prefix of its page."""
    return f"{prefix}-{name}{suffix}"


def src_of(prefix: str, name: str, suffix: str = ".png") -> str:
    """The image's address, below the site's."""
    return f"/{paths.relative(paths.IMAGES)}/{image_name(prefix, name, suffix)}"


def data_name(prefix: str, name: str, file: str) -> str:
    """File name of what a figure's instrument fetches; `paper_figure.html` knows it as well."""
    return f"{prefix}-{name}-{file}"


def _name(src: str, page: Page) -> str | None:
    """The figure whose image has this address."""
    before, after = src_of(page.prefix, "*").split("*")
    name = src.removeprefix(before).removesuffix(after)
    return name if NAME.fullmatch(name) and src == src_of(page.prefix, name) else None


def _figure_of(name: str, alt: str, caption: nodes.Inline, context: Context) -> Figure:
    if not alt.strip():
        raise context.error(f"the figure {name!r} has no alternative text; say in alt what it shows")
    context.reserve(f"fig-{name}")
    page = context.page
    drawing = page.drawings.get(name)
    for link in drawing.links if drawing else ():
        context.link(link["target"])
    src = src_of(page.prefix, name, drawing.suffix if drawing else ".png")
    return Figure(name, src, clean(alt).strip(), caption, drawing)


def pictures(md: MarkdownIt) -> None:
    """Plugin: a paragraph that is one picture and nothing else becomes a token `picture`."""
    md.inline.ruler.at("image", _image)
    md.core.ruler.after("inline", "pictures", _alone)


def _image(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = image(state, silent)
    if found and not silent:
        state.tokens[-1].meta["source"] = state.src[start : state.pos]
    return found


def _alone(state: StateCore) -> None:
    tokens: list[Token] = []
    for token in state.tokens:
        tokens.append(token)
        inside = tokens[-2].children or [] if token.type == "paragraph_close" else []
        if [one.type for one in inside] == ["image"]:
            picture = inside[0]
            tokens[-3:] = [Token("picture", "", 0, picture.attrs, children=picture.children, meta=picture.meta)]
    state.tokens = tokens


def written_by_hand(md: MarkdownIt) -> None:
    """Plugin: an include of `paper_diagram.html` on lines of its own, as the template writes it."""
    md.block.ruler.before("fence", "include", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    first = state.bMarks[start] + state.tShift[start]
    if is_code_block(state, start) or not _OPENING.match(state.src, first):
        return False
    for line in range(start, end):
        text = state.getLines(start, line + 1, state.blkIndent, False)
        if _WHOLE.fullmatch(text.strip()):
            break
    else:
        return False
    if not silent:
        state.line = line + 1
        token = state.push("include", "", 0)
        token.content, token.block, token.map = text.strip(), True, [start, line + 1]
    return True
