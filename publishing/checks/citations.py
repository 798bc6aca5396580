"""Citations and the bibliography, held against each other."""

import re
from collections.abc import Iterator
from pathlib import Path

from publishing import notebooks, paths, posts
from publishing.checks.places import at, line_of
from publishing.render import bibliography

_CITED = re.compile(r"\(#ref-([^\s()]+)\)")


def unmatched(paper: str) -> Iterator[str]:
    """Citations without an entry, in the notebooks and in the post; and entries that nothing cites."""
    file = paths.bibliography(paper)
    entries = set(bibliography.read(file).entries) if file.is_file() else set()
    written = [notebooks.path_of(paper, stem) for stem in notebooks.every(paper)]
    cited = set()
    for path in (*written, *posts.files()):
        text = path.read_text(encoding="utf-8")
        for found in _CITED.finditer(text):
            cited.add(found[1])
            if found[1] not in entries and path in written:
                place = at(path, line_of(text, found.start()))
                yield f"{place}: cites {found[1]!r}, which has no entry; add it to references.bib"
    for key in sorted(entries - cited):
        yield f"{_place(file, key)}: the entry {key!r} is never cited; cite it, or take it out"


def _place(file: Path, key: str) -> str:
    text = file.read_text(encoding="utf-8")
    found = re.search(rf"@\w+\s*\{{\s*{re.escape(key)}\s*,", text)
    return at(file, line_of(text, found.start()) if found else 1)
