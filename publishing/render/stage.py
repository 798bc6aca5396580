"""What is made of a paper's executed notebooks: first what stands for itself, then the HTML that Jekyll includes.

Everything is built and checked before the first file is written, so that an error leaves the last good files.
"""

from collections.abc import Mapping
from pathlib import Path

import nbformat

from publishing import paths
from publishing.folders import Report, sync
from publishing.render import figures
from publishing.render.card import card
from publishing.render.exporter import SectionExporter
from publishing.render.nodes import Section
from publishing.render.serialise import html_of
from publishing.site.downloads import download, markdown


def write_files(paper: str, exporter: SectionExporter) -> Report:
    """Build the page of a paper; write its images, the data of its instruments, and the notebooks to download."""
    page = exporter.page(paper)
    executed = {stem: paths.executed_path(paper, stem) for stem in page.sections}
    downloads = {f"{stem}.ipynb": download(nbformat.read(path, as_version=4)) for stem, path in executed.items()}
    downloads |= {f"{stem}.md": markdown(paper, stem) for stem in page.sections}
    images = {
        figures.image_name(paper, one.name): one.png
        for drawing in page.drawings.values()
        for one in filter(None, (drawing, drawing.phone))
    }
    images |= card(page) if page.complete else {}
    data = {
        figures.data_name(paper, name, file): content
        for name, drawing in page.drawings.items()
        for file, content in drawing.files.items()
    }
    made: list[tuple[Path, Mapping[str, str | bytes]]] = [
        (paths.downloads_dir(paper), downloads),
        (paths.DATA, data),
        (paths.IMAGES, images),
    ]
    return sync({folder / name: content for folder, contents in made for name, content in contents.items()})


def write_sections(paper: str, exporter: SectionExporter) -> Report:
    """Write what Jekyll includes: the sections, what is said about all of them, and the glyphs of their formulas."""
    page, glyphs = exporter.typeset_page(paper)
    html: dict[str, str] = {"glyphs.html": glyphs}
    for name, node in page.files.items():
        if isinstance(node, Section):
            html[name] = str(exporter.from_filename(str(paths.executed_path(paper, node.stem)))[0])
        else:
            html[name] = html_of(node)
    return sync({paths.sections_dir(paper) / name: content for name, content in html.items()})
