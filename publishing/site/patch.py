"""Text that was edited, put into the built pages without Jekyll: for `make serve`, where a person waits."""

from collections.abc import Mapping
from itertools import groupby, zip_longest
from pathlib import Path

from publishing import paths
from publishing.files import write


def patched(before: Mapping[Path, str], after: Mapping[Path, str]) -> bool:
    """Bring what changed of these files into the site, if all of it stands there as it was written, once; else nothing.

    Jekyll copies a section as it is, but for lines of Liquid, and a notebook that can be downloaded.
    """
    if before.keys() != after.keys():
        return False
    changed = [path for path in after if before[path] != after[path]]
    if any(path.suffix == ".html" and not path.is_relative_to(paths.SECTIONS) for path in changed):
        return False
    built = {page: page.read_text(encoding="utf-8") for page in paths.SITE.rglob("*.html")}
    pages = dict(built)
    for path in (path for path in changed if path.suffix == ".html"):
        parts = zip_longest(_parts(before[path]), _parts(after[path]), fillvalue=(True, ""))
        if not all(old == new or _replaced(pages, *old, *new) for old, new in parts):
            return False
    for page in (page for page in pages if pages[page] is not built[page]):
        write(page, pages[page])
    for path in (path for path in changed if path.suffix != ".html"):
        write(paths.SITE / path.relative_to(paths.ROOT), after[path])
    return True


def _parts(text: str) -> list[tuple[bool, str]]:
    """The text in pieces, as large as they can be: those of whole lines with Liquid, and those without."""
    lines = groupby(text.split("\n"), key=lambda line: "{{" in line or "{%" in line)
    return [(is_liquid, "\n".join(piece)) for is_liquid, piece in lines]


def _replaced(pages: dict[Path, str], was_liquid: bool, old: str, is_liquid: bool, new: str) -> bool:
    """Whether a text without Liquid stood on one page alone, once, and the new one is there now."""
    there = [page for page, html in pages.items() if old in html]
    if was_liquid or is_liquid or len(there) != 1 or pages[there[0]].count(old) != 1:
        return False
    pages[there[0]] = pages[there[0]].replace(old, new)
    return True
