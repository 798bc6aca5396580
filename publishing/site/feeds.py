"""What the entries of the feeds hold beside a summary: the picture of a page, and its first paragraph in words."""

from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from publishing import paths
from publishing.memory import remembered

if TYPE_CHECKING:  # a build that has nothing to do can do without
    from bs4 import BeautifulSoup

_ATOM, _MEDIA = "{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/mrss/}"
_FIRST_SECTION = '<section class="paper-section'


def complete(site: Path, address: str) -> None:
    """Give each entry a content; the site stands at this address."""
    ElementTree.register_namespace("", _ATOM.strip("{}"))
    ElementTree.register_namespace("media", _MEDIA.strip("{}"))
    for feed in _feeds(site):
        tree = ElementTree.parse(feed)
        for entry in tree.iter(f"{_ATOM}entry"):
            link = entry.find(f"{_ATOM}link")
            name = unquote((link.get("href", "") if link is not None else "").removeprefix(f"{address}/"))
            page = next(filter(Path.is_file, (site / name / "index.html", site / name, site / f"{name}.html")), None)
            if page:  # else the entry leads elsewhere
                beginning = _beginning(page.read_text(encoding="utf-8"))
                made_from = ElementTree.tostring(entry) + beginning.encode()
                content = remembered(made_from, partial(_content, entry, beginning), by=__file__)
                told = ElementTree.SubElement(entry, f"{_ATOM}content", {"type": "html"})
                told.text = content.decode()
        tree.write(feed, encoding="utf-8", xml_declaration=True)


def shows(page: Path, after: str) -> bool:
    """Whether an entry shows what is to change in a page of the site; costs time only where the beginning does."""
    before = page.read_text(encoding="utf-8")
    address = f"/{page.parent.relative_to(paths.SITE).as_posix()}/"
    beginnings = {_beginning(html).partition('<div class="post-body">')[2] for html in (before, after)}
    if len(beginnings) == 1 or not any(address in feed.read_text(encoding="utf-8") for feed in _feeds(paths.SITE)):
        return False
    return len({_lead(_soup(f'<div class="post-body">{beginning}')) for beginning in beginnings}) > 1


def _feeds(site: Path) -> Iterator[Path]:
    return filter(Path.is_file, (site / "feed.xml", *site.glob("feed/*.xml")))


def _beginning(page: str) -> str:
    return page.partition(_FIRST_SECTION)[0]


def _content(entry: Element, beginning: str) -> bytes:
    """The picture, the summary, and the paragraph with which a post begins; that of a study is its summary."""
    soup = _soup(beginning)
    alt = soup.select_one('meta[property="og:image:alt"]')
    words = [entry.findtext(f"{_ATOM}summary"), _lead(soup)]
    content = "".join(f"<p>{escape(text, quote=False)}</p>" for text in words if text)
    picture = entry.find(f"{_MEDIA}thumbnail")
    if picture is None:
        return content.encode()
    shown = f'src="{escape(picture.get("url", ""))}" alt="{escape(str(alt["content"]) if alt else "")}"'
    return f"<p><img {shown}></p>{content}".encode()


def _soup(html: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html.parser")


def _lead(page: "BeautifulSoup") -> str:
    """The first paragraph, with words for formulas."""
    for formula in page.select(".math"):
        formula.replace_with(str(formula.get("aria-label", "…")))
    lead = page.select_one(".post-body > p")
    return " ".join(lead.get_text().split()) if lead else ""
