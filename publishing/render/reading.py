"""How many words a section has, and how long it takes to read.

Words are those that a reader sees: prose, headings, footnotes, captions, tables, and claims with their numbers; not
blocks of code, what they printed, the bibliography, nor what is folded. A formula in a line is one word, or a part of
the word that it touches; a display equation is none.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from publishing import posts
from publishing.render.nodes import Claim, Equation, Figure, Inline, Overview, Prose, Section, Table, as_token, walk
from publishing.typeset.formulas import Formula

WORDS_A_MINUTE = 238  # of English that is no fiction, read silently (Brysbaert 2019)
EQUATION, FIGURE, ROW = 20, 15, 4  # seconds
_LIQUID = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_BETWEEN_WORDS = ("softbreak", "hardbreak", "br", "div", "details", "summary")


def measure(section: Section, answer: Inline) -> None:
    """Say how many words the section has and how many seconds it takes, and below its heading how many minutes.

    The answer that stands above a study counts too.
    """
    seen = list(_seen([answer, *(block.children for block in section.blocks), section.footnotes]))
    section.words, section.seconds = _words(seen), _seconds(seen)
    if section.id:  # of a post; a study says it in its byline
        tools = Overview("Tools", {"stem": section.stem, "minutes": minutes(section.seconds)})
        _insert_below_heading(section, as_token(tools))


def minutes(seconds: float) -> int:
    """Whole minutes, at least one."""
    return max(1, round(seconds / 60))


def of_lead(paper: str, opening: Figure | None) -> float:
    """The seconds that the post's own words take, around the sections that it includes, and its first figure."""
    own = next((post.text for post in posts.of(paper)), "")
    return _seconds(list(_seen([opening, MarkdownIt("commonmark").parse(_LIQUID.sub("", own))])))


def _words(seen: list[object]) -> int:
    """A sign without a letter or digit is none."""
    return len(re.findall(r"\S*\w\S*", "".join(map(_text, seen))))


def _seconds(seen: list[object]) -> float:
    return 60 * _words(seen) / WORDS_A_MINUTE + sum(map(_looking, seen))


def _seen(written: object) -> Iterator[object]:
    """All that these nodes hold, but for what is in a fold."""
    inside: list[Token] = []
    for one in walk(written):
        if isinstance(one, Token) and one.tag in ("details", "summary"):
            inside = [*inside, one] if one.nesting > 0 else inside[:-1]  # what closes nothing is told elsewhere
        if not _is_folded(inside):
            yield one


def _is_folded(inside: list[Token]) -> bool:
    """Whether a fold that the writer left closed hides what stands inside these elements: all of it but its summary."""
    return any(
        one.tag == "details" and "open" not in one.attrs and (within is None or within.tag != "summary")
        for one, within in zip_longest(inside, inside[1:])
    )


def _text(one: object) -> str:
    if isinstance(one, Token):
        if one.type in ("text", "code_inline"):
            return one.content
        return " " if one.block or one.type in _BETWEEN_WORDS or one.tag in _BETWEEN_WORDS else ""
    if isinstance(one, Formula):
        return " " if one.display else "x"
    if isinstance(one, Claim):
        return f" {one.verdict} "
    return " " if isinstance(one, Inline) else ""


def _looking(one: object) -> float:
    if isinstance(one, Equation):
        return EQUATION
    if isinstance(one, Figure):
        return FIGURE
    if isinstance(one, Table):
        return ROW * (len(one.rows) + 1)
    return ROW if isinstance(one, Token) and one.tag == "tr" and one.nesting > 0 else 0


def _insert_below_heading(section: Section, token: Token) -> None:
    for tokens in (node.tokens for block in section.blocks for node in block.children if isinstance(node, Prose)):
        for place, one in enumerate(tokens, 1):
            if (one.type, one.tag) == ("heading_close", "h2"):
                tokens.insert(place, token)
                return
