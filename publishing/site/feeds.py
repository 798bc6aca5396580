"""What the entries of the feeds hold beside a summary: the picture of a page, and its first paragraph in words."""

from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from publishing.memory import remembered

_ATOM, _MEDIA = "{http://www.w3.org/2005/Atom}", "{http://search.yahoo.com/mrss/}"
_FIRST_SECTION = '<section class="paper-section'


def complete(site: Path, address: str) -> None:
    """Give each entry a content that has none, as by `excerpt_only`; the site stands at this address."""
    ElementTree.register_namespace("", _ATOM.strip("{}"))
    ElementTree.register_namespace("media", _MEDIA.strip("{}"))
    for feed in filter(Path.is_file, (site / "feed.xml", *site.glob("feed/*.xml"))):
        tree = ElementTree.parse(feed)
        for entry in tree.iter(f"{_ATOM}entry"):
            link = entry.find(f"{_ATOM}link")
            name = unquote((link.get("href", "") if link is not None else "").removeprefix(f"{address}/"))
            page = next(filter(Path.is_file, (site / name / "index.html", site / name, site / f"{name}.html")), None)
            if page and entry.find(f"{_ATOM}content") is None:  # else the entry leads elsewhere, or has all of it
                beginning = page.read_text(encoding="utf-8").partition(_FIRST_SECTION)[0]
                made_from = ElementTree.tostring(entry) + beginning.encode()
                content = remembered(made_from, partial(_content, entry, beginning), by=__file__)
                told = ElementTree.SubElement(entry, f"{_ATOM}content", {"type": "html"})
                told.text = content.decode()
        tree.write(feed, encoding="utf-8", xml_declaration=True)


def _content(entry: Element, beginning: str) -> bytes:
    """The picture, the summary, and the paragraph with which a post begins; that of a study is its summary."""
    from bs4 import BeautifulSoup  # which a build that has nothing to do can do without

    soup = BeautifulSoup(beginning, "html.parser")
    for formula in soup.select(".math"):
        formula.replace_with(str(formula.get("aria-label", "…")))
    lead, alt = soup.select_one(".post-body > p"), soup.select_one('meta[property="og:image:alt"]')
    words = [entry.findtext(f"{_ATOM}summary"), lead and " ".join(lead.get_text().split())]
    content = "".join(f"<p>{escape(text, quote=False)}</p>" for text in words if text)
    picture = entry.find(f"{_MEDIA}thumbnail")
    if picture is None:
        return content.encode()
    shown = f'src="{escape(picture.get("url", ""))}" alt="{escape(str(alt["content"]) if alt else "")}"'
    return f"<p><img {shown}></p>{content}".encode()
