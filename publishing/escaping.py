"""Text without what no page can hold, and as a terminal leaves it."""

import re

# What no page may hold: control characters, byte order marks, noncharacters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text without characters that cannot stand in an HTML page; line ends are newlines."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n")).replace("\r", "\n")


def terminal(text: str) -> str:
    """Text as a terminal leaves it: a carriage return overwrites its line, escapes other than colours are gone."""
    text = re.sub(r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[^\[\]]", "", text.replace("\r\n", "\n"))
    text = re.sub(r"\x1b\[(?![\d;]*m).*?[@-~]", "", text)
    return re.sub(r"(?m)^[^\n]*\r(?=[^\n])", "", text).replace("\r", "")
