"""Executed notebooks to what the site is built from: fragments, images, notebooks to download.

Everything is rendered and checked before the first file is written, so that an error leaves the last good files.
"""

import re
from pathlib import Path

import nbformat

from publishing import bibliography, diagrams, paths
from publishing.card import card, lead_html
from publishing.contents import claims_html, claims_summary_html, reading_html, toc_html
from publishing.crossrefs import resolved
from publishing.downloads import download, markdown
from publishing.errors import PublishingError
from publishing.escaping import MARK
from publishing.exporter import FragmentExporter
from publishing.folders import Report, bring
from publishing.listings import listings_html
from publishing.notebooks import sections
from publishing.section import Page, Section


def render_paper(paper: str, executed: list[Path]) -> Report:
    """Render the executed sections of a paper, which share one page.

    If some of its sections have not been executed yet, links are not checked. Raises PublishingError that names
    notebook and cell: for a figure without alternative text, an include of an image that no cell draws, an id given
    twice, a link or citation that leads nowhere, and whatever else would not come out as it was written.
    """
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in sorted(executed)}
    page = Page(paper, complete=set(notebooks) >= set(sections(paper)))
    for stem, notebook in notebooks.items():
        diagrams.collect(notebook, Section(page, stem))
    fragments = _fragments(notebooks, page)
    downloads = {f"{stem}.ipynb": download(notebook) for stem, notebook in notebooks.items()}
    downloads |= {f"{stem}.md": markdown(paper, stem) for stem in notebooks}
    images = {
        diagrams.image_name(paper, one.name): one.png
        for figure in page.figures.values()
        for one in filter(None, (figure, figure.phone))
    }
    images |= card(page) if page.complete else {}
    data = {
        diagrams.data_name(paper, name, file): content
        for name, figure in page.figures.items()
        for file, content in figure.files.items()
    }
    folders = {
        paths.fragments_dir(paper): fragments,
        paths.downloads_dir(paper): downloads,
        paths.DATA: data,
        paths.IMAGES: images,
    }
    return bring({folder / name: content for folder, made in folders.items() for name, content in made.items()})


def _fragments(notebooks: dict[str, nbformat.NotebookNode], page: Page) -> dict[str, str]:
    exporter = FragmentExporter()
    fragments = {}
    for stem, notebook in notebooks.items():
        section = Section(page, stem)
        section.claim_id(stem)
        fragments[f"{stem}.html"] = exporter.fragment(notebook, section)
    fragments = {name: _with_references(html, page) for name, html in fragments.items()}
    if page.complete:
        page.check_links()
    fragments |= {
        "toc.html": toc_html(page),
        "claims.html": claims_html(page),
        "code.html": listings_html(page),
        "claims-summary.html": claims_summary_html(page),
        "reading.html": reading_html(page),
        "lead.html": lead_html(page) if page.complete else "",
    }
    return {name: resolved(html, page) for name, html in fragments.items()}


def _with_references(html: str, page: Page) -> str:
    """Fill in the bibliography where a cell called `references()`, now that every citation is known."""

    def entries(mark: re.Match) -> str:
        path = paths.notebooks_dir(page.paper) / mark[1]
        for key in bibliography.read(path).entries:
            if f"ref-{key}" in page.ids:
                raise PublishingError(f"{page.paper}/{path.name}: 'ref-{key}' is listed twice; call references() once")
            page.ids[f"ref-{key}"] = path.name
        return bibliography.entries_html(path, page.citations)

    return re.sub(f"{MARK}([^{MARK}]+){MARK}", entries, html)
