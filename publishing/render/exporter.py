"""An executed notebook as it stands on the page of its paper, by nbconvert."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from traitlets.config import Config

from publishing import contract, notebooks, paths
from publishing.errors import PublishingError
from publishing.render.page import Page
from publishing.render.products import sections
from publishing.render.tree import build_page


class SectionExporter(Exporter):
    """Writes the section that a notebook becomes, among the executed ones of its paper, since they share a page.

    `jupyter nbconvert --to publishing.render.exporter.SectionExporter build/executed/ddpm/05-key-equations.ipynb`
    writes what the build does. What MyST's cell tags say not to show is taken out first.
    """

    file_extension = ".html"
    output_mimetype = "text/html"

    @property
    def default_config(self) -> Config:
        tags = {
            "remove_cell_tags": {contract.REMOVE_CELL},
            "remove_input_tags": {contract.REMOVE_INPUT},
            "remove_all_outputs_tags": {contract.REMOVE_OUTPUT},
        }
        return Config(super().default_config, TagRemovePreprocessor={"enabled": True, **tags})

    def from_notebook_node(self, nb, resources=None, **kw):
        resources = self._init_resources(resources)
        paper, stem = _place(**resources["metadata"])
        written = sections(self.page(paper, {stem: nb}))
        return written[paths.sections_dir(paper) / f"{stem}.html"], resources

    def page(self, paper: str, given: Mapping[str, NotebookNode] | None = None) -> Page:
        """The paper's page of all that has been executed, with the notebooks given, by their stems, in its place."""
        executed = {stem: paths.executed_path(paper, stem) for stem in notebooks.sections(paper)}
        there = {stem: nbformat.read(path, as_version=4) for stem, path in executed.items() if path.is_file()}
        there |= given or {}
        return build_page(paper, dict(sorted(there.items())), self.without_tagged, complete=len(there) == len(executed))

    def without_tagged(self, notebook: NotebookNode) -> NotebookNode:
        """The notebook without what its tags say not to show."""
        return self._preprocess(notebook, {})[0]


def _place(name: str, path: str = "", **_: Any) -> tuple[str, str]:
    """The paper and the section of a notebook, by its own name and its folder's."""
    paper = Path(path).resolve().name
    if paper not in notebooks.papers() or name not in notebooks.sections(paper):
        cause = f"{paper}/{name}.ipynb is no notebook of a paper"
        raise PublishingError(f"{cause}; give one of {paths.relative(paths.EXECUTED)}/, as its folder names it")
    return paper, name
