"""Executed notebooks made by hand, and what becomes of them."""

import base64
import io
import json
from collections.abc import Callable

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from publishing import contract, notebooks, paths
from publishing.checks import lint
from publishing.contract import CLAIMS_PAGE
from publishing.errors import PublishingError
from publishing.execute import jobs
from publishing.folders import Report, sync
from publishing.render import findings, reading
from publishing.render.exporter import SectionExporter
from publishing.render.links import resolve
from publishing.render.listings import put_at_captions
from publishing.render.page import Context, Page, Paper
from publishing.render.products import images_and_data
from publishing.render.serialise import html_of
from publishing.render.tree import build_section, with_numbers
from publishing.site import downloads

STEM = "05-key-equations"


def notebook(*cells) -> nbformat.NotebookNode:
    """A string is a Markdown cell, anything else is a cell already."""
    return new_notebook(cells=[new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells])


def code(source: str = "pass", *outputs, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def printed(text: str, name: str = "stdout") -> nbformat.NotebookNode:
    return new_output("stream", name=name, text=text)


def shows(**data) -> nbformat.NotebookNode:
    """An output; `claim={…}` is short for its private MIME type."""
    bundle = {getattr(contract, key.upper(), key): value for key, value in data.items()}
    if "diagram" in data:
        bundle.setdefault("image/png", base64.b64encode(png()).decode())
    return new_output("display_data", data=bundle | {"text/plain": "as Jupyter shows it"})


def diagram(
    name: str = "forward-reverse", alt: str = "A chain", caption: str = "The chain.", **more
) -> nbformat.NotebookNode:
    words = {"name": name, "alt": alt, "caption": caption}
    return shows(diagram=words | {"width": 600, "height": 300, "chart": False}, **more)


def claim(statement: str = "It holds", of=(), **given) -> nbformat.NotebookNode:
    facts = {"count": 1, "measured": [1.0], "relation": "==", "expected": [1.0], "tolerance": 0.0}
    return shows(claim={"statement": statement, "of": list(of), "standard_error": None} | facts | given)


def table(*rows, columns=("a", "b"), name: str = "results", caption: str = "Results.") -> nbformat.NotebookNode:
    cells = {"columns": list(columns), "rows": list(map(list, rows))}
    return shows(table={"name": name, "caption": caption} | cells)


def picture(width: int = 40, height: int = 30, form: str = "PNG", shade: int = 128, **more) -> bytes:
    """A grey image."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (shade,) * 3).save(buffer, form, **more)
    return buffer.getvalue()


def png(shade: int = 0) -> bytes:
    """An image of one pixel."""
    return picture(1, 1, shade=shade)


def fragment(*cells, page: Page | None = None, stem: str = STEM) -> str:
    """HTML of a notebook with these cells, not typeset, alone on its page unless a page is given."""
    shown, page = SectionExporter().without_tagged(with_numbers(notebook(*cells))), page or Page("toy", complete=False)
    page.sections[stem] = build_section(shown, Context(page, stem))
    paper, others = Paper(page.paper, {page.name: page}, complete=False), lambda name: Paper(name, {}, complete=False)
    findings.compare(paper, others)
    resolve(paper, others)
    page.faults.tell()
    put_at_captions(page)
    reading.measure(page.sections[stem], page.answer)
    return html_of(page.sections[stem])


def refusals(act: Callable, *arguments, **keywords) -> list[str]:
    """The lines that a call is refused with."""
    with pytest.raises(PublishingError) as caught:
        act(*arguments, **keywords)
    return str(caught.value).split("\n")


def refused(act: Callable, *arguments, **keywords) -> str:
    """The one line that it is refused with."""
    (line,) = refusals(act, *arguments, **keywords)
    return line


def error(*cells) -> str:
    """The one line that a notebook with these cells is refused with."""
    return refused(fragment, *cells)


def select(html: str, selector: str) -> list[Tag]:
    """The elements that a CSS selector finds."""
    return BeautifulSoup(html, "html.parser").select(selector)


def texts(html: str, selector: str) -> list[str]:
    """What these elements say."""
    return [one.get_text().strip() for one in select(html, selector)]


def linted(repository, *cells: str) -> list[str]:
    """What the lints say of a notebook with these cells; it has a title."""
    titled = any(cell.startswith("# ") for cell in cells)
    repository.notebook("01-a", *cells, *([] if titled else ["# Title"]))
    return list(lint.problems("toy", "01-a"))


def made(*_executed, paper: str = "toy") -> Report:
    """What is written beside the sections of a paper, once these notebooks have been executed."""
    built = SectionExporter().paper(paper)
    return sync({**images_and_data(built), **downloads.of(built, "", None)})


def draft(name: str, paper: str = "toy", page: str = "") -> str:
    """HTML of one of the files that Jekyll includes, not typeset: in the post, in a study, or on the page of claims."""
    built = SectionExporter().paper(paper)
    pages = built.pages | {CLAIMS_PAGE: built.claims}
    return str(html_of(pages[page].files[f"{name}.html"]))


def planned(*stems: str, **keywords) -> list[jobs.Job]:
    return jobs.planned("toy", {stem: notebooks.read("toy", stem) for stem in stems}, **keywords)


def run(*stems: str, **keywords) -> list[jobs.Executed]:
    """What these notebooks are once they have been executed."""
    return jobs.execute(planned(*stems, **keywords))


def executed(repository, stem: str, *cells, paper: str = "toy"):
    """Path of a notebook that was written and executed in a repository."""
    repository.notebook(stem, "# Title", paper=paper)
    path = paths.executed_path(paper, stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    return path
