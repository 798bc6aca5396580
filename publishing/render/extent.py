"""How long a section takes to read, and how tall its blocks will be, roughly.

A browser need not draw a block before it comes into sight. A block says its height in lines of text, on a coarse scale
that the stylesheet knows (`lines-8`), so that the scroll bar and links to a place far down are nearly right before
anything is drawn. What is estimated too low would seem to overlap what follows it.
"""

from collections.abc import Iterable
from html.parser import HTMLParser

from markdown_it.token import Token

from publishing.render.nodes import Block, Figure, Prose, References, Section, Tools, as_token, walk
from publishing.render.serialise import html_of

SCALE = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256)
_LINE = 62  # characters
_PIXELS = 30  # of a line
_LISTED = 5  # lines that an entry of the bibliography takes
_APART = {"p", "li", "tr", "figcaption", "caption"}
_SPACED = {"h1", "h2", "h3", "h4", "h5", "h6", "summary"}
_WORDS_A_MINUTE = 220
_SECONDS_AN_EQUATION, _SECONDS_A_ROW, _SECONDS_A_FIGURE = 20, 4, 15  # beyond their words


class _Text(HTMLParser):
    """What the HTML of nodes holds, with formulas as TeX. `text` and `lines` are of what is not folded."""

    def __init__(self, nodes: list) -> None:
        super().__init__(convert_charrefs=False)
        self.every, self.text, self.lines = "", "", 0.0
        self.equations = self.rows = 0
        self._inside: list[str] = []
        self.feed(str(html_of(nodes)))
        self.close()

    @property
    def words(self) -> int:
        return len(self.every.split())

    @property
    def _is_folded(self) -> bool:
        return "details" in self._inside and "summary" not in self._inside

    def handle_starttag(self, tag: str, attributes: list) -> None:
        is_equation = ("class", "equation") in attributes
        if tag in ("details", "summary", "pre") or ("class", "code-link") in attributes:
            self._inside.append(tag)
        if not self._is_folded:
            self.lines += 0.9 * (tag in _APART) + 2.6 * (tag in _SPACED) + 3 * is_equation + 1.4 * (tag == "pre")
        self.equations += is_equation
        self.rows += tag == "tr"
        self.every += " code " if self._inside[-1:] == ["a"] else " "

    def handle_endtag(self, tag: str) -> None:
        self.every += " "
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if "pre" in self._inside:
            self.lines += 0 if self._is_folded else 0.7 * data.count("\n")
            return
        self.every += "" if "a" in self._inside else data  # the way to folded code is taken in at a glance
        self.text += "" if self._is_folded else data

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(chr(int(name)))


def measure(section: Section) -> None:
    """Say how tall each block will be, and below the heading how long the section takes to read."""
    for block in section.blocks:
        lines = _lines(block)
        block.lines = next((size for size in SCALE if size >= lines), SCALE[-1])
    section.minutes = _minutes(section)
    _insert_below_heading(section, as_token(Tools(section.stem, section.minutes)))


def _lines(block: Block) -> float:
    drawings = [one.drawing for one in walk(block) if isinstance(one, Figure) and one.drawing]
    listed = sum(len(one.entries) for one in walk(block) if isinstance(one, References))
    text = _Text(_with_words(block.children))
    pixels = sum(drawing.height for drawing in drawings)
    return text.lines + len(text.text) / _LINE + pixels / _PIXELS + _LISTED * listed


def _minutes(section: Section) -> int:
    figures = sum(isinstance(one, Figure) for one in walk(section))
    text = _Text([*_with_words(one for block in section.blocks for one in block.children), section.footnotes])
    seconds = text.equations * _SECONDS_AN_EQUATION + text.rows * _SECONDS_A_ROW + figures * _SECONDS_A_FIGURE
    return max(1, round(text.words / _WORDS_A_MINUTE + seconds / 60))


def _with_words(nodes: Iterable) -> list:
    return [one for one in nodes if not isinstance(one, Figure | References)]


def _insert_below_heading(section: Section, token: Token) -> None:
    prose = [node.tokens for block in section.blocks for node in block.children if isinstance(node, Prose)]
    for tokens in prose:
        for place, one in enumerate(tokens, 1):
            if (one.type, one.tag) == ("heading_close", "h2"):
                tokens.insert(place, token)
                return
