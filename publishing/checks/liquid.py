"""Liquid that only its fifth version knows: a blog that GitHub Pages builds has Jekyll 3.10 with Liquid 4."""

import re
from collections.abc import Iterator

from publishing import paths
from publishing.checks.places import at, blank, line_of
from publishing.files import below

_LATER_TAG = re.compile("#|doc|echo|liquid|render")
_LATER_FILTER = re.compile("base64_[a-z_]+|find(_exp|_index)?|has|(remove|replace)_last|reject|squish|sum")
_UNREAD = re.compile(r"\{%-?\s*(comment|raw)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)
_MARKUP = re.compile(r"\{%-?\s*(?P<tag>[^\s%]+)(?P<rest>.*?)%\}|\{\{(?P<value>.*?)\}\}", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PIPED = re.compile(r"\|\s*(\w+)")


def problems() -> Iterator[str]:
    """What a blog may come to include, if it was written since or by another hand."""
    folders = (paths.INCLUDES, paths.ROOT / "_layouts", paths.PACKAGE / "blog" / "templates")
    for path in (path for folder in folders for path in below(folder) if path.suffix == ".html"):
        text = path.read_text(encoding="utf-8")
        for position, name in unknown(text):
            yield f"{at(path, line_of(text, position))}: Liquid 4 knows no {name}; write it without"


def unknown(text: str) -> Iterator[tuple[int, str]]:
    """Where text names a tag or a filter that came later, and which."""
    text = _UNREAD.sub(blank, text)
    for found in _MARKUP.finditer(text):
        if found["tag"] and _LATER_TAG.fullmatch(found["tag"].strip("-")):
            yield found.start(), f"tag `{found['tag']}`"
        for name in _PIPED.findall(_QUOTED.sub("", found["rest"] or found["value"] or "")):
            if _LATER_FILTER.fullmatch(name):
                yield found.start(), f"filter `{name}`"
