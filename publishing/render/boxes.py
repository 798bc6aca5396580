"""Boxes: a quote that begins with a name in bold, `> **Definition (Forward process).** …`.

It is what papers print, so that JupyterLab and GitHub show it well, without a mark that only one of them knows.
"""

import re
from collections.abc import Sequence

from markdown_it.token import Token

from publishing.render.dialects import BOX
from publishing.render.page import Context, slug

KINDS = {
    "Note": "note",
    "Warning": "warning",
    **dict.fromkeys(("Definition", "Theorem", "Lemma", "Proposition", "Corollary"), "statement"),
    "Proof": "proof",
}
_NAME = re.compile(rf"({'|'.join(KINDS)})(?: (\d[\w.-]*|[A-Z](?:[.\d]*\d)?))?(?: (\(.+\)))?\s*[.:]?")
_CALLOUT = re.compile(r"\[!(\w[\w-]*)\][+-]?")


def make_boxes(tokens: Sequence[Token], context: Context) -> None:
    """Let quotes that begin so be boxes; one with a number or a title has it for its id, as in `theorem-1`."""
    for place, token in enumerate(tokens):
        if token.type == "cell":
            context.cell = token.meta["number"]
        if token.type != "blockquote_open" or tokens[place + 1].type != "paragraph_open":
            continue
        first = [child for child in tokens[place + 2].children or [] if child.type != "text" or child.content]
        if first and first[0].type == "text" and (found := _CALLOUT.match(first[0].content)):
            context.fault(f"“{found.group()}” would be printed as it is; {BOX}")
        elif first and first[0].type == "strong_open":
            closings = (one for one in tokens[place + 1 :] if one.type == "blockquote_close")
            _make_box(first, token, next(one for one in closings if one.level == token.level), context)


def _make_box(first: list[Token], opening: Token, closing: Token, context: Context) -> None:
    inside = first[1 : next(at for at, child in enumerate(first) if child.type == "strong_close")]
    found = _NAME.fullmatch("".join(child.content for child in inside))
    if found is None:
        return
    kind, number, title = found.groups()
    opening.tag = closing.tag = "div"
    opening.attrs = {"class": f"box {KINDS[kind]}"}
    if number or title:
        context.attempt(context.reserve, name := slug(f"{kind} {number or title}"))
        opening.attrSet("id", name)
