"""The built site, page by page: links, ids, alternative texts, and what could run or be fetched that is not ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from publishing import paths
from publishing.checks import leaks
from publishing.checks.places import at, line_of
from publishing.files import below

_ADDRESSES = ("href", "src", "poster", "action", "formaction", "data")
_FETCHED = {"script", "img", "source", "iframe", "embed", "object", "audio", "video", "track", "use", "image"}
_TEXT = {".html", ".css", ".js", ".xml", ".json", ".ipynb", ".svg", ".txt"}
_DATA = "application/ld+json"


@dataclass(eq=False)
class Page(HTMLParser):
    """A page as it is parsed: the ids that it gives, the places it leads to, and what is wrong with it by itself."""

    path: Path
    ids: dict[str, int] = field(default_factory=dict)
    links: list[tuple[int, str]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    policy: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        if not self.policy:
            self.fault("the page has no Content-Security-Policy; put it into the layout", line=1)

    def fault(self, problem: str, line: int | None = None) -> None:
        """Remember what is wrong where the parser is."""
        self.faults.append((line or self.getpos()[0], problem))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if (name := given.get("id")) in self.ids:
            self.fault(f"the id {name!r} is given on line {self.ids[name]} too; give it once")
        elif name is not None:
            self.ids[name] = self.getpos()[0]
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = True
        if tag == "img" and not given.get("alt", "").strip():
            self.fault(f"the image {given.get('src', '')!r} has no alternative text; give it one")
        if tag == "script" and not given.get("src") and given.get("type") != _DATA:
            self.fault("a script stands in the page; move it into a file of assets/js")
        for name in given:
            if name.startswith("on"):
                self.fault(f"<{tag} {name}=…> runs a script; listen for the event in a file of assets/js")
        for name in _ADDRESSES:
            if name in given:
                self._address(tag, given, given[name].strip())

    def _address(self, tag: str, given: dict[str, str], address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") or parts.netloc:
            if tag in _FETCHED or (tag == "link" and given.get("rel") not in ("canonical", "alternate")):
                self.fault(f"<{tag}> fetches {address!r} from another host; keep a copy in assets/")
        elif parts.scheme in ("javascript", "vbscript"):
            self.fault(f"{address!r} runs a script; link to a place")
        elif not parts.scheme:
            self.links.append((self.getpos()[0], address))


def problems(base: str) -> Iterator[str]:
    """Everything that is wrong with the built site, which stands at the path `base` of its host."""
    pages = {path: Page(path) for path in below(paths.SITE) if path.suffix == ".html"}
    for path, page in pages.items():
        for line, problem in [*page.faults, *_dead_links(page, pages, base)]:
            yield f"{at(path, line)}: {problem}"
    for path in below(paths.SITE):
        yield from (f"{at(path, line)}: {problem}" for line, problem in _of_file(path))


def _dead_links(page: Page, pages: dict[Path, Page], base: str) -> Iterator[tuple[int, str]]:
    for line, link in page.links:
        address, anchor = urldefrag(link)
        target = _file(page.path, urlsplit(address).path, base)
        if target is None or not target.is_file():
            yield line, f"{link!r} leads to no file of the site; correct the link"
        elif anchor and target in pages and unquote(anchor) not in pages[target].ids:
            yield line, f"{link!r} leads to no id of {paths.relative(target)}; correct the link"


def _file(page: Path, address: str, base: str) -> Path | None:
    """The file that a browser gets for an address found on a page."""
    there = urljoin(quote(f"{base}/{page.relative_to(paths.SITE).as_posix()}"), address)
    if not there.startswith(f"{base}/"):
        return None
    target = paths.SITE / unquote(there).removeprefix(f"{base}/").lstrip("/")
    return target / "index.html" if target.is_dir() else target


def _of_file(path: Path) -> Iterator[tuple[int, str]]:
    if path.suffix == ".png":
        yield from ((1, problem) for problem in leaks.in_picture(path.read_bytes()))
    if path.suffix not in _TEXT:
        return
    text = path.read_text(encoding="utf-8")
    yield from leaks.in_text(text)
    if path.suffix == ".css":
        for found in re.finditer(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]*)", text):
            yield line_of(text, found.start()), f"fetches {found[1]!r} from another host; keep a copy in assets/"
