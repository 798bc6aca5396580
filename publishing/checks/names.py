"""Papers and sections that a person's files name although they are gone: renamed, or deleted."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from publishing import notebooks, paths, posts
from publishing.checks.places import at, line_of
from publishing.errors import PublishingError
from publishing.files import below

CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
SECTION = re.compile(r"""\{%-?\s*include\s+paper_section\.html\s+name=(["'])(?P<name>.*?)\1\s*-?%\}""")
OF_ALL_SECTIONS = ("claims", "claims-summary", "lead", "toc")
_ELSEWHERE = re.compile(r"https?://[^\s)>\"']*")
_PAGES = (".md", ".markdown", ".html")


def problems() -> Iterator[str]:
    """The first in each file; and a front matter that is no YAML, or claims that are a draft where the post is none."""
    there = {paper: notebooks.sections(paper) for paper in notebooks.papers()}
    there = {paper: stems for paper, stems in there.items() if stems}
    gone = {path.name for path in paths.EXECUTED.glob("[!.]*")} - there.keys()  # a build knew them
    pages = [path for path in (*below(paths.POSTS), *below(paths.CLAIMS)) if path.suffix in _PAGES]
    frames = [path for name in ("_layouts", "_includes") for path in below(paths.ROOT / name)]
    written = [notebooks.path_of(paper, stem) for paper, stems in there.items() for stem in stems]
    try:
        for path in pages:
            yield from islice(_of_page(path, there, gone), 1)
    except PublishingError as error:
        yield str(error)
        return
    for path in (*paths.indexes(), *frames, *written):
        if paths.SECTIONS not in path.parents:
            yield from islice(_of_text(path, there, gone), 1)


def blank(found: re.Match) -> str:
    """As many lines without a word."""
    return re.sub(r"[^\n]", " ", found.group())


def _of_page(path: Path, there: dict[str, list[str]], gone: set[str]) -> Iterator[str]:
    page, is_claims = posts.read(path), paths.CLAIMS in path.parents
    place = at(path, 2 + re.split(r"\bpaper\b[\"']?\s*:", page.front)[0].count("\n"))
    if page.paper is not None and page.paper not in there:
        yield f"{place}: there are no notebooks of a paper {page.paper!r}; {_remedy(there)}"
    elif is_claims and page.paper is None:
        yield f"{at(path)}: whose claims these are is not said; add `paper: {path.stem}` to the front matter"
    elif is_claims and path.stem != page.paper:
        yield f"{place}: these are the claims of {page.paper!r}; rename the file to {page.paper}.md"
    elif is_claims and page.is_draft and posts.is_shown(page.paper):
        yield f"{at(path)}: is a draft, but its post is published; take `published: false` out here too"
    elif is_claims and not page.is_draft and not posts.is_shown(page.paper):
        yield f"{at(path)}: would be published, but its post is not; add `published: false` here too"
    yield from _of_text(path, there, gone)


def _of_text(path: Path, there: dict[str, list[str]], gone: set[str]) -> Iterator[str]:
    text = CODE.sub(blank, path.read_text(encoding="utf-8", errors="replace"))
    for found in SECTION.finditer(text):
        paper, _, stem = found["name"].partition("/")
        if stem not in [*there.get(paper, []), *(OF_ALL_SECTIONS if paper in there else ())]:
            place = at(path, line_of(text, found.start()))
            yield f"{place}: includes {found['name']!r}, which no notebook makes; correct the name, or remove the line"
    here = _ELSEWHERE.sub(blank, text)
    for paper in gone:
        if found := re.search(rf"/{paper}(?![a-z0-9_])|(?<![\w/-]){paper}/", here):
            place = at(path, line_of(here, found.start()))
            yield f"{place}: leads to the paper {paper!r}, which has no notebooks; {_remedy(there)}"


def _remedy(there: dict[str, list[str]]) -> str:
    return f"write one that has ({', '.join(there)}), or remove this" if there else "remove this"
