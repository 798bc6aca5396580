"""What a person must do to a notebook that was brought here, in the order in which one works."""

import ast
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from publishing import git, macros, notebooks, paths, posts
from publishing.blog.bringing.known import RUNS, STARTER, Known, defined
from publishing.checks import lint, places
from publishing.checks.places import Found, Source, line_of
from publishing.folders import has_file
from publishing.notebooks import calls, slug_of, syntax
from publishing.render.exporter import SectionExporter
from publishing.render.page import Page

_DATA = re.compile(
    r"[^\s:*?\"<>|%{}]+\.(?:csv|tsv|npz?|npy|pt|pth|ckpt|safetensors|jsonl?|txt|parquet|feather|xlsx?|h5|hdf5|pkl|pickle|"
    r"mat|zip|gz|tar|tgz|db|sqlite3?|png|jpe?g|wav|ya?ml)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?|ftp|s3|gs)://\S+")
_FETCHES = re.compile(r"urlopen|urlretrieve|read_|requests?|get|download|load|wget|fetch")
_READS_NOT = re.compile(r"save|to_|dump|write|^(?:diagram|exists|is_file|print)$")
_LEFT = {
    re.compile(r"`(\{(?:python|r)\} [^`\n]+)`"): "was computed in the text; write the number, and a claim for it",
    re.compile(r"(\{%.*?%\})"): "is another program's; say it in Markdown",
}
_LINK = re.compile(r"(?<!!)\]\(#([^\s()]+)\)")
_FAULT = re.compile(r"\S+, cell (\d+): (.*)")


def steps(known: Known, old: Path) -> list[str]:
    """A line each: what to fetch, what to put right, what to write, what to cite, what to tell git and the post."""
    source = places.read(known.paper, known.stem)
    page = SectionExporter().excerpt(known.paper, {known.stem: source.notebook}).pages[slug_of(known.stem)]
    to_fetch = _once(source, _packages(source, old), _files(source, old))
    wrong = (_programs(source), _left(source), _refused(source, page, known), _anchors(source, page, known))
    to_fix = _once(source, *wrong)
    at_a_line = {step.partition(": ")[0] for step in to_fix}
    found = lint.problems(known.paper, known.stem)
    to_fix += [problem for problem in found if problem.partition(": ")[0] not in at_a_line]
    to_write = _once(source, _starters(source))
    return [*to_fetch, *sorted(to_fix, key=_line), *to_write, *_uncited(source, known), *_around(known)]


def _once(source: Source, *found: Found) -> list[str]:
    """Each thing once, by lines of the notebook."""
    told = dict.fromkeys(f"{source.at(cell, line)}: {step}" for problems in found for cell, line, step in problems)
    return sorted(told, key=_line)


def _line(step: str) -> int:
    found = re.search(r":(\d+)", step)
    return int(found[1]) if found else 0


def _code(source: Source) -> Iterator[tuple[int, ast.Module]]:
    return ((number, tree) for number, code in source.cells("code") if (tree := syntax(code)))


def _packages(source: Source, old: Path) -> Found:
    """What the code imports and this environment has not; each package once."""
    seen = {""}
    for number, node, name in _imported(source):
        top = name.partition(".")[0]
        if top not in seen and ((old.parent / f"{top}.py").is_file() or (old.parent / top / "__init__.py").is_file()):
            yield number, node.lineno, f"{top} lies beside the old notebook; bring it, as a package in the root"
        elif top not in seen and not _is_there(name):
            needing = ", ".join(map(str, _needing(source, number, node)))
            more = f", and is needed in cell {needing} too" if needing else ""
            yield number, node.lineno, f"{name} is not installed here{more}; do without it, or add it to the lock"
        seen.add(top)


