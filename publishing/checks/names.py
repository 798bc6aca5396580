"""Papers, sections and studies that a person's files name although they are gone: renamed, or deleted."""

import re
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from publishing import notebooks, paths, posts, stamps
from publishing.checks.places import at, blank, line_of
from publishing.errors import PublishingError
from publishing.files import below

CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
INCLUDE = re.compile(r"""\{%-?\s*include\s+paper_section\.html\s+name=(["'])(?P<name>.*?)\1\s*-?%\}""")
OF_ALL_SECTIONS = ("claims-summary", "lead", "toc")
_FOLDER = re.compile(r"(?:/[\w.~-]+)+/")
_ADDRESS = re.compile(r"""(?:\]\(|:\s+|["'=]|\}\})((?:/(?!/)|\.\./)[^\s"'<>)]*)""")
_PAGES = (".md", ".markdown", ".html")


def problems() -> Iterator[str]:
    """The first in each file; and a front matter that is no YAML, or claims that are a draft where the post is none."""
    there = {paper: notebooks.every(paper) for paper in notebooks.papers()}
    there = {paper: stems for paper, stems in there.items() if stems}
    pages = [path for path in (*posts.files(), *below(paths.CLAIMS)) if path.suffix in _PAGES]
    frames = [*below(paths.ROOT / "_layouts"), *below(paths.INCLUDES, without=[paths.SECTIONS])]
    written = [notebooks.path_of(paper, stem) for paper, stems in there.items() for stem in stems]
    try:
        gone = stamps.papers() - there.keys() - _addresses(map(posts.read, pages), there)
        for path in pages:
            yield from islice(_of_page(path, there, gone), 1)
        for paper in there:
            yield from _unlisted(paper)
    except PublishingError as error:
        yield str(error)
        return
    yield from _hiding()
    for path in (*paths.indexes(), *frames, *written):
        yield from islice(_of_text(path, there, gone), 1)


def _hiding() -> Iterator[str]:
    """Modules in the root or beside notebooks that Python would import in place of its own, or of a package's."""
    lock = paths.REQUIREMENTS.read_text(encoding="utf-8") if paths.REQUIREMENTS.is_file() else ""
    locked = re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)
    taken = sys.stdlib_module_names | {name.lower().replace("-", "_") for name in locked}
    for folder in (paths.ROOT, *map(paths.notebooks_dir, notebooks.papers())):
        for path in sorted(folder.glob("*")):
            is_module = path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
            if is_module and path.stem in taken:
                yield f"{paths.relative(path)} hides Python's or a package's own {path.stem}; give it another name"


def _addresses(pages: Iterable[posts.Post], there: dict[str, list[str]]) -> set[str]:
    """What the addresses of pages begin with that stay, old ones that lead on among them."""
    stay = [page.facts for page in pages if page.paper is None or page.paper in there]
    told = [facts.get(name) or [] for facts in stay for name in ("permalink", "redirect_from")]
    every = [address for one in told for address in (one if isinstance(one, list) else [one])]
    return {str(address).strip("/").partition("/")[0] for address in every}


def _paper_of(address: str) -> str:
    """The paper that an address of this site would belong to, by its first part or by a generated file's name."""
    parts = [part for part in re.split(r"[/#?]", address) if part not in ("", ".", "..")]
    if parts[:1] == ["assets"]:
        return parts[2].partition("-")[0] if len(parts) > 2 and parts[1] in ("images", "data", "notebooks") else ""
    return parts[0] if parts else ""


def _unlisted(paper: str) -> Iterator[str]:
    """Studies that no post of the paper lists, if it has posts."""
    own = posts.of(paper)
    listed = [page for post in own for group in post.studies for page in group.pages]
    for stem in notebooks.studies(paper) if own else []:
        if (name := notebooks.slug_of(stem)) not in listed:
            path, where = paths.relative(notebooks.path_of(paper, stem)), paths.relative(own[0].path)
            yield f"{path}: no post lists it; add {name} to a group of `studies` in {where}"


