"""Text that was edited, put into the built pages without Jekyll: for `make serve`, where a person waits."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from publishing import paths
from publishing.files import write

_LIQUID = ("{{", "{%")


def patched(before: Mapping[Path, str], after: Mapping[Path, str]) -> bool:
    """Bring what changed of these files into the site, if all of it stands there as it was written, once; else nothing.

    Jekyll copies a section as it is, but for its Liquid, and a notebook that can be downloaded. A line may stand on
    several pages, like a glyph, so the whole file is looked for first.
    """
    if before.keys() != after.keys():
        return False
    changed = [path for path in after if before[path] != after[path]]
    if any(path.suffix == ".html" and not path.is_relative_to(paths.SECTIONS) for path in changed):
        return False
    pages = {page: page.read_text(encoding="utf-8") for page in paths.SITE.rglob("*.html")}
    for path in (path for path in changed if path.suffix == ".html"):
        old, new = before[path], after[path]
        if not (_replaced(pages, old, new) or all(_replaced(pages, *edit) for edit in _edits(old, new))):
            return False
    for page, html in pages.items():
        write(page, html)
    for path in (path for path in changed if path.suffix != ".html"):
        write(paths.SITE / path.relative_to(paths.ROOT), after[path])
    return True


def _replaced(pages: dict[Path, str], old: str, new: str) -> bool:
    """Whether the old text stood on one page alone, once, and the new one is there now."""
    there = [page for page, html in pages.items() if old in html]
    if any(sign in old + new for sign in _LIQUID) or len(there) != 1 or pages[there[0]].count(old) != 1:
        return False
    pages[there[0]] = pages[there[0]].replace(old, new)
    return True


def _edits(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Lines that changed; those that are new, or gone, with the one before, which tells where they stand."""
    was, now = old.split("\n"), new.split("\n")
    for kind, start, end, begins, ends in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind != "equal":
            before = 0 if kind == "replace" else min(1, start)
            yield "\n".join(was[start - before : end]), "\n".join(now[begins - before : ends])
