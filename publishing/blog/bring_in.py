"""`make import FILE=notebook.ipynb AS=ddim/05-key-equations`: a notebook from elsewhere as one of a paper's.

Jupyter's, MyST's and Quarto's are read, Markdown, and Python in cells. What cannot be brought stays in the text, and is
named as a step for a person. Nothing that exists is overwritten, and nothing is written when something is refused.
"""

import base64
import json
import re
from contextlib import suppress
from pathlib import Path

from publishing import macros, notebooks, paths, posts
from publishing.blog import from_code, from_markdown, new
from publishing.blog.bringing import formulas, links
from publishing.blog.bringing.directives import code_fence
from publishing.blog.bringing.known import STARTER, Known, defined, facts_of
from publishing.blog.bringing.left import steps
from publishing.blog.bringing.plots import Plots
from publishing.blog.bringing.shape import Cell, shaped
from publishing.contract import SECTION
from publishing.errors import PublishingError
from publishing.files import write
from publishing.notebooks import NotebookNode

KINDS = {".ipynb": "ipynb", ".md": "md", ".markdown": "md", ".qmd": "Rmd", ".rmd": "Rmd", ".py": "py"}
_AS = "AS is the paper and the new notebook's name, as in ddim/05-key-equations or ddim/studies/which-variance"


def bring_in(file: str, place: str) -> None:
    """Write the notebook in our form, with its pictures and macros, and say what is left to do."""
    paper, stem = _target(place)
    source = _source(file)
    notebook = _read(source)
    known = Known(paper, stem, source.parent, links.entries(paper))
    text = _text(notebook, known)
    said = _written(text, known)
    if told := steps(known, source):
        print("what is left to do, in this order:")
    for number, step in enumerate(told, 1):
        print(f"{number:3}. {step}")
    print(said)


def _target(place: str) -> tuple[str, str]:
    paper, _, stem = place.partition("/")
    if not stem:
        raise PublishingError(f"{_AS}; got {place!r}")
    if paper not in notebooks.papers():
        raise PublishingError(f"there are no notebooks of a paper {paper!r}; begin it by make new")
    if notebooks.is_study(stem):
        notebooks.check_study(paper, notebooks.slug_of(stem))
    elif not SECTION.fullmatch(stem):
        raise PublishingError(f"{_AS}; got {place!r}")
    if (path := notebooks.path_of(paper, stem)).exists():
        there = f"{paths.relative(path)} is there already, and stays"
        raise PublishingError(f"{there}; remove it first, or choose another AS")
    posts.studies(paper)  # whose list gets longer
    others = [] if notebooks.is_study(stem) else notebooks.sections(paper)
    if same := [one for one in others if one[:3] == stem[:3]]:
        raise PublishingError(f"{paper}/{same[0]}.md bears the number {stem[:2]} already; choose another AS")
    return paper, stem


def _source(file: str) -> Path:
    path = Path(file)
    with suppress(RuntimeError):  # ~name, of a user who is not there
        path = path.expanduser()
    if not file or not path.is_file():
        what = "is a folder" if file and path.is_dir() else "is not there"
        raise PublishingError(f"FILE is a notebook, as in FILE=../old/notes.ipynb; {file or 'none'!r} {what}")
    if path.suffix.lower() not in KINDS:
        raise PublishingError(f"FILE is one of {', '.join(KINDS)}; got {path.name!r}")
    return path.resolve()


