"""On which pages the paper's equations, algorithms, figures and tables stand, and the files that code names."""

import re
from collections import defaultdict
from collections.abc import Iterator

from markdown_it.token import Token

from publishing import notebooks, paths
from publishing.render.nodes import Equation, Figure, Table, plain, walk
from publishing.render.page import Page, Paper

Place = tuple[Page, str, str]  # with the notebook's stem, and an id
_KINDS = ("Equation", "Algorithm", "Figure", "Table")
_COUNTERPART = re.compile(r"((?:Figs?\.|Tables?)\s(?:(?:Figs?\.|Tables?|and|\d+),?\s)+)of the paper")
_WORD = re.compile(r"Fig|Table|\d+")
_ALGORITHM = re.compile(r'id="algorithm-(\d+)"')
_FILE = re.compile(r'"([\w-]+/[\w/-]+/[\w{}-]+\.\w+)"')


def of_the_paper(paper: Paper) -> dict[str, list[Place]]:
    """Where the paper's parts stand: `{"Equation 5": [...], "Algorithm 1": [...]}`.

    An equation is known by its number, an algorithm by its id, as in `algorithm-3`, and a figure or a table by a
    caption that says what it is the counterpart of, as in "Fig. 7 of the paper".
    """
    found: defaultdict[tuple[str, int], list[Place]] = defaultdict(list)
    for page, stem, section in _sections(paper):
        for node in walk(section):
            for kind, number, target in _named(node):
                found[kind, number].append((page, stem, target))
    ordered = sorted(found, key=lambda part: (_KINDS.index(part[0]), part[1]))
    return {f"{kind} {number}": found[kind, number] for kind, number in ordered}


def of_files(paper: Paper) -> dict[str, list[Place]]:
    """Which notebooks name which file of this repository in their code; what stands in braces may be anything."""
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for page, stem, _ in _sections(paper):
        patterns = {re.sub(r"\{\w+\}", "*", one) for one in _FILE.findall(notebooks.text_of(paper.name, stem))}
        page.met |= {f"{pattern.rpartition('/')[0]}/" for pattern in patterns}
        for file in {paths.relative(path) for pattern in patterns for path in paths.ROOT.glob(pattern)}:
            found[file].append((page, stem, ""))
    return dict(sorted(found.items()))


def _sections(paper: Paper) -> Iterator[tuple[Page, str, object]]:
    for page in paper.pages.values():
        for place, (stem, section) in enumerate(page.sections.items()):
            yield page, stem, section if place else [page.opening, section]


def _named(node: object) -> Iterator[tuple[str, int, str]]:
    if isinstance(node, Equation) and node.number and node.number.isdecimal():
        yield "Equation", int(node.number), f"eq-{node.number}"
    elif isinstance(node, Token) and node.type == "inline":
        for number in _ALGORITHM.findall(node.content):
            yield "Algorithm", int(number), f"algorithm-{number}"
    elif isinstance(node, Figure | Table):
        target = node.id if isinstance(node, Table) else f"fig-{node.name}"
        for named in _COUNTERPART.findall(plain(node.caption)):
            kind = ""  # the first word gives one
            for word in _WORD.findall(named):
                if word.isdecimal():
                    yield kind, int(word), target
                else:
                    kind = "Figure" if word == "Fig" else "Table"
