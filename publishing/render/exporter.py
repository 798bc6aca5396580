"""An executed notebook as it stands on the page of its paper, by nbconvert."""

from functools import cache
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbconvert.exporters import TemplateExporter
from traitlets.config import Config

from publishing import notebooks, paths
from publishing.render.build import build_page
from publishing.render.page import Page
from publishing.render.serialise import TEMPLATES, html_of
from publishing.typeset.formulas import typeset


class SectionExporter(TemplateExporter):
    """Reads an executed notebook of a paper with its neighbours, since they share a page, and writes its section.

    `jupyter nbconvert --to publishing.render.exporter.SectionExporter build/executed/ddpm/05-key-equations.ipynb` writes
    what the build does. Understands MyST's cell tags.
    """

    template_name = "section"
    extra_template_basedirs = [str(TEMPLATES)]
    file_extension = ".html"
    output_mimetype = "text/html"

    @property
    def default_config(self) -> Config:
        tags = {
            "remove_cell_tags": {"remove-cell"},
            "remove_input_tags": {"remove-input"},
            "remove_all_outputs_tags": {"remove-output"},
        }
        return Config(super().default_config, TagRemovePreprocessor={"enabled": True, **tags})

    def default_filters(self):
        yield from super().default_filters()
        yield "block", lambda cell: html_of(self._section.blocks.get(cell.id))
        yield "html", html_of

    def from_notebook_node(self, nb, resources=None, **kw):
        where = resources["metadata"]
        page, _ = self.typeset_page(Path(where["path"]).name)
        self._section = page.sections[where["name"]]
        return super().from_notebook_node(nb, resources | {"footnotes": html_of(self._section.footnotes)}, **kw)

    @cache
    def page(self, paper: str) -> Page:
        """The paper's page of all that has been executed."""
        executed = {stem: paths.executed_path(paper, stem) for stem in notebooks.sections(paper)}
        there = {stem: nbformat.read(path, as_version=4) for stem, path in executed.items() if path.is_file()}
        return build_page(paper, there, len(there) == len(executed), lambda notebook: self._preprocess(notebook, {})[0])

    @cache
    def typeset_page(self, paper: str) -> tuple[Page, Markup]:
        """The same with its formulas typeset, and the glyphs that they share."""
        page = self.page(paper)
        return page, typeset(page)
