"""`Eq. (12)` and `Eqs. (3) and (5)` in running text become links to the equations of the paper.

An equation that no page shows becomes text again (see `links`). That of another paper is written `Eq. 12`.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from publishing.contract import NUMBER
from publishing.render.nodes import text_token

_NUMBER = rf"\(({NUMBER.pattern})\)"
_REFERENCES = re.compile(rf"\bEqs?\.\s{_NUMBER}(?:(?:,|,?\sand|,?\sor|\sto|–)\s?{_NUMBER})*", re.ASCII)
_ONE = re.compile(rf"(?:Eqs?\.\s)?{_NUMBER}", re.ASCII)
EQUATION_LINK = "equation-link"


def crossrefs(md: MarkdownIt) -> None:
    """Plugin: links in text, but not in headings, summaries and links, which react to a click already."""
    md.core.ruler.after("inline", "crossrefs", _rule)


def _rule(state: StateCore) -> None:
    within = 0  # of what reacts to a click
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.children and not (before and before.type == "heading_open"):
            children: list[Token] = []
            for of_text, group in groupby(token.children, lambda child: child.type in ("text", "softbreak")):
                run = list(group)
                within += sum(map(_change, run))
                text = "".join("\n" if child.type == "softbreak" else child.content for child in run)
                children += _pieces(text) if of_text and not within else run
            token.children = children


def _change(child: Token) -> int:
    """By how many the summaries and links that we are inside of become more or fewer."""
    if child.type == "html_inline":
        return child.content.startswith("<summary") - child.content.startswith("</summary")
    return (child.type == "link_open") - (child.type == "link_close")


def _pieces(text: str) -> Iterator[Token]:
    done = 0
    for found in _REFERENCES.finditer(text):
        for one in _ONE.finditer(text, found.start(), found.end()):
            yield text_token(text[done : one.start()])
            yield Token("link_open", "a", 1, attrs={"href": f"#eq-{one[1]}", "class": EQUATION_LINK})
            yield text_token(one[0])
            yield Token("link_close", "a", -1)
            done = one.end()
    yield text_token(text[done:])
