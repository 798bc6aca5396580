"""Code as HTML that a stylesheet colours (Pygments' short class names)."""

from collections.abc import Iterator

from pygments import highlight
from pygments.filter import Filter
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.token import Name, Operator, Punctuation, Text, Whitespace, _TokenType
from pygments.util import ClassNotFound

from publishing.escaping import clean, html_safe

_FORMATTER = HtmlFormatter(nowrap=True)


class _PlainWords(Filter):
    """Leave names, brackets and operators unmarked: most tokens are such, and they have no colour of their own."""

    plain = frozenset({Name, Operator, Punctuation, Whitespace})

    def filter(self, lexer: Lexer, stream: Iterator[tuple[_TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
        return ((Text if kind in self.plain else kind, value) for kind, value in stream)


def code_html(text: str, language: str = "python") -> str:
    """A block of code; an unknown language is shown plain. The block can be focused, since it may scroll."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer, language = TextLexer(stripnl=False), "text"
    lexer.add_filter(_PlainWords())
    code = highlight(clean(text), lexer, _FORMATTER).rstrip("\n")
    name = html_safe(language or "text")
    return f'<div class="highlight"><pre tabindex="0"><code class="language-{name}">{code}</code></pre></div>\n'
