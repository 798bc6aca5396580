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
SECTION = re.compile(r'\{%-?\s*include\s+paper_section\.html\s+name="([^"]*)"\s*-?%\}')
OF_ALL_SECTIONS = ("claims", "claims-summary", "lead", "toc")
_MADE = re.compile(r"(?<![\w.-])/assets/(?:images/|data/|notebooks/)([a-z0-9]+)[/-]")
_LINK = re.compile(r"""["'(]/([a-z0-9]+)/(?:claims/)?(?:#[^"')\s]*)?["')\s]""")


def problems() -> Iterator[str]:
    """The first in each file; and a front matter that is no YAML, or claims that are a draft where the post is none."""
    there = {paper: notebooks.sections(paper) for paper in notebooks.papers()}
    there = {paper: stems for paper, stems in there.items() if stems}
    pages = [*below(paths.POSTS), *below(paths.CLAIMS), *paths.indexes()]
    written = [notebooks.path_of(paper, stem) for paper, stems in there.items() for stem in stems]
    try:
        known = _addresses([page for page in map(posts.read, pages) if page.paper in {None, *there}]) | there.keys()
    except PublishingError as error:
        yield str(error)
        return
    for path in pages:
        yield from islice(_of_page(path, there, known), 1)
    for path in written:
        yield from islice(_of_text(path, there, known), 1)


def blank(found: re.Match) -> str:
    """As many lines without a word."""
    return re.sub(r"[^\n]", " ", found.group())


def _addresses(pages: list[posts.Post]) -> set[str]:
    """What an address of this site may begin with, apart from papers."""
    permalinks = {str(page.facts.get("permalink", "")).strip("/").partition("/")[0] for page in pages}
    return permalinks | {path.stem.lstrip("_") for path in paths.ROOT.iterdir()}


def _of_page(path: Path, there: dict[str, list[str]], known: set[str]) -> Iterator[str]:
    page, is_claims = posts.read(path), paths.CLAIMS in path.parents
    paper = page.paper or (path.stem if is_claims else None)
    place = at(path, 2 + re.split(r"\bpaper\b[\"']?\s*:", page.front)[0].count("\n"))
    if paper is not None and paper not in there:
        yield f"{place}: there are no notebooks of a paper {paper!r}; {_remedy(there)}"
    elif is_claims and path.stem != paper:
        yield f"{place}: these are the claims of {paper!r}; rename the file to {paper}.md"
    elif is_claims and page.is_draft and posts.is_shown(paper):
        yield f"{at(path)}: is a draft, but the post of {paper!r} is published; take `published: false` out here too"
    elif is_claims and not page.is_draft and not posts.is_shown(paper):
        yield f"{at(path)}: would be published, but no post of {paper!r} is; add `published: false` here too"
    yield from _of_text(path, there, known)


def _of_text(path: Path, there: dict[str, list[str]], known: set[str]) -> Iterator[str]:
    text = CODE.sub(blank, path.read_text(encoding="utf-8", errors="replace"))
    for found in SECTION.finditer(text):
        paper, _, stem = found[1].partition("/")
        if stem not in [*there.get(paper, []), *(OF_ALL_SECTIONS if paper in there else ())]:
            place = at(path, line_of(text, found.start()))
            yield f"{place}: includes {found[1]!r}, which no notebook makes; correct the name, or remove the line"
    for pattern, papers in ((_MADE, there.keys()), (_LINK, known)):
        for found in pattern.finditer(text):
            if found[1] not in papers:
                place = at(path, line_of(text, found.start()))
                yield f"{place}: leads to the paper {found[1]!r}, which has no notebooks; {_remedy(there)}"


def _remedy(there: dict[str, list[str]]) -> str:
    return f"write one that has ({', '.join(there)}), or remove this"
