"""Stylesheets inside the built pages, so that the first paint waits for no request but the page's own."""

import re
from pathlib import Path

from publishing.files import write

_LINK = re.compile(
    r'<!--.*?-->|<link\s(?=[^>]*\brel="?stylesheet)(?![^>]*\bmedia=)[^>]*\bhref="([^"]*)"[^>]*>', re.DOTALL
)


def inline(site: Path, baseurl: str) -> None:
    """Put every stylesheet that a page waits for into its head; those with a condition, as for print, stay links."""

    def style(link: re.Match) -> str:
        name = (link[1] or "").removeprefix(f"{baseurl}/")
        if not (site / name).is_file():  # a comment; or `make check` says what is wrong with it
            return link[0]
        return f'<style data-file="{name}">\n{(site / name).read_text(encoding="utf-8")}</style>'

    for page in site.rglob("*.html"):
        head, closed, body = page.read_text(encoding="utf-8").partition("</head>")
        write(page, _LINK.sub(style, head) + closed + body)  # never in place: it may be a link to that of the last site
