"""Nodes to HTML, written once: the only place where text is made safe from the browser, Liquid and kramdown.

`templates/nodes.html.j2` has a macro for each kind of node. Whatever it prints is escaped, but for what is HTML already
and came through here (`Markup`); Liquid stands in the templates alone, where it is meant.
"""

from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from publishing.render.nodes import Inline, Overview, Prose, plain
from publishing.typeset.formulas import Formula

TEMPLATES = Path(__file__).parent / "templates"
_TOKENS = RendererHTML()
_OPTIONS = MarkdownIt("commonmark", {"xhtmlOut": False}).options


def liquid_safe(html: str) -> Markup:
    """HTML from elsewhere, in which neither Liquid (`{{`, `{%`) nor kramdown (`{:`) finds anything to do."""
    return Markup(html.replace("{", "&#123;"))


def text_html(text: str) -> Markup:
    """Text as HTML, also within a double-quoted attribute."""
    return liquid_safe(escape(text, quote=False).replace('"', "&quot;"))


def html_of(node: Any) -> Markup:
    """HTML of a node, of a list of them, or of text. A formula that is not typeset yet is shown as its TeX."""
    if isinstance(node, Markup):
        return node
    if isinstance(node, str | int | None):
        return text_html("" if node is None else str(node))
    if isinstance(node, Prose):
        return _tokens_html(node.tokens)
    if isinstance(node, Inline):
        return _tokens_html(node.children)
    if isinstance(node, list | tuple):
        return Markup("").join(map(html_of, node))
    if isinstance(node, Formula) and node.html is not None:
        return liquid_safe(node.html)
    if isinstance(node, Overview):
        return getattr(_MACROS, node.kind)(node.values)
    return getattr(_MACROS, type(node).__name__)(node)


def _tokens_html(tokens: list[Token]) -> Markup:
    html = []
    for index, token in enumerate(tokens):
        if token.type == "node":
            html.append(html_of(token.meta["node"]))
        elif token.type == "inline":
            html.append(_tokens_html(token.children or []))
        elif macro := getattr(_MACROS, token.type, None):
            html.append(macro(token))
        elif rule := _TOKENS.rules.get(token.type):
            html.append(liquid_safe(rule(tokens, index, _OPTIONS, {})))
        else:
            html.append(liquid_safe(_TOKENS.renderToken(tokens, index, _OPTIONS, {})))
    return Markup("").join(html)


def _environment() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=True, finalize=html_of, undefined=StrictUndefined)
    environment.filters["on_one_line"] = lambda node: html_of(node).replace("\n", " ")
    environment.filters["with_line_ends"] = lambda node: html_of(node).replace("\n", Markup("&#10;"))
    environment.filters["plain"] = plain
    return environment


_MACROS = _environment().get_template("nodes.html.j2").module
