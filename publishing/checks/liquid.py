"""Liquid that only its fifth version knows: a blog that GitHub Pages builds has Jekyll 3.10 with Liquid 4."""

import re
from collections.abc import Iterator

from publishing import paths
from publishing.checks.places import at, blank, line_of
from publishing.files import below

_TAG = re.compile(
    "assign|break|capture|case|comment|continue|cycle|decrement|else|elsif|end[a-z]+|feed_meta|for|highlight|if|ifchanged"
    "|include|include_relative|increment|link|post_url|raw|seo|tablerow|unless|when"
)
_FILTER = re.compile(
    "abs|append|at_least|at_most|capitalize|ceil|compact|concat|date|default|divided_by|downcase|escape|escape_once|first"
    "|floor|join|last|lstrip|map|minus|modulo|newline_to_br|plus|prepend|remove|remove_first|replace|replace_first"
    "|reverse|round|rstrip|size|slice|sort|sort_natural|split|strip|strip_html|strip_newlines|times|truncate"
    "|truncatewords|uniq|upcase|url_decode|url_encode|where"
    # and Jekyll's
    "|absolute_url|array_to_sentence_string|cgi_escape|date_to_long_string|date_to_rfc822|date_to_string"
    "|date_to_xmlschema|group_by|group_by_exp|inspect|jsonify|markdownify|normalize_whitespace|number_of_words|pop|push"
    "|relative_url|sample|sassify|scssify|shift|slugify|smartify|strip_index|to_integer|unshift|uri_escape|where_exp"
    "|xml_escape"
)
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
        if found["tag"] and not _TAG.fullmatch(found["tag"].strip("-")):
            yield found.start(), f"tag `{found['tag']}`"
        for name in _PIPED.findall(_QUOTED.sub("", found["rest"] or found["value"] or "")):
            if not _FILTER.fullmatch(name):
                yield found.start(), f"filter `{name}`"
