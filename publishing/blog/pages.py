"""A page of this site as another site's frame takes it: all of the note, finished, with no address of this site.

Nothing of it is left to do for the blog's Markdown and Liquid but to say where the blog stands.
"""

import json
import re
from copy import copy
from html import escape
from itertools import takewhile
from typing import NamedTuple

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import Comment, PageElement, PreformattedString
from bs4.formatter import HTMLFormatter

from publishing.memory import remembered

OWN = "assets/paper-notes"  # where all that the pages fetch is, so that it meets nothing of the blog's
ROOT = "{{ paper_root }}"  # the blog's base path, with a slash behind it

_SMALL = ("pre", "script", "style", "template")  # which a theme may leave alone if it knows them
_ADDRESSES = ("href", "src", "srcset", "data-files")


class Note(NamedTuple):
    """What the blog includes, what stands in the post itself, and what of `assets/` both of them fetch.

    A name that ends in a hyphen begins those of several files.
    """

    html: str
    lead: str
    fetched: list[str]


class _Liquid(PreformattedString):
    """What the blog's Liquid is to read."""


def embedded(html: str, base: str, instruments: bool) -> Note:
    """The note of a built page that stands at the path `base` of its host."""
    asked = json.dumps([html, base, instruments]).encode()
    made = remembered(asked, lambda: json.dumps(_embedded(html, base, instruments)).encode(), by=__file__)
    return Note(*json.loads(made))


def _embedded(html: str, base: str, instruments: bool) -> Note:
    soup = BeautifulSoup(html, "html.parser", multi_valued_attributes=None)
    article = soup.select_one("article.paper-notes")
    assert article is not None, "every page of the notes has an article"
    _leave_to_the_layout(article)
    _fit_in(article, soup)
    if not instruments:
        _take_out_instruments(article)
    fetched = {name for one in article.find_all(True) for name in _write_for_the_blog(one, base)}
    formatter = HTMLFormatter(_escaped, void_element_close_prefix="")
    return Note(article.decode_contents(formatter=formatter), _lead(article, formatter), sorted(fetched))


def _escaped(text: str) -> str:
    return text if isinstance(text, _Liquid) else re.sub(r"\{(?=[{%])", "&#123;", escape(text, quote=False))


def _leave_to_the_layout(article: Tag) -> None:
    """A layout that shows the title shows date and categories too."""
    for one in article.select(".post-title, .post-categories:not(:has(a))"):
        _unless_shown(one, one)
    for written in article.select(".post-date > time:first-child"):
        said = written.next_sibling
        if isinstance(said, NavigableString) and (sign := re.match(", | · ", said)):
            said.replace_with(comma := NavigableString(sign[0]), said[sign.end() :])
            _unless_shown(written, comma)


def _unless_shown(first: PageElement, last: PageElement) -> None:
    first.insert_before(_Liquid("{% unless paper_titled %}"))
    last.insert_after(_Liquid("{% endunless %}"))


def _fit_in(article: Tag, soup: BeautifulSoup) -> None:
    for comment in article.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()  # since Liquid reads in it
    for one in article.select(".toc-bar"):
        one.decompose()
    for one in article.select(".toc-side:has(nav)"):  # the contents fold: they have no margin there
        one.name, one.attrs = "details", {"class": "toc-fold"}
        one.insert(0, soup.new_tag("summary", string="Contents"))
        for nav in one.select("nav"):
            del nav["id"], nav["popover"]  # the id may be the theme's
    for one in article.select("section.cite"):
        one.replace_with(_Liquid("{% include paper_notes/cite.html %}"))
    for one in article.select(".math-assistive > math"):  # the blog's MathJax would typeset it, but sees no shadow
        one.wrap(soup.new_tag("template", shadowrootmode="open"))


def _take_out_instruments(article: Tag) -> None:
    for one in article.select(".instrument-call, .instrument-call + script"):
        one.decompose()
    for one in article.select("[data-instrument]"):
        del one["data-instrument"], one["data-files"]


def _write_for_the_blog(one: Tag, base: str) -> list[str]:
    """Its name in capitals, where no theme looks for it, and addresses below those of the blog; what is fetched there.

    Many a theme finds pictures, headings and tables in a page by their letters, and puts its base path before an
    address that has it already, or links and boxes around them. Some builds make a page of each .md.
    """
    if one.name not in _SMALL:
        one.name = one.name.upper()
    if str(one.get("class")).startswith("language-"):  # whoever colours code would do it again
        one["class"] = "nohighlight"
    fetched = []
    for name in _ADDRESSES:
        if (address := str(one.get(name))).startswith(f"{base}/"):
            path = re.sub("^assets/", f"{OWN}/", address.removeprefix(f"{base}/"))
            if "download" in one.attrs and path.endswith(".md"):
                one["download"], path = path.rpartition("/")[2], f"{path}.txt"
            one[name] = _Liquid(ROOT + _escaped(path))
            fetched += [path.removeprefix(f"{OWN}/")] * (path.startswith(f"{OWN}/") and "#" not in path)
    if "src" in one.attrs:
        one.attrs = {"SRC" if name == "src" else name: value for name, value in one.attrs.items()}
    return fetched


def _lead(article: Tag, formatter: HTMLFormatter) -> str:
    """The first picture and words of a note in plain HTML, for home pages and feeds that print whole posts."""
    first = takewhile(lambda one: one.get("class") != "paper-section", article.select(".post-body *"))
    shown = [one for one in first if one.name == "IMG" or one.name == "P" and not one.attrs]
    to_the_note = '<p><a href="{{ page.url | relative_url }}">'
    lines = ["{%- assign paper_root = '/' | relative_url -%}"]
    for picture in [copy(one) for one in shown if one.name == "IMG"][:1]:
        picture["style"] = "max-width: 100%; height: auto"
        lines.append(f"{to_the_note}{picture.decode(formatter=formatter)}</a></p>")
    words = (one for one in shown if one.name == "P" and not one.find(["SVG", "P", "SECTION"]))
    lines += [one.decode(formatter=formatter) for one in words]
    return "\n".join([*lines, f"{to_the_note}Read the note</a></p>"])
