"""Markdown of a notebook as HTML. The writer's language is checked on the way, so that nothing is dropped silently."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, block
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from publishing import diagrams
from publishing.crossrefs import EQUATION_LINK, crossrefs
from publishing.escaping import clean
from publishing.highlighting import code_html
from publishing.mathematics import equation, guard_pipes, inline_formula, mathematics, restore_pipes
from publishing.section import Heading, Section, slug

_TAG = re.compile(
    r"</?(?:details|summary|div|aside|span|br|code|em|strong|sub|sup|kbd|abbr|small|mark)"
    r"""(?:\s+(?:class|id|title|lang|open)(?:="[^"<>]*")?)*\s*/?>|<!--.*-->""",
    re.DOTALL,
)
_SECTION_FILE = re.compile(r"(\d\d-[\w-]+)\.md(?:#(.+))?")


def prose(cells: Mapping[int, str], section: Section) -> tuple[dict[int, str], str]:
    """HTML of each Markdown cell, by number, and of the footnotes of all of them.

    Cells are parsed apart from each other, yet footnotes and link definitions hold for the whole notebook.
    """
    env = {"cells": cells, "section": section, "docId": section.number}
    tokens = _MARKDOWN.parse("", env)
    end = next((i for i, token in enumerate(tokens) if token.type == "footnote_block_open"), len(tokens))
    starts = [i for i, token in enumerate(tokens) if token.type == "cell"]
    html = {}
    for start, stop in zip(starts, [*starts[1:], end], strict=False):
        section.cell = tokens[start].meta["number"]
        html[section.cell] = _render(tokens[start + 1 : stop], env)
        _check_nesting(html[section.cell], section)
    return html, _render(tokens[end:], env)


def inline(text: str, section: Section) -> str:
    """HTML of a line of Markdown, for a caption, a claim or a table's cell."""
    env = {"section": section}
    tokens = _MARKDOWN.parseInline(guard_pipes(clean(text)), env)
    html = _render(tokens, env)
    _check_nesting(html, section)
    return html


def _render(tokens: list[Token], env: dict) -> str:
    return _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env)


# --- the parser -----------------------------------------------------------------------------------------------------


def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"xhtmlOut": False}).enable(["table", "strikethrough"])
    md.use(mathematics).use(footnote_plugin).use(deflist_plugin).use(diagrams.written_by_hand)
    md.disable("footnote_inline")  # ^[…] would reach the page unchecked; JupyterLab shows it as it is written
    md.core.ruler.at("block", _cells)
    md.use(crossrefs).core.ruler.after("crossrefs", "checks", _checks)
    md.add_render_rule("fence", lambda self, tokens, i, options, env: _fence(tokens[i]))
    md.add_render_rule("code_block", lambda self, tokens, i, options, env: code_html(tokens[i].content, "text"))
    md.add_render_rule("table_open", lambda self, tokens, i, options, env: f'{_TABLE}<table class="paper-table">\n')
    md.add_render_rule("table_close", lambda self, tokens, i, options, env: "</table></div>\n")
    md.add_render_rule("footnote_block_open", lambda self, tokens, i, options, env: _FOOTNOTES)
    md.add_render_rule("footnote_caption", lambda self, tokens, i, options, env: str(tokens[i].meta["id"] + 1))
    md.add_render_rule("footnote_ref", _footnote_ref)
    md.add_render_rule("footnote_anchor", _footnote_anchor)
    return md


_TABLE = '<div class="table-scroll" tabindex="0" role="group" aria-label="Table">'
_FOOTNOTES = '<section class="footnotes" aria-label="Footnotes">\n<ol>\n'


def _cells(state: StateCore) -> None:
    """Parse the blocks of every cell by themselves, into one stream of tokens."""
    if "cells" not in state.env:
        block(state)
    for number, source in state.env.get("cells", {}).items():
        state.tokens.append(Token("cell", "", 0, meta={"number": number}, hidden=True))
        state.md.block.parse(guard_pipes(clean(source)), state.md, state.env, state.tokens)
    for token in state.tokens:
        token.content = restore_pipes(token.content)
        if token.type == "html_block":  # its text is Markdown too: formulas in a <summary>, for one
            token.type, token.content, token.children = "inline", token.content.rstrip("\n"), []


def _checks(state: StateCore) -> None:
    """Visit every token once, in order: give ids, demote headings, and refuse what would not come out as meant."""
    section = state.env["section"]
    for index, token in enumerate(state.tokens):
        if token.type == "cell":
            section.cell = token.meta["number"]
        elif token.type in ("math_block", "amsmath"):
            token.type, token.content = "math_block", equation(token.content, section)
        elif token.type == "include":
            token.content = diagrams.include(token.content, section, inline)
        for child in token.children or []:
            _CHECKS.get(child.type, _nothing)(child, section)
        if token.type == "heading_close":
            _heading(*state.tokens[index - 2 : index + 1], section)
        elif token.type == "th_open":
            token.attrSet("scope", "col")


# --- the checks of one token ----------------------------------------------------------------------------------------