def _imported(source: Source) -> Iterator[tuple[int, ast.Import | ast.ImportFrom, str]]:
    for number, tree in _code(source):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((number, node, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield number, node, node.module or ""


def _needing(source: Source, first: int, importing: ast.Import | ast.ImportFrom) -> list[int]:
    """Later cells that use what is imported here, or what was made with it."""
    names = {(name.asname or name.name).partition(".")[0] for name in importing.names}
    found = []
    for number, tree in _code(source):
        for statement in tree.body if number > first else []:
            used = {node.id: type(node.ctx) for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if names & used.keys():
                names |= {name for name, kind in used.items() if kind is ast.Store}
                found.append(number)
    return sorted(set(found))


def _is_there(module: str) -> bool:
    """Whether it can be imported; below a package that several share, as google.colab is, it has to be there itself."""
    found = find_spec(module.partition(".")[0])
    try:
        return found is not None and (found.origin is not None or find_spec(module) is not None)
    except ImportError:
        return False


def _files(source: Source, old: Path) -> Found:
    """Data that the code opens and addresses that it asks: a build has neither, until the file lies beside it."""
    for number, line, name, file in _given(source):
        if _ADDRESS.fullmatch(file) and _FETCHES.search(name):
            yield number, line, f"a build asks no other host; save what {file:.60} gives beside the notebook"
        elif _DATA.fullmatch(file) and not os.path.exists(source.path.parent / file):  # noqa: PTH110
            lies = f"copy it from {old.parent.name}/" if has_file(old.parent / file) else "put it there"
            yield number, line, f"opens {file!r}, which is not beside the notebook; {lies}, or make it here"


def _given(source: Source) -> Iterator[tuple[int, int, str, str]]:
    """Each text that is given to a function which may read: cell, line, the function's name, and the text."""
    for number, tree in _code(source):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rpartition(".")[2]
            if _READS_NOT.search(name):
                continue
            for given in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield number, given.lineno, name, given.value


def _programs(source: Source) -> Found:
    for number, cell in enumerate(source.notebook.cells, 1):
        for line, text in enumerate(cell.source.split("\n"), 1):
            if RUNS in text:
                what = text.partition(RUNS)[2].removesuffix("-->").strip()
                yield number, line, f"a cell runs no other program: {what}; take the line out"


def _left(source: Source) -> Found:
    for number, text in source.cells("markdown"):
        for pattern, remedy in _LEFT.items():
            for found in pattern.finditer(text):
                yield number, line_of(text, found.start(1)), f"{found[1]:.60} {remedy}"


def _refused(source: Source, page: Page, known: Known) -> Found:
    """What the build would refuse, told by those who would, but for new pictures, which git is told of later."""
    for fault in page.faults:
        found = _FAULT.fullmatch(fault)
        number, said = (int(found[1]), found[2]) if found else (1, fault)
        if not any(said.startswith(f"{name!r} is not in git") for name in known.pictures):
            yield number, _place(said, source.notebook.cells[number - 1].source), said


def _place(problem: str, text: str) -> int:
    """The line of a cell that holds what a problem quotes."""
    for quoted in re.findall(r"['“](.+?)(?: …)?['”]|(<[^>]+>)", problem):
        if (words := quoted[0] or quoted[1]) in text:
            return line_of(text, text.index(words))
    return 1


def _anchors(source: Source, page: Page, known: Known) -> Found:
    """Links to places that neither the prose nor the code of this notebook has, nor another of the paper."""
    here = {*page.ids, *(f"eq-{name}" for name in known.taken)}
    here |= {f"{kind}-{name}" for kind in ("fig", "table", "claim") for name in known.taken}
    others = [stem for stem in notebooks.every(known.paper) if stem != known.stem]
    elsewhere = "\n".join(notebooks.text_of(known.paper, stem) for stem in others)
    for number, text in source.cells("markdown"):
        for found in _LINK.finditer(text):
            name = found[1]
            if name not in here and not name.startswith("ref-") and name not in elsewhere:
                yield number, line_of(text, found.start()), f"links to #{name}, which is not in this notebook"


def _starters(source: Source) -> Found:
    """What waits for words: a figure's two in one line."""
    drawn = {(number, call.lineno): call for number, call in calls(source.notebook, "diagram")}
    for (number, line), call in drawn.items():
        given = {one.arg: one.value.value for one in call.keywords if isinstance(one.value, ast.Constant)}
        missing = [name for name in ("alt", "caption") if str(given.get(name, "")).startswith(STARTER)]
        if missing:
            yield number, line, f"write {' and '.join(missing)} of the figure {ast.unparse(call.args[1])}"
    for number, cell in enumerate(source.notebook.cells, 1):
        for found in lint.STARTER.finditer(cell.source):
            is_comment = cell.source[: found.start()].endswith("# ")
            if (cell.cell_type == "markdown" or is_comment) and not cell.source.startswith(RUNS, found.start()):
                asked = re.split(r"\n|\]\(|;|-->", cell.source[found.end() :])[0].strip()
                line = line_of(cell.source, found.start())
                yield number, line, f"write {asked or f'what “{found.group()}” asks for'}"


def _uncited(source: Source, known: Known) -> Iterator[str]:
    keys = dict.fromkeys(re.findall(r"\(#ref-([^\s()]+)\)", source.text))
    if missing := [key for key in keys if key not in known.citations]:
        yield f"{paths.relative(paths.bibliography(known.paper))}: add {', '.join(missing)}, which the notebook cites"
    has_list = any(calls(notebooks.read(known.paper, stem), "references") for stem in notebooks.sections(known.paper))
    if keys and not notebooks.is_study(known.stem) and not has_list:
        yield "no section of the post shows its references; call references() in a cell of one"


def _around(known: Known) -> Iterator[str]:
    there = {macro.name: macro for macro in macros.known_and_wrong(known.paper)[0]}
    for line in known.macros:
        name = defined(line)
        if name in there and not line.endswith(f"{{{there[name].body}}}"):
            yield f"{paths.relative(paths.macros(known.paper))}: {name} is another macro; rename that at its end"
    if known.pictures and git.said("rev-parse", "--git-dir"):
        folder = paths.relative(notebooks.path_of(known.paper, known.stem).parent)
        yield f"git add {' '.join(f'{folder}/{name}' for name in known.pictures)}"
    if not notebooks.is_study(known.stem):
        include = f'{{% include paper_section.html name="{known.paper}/{known.stem}" %}}'
        for post in posts.of(known.paper)[:1]:
            if f"{known.paper}/{known.stem}" not in post.text:
                yield f"{paths.relative(post.path)}: add {include} where the section belongs"
