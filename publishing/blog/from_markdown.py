"""Markdown cells of other notebooks, in the writer's language."""

import re
from collections.abc import Callable

from publishing.blog.bringing.directives import blocks, listings
from publishing.blog.bringing.formulas import formulas
from publishing.blog.bringing.html import as_markdown
from publishing.blog.bringing.known import Known, place, trimmed
from publishing.blog.bringing.links import headings, links, roles
from publishing.blog.bringing.pictures import pictures
from publishing.escaping import clean

_SMALL: dict[str, str | Callable[[re.Match], str]] = {
    r"^(?P<words>[^\s#>|`~:\ue000-][^\n]*)\n=+[ ]*$": r"# \g<words>",
    r"^(?P<words>(?!\s|[#>|`~:-]|[*+] |\d+[.)] )[^\n|]*)\n-{3,}[ ]*$": r"## \g<words>",
    r"==(?=\S)([^=\n]+?)(?<=\S)==": r"<mark>\1</mark>",
    r"%%(?=\S| )((?s:.+?))%%": r"<!--\1-->",
    r"^[ ]*(?:\[\[?_?TOC_?\]\]?|\\(?:newpage|pagebreak|clearpage)|\{\{< pagebreak >\}\}"
    r"|\+\+\+(?:[ ]*\{.*\})?|\{:.*\})[ ]*$": "",
    r"^(?=#[a-z][\w/-]*(?:[ ][#·|]|[ ]*$))": r"\\",
    r"[ ]\^([A-Za-z][\w-]*)[ ]*$": lambda found: f' <span id="{place(found[1])}"></span>',
    r"\A%%": r"\\%%",  # which jupytext takes for a magic
    r"^%[ ](.*)$": r"<!-- \1 -->",
    r"(?<![\w+])\+\+(\w+(?:\+\w+)*)\+\+": r"<kbd>\1</kbd>",
}


def converted(text: str, known: Known) -> str:
    """The text of a cell, with signs for what `known` keeps, which are taken out when all cells have been read."""
    text = listings(clean(text).expandtabs(4), known)
    text = formulas(roles(text, known), known)
    text = as_markdown(blocks(text, known), known)
    for pattern, new in _SMALL.items():
        text = re.sub(pattern, new, text, flags=re.MULTILINE)
    text = trimmed(links(headings(pictures(text, known), known), known))
    return re.sub(r"\n(?:[ ]*\n){2,}", "\n\n", text).strip("\n")
