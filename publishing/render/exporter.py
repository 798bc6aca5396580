"""An executed notebook as it stands on its page, by nbconvert."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode, v4
from traitlets.config import Config

from publishing import contract, notebooks, paths
from publishing.errors import PublishingError
from publishing.notebooks import is_study, slug_of
from publishing.render.page import Paper
from publishing.render.products import sections
from publishing.render.tree import build_paper, finish

_REMOVING = (contract.REMOVE_CELL, contract.REMOVE_INPUT, contract.REMOVE_OUTPUT)


class SectionExporter(Exporter):
    """Writes what a notebook becomes, among the executed ones of its paper, to which it links.

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
        once = {"optimistic_validation": True}  # not after each of eleven preprocessors
        return Config(super().default_config, Exporter=once, TagRemovePreprocessor={"enabled": True, **tags})

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._built: dict[str, Paper] = {}

    def from_notebook_node(self, nb, resources=None, **kw):
        resources = self._init_resources(resources)
        paper, stem = _place(**resources["metadata"])
        page = self.paper(paper, {stem: nb}).pages[slug_of(stem)]
        name = "text" if is_study(stem) else stem
        return sections(paper, [page])[paths.SECTIONS / paper / page.name / f"{name}.html"], resources

    def paper(self, name: str, given: Mapping[str, NotebookNode] | None = None) -> Paper:
        """The pages of all that has been executed, with the notebooks given, by their stems, in its place."""
        paper = self.draft(name, given)
        paper.faults.tell()
        return paper

    def draft(self, name: str, given: Mapping[str, NotebookNode] | None = None) -> Paper:
        """The same pages, though they may have faults."""
        if given:
            self._built[name] = self._unlinked(name, given)
        paper = self._linked_to(name)
        finish(paper, self._linked_to)
        return paper

    def excerpt(self, name: str, notebooks: Mapping[str, NotebookNode]) -> Paper:
        """The pages of these notebooks alone, executed or not, to find what is wrong with them."""
        paper = build_paper(name, dict(sorted(notebooks.items())), self.without_tagged, complete=False)
        finish(paper, lambda other: Paper(other, {}, complete=False))
        return paper

    def _linked_to(self, name: str) -> Paper:
        """A paper to which another one may link: where its ids stand is all that counts then."""
        if name not in self._built:
            self._built[name] = self._unlinked(name, {})
        return self._built[name]

    def _unlinked(self, name: str, given: Mapping[str, NotebookNode]) -> Paper:
        executed = {stem: paths.executed_path(name, stem) for stem in notebooks.every(name)}
        there = {stem: v4.reads(path.read_text(encoding="utf-8")) for stem, path in executed.items() if path.is_file()}
        there |= given
        return build_paper(name, dict(sorted(there.items())), self.without_tagged, complete=len(there) == len(executed))

    def without_tagged(self, notebook: NotebookNode) -> NotebookNode:
        """The notebook without what its tags say not to show; as it is, where none says so, which takes no time."""
        tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
        return notebook if tags.isdisjoint(_REMOVING) else self._preprocess(notebook, {})[0]


def _place(name: str, path: str = "", **_: Any) -> tuple[str, str]:
    """The paper and the stem of a notebook, by its own name and its folder's."""
    folder = Path(path).resolve()
    paper = paths.paper_of(folder)
    stem = name if folder.name == paper else f"{folder.name}/{name}"
    if paper not in notebooks.papers() or stem not in notebooks.every(paper):
        cause = f"{paper}/{stem}.ipynb is no notebook of a paper"
        raise PublishingError(f"{cause}; give one of {paths.relative(paths.EXECUTED)}/, as its folder names it")
    return paper, stem
