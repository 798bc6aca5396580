"""No line ends between a formula and what touches it, as in "(" or a comma, nor within "p. 5" and "9 min"."""

import re
from collections.abc import Iterable

from markdown_it.token import Token

from publishing.render.nodes import lines, merged, text_token
from publishing.typeset.formulas import Formula

_TOUCHING_END, _TOUCHING_START = re.compile(r"(?<![^\s}])(?=[^\s}]*\Z)"), re.compile(r"(?=[\s}]|\Z)")
_COUNTED = re.compile(r"(?<=\bp\.) (?=\d)|(?<=\bpp\.) (?=\d)|(?<=\d) (?=min\b)")


def keep_together(nodes: Iterable[object]) -> None:
    """Put each formula into a box with the text that touches it, and no break before a page's number."""
    for line in lines(list(nodes)):
        line.children = _kept(merged(line.children or []))
        for text in (child for child in line.children if child.type == "text"):
            text.content = _COUNTED.sub("\N{NO-BREAK SPACE}", text.content)


def _kept(children: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for place, child in enumerate(children):
        if not isinstance(child.meta.get("node"), Formula):
            kept.append(child)
            continue
        before = after = ""
        if kept and kept[-1].type == "text":
            text, before = _TOUCHING_END.split(kept.pop().content, maxsplit=1)
            kept.append(text_token(text))
        if place + 1 < len(children) and children[place + 1].type == "text":
            after, text = _TOUCHING_START.split(children[place + 1].content, maxsplit=1)
            children[place + 1] = text_token(text)
        box = [Token("kept_open", "span", 1, attrs={"class": "math-kept"}), Token("kept_close", "span", -1)]
        kept += [box[0], text_token(before), child, text_token(after), box[1]] if before or after else [child]
    return kept
