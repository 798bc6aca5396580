"""HTML that people write for its looks, as Markdown; what has no other form stays."""

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

from publishing.blog.bringing.directives import box
from publishing.blog.bringing.known import Known, place

_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~"}
_CODE = re.compile(r"<(code|tt|samp|var)(?:\s[^>]*)?>([^<`]*)</\1>", re.IGNORECASE)
_LAYOUT = (
    r"</?(?:center|font|u|big|figure|section|article|header|main|picture|ins|nobr|tt|q|cite|blink|nav)(?:\s[^<>]*)?>"
)
_STYLED = r"<(?P<tag>div|span|p)(?:\s[^<>]*)?>"
_BLOCKS = re.compile(r"<(/?)(p|h[1-6]|hr|br|li|ul|ol|figcaption|blockquote)((?:\s[^<>]*)?)/?>", re.IGNORECASE)
_ALERT = re.compile(
    r"""<div\s[^>]*class=["'][^"'>]*alert-(?P<kind>\w+)[^>]*>(?P<inside>(?:(?!</?div).)*)</div>""",
    re.DOTALL | re.IGNORECASE,
)
_NAMED = re.compile(r'\s(id|name)\s*=\s*["\']?([\w.:-]+)')


class _Attributes(HTMLParser):
    def handle_starttag(self, tag, attrs):
        self.found = {name: value or "" for name, value in attrs}


def attributes(tag: str) -> dict[str, str]:
    """What a tag says, by name."""
    parser = _Attributes()
    parser.found = {}
    parser.feed(tag)
    return parser.found


def as_markdown(text: str, known: Known) -> str:
    """The text with Markdown in place of tags that mean the same, and without those that only place or colour it."""
    text = _ALERT.sub(lambda found: f"\n{_alert(found, known)}\n", text)
    for pattern, new in _CHANGES:
        text = pattern.sub(new, text)
    return text


def _alert(found: re.Match, known: Known) -> str:
    """Bootstrap's box, of which Jupyter knows the colours."""
    kind = "Warning" if found["kind"] in ("warning", "danger") else "Note"
    title = re.match(r"\s*<(b|strong|h\d)(?:\s[^>]*)?>(.*?)</\1>", found["inside"], re.DOTALL)
    body = found["inside"][title.end() :] if title else found["inside"]
    return box(kind, title[2] if title else "", body.strip(), known)


def _picture(found: re.Match) -> str:
    told = attributes(found.group())
    if not told.get("src"):
        return found.group()
    title = told.get("title", "").replace('"', r"\"")
    return f"![{told.get('alt', '')}]({told['src'].replace(' ', '%20')}" + (f' "{title}")' if title else ")")


def _link(found: re.Match) -> str:
    told, words = attributes(f"<a{found[1]}>"), found[2]
    if "href" in told:
        return f"[{' '.join(words.split())}]({told['href'].replace(' ', '%20')})"
    name = told.get("id") or told.get("name") or ""
    return f'<span id="{place(name)}"></span>{words}' if name else words


def _code(found: re.Match) -> str:
    return f"`{unescape(found[2])}`"


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
    kept = {"id": place(told["id"])} if told.get("id") else {}
    kept |= {"class": "algorithm"} if told.get("class") == "algorithm" else {}
    tag = "div" if tag == "p" else tag
    return f"<{' '.join([tag, *(f'{name}={chr(34)}{value}{chr(34)}' for name, value in kept.items())])}>"


def _plain(found: re.Match) -> str:
    """A division that has nothing but looks is no division."""
    return found["inside"] if found["tag"].lower() == "span" else f"\n\n{found['inside'].strip()}\n\n"


def _change(pattern: str, new: str | Callable[[re.Match], str]) -> tuple[re.Pattern, str | Callable[[re.Match], str]]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), new


_PAIR = r"<(?P<tag>div|span)>(?P<inside>(?:(?!</?(?:div|span)[\s>]).)*)</(?P=tag)>"
_CHANGES = [
    (_CODE, _code),
    _change(r"<style.*?</style>|<script.*?</script>", lambda found: f"<!-- {found.group().replace('--', '- -')} -->"),
    _change(r"<img\s[^>]*>", _picture),
    _change(r"<(b|strong|i|em|s|del|strike)(?:\s[^<>]*)?>((?:(?!<(?:b|i|em|strong)>).)*?)</\1>", _mark),
    _change(r"<(b|strong|i|em|s|del|strike)(?:\s[^<>]*)?>((?:(?!<(?:b|i|em|strong)>).)*?)</\1>", _mark),
    _change(r"<a(\s[^<>]*)>(.*?)</a>", _link),
    (_BLOCKS, _block),
    _change(_LAYOUT, ""),
    _change(_STYLED, _placed),
    *[_change(_PAIR, _plain)] * 4,
]