def _of_studies(page: posts.Post, there: list[str]) -> Iterator[str]:
    """What a post lists that is not there, or that it lists twice."""
    listed = [name for group in page.studies for name in group.pages]
    for name in listed:
        found = re.search(
            rf"^studies\s*:.*?(?<![\w-]){re.escape(name)}(?![\w-])", page.front or "", re.DOTALL | re.MULTILINE
        )
        place = at(page.path, 2 + (found.string[: found.end()].count("\n") if found else 0))
        if f"{paths.OF_STUDIES}/{name}" not in there:
            yield f"{place}: lists the study {name!r}, which has no notebook; correct the name, or take it out"
        elif listed.count(name) > 1:
            yield f"{place}: lists the study {name!r} {listed.count(name)} times; list it once"


def _of_page(path: Path, there: dict[str, list[str]], gone: set[str]) -> Iterator[str]:
    page, is_claims = posts.read(path), paths.CLAIMS in path.parents
    place = _of_fact(page, "paper")
    if page.paper is not None and page.paper not in there:
        yield f"{place}: there are no notebooks of a paper {page.paper!r}; {_remedy(there)}"
    elif page.paper is None and is_claims:
        yield f"{at(path)}: whose claims these are is not said; add `paper: {path.stem}` to the front matter"
    elif page.paper is None:
        pass
    elif is_claims and path.stem != page.paper:
        yield f"{place}: these are the claims of {page.paper!r}; rename the file to {page.paper}.md"
    elif is_claims and page.is_draft and posts.is_shown(page.paper):
        yield f"{at(path)}: is a draft, but its post is published; take `published: false` out here too"
    elif is_claims and not page.is_draft and not posts.is_shown(page.paper):
        yield f"{at(path)}: would be published, but its post is not; add `published: false` here too"
    else:
        yield from _of_address(page, f"/{page.paper}/claims/" if is_claims else None)
        yield from () if is_claims else _of_studies(page, there[page.paper])
    yield from _of_text(path, there, gone)
    if page.paper in there and not is_claims:
        yield from _of_sections(page, [f"{page.paper}/{stem}" for stem in notebooks.sections(page.paper)])


def _of_fact(page: posts.Post, name: str) -> str:
    """The place in its front matter where this is said, or else where that ends."""
    return at(page.path, 2 + re.split(rf"\b{name}\b[\"']?\s*:", page.front or "")[0].count("\n"))


def _of_address(page: posts.Post, usual: str | None) -> Iterator[str]:
    """An address that is none yet, as with a name for Jekyll to fill in, or that is not a folder's."""
    if not _FOLDER.fullmatch(str(link := page.facts.get("permalink", usual))):
        said = "has no permalink" if link is None else f"has the permalink {link!r}"
        form = usual or f"/{page.paper}/"
        yield f"{_of_fact(page, 'permalink')}: the front matter {said}; write an address like permalink: {form}"


def _of_sections(page: posts.Post, sections: list[str]) -> Iterator[str]:
    """Sections of the paper that its post leaves out, or shows twice."""
    shown = [found["name"] for found in INCLUDE.finditer(page.text)]
    for name in sections:
        if (count := shown.count(name)) != 1:
            line = f'{{% include paper_section.html name="{name}" %}}'
            yield f"{at(page.path)}: includes {name!r} {count} times; include every section once, by {line}"


def _of_text(path: Path, there: dict[str, list[str]], gone: set[str]) -> Iterator[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if not gone and "paper_section.html" not in text:
        return
    text = CODE.sub(blank, text)
    for found in INCLUDE.finditer(text):
        paper, _, stem = found["name"].partition("/")
        sections = [one for one in there.get(paper, []) if not notebooks.is_study(one)]
        if stem not in [*sections, *(OF_ALL_SECTIONS if sections else ())]:
            place = at(path, line_of(text, found.start()))
            yield f"{place}: includes {found['name']!r}, which no notebook makes; correct the name, or remove the line"
    for found in _ADDRESS.finditer(text):
        if (paper := _paper_of(found[1])) in gone:
            place = at(path, line_of(text, found.start(1)))
            yield f"{place}: leads to the paper {paper!r}, which has no notebooks; {_remedy(there)}"


def _remedy(there: dict[str, list[str]]) -> str:
    return f"write one that has ({', '.join(there)}), or remove this" if there else "remove this"
