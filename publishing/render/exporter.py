"""An executed notebook as it stands on the page of its paper, by nbconvert."""

from functools import cache
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbconvert.exporters import Exporter
from traitlets.config import Config

from publishing import contract, notebooks, paths
from publishing.render.nodes import walk
from publishing.render.page import Page
from publishing.render.serialise import html_of
from publishing.render.together import keep_together
from publishing.render.tree import build_page
from publishing.typeset.formulas import Formula, typeset


class SectionExporter(Exporter):
    """Reads an executed notebook of a paper with its neighbours, since they share a page, and writes its section.

    `jupyter nbconvert --to publishing.render.exporter.SectionExporter build/executed/ddpm/05-key-equations.ipynb`
    writes what the build does. What MyST's cell tags say not to show is taken out first.
    """

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self, **kw):
        super().__init__(**kw)
        self.page, self.typeset_page = cache(self._page), cache(self._typeset_page)

    @property
    def default_config(self) -> Config:
        tags = {
            "remove_cell_tags": {contract.REMOVE_CELL},
            "remove_input_tags": {contract.REMOVE_INPUT},
            "remove_all_outputs_tags": {contract.REMOVE_OUTPUT},
        }
        return Config(super().default_config, TagRemovePreprocessor={"enabled": True, **tags})

    def from_notebook_node(self, nb, resources=None, **kw):
        _, resources = super().from_notebook_node(nb, resources, **kw)
        where = resources["metadata"]
        page, _ = self.typeset_page(Path(where["path"]).name)
        return html_of(page.sections[where["name"]]), resources

    def _page(self, paper: str) -> Page:
        """The paper's page of all that has been executed."""
        executed = {stem: paths.executed_path(paper, stem) for stem in notebooks.sections(paper)}
        there = {stem: nbformat.read(path, as_version=4) for stem, path in executed.items() if path.is_file()}
        return build_page(paper, there, self.without_tagged, complete=len(there) == len(executed))

    def without_tagged(self, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
        """The notebook without what its tags say not to show."""
        return self._preprocess(notebook, {})[0]

    def _typeset_page(self, paper: str) -> tuple[Page, Markup]:
        """The same page with its formulas typeset, and the glyphs that they share."""
        page = self.page(paper)
        written = [page.files[name] for name in sorted(page.files)]
        glyphs = typeset(paper, [node for node in walk(written) if isinstance(node, Formula)])
        keep_together(written)
        return page, Markup(glyphs)
