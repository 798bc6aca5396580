"""Text made safe for what reads it next: the browser's HTML parser, Liquid, kramdown."""

import re
from html import escape

# What no page may hold: control characters, byte order marks, and two noncharacters that this package uses as marks.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0\ufdd1\ufeff\ufffe\uffff]")
MARK, PIPE = "\ufdd0", "\ufdd1"


def clean(text: str) -> str:
    """Text without characters that cannot stand in an HTML page; line ends are newlines."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n")).replace("\r", "\n")


def terminal(text: str) -> str:
    """Text as a terminal leaves it: a carriage return overwrites its line, escapes other than colours are gone."""
    text = re.sub(r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[^\[\]]", "", text.replace("\r\n", "\n"))
    text = re.sub(r"\x1b\[(?![\d;]*m).*?[@-~]", "", text)
    return re.sub(r"[^\n]*\r(?=[^\n])", "", text).replace("\r", "")


def liquid_safe(html: str) -> str:
    """HTML in which neither Liquid (`{{`, `{%`) nor kramdown (`{:`) finds anything to do."""
    return html.replace("{", "&#123;")


def html_safe(text: str) -> str:
    """Text as HTML, also within a double-quoted attribute."""
    return escape(text, quote=False).replace('"', "&quot;")
