"""What a notebook's source must not hold, told before anything runs."""

import ast
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from publishing import notebooks, paths, posts
from publishing.errors import PublishingError

if TYPE_CHECKING:
    from nbformat import NotebookNode

FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
NUMBERED_BY_TEX = re.compile(r"\\(label|ref|eqref)\b")
STARTER = re.compile(r"_?Starter( instructions)?:|\*\*…\*\*|^\s*[-*] …|your code here", re.IGNORECASE | re.MULTILINE)


def check(paper: str, stem: str) -> None:
    """Raise the first thing that would make the notebook run or read otherwise than its writer means."""
    for problem in problems(paper, stem):
        raise PublishingError(problem)


def problems(paper: str, stem: str) -> Iterator[str]:
    """Everything that would stop the build, a line each, naming notebook, cell and remedy."""
    notebook = notebooks.read(paper, stem)
    for rule in (_not_plain_python, _numbered_by_tex):
        for cell, problem in rule(notebook):
            yield f"{paper}/{stem}, cell {cell}: {problem}"
    for problem in _not_canonical(paper, stem, notebook):
        yield f"{paper}/{stem}: {problem}"


def starters(paper: str, stem: str) -> Iterator[str]:
    """The template's starters that still wait for their text. A draft may keep them; a finished summary may not."""
    for number, cell in enumerate(notebooks.read(paper, stem).cells, 1):
        for found in STARTER.finditer(cell.source):
            yield f"{paper}/{stem}, cell {number}: “{found.group().strip()}” is a starter; write what it asks for"


def post_starters(paper: str) -> Iterator[str]:
    """The same for what stands around the notebooks."""
    for post in posts.of(paper):
        for found in STARTER.finditer(post.path.read_text(encoding="utf-8")):
            yield f"{paths.relative(post.path)}: “{found.group().strip()}” is a starter; write what it asks for"


def check_all() -> None:
    """Print every problem and starter; raise PublishingError for a problem, or a starter in a published post."""
    sections = [(paper, stem) for paper in notebooks.papers() for stem in notebooks.sections(paper)]
    found = [line for section in sections for line in problems(*section)]
    for paper in notebooks.papers():
        mine = [stem for one, stem in sections if one == paper]
        waiting = [*post_starters(paper), *(line for stem in mine for line in starters(paper, stem))]
        if posts.is_draft(paper):
            print("\n".join(f"draft: {line}" for line in waiting) or f"draft: {paper} has no starter left")
        else:
            found += waiting
    for line in found:
        print(line)
    if found:
        raise PublishingError(f"{len(found)} things to mend in the notebooks, named above")
    print(f"{len(sections)} notebooks checked, nothing to mend")


def _not_plain_python(notebook: "NotebookNode") -> Iterator[tuple[int, str]]:
    """Jupytext executes fences of dozens of languages, and what hides in a magic is not tracked."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        magic = re.match(r"%%(\S+)", cell.source)
        if language := magic[1] if magic else cell.metadata.get("language"):
            yield number, f"a fence marked {language} would be executed; mark it text, console or python .noeval"
            continue
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield number, f"line {error.lineno} is not plain Python ({error.msg}); no magics or shell lines here"


def _numbered_by_tex(notebook: "NotebookNode") -> Iterator[tuple[int, str]]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            prose = INLINE_CODE.sub("", FENCED.sub("", cell.source))
            for found in NUMBERED_BY_TEX.finditer(prose):
                yield number, f"{found.group()} works in no notebook; write \\tag{{11}} and [Eq. (11)](#eq-11)"


def _not_canonical(paper: str, stem: str, notebook: "NotebookNode") -> Iterator[str]:
    """Only the form that JupyterLab would save again leaves a clean diff when it saves."""
    import jupytext

    text = notebooks.path_of(paper, stem).read_text(encoding="utf-8")
    if not text.startswith(notebooks.HEADER):
        yield "its header is not the one that all notebooks share; copy it from another notebook"
        return
    canonical = jupytext.writes(notebook, fmt="md")
    for line, (is_now, should_be) in enumerate(zip_longest(text.splitlines(), canonical.splitlines()), 1):
        if is_now != should_be:
            yield f"line {line} is not in canonical form: it is {is_now!r} and should be {should_be!r}"
            return
    if text != canonical:
        yield "it must end in one line break"
