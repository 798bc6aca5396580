"""HTML that people write for its looks, as Markdown; what has no other form stays."""

import re
from collections.abc import Callable
from html import unescape

from bs4 import BeautifulSoup

from publishing.blog.bringing.directives import box, picture
from publishing.blog.bringing.known import Known, place

_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~"}
_LAYOUT = (
    r"</?(?:center|font|u|big|figure|section|article|header|main|picture|ins|nobr|tt|q|cite|blink|nav)(?:\s[^<>]*)?>"
)
_ALERT = re.compile(
    r"""<div\s[^>]*class=["'][^"'>]*alert-(?P<kind>\w+)[^>]*>(?P<inside>(?:(?!</?div).)*)</div>""",
    re.DOTALL | re.IGNORECASE,
)
_NAMED = re.compile(r'\s(id|name)\s*=\s*["\']?([\w.:-]+)')


def attributes(tag: str) -> dict[str, str]:
    """What a tag says, by name."""
    found = BeautifulSoup(tag, "html.parser", multi_valued_attributes=None).find(True)
    return {name: str(value) for name, value in found.attrs.items()} if found else {}


def as_markdown(text: str, known: Known) -> str:
    """The text with Markdown in place of tags that mean the same, and without those that only place or colour it."""
    text = _ALERT.sub(lambda found: _alert(found, known), text)
    for pattern, new in _CHANGES:
        text = re.sub(pattern, new, text, flags=re.IGNORECASE | re.DOTALL)
    return text


def _alert(found: re.Match, known: Known) -> str:
    """Bootstrap's box, of which Jupyter knows the colours."""
    kind = "Warning" if found["kind"] in ("warning", "danger") else "Note"
    title = re.match(r"\s*<(b|strong|h\d)(?:\s[^>]*)?>(.*?)</\1>", found["inside"], re.DOTALL)
    body = found["inside"][title.end() :] if title else found["inside"]
    return f"\n{box(kind, title[2] if title else '', body.strip(), known)}\n"


def _picture(found: re.Match) -> str:
    told = attributes(found.group())
    src = told.get("src", "").replace(" ", "%20")
    return picture(told.get("alt", ""), src, told.get("title", "")) if src else found.group()


def _link(found: re.Match) -> str:
    told, words = attributes(f"<a{found[1]}>"), found[2]
    if "href" in told:
        return f"[{' '.join(words.split())}]({told['href'].replace(' ', '%20')})"
    name = told.get("id") or told.get("name") or ""
    return f'<span id="{place(name)}"></span>{words}' if name else words


def _mark(found: re.Match) -> str:
    sign, words = _MARKS[found[1].lower()], found[2]
    return words.replace(words.strip(), f"{sign}{words.strip()}{sign}") if words.strip() else words


def _block(found: re.Match) -> str:
    closing, tag, told = found[1], found[2].lower(), found[3]
    if tag == "br":
        return "<br>"
    if tag == "hr":
        return "\n\n---\n\n"
    if tag == "li":
        return "" if closing else "\n- "
    if tag[0] == "h" and not closing:
        name = _NAMED.search(told)
        return f"\n\n({name[2]})=\n{'#' * int(tag[1])} " if name else f"\n\n{'#' * int(tag[1])} "
    return "\n\n"


def _placed(found: re.Match) -> str:
    """A division keeps its name, by which a link finds it, and what makes it an algorithm."""
    told, tag = attributes(found.group()), found["tag"].lower()
    name = f' id="{place(told["id"])}"' if told.get("id") else ""
    kind = ' class="algorithm"' if told.get("class") == "algorithm" else ""
    return f"<{'div' if tag == 'p' else tag}{name}{kind}>"


def _plain(found: re.Match) -> str:
    """A division that has nothing but looks is no division."""
    return found["inside"] if found["tag"].lower() == "span" else f"\n\n{found['inside'].strip()}\n\n"


_PAIR = r"<(?P<tag>div|span)>(?P<inside>(?:(?!</?(?:div|span)[\s>]).)*)</(?P=tag)>"
_CHANGES: list[tuple[str, str | Callable[[re.Match], str]]] = [
    (r"<(code|tt|samp|var)(?:\s[^>]*)?>([^<`]*)</\1>", lambda found: f"`{unescape(found[2])}`"),
    (r"<style.*?</style>|<script.*?</script>", lambda found: f"<!-- {found.group().replace('--', '- -')} -->"),
    (r"<img\s[^>]*>", _picture),
    *[(r"<(b|strong|i|em|s|del|strike)(?:\s[^<>]*)?>((?:(?!<(?:b|i|em|strong)>).)*?)</\1>", _mark)] * 2,
    (r"<a(\s[^<>]*)>(.*?)</a>", _link),
    (r"<(/?)(p|h[1-6]|hr|br|li|ul|ol|figcaption|blockquote)((?:\s[^<>]*)?)/?>", _block),
    (_LAYOUT, ""),
    (r"<(?P<tag>div|span|p)(?:\s[^<>]*)?>", _placed),
    *[(_PAIR, _plain)] * 4,
]
