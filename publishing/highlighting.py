"""Code as HTML that a stylesheet colours (Pygments' short class names)."""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from publishing.escaping import clean, html_safe

_FORMATTER = HtmlFormatter(nowrap=True)


def code_html(text: str, language: str = "python") -> str:
    """A block of code; an unknown language is shown plain. The block can be focused, since it may scroll."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer, language = TextLexer(stripnl=False), "text"
    code = highlight(clean(text), lexer, _FORMATTER).rstrip("\n")
    name = html_safe(language or "text")
    return f'<div class="highlight"><pre tabindex="0"><code class="language-{name}">{code}</code></pre></div>\n'
