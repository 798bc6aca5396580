"""Code with its words marked for a stylesheet to colour (Pygments' short class names)."""

from functools import cache

from pygments import highlight
from pygments.filter import simplefilter
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name, get_lexer_by_name
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, Text, _TokenType
from pygments.util import ClassNotFound

from publishing.escaping import clean
from publishing.memory import remembered
from publishing.render.nodes import Code
from publishing.render.serialise import liquid_safe

_FORMATTER = HtmlFormatter(nowrap=True)


# The kinds that the stylesheet colours, each with all below it; the rest is unmarked. Neighbours of a kind become one.
_COLOURED = {
    Operator.Word: Keyword,
    Keyword: Keyword,
    String: String,
    Number: Number,
    Comment: Comment,
    Name.Function: Name.Function,
    Name.Class: Name.Function,
    Name.Namespace: Name.Function,
    Name.Decorator: Name.Function,
    Name.Exception: Name.Function,
    Error: Error,
}


@cache
def _shown(kind: _TokenType) -> _TokenType:
    return next((shown for above, shown in _COLOURED.items() if kind in above), Text)


@simplefilter
def _few_kinds(self, lexer, stream, options):
    """Fewer kinds of token than Pygments knows, and so fewer elements on the page."""
    for kind, value in stream:
        yield _shown(kind), value


def code(text: str, language: str = "python") -> Code:
    """A block of code; an unknown language is shown plain."""
    text, language = clean(text), _known(language)

    def coloured() -> bytes:
        lexer = get_lexer_by_name(language, stripnl=False)
        lexer.add_filter(_few_kinds())
        return highlight(text, lexer, _FORMATTER).rstrip("\n").encode()

    html = remembered(f"{language}\0{text}".encode(), coloured, by=__file__).decode()
    return Code(language, liquid_safe(html))


@cache
def _known(language: str) -> str:
    try:
        find_lexer_class_by_name(language)
    except ClassNotFound:
        return "text"
    return language