def _read(source: Path) -> NotebookNode:
    """The notebook, or one line that says why it is none."""
    import jupytext
    import nbformat

    kind = KINDS[source.suffix.lower()]
    try:
        text = source.read_text(encoding="utf-8-sig")
        if kind == "ipynb":
            facts = json.loads(text)
            if not isinstance(facts, dict) or "cells" not in facts and "worksheets" not in facts:
                raise PublishingError(f"{source.name} is no notebook: it has no cells; give one that Jupyter wrote")
            notebook = nbformat.reads(text, as_version=4)
        else:
            in_a_line = r"^(?P<fence>`{3,})(?P<code>[^`\n]+)(?P=fence)(?!`)"  # which jupytext takes for a cell's begin
            given = text if kind == "py" else re.sub(in_a_line, r"`\g<code>`", text, flags=re.MULTILINE)
            notebook = jupytext.reads(given, fmt=kind)
    except UnicodeDecodeError as error:
        raise PublishingError(f"{source.name}: byte {error.start + 1} is no UTF-8; save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise PublishingError(f"{source.name}:{error.lineno}: {error.msg}, so it is no notebook of Jupyter's") from None
    except PublishingError:
        raise
    except Exception as error:  # whatever is wrong in a file that anybody may have written
        cause = " ".join(str(error).split()) or type(error).__name__
        raise PublishingError(
            f"{source.name}: no readable notebook ({cause:.200}); open and save it in Jupyter"
        ) from None
    kernel = notebook.metadata.get("kernelspec")
    language = str(isinstance(kernel, dict) and kernel.get("language") or "python").lower()
    if language != "python":
        raise PublishingError(f"{source.name} is written in {language}; notebooks here are in Python")
    if not any(cell.source.strip() for cell in notebook.cells):
        raise PublishingError(f"{source.name} is empty; give a notebook with something in it")
    return notebook


def _text(notebook: NotebookNode, known: Known) -> str:
    """The notebook as a file of ours."""
    import jupytext

    facts = dict(notebook.metadata)
    known.taken |= {number for cell in notebook.cells for number in formulas.numbers(cell.source)}
    cells, plots = [], Plots()
    for cell in notebook.cells:
        cell.source = re.sub("[\ue000-\ue003]", "", cell.source)  # which `known` needs for signs of its own
        if cell.cell_type == "raw" and (front := _front(cell.source)) is not None:
            facts |= front
        else:
            cells += _converted(cell, known, plots)
    brought = notebooks.parsed(notebooks.HEADER + "\n", f"{known.paper}/{known.stem}")
    brought.cells = [one.as_node() for one in shaped(cells, facts, known, plots)]
    text = jupytext.writes(brought, fmt="md").rstrip("\n") + "\n"
    return jupytext.writes(jupytext.reads(text, fmt="md"), fmt="md").rstrip("\n") + "\n"  # as JupyterLab saves it


def _front(source: str) -> dict | None:
    """The facts of a front matter, as Quarto has it in a raw cell."""
    found = re.fullmatch(r"---\n(.*?)\n(?:---|\.\.\.)", source.strip(), re.DOTALL)
    return facts_of(found[1]) if found else None


def _converted(cell: NotebookNode, known: Known, plots: Plots) -> list[Cell]:
    kind, text = cell.cell_type, cell.source
    tags: list[str] = []
    if kind == "code" and text.strip():
        kind, text, tags = from_code.converted(cell, known, plots)
    elif kind == "raw":
        kind = "markdown"
        text = f"{STARTER} what this raw cell should say\n\n{code_fence('text', text)}"
    elif kind == "markdown":
        kind, known.attachments = "prose", _attachments(cell)
    if kind == "markdown":
        text = known.keep(text)
    if kind == "prose":
        kind, text = "markdown", from_markdown.converted(text, known)
    return [Cell(kind, text, tags)] if text.strip() else []


def _attachments(cell: NotebookNode) -> dict[str, bytes]:
    found = {}
    for name, bundle in cell.get("attachments", {}).items():
        for mime, data in bundle.items():
            if mime.startswith("image/"):
                with suppress(ValueError):
                    found[name] = base64.b64decode(data)
    return found


def _written(text: str, known: Known) -> str:
    """Write all of it, or nothing; and say where to look."""
    path = notebooks.path_of(known.paper, known.stem)
    made = {path.parent / name: data for name, data in known.pictures.items()} | {path: text.encode()}
    try:
        for file, data in made.items():
            write(file, data)
        _more_macros(known)
    except OSError:
        for file in made:
            file.unlink(missing_ok=True)
        raise
    print(f"the notebook: {paths.relative(path)}")
    if known.pictures:
        print(f"its pictures, beside it: {', '.join(known.pictures)}")
    if known.macros:
        print(f"its macros: {paths.relative(paths.macros(known.paper))}")
    if notebooks.is_study(known.stem):
        slug = notebooks.slug_of(known.stem)
        is_listed = any(slug in group.pages for group in posts.studies(known.paper))
        for post in [] if is_listed else posts.of(known.paper)[:1]:
            print(f"its place: {new.listed(post, slug)}")
        return f"to see what it computes: make notebooks ONLY={known.paper}/{slug}"
    return f"to see what it computes: make notebooks ONLY={known.paper}/{known.stem[:2]}"


def _more_macros(known: Known) -> None:
    """Add the notebook's macros to the paper's; one that is defined otherwise there is a comment, to be renamed."""
    file = paths.macros(known.paper)
    there = {macro.name for macro in macros.known_and_wrong(known.paper)[0]}
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = []
    for line in known.macros:
        if line not in text.splitlines():
            lines.append(f"% {line}" if defined(line) in there else line)
        there.add(defined(line))
    if lines:
        write(file, text + ("\n" if text and not text.endswith("\n") else "") + "\n".join(lines) + "\n")
