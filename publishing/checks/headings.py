"""A section has one title: the contents list it, and its address is the notebook's."""

import re

from publishing.checks.formulas import prose_of
from publishing.checks.places import Found, Source, line_of
from publishing.notebooks import is_study

_TITLE = re.compile(r"^ {0,3}#(?:[ \t].*)?$|^ {0,3}[^\s#>|*+=-].*\n {0,3}=+[ \t]*$", re.MULTILINE)


def wrong_title(source: Source) -> Found:
    """No title in a section, or a second one; a study says it when it is rendered."""
    if is_study(source.stem):
        return
    prose = prose_of(source)
    titles = [(number, line_of(text, found.start())) for number, text in prose for found in _TITLE.finditer(text)]
    if not titles and source.notebook.cells:
        yield 1, 1, "the section has no title, and so no place in the contents; begin it with `# …`"
    for number, line in titles[1:]:
        yield number, line, "a section has one title; write its headings as `## …`"
