"""Stylesheets inside the built pages, so that the first paint waits for no request but the page's own."""

from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path

from publishing.files import write


class _Links(HTMLParser):
    """Where the links to stylesheets begin and end that a page waits for, and where they lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[int, int, str]] = []
        self._lines = [0, *accumulate(len(line) + 1 for line in html.split("\n"))]
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "link" and given.get("rel") == "stylesheet" and "media" not in given:
            line, column = self.getpos()
            start = self._lines[line - 1] + column
            self.found.append((start, start + len(self.get_starttag_text() or ""), given.get("href") or ""))


def inline(site: Path, baseurl: str) -> None:
    """Put every stylesheet that a page waits for into its head; those with a condition, as for print, stay links."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        for start, end, address in reversed(_Links(html.partition("</head>")[0]).found):
            name = address.removeprefix(f"{baseurl}/")
            if (site / name).is_file():  # else `make check` says what is wrong with it
                style = (site / name).read_text(encoding="utf-8")
                html = f'{html[:start]}<style data-file="{name}">\n{style}</style>{html[end:]}'
        write(page, html)  # never in place: it may be a link to that of the last site
