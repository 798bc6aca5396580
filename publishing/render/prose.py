"""Markdown cells to tokens, by markdown-it; and single lines of Markdown, for captions, claims and tables.

The writer's language is checked on the way, so that nothing is dropped silently.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, block
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from publishing import paths
from publishing.contract import NAME
from publishing.escaping import clean
from publishing.render import dialects, figures, losses, named
from publishing.render.boxes import make_boxes
from publishing.render.crossrefs import EQUATION_LINK, crossrefs
from publishing.render.highlighting import code
from publishing.render.links import into_notebook
from publishing.render.mathematics import equation, formula, mathematics
from publishing.render.nodes import Code, FileLink, FootnoteMark, Heading, Inline, Prose, as_token, leads_to
from publishing.render.page import Context, slug

_ELEMENTS = "details|summary|div|aside|span|br|code|em|strong|sub|sup|kbd|abbr|small|mark"
_ATTRIBUTE = r"""\s+(class|id|title|lang|open)(?:="([^"<>]*)")?"""
_TAG = re.compile(rf"<(/?)({_ELEMENTS})((?:{_ATTRIBUTE})*)\s*(/?)>")
CLASSES = ("algorithm",)  # that the stylesheet has for prose
_SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])(https?)\Z")
_ADDRESS, _END = re.compile(r"://[A-Za-z0-9][^\s<]*"), re.compile(r"[.,:;!?*_~'\"]+\Z")
_WITH_BLANKS = re.compile(r"(?<!\$)\$(\s*(?:[A-Za-z]|[^$]*[\\\\^_=][^$]*?)\s*)\$(?!\$)")
_TASK = re.compile(r"\[([ xX])\]\s+")
_LINES = re.compile(r"(L\d+(-L\d+)?)?")


def prose(cells: Mapping[int, str], context: Context) -> tuple[dict[int, Prose], Prose]:
    """Each Markdown cell, by number, and the footnotes of all of them.

    Cells are parsed apart from each other, yet footnotes and link definitions hold for the whole notebook.
    """
    tokens = _MARKDOWN.parse("", {"cells": cells, "context": context})
    end = next((i for i, token in enumerate(tokens) if token.type == "footnote_block_open"), len(tokens))
    starts = [i for i, token in enumerate(tokens) if token.type == "cell"]
    found = {}
    for start, stop in zip(starts, [*starts[1:], end], strict=False):
        context.cell = tokens[start].meta["number"]
        found[context.cell] = Prose(tokens[start + 1 : stop])
        context.attempt(_check_nesting, found[context.cell].tokens, context)
    return found, Prose(tokens[end:])


def computed(text: str, context: Context) -> Prose:
    """Markdown that a cell shows."""
    tokens = _MARKDOWN.parse("", {"cells": {context.cell: text}, "context": context})
    if any(token.type == "footnote_block_open" for token in tokens):
        raise context.error("a footnote stands in Markdown(…); write it in the text of the notebook")
    if any(token.type == "heading_open" and token.markup in ("#", "=") for token in tokens):
        raise context.error("Markdown(…) holds a title; write its headings as `## …`")
    context.attempt(_check_nesting, tokens, context)
    return Prose(tokens[1:])


def inline(text: str, context: Context) -> Inline:
    """A line of Markdown, for a caption, a claim or a table's cell."""
    (token,) = _MARKDOWN.parseInline(clean(text), {"context": context})
    context.attempt(_check_nesting, [token], context)
    return Inline(token.children or [])


# --- the parser -----------------------------------------------------------------------------------------------------


def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"xhtmlOut": False, "maxNesting": losses.DEEPEST}).enable(["table", "strikethrough"])
    md.use(mathematics).use(footnote_plugin).use(deflist_plugin).use(figures.written_by_hand)
    md.inline.ruler.push("bare_address", _bare_address)
    md.disable("footnote_inline")  # ^[…] would reach the page unchecked; JupyterLab shows it as it is written
    md.core.ruler.at("block", _cells)
    md.use(crossrefs).core.ruler.after("crossrefs", "nodes", _nodes)
    md.use(figures.pictures)
    md.core.ruler.after("footnote_tail", "footnotes", _name_footnotes)  # which has just put them at the end
    return md


def _cells(state: StateCore) -> None:
    """Parse the blocks of every cell by themselves, into one stream of tokens."""
    if "cells" not in state.env:
        block(state)
    for number, source in state.env.get("cells", {}).items():
        state.tokens.append(Token("cell", "", 0, meta={"number": number}, hidden=True))
        context, parsed = state.env["context"], len(state.tokens)
        context.cell = number
        state.md.block.parse(clean(source), state.md, state.env, state.tokens)
        tokens = state.tokens[parsed:]
        for fault in (*losses.in_tables(tokens, clean(source)), *losses.of_links(state.env), *losses.of_depth(tokens)):
            context.fault(fault)
    for token in state.tokens:
        if token.type == "html_block":  # its text is Markdown too: formulas in a <summary>, for one
            token.type, token.content, token.children = "inline", token.content.rstrip("\n"), []