def _nothing(token: Token, section: Section) -> None:
    pass


def _text(token: Token, section: Section) -> None:
    if "$" in token.content:
        raise section.error(f"a lone $ in {token.content.strip()!r}; close the formula, or write \\$ for the sign")
    if found := re.search(r"\{%-?\s*include.*", token.content):
        raise section.error(
            f"{found.group()!r} would be printed; an include of paper_diagram.html stands on lines of its own"
        )


def _escape(token: Token, section: Section) -> None:
    if token.markup in (r"\(", r"\)"):
        raise section.error(
            rf"{token.markup} begins no formula here; write $…$, or a parenthesis without its backslash"
        )


def _formula(token: Token, section: Section) -> None:
    token.content = inline_formula(token.content, section)


def _display_in_text(token: Token, section: Section) -> None:
    raise section.error(f"$${token.content}$$ stands within a line; put it on lines of its own, or write $…$")


def _image(token: Token, section: Section) -> None:
    source = token.attrs["src"]
    raise section.error(
        f"the image {source!r} is not drawn by these notes; draw it with diagram(), or include paper_diagram.html"
    )


def _html(token: Token, section: Section) -> None:
    if not _TAG.fullmatch(token.content):
        raise section.error(rf"{token.content} is not allowed in prose; write \< for the sign, or use Markdown")
    if token.content.startswith("<!--"):
        token.content = ""
    elif found := re.search(r'\sid="([^"]*)"', token.content):
        section.claim_id(found[1])


def _link(token: Token, section: Section) -> None:
    target = token.attrs["href"]
    if file := _SECTION_FILE.fullmatch(target):
        target = "#" + (file[2] or file[1])
        token.attrSet("href", target)
    if token.attrs.get("class") == EQUATION_LINK:
        return  # which stays text if it leads nowhere
    if target.startswith("#"):
        section.link(target[1:])
        if target.startswith("#ref-"):
            token.attrSet("id", section.cite(target[5:]))
            token.attrSet("class", "citation")
    elif re.match(r"https?://", target):
        token.attrSet("rel", "external")
    elif not target.startswith("mailto:"):
        raise section.error(f"the link {target!r} leads nowhere on the page; write #…, NN-section.md or https://…")


_CHECKS = {
    "text": _text,
    "text_special": _escape,
    "math_inline": _formula,
    "math_inline_double": _display_in_text,
    "image": _image,
    "html_inline": _html,
    "link_open": _link,
}


def _heading(opening: Token, content: Token, closing: Token, section: Section) -> None:
    """Demote by one (the post's title is the h1), give an id and a link to it, and remember it for the contents."""
    level = min(int(opening.tag[1]) + 1, 6)
    opening.tag = closing.tag = f"h{level}"
    words = "".join(
        child.content for child in content.children if child.type in ("text", "code_inline", "text_special")
    )
    opening.attrSet("id", section.free_id(slug(words)))
    plain = [child for child in content.children if child.type not in ("link_open", "link_close", "footnote_ref")]
    html = _MARKDOWN.renderer.renderInline(plain, _MARKDOWN.options, {})
    target = section.stem if level == 2 else opening.attrs["id"]
    section.page.headings.append(Heading(level, target, html))
    if len(plain) == len(content.children):  # a link cannot hold another
        link = Token("link_open", "a", 1, attrs={"href": f"#{target}", "class": "permalink"})
        content.children = [link, *content.children, Token("link_close", "a", -1)]


# --- pieces of HTML -------------------------------------------------------------------------------------------------


def _fence(token: Token) -> str:
    return code_html(token.content, (token.info.split() or ["text"])[0])


def _footnote_ref(self, tokens: list[Token], index: int, options: dict, env: dict) -> str:
    note, times = tokens[index].meta["id"] + 1, tokens[index].meta.get("subId", 0)
    name = f"{env['docId']}-{note}"
    back = f"{name}-{times + 1}"
    return f'<sup class="footnote-ref"><a href="#fn-{name}" id="fnref-{back}">{note}</a></sup>'


def _footnote_anchor(self, tokens: list[Token], index: int, options: dict, env: dict) -> str:
    note, times = tokens[index].meta["id"] + 1, tokens[index].meta.get("subId", 0)
    back = f"{env['docId']}-{note}-{times + 1}"
    return f' <a href="#fnref-{back}" class="footnote-back" aria-label="Back to the text of note {note}">↩</a>'


class _Nesting(HTMLParser):
    """Finds the first element that is closed out of turn, or never."""

    VOID = {"br", "hr", "img", "input"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fault = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif not self.fault:
            self.fault = f"</{tag}> closes what is not open there"


def _check_nesting(html: str, section: Section) -> None:
    parser = _Nesting()
    parser.feed(html)
    parser.close()
    if fault := parser.fault or (f"<{parser.open[-1]}> is never closed" if parser.open else ""):
        raise section.error(f"{fault}; open and close an element in one cell, with blank lines around Markdown inside")


_MARKDOWN = _parser()
