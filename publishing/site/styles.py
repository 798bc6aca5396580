"""Stylesheets inside the built pages, so that the first paint waits for no request but the page's own."""

import re
from pathlib import Path

_LINK = re.compile(r'<link rel="stylesheet" href="([^"]+)">')


def inline(site: Path, baseurl: str) -> None:
    """Put every stylesheet that a page waits for into it; those with a condition, as for print, stay links."""

    def inlined(link: re.Match) -> str:
        name = link[1].removeprefix(f"{baseurl}/")
        if not (site / name).is_file():
            return link[0]  # `make check` says what is wrong with it
        return f'<style data-file="{name}">\n{(site / name).read_text(encoding="utf-8")}</style>'

    for page in site.rglob("*.html"):
        page.write_text(_LINK.sub(inlined, page.read_text(encoding="utf-8")), encoding="utf-8")