def _nodes(state: StateCore) -> None:
    """Visit every token once, in order: make nodes, give ids, and refuse what would not come out as meant."""
    context: Context = state.env["context"]
    make_boxes(state.tokens, context)
    tokens: list[Token] = []
    for index, token in enumerate(state.tokens):
        before = state.tokens[index - 1].type if index else ""
        if token.type == "cell":
            context.cell = token.meta["number"]
        if token.type == "footnote_reference_open" and (fault := losses.of_footnote(token, state.env)):
            context.fault(fault)
        if token.children:
            _tick(state.tokens[max(0, index - 2)], token.children)
            for fault in dialects.in_text(token.children, is_heading=before == "heading_open"):
                context.fault(fault)
        token.children = token.children and [_of_line(child, context) for child in token.children]
        if token.type == "heading_close":
            _heading(state.tokens[index - 2], state.tokens[index - 1], token, context)
        if make := _BLOCKS.get(token.type):
            tokens += [as_token(node) for node in [context.attempt(make, token, context)] if node]
        else:
            tokens.append(token)
    state.tokens = tokens


def _name_footnotes(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("footnote_open", "footnote_anchor"):
            token.meta["name"] = state.env["context"].numbered(token.meta["id"] + 1)


def _of_line(token: Token, context: Context) -> Token:
    if token.type not in _CHECKS:
        return token
    return context.attempt(_CHECKS[token.type], token, context) or token


# --- blocks ---------------------------------------------------------------------------------------------------------


def _tick(before: Token, children: list[Token]) -> None:
    """`- [x] done` is a thing to do, or done, as on GitHub."""
    first = children[0]
    if before.type == "list_item_open" and first.type == "text" and (found := _TASK.match(first.content)):
        first.content = f"{'☐' if found[1] == ' ' else '☑'} {first.content[found.end() :]}"


def _fence(token: Token, context: Context) -> Code:
    if remedy := dialects.of_fence(token):
        raise context.error(remedy)
    return code(token.content, (token.info.split() or ["text"])[0])


_BLOCKS: dict[str, Callable[[Token, Context], object]] = {
    "fence": _fence,
    "code_block": lambda token, context: code(token.content, "text"),
    **dict.fromkeys(("math_block", "amsmath"), lambda token, context: equation(token.content, context)),
    "include": lambda token, context: figures.included(token.content, context, inline),
    "picture": lambda token, context: figures.pictured(token, context, inline),
}


def _heading(opening: Token, content: Token, closing: Token, context: Context) -> None:
    """Demote by one in a post (its title is the h1), give an id and a link to it, and remember it for the contents."""
    is_study = bool(context.page.name)
    if is_study and opening.tag == "h1":
        return  # the page's title
    level = min(int(opening.tag[1]) + (not is_study), 6)
    opening.tag = closing.tag = f"h{level}"
    children = content.children or []
    words = "".join(child.content for child in children if child.type in ("text", "code_inline", "text_special"))
    opening.attrSet("id", context.reserve_free(slug(words)))
    plain = [child for child in children if not _leads_elsewhere(child)]
    target = context.stem if level == 2 and not is_study else str(opening.attrs["id"])
    context.page.headings.append(Heading(level, target, Inline(plain)))
    if len(plain) == len(children):  # a link cannot hold another
        link = Token("link_open", "a", 1, attrs={"href": f"#{target}", "class": "permalink"})
        content.children = [link, *children, Token("link_close", "a", -1)]


def _leads_elsewhere(token: Token) -> bool:
    return token.type in ("link_open", "link_close") or isinstance(token.meta.get("node"), FootnoteMark | FileLink)


# --- within a line --------------------------------------------------------------------------------------------------


def _text(token: Token, context: Context) -> Token:
    if "$" in token.content:
        text = token.content.strip()
        if found := _WITH_BLANKS.search(text):
            cause = "a formula has no blanks beside its dollars"
            raise context.error(f"a lone $ in {found.group()!r}: {cause}; write ${found[1].strip()}$")
        raise context.error(f"a lone $ in {text!r}; close the formula in its cell, or write \\$ for the sign")
    if found := re.search(r"\{%-?\s*include.*", token.content):
        raise context.error(
            f"{found.group()!r} would be printed; an include of paper_diagram.html stands on lines of its own"
        )
    return token


def _escape(token: Token, context: Context) -> Token:
    if token.markup in (r"\(", r"\)"):
        raise context.error(r"\(…\) begins no formula here; write $…$, or parentheses without backslashes")
    return token


def _display_in_text(token: Token, context: Context) -> Token:
    shown = " ".join(token.content.split())
    raise context.error(f"$${shown}$$ stands within a line; put it on lines of its own, or write $…$")


def _image(token: Token, context: Context) -> Token:
    raise context.error(f"the picture {token.attrs['src']!r} stands within a line; put blank lines around it")


def _html(token: Token, context: Context) -> Token:
    """A tag that the writer typed, known from here on as markdown-it's own are; a comment is not shown."""
    if token.content.startswith("<!--"):
        token.content = ""
        return token
    found = _TAG.fullmatch(token.content)
    if found is None:
        raise context.error(_not_allowed(token.content))
    attributes = re.findall(_ATTRIBUTE, found[3])
    if remedy := _remedy(found[1], found[2], found[6], attributes):
        raise context.error(f"{token.content} would not be read as it is written; {remedy}")
    token.tag, token.nesting = found[2], -1 if found[1] else 0 if found[2] == "br" else 1
    given = dict(attributes)
    token.attrs = {**given}
    if name := given.get("id"):
        context.reserve(name)
    return token


def _not_allowed(tag: str) -> str:
    named = re.match(r"</?([A-Za-z][\w-]*)", tag)
    if named and re.fullmatch(_ELEMENTS, named[1]):
        return f"{tag} is not allowed in prose; an element has class, id, title, lang or open=… alone, in small letters"
    shown = f"<{named[1]}>" if named else tag
    return f"{shown} is not allowed in prose; {dialects.of_tag(named[1] if named else '')}"


def _remedy(closing: str, tag: str, empty: str, attributes: list[tuple[str, str]]) -> str | None:
    """What to write in place of a tag that browsers would read otherwise, or that would pass for one of the build's."""
    given = dict(attributes)
    if closing and tag == "br":
        return "write <br>"
    if empty and tag != "br":
        return f"write <{tag}>…</{tag}>"
    if len(given) < len(attributes):
        return "give each attribute once"
    if not NAME.fullmatch(given.get("id", "none")):
        return "an id is made of a-z, 0-9 and single hyphens, as in why-it-holds"
    if given.get("class", CLASSES[0]) not in CLASSES:
        return f"the classes of the stylesheet for prose are: {', '.join(CLASSES)}"
    return None


def _link(token: Token, context: Context) -> Token:
    target = leads_to(token)
    token.meta["where"] = context.place
    if place := into_notebook(target, context):
        token.meta["place"] = place
        context.link(place)
        return token
    if token.attrs.get("class") == EQUATION_LINK:
        return token  # which stays text if it leads nowhere
    if target.startswith("#"):
        context.link(target[1:])
        if target.startswith("#ref-"):
            token.attrSet("id", context.cite(target[5:]))
            token.attrSet("class", "citation")
    elif re.match(r"https?://", target):
        token.attrSet("rel", "external")
    elif not target.startswith("mailto:"):
        return _file_link(target, str(token.attrs.get("title", "")), context)
    return token


def _file_link(target: str, title: str, context: Context) -> Token:
    address, _, lines = target.partition("#")
    path = named.file_of(address, context)
    if not _LINES.fullmatch(lines):
        raise context.error(f"{lines!r} is no place in {address}; write #L12 or #L12-L20, or leave it out")
    opening = as_token(FileLink(quote(paths.relative(path)), lines, title))
    opening.tag, opening.nesting = "a", 1
    return opening


def _footnote_mark(token: Token, context: Context) -> Token:
    note, times = token.meta["id"] + 1, token.meta.get("subId", 0) + 1
    name = context.numbered(note)
    return as_token(FootnoteMark(note, name, f"{name}-{times}"))


_CHECKS: dict[str, Callable[[Token, Context], Token]] = {
    "text": _text,
    "text_special": _escape,
    "math_inline": lambda token, context: as_token(formula(token.content, context)),
    "math_inline_double": _display_in_text,
    "image": _image,
    "html_inline": _html,
    "link_open": _link,
    "footnote_ref": _footnote_mark,
}


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An address that stands in the text becomes a link, as in JupyterLab, without what ends the sentence."""
    before = _SCHEME.search(state.pending)
    found = _ADDRESS.match(state.src, state.pos)
    if state.linkLevel or before is None or found is None:
        return False
    address = _END.sub("", found.group())
    while address.endswith(")") and address.count(")") > address.count("("):
        address = _END.sub("", address[:-1])
    if not silent:
        state.pending = state.pending[: before.start(1)]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(before[1] + address)}
        state.push("text", "", 0).content = before[1] + address
        state.push("link_close", "a", -1)
    state.pos += len(address)
    return True


def _check_nesting(tokens: list[Token], context: Context) -> None:
    """Refuse the first element that is closed out of turn, or never, unless one of them is refused already."""
    if any(fault.startswith(f"{context.place}: <") for fault in context.page.faults):
        return
    still_open = []
    for tag, step in _elements(tokens):
        if step > 0:
            still_open.append(tag)
        elif step < 0 and still_open[-1:] != [tag]:
            raise context.error(f"</{tag}> closes what is not open there; {_NESTING}")
        elif step < 0:
            still_open.pop()
    if still_open:
        raise context.error(f"<{still_open[-1]}> is never closed; {_NESTING}")


_NESTING = "open and close an element in one cell, with blank lines around Markdown inside"


def _elements(tokens: list[Token]) -> Iterator[tuple[str, int]]:
    """Every element that is opened (1) or closed (-1)."""
    for token in tokens:
        if token.nesting and not token.hidden:
            yield token.tag, token.nesting
        yield from _elements(token.children or [])


_MARKDOWN = _parser()
