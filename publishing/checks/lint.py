"""What would pass silently otherwise, told with file and line: before anything runs, and of all that was built."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from itertools import chain, groupby

from publishing import macros, notebooks, paths, posts
from publishing.checks import places
from publishing.checks.canonical import not_canonical
from publishing.checks.claims import idle_claims
from publishing.checks.code import not_plain_python, unknown_tags
from publishing.checks.formulas import wrong_formulas
from publishing.checks.headings import wrong_title
from publishing.checks.macros import misplaced, unknown_to_jupyter
from publishing.errors import PublishingError
from publishing.faults import Faults, in_order
from publishing.notebooks import NotebookNode

_RULES = (unknown_tags, wrong_formulas, idle_claims, not_plain_python, wrong_title, misplaced, unknown_to_jupyter)
STARTER = re.compile(r"_?Starter( instructions)?:|\*\*…\*\*|^\s*[-*] …|your code here", re.IGNORECASE | re.MULTILINE)


def sound(paper: str, stems: Iterable[str], faults: Faults) -> dict[str, NotebookNode]:
    """The notebooks; what would make them run or read otherwise than their writer means is added to the faults."""
    faults += macros.known_and_wrong(paper)[1]
    sources = {stem: faults.attempt(places.read, paper, stem) for stem in stems}
    faults += [problem for source in sources.values() if source for problem in _problems(source)]
    return {stem: source.notebook for stem, source in sources.items() if source}


def problems(paper: str, stem: str) -> list[str]:
    """Everything that would stop the build, a line each, naming file, line, cell and remedy."""
    return _problems(places.read(paper, stem))


@cache
def _problems(source: places.Source) -> list[str]:
    """Those of a notebook as it is written, which are looked for once as long as that is the same."""
    found = chain.from_iterable(rule(source) for rule in _RULES)
    return [*(f"{source.at(cell, line)}: {problem}" for cell, line, problem in found), *not_canonical(source)]


def starters(paper: str) -> Iterator[str]:
    """The template's starters that still wait for their text. A draft may keep them; a finished summary may not."""
    written = [(partial(places.at, post.path), post.path.read_text(encoding="utf-8")) for post in posts.of(paper)]
    for source in (places.read(paper, stem) for stem in notebooks.every(paper)):
        written += [(partial(source.at, n), cell.source) for n, cell in enumerate(source.notebook.cells, 1)]
    for at, text in written:
        for found in STARTER.finditer(text):
            place = at(places.line_of(text, found.start()))
            yield f"{place}: “{found.group().strip()}” is a starter; write what it asks for"


def check_all(sources_alone: bool = False) -> None:
    """Print everything that is wrong and the starters of drafts; raise PublishingError if something is wrong.

    What was built is looked at too, unless it is to be of the sources alone, which may be newer.
    """
    written = [(paper, stem) for paper in notebooks.papers() for stem in notebooks.every(paper)]
    built = [] if sources_alone else [*_in_outputs(written), *_in_site()]
    found = [*in_order(_in_sources(written)), *built]
    for paper in notebooks.papers():
        waiting = list(starters(paper))
        if posts.is_draft(paper):
            print("\n".join(f"draft: {line}" for line in waiting) or f"draft: {paper} has no starter left")
        else:
            found += waiting
    for line in found:
        print(line)
    if found:
        raise PublishingError(f"{len(found)} {'thing' if len(found) == 1 else 'things'} to fix, named above")
    site = "and the site that was built from them" if paths.SITE.is_dir() else "but no site, since none is built"
    print(f"{len(written)} notebooks checked, {'and the posts' if sources_alone else site}: nothing to fix")


def _in_sources(written: list[tuple[str, str]]) -> Iterator[str]:
    from publishing.checks import beside, citations
    from publishing.checks import posts as pages
    from publishing.render.exporter import SectionExporter

    faults = Faults()
    for paper, group in groupby(written, lambda one: one[0]):
        faults += SectionExporter().excerpt(paper, sound(paper, [stem for _, stem in group], faults)).faults
        faults += citations.unmatched(paper)
    yield from faults
    yield from beside.problems()
    yield from pages.problems()


def _in_outputs(written: list[tuple[str, str]]) -> Iterator[str]:
    from publishing.checks import budgets, outputs

    for paper, stem in written:
        if (path := paths.executed_path(paper, stem)).is_file():
            executed = json.loads(path.read_text(encoding="utf-8"))
            yield from outputs.problems(places.read(paper, stem), executed)
    for paper, group in groupby(written, lambda one: one[0]):
        yield from budgets.exceeded(paper, {stem: places.read(paper, stem) for _, stem in group})


def _in_site() -> Iterator[str]:
    from publishing.checks import site
    from publishing.site.jekyll import build_settings

    if paths.SITE.is_dir():
        yield from site.problems(build_settings()["baseurl"])
