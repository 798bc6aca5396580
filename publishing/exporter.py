"""An executed notebook as an HTML fragment, by nbconvert with a template of our own."""

import re
from pathlib import Path

import nbformat
from nbconvert.exporters import TemplateExporter
from traitlets.config import Config

from publishing.deferral import block
from publishing.diagrams import expand
from publishing.escaping import liquid_safe
from publishing.highlighting import code_html
from publishing.listings import folded, one_fold
from publishing.markdown import prose
from publishing.outputs import output_html
from publishing.section import Section
from publishing.tools import tools

_CLAIM = re.compile(r'<p class="claim".*?</p>\n')
_CLAIMS = re.compile(f"(?:{_CLAIM.pattern})+")  # those that follow each other stand together
CLAIMS_SHOWN = 3  # and the others behind a fold, if they are several


class FragmentExporter(TemplateExporter):
    """Understands MyST's cell tags; leaves formulas as TeX, and `paper_diagram.html` as the only Liquid."""

    template_name = "fragment"
    extra_template_basedirs = [str(Path(__file__).parent / "templates")]
    file_extension = ".html"
    output_mimetype = "text/html"
    section: Section

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
        yield "code_html", code_html
        yield "output_html", self._output_html
        yield "block", self._block
        yield "folded_code", self._folded_code

    def fragment(self, notebook: nbformat.NotebookNode, section: Section) -> str:
        """The fragment of one section; what it holds is checked on the way."""
        self.section = section
        for number, cell in enumerate(notebook.cells, 1):
            cell.metadata["number"] = section.cell = number
            if cell.cell_type == "raw":
                raise section.error("a raw cell would not be shown as it is; make it Markdown or code")
        shown = {cell.metadata["number"]: cell.source for cell in notebook.cells if _is_prose(cell)}
        html, footnotes = prose(shown, section)
        resources = {"stem": section.stem, "prose": html, "footnotes": footnotes}
        html, _ = self.from_notebook_node(nbformat.from_dict(notebook | {"cells": one_fold(notebook.cells)}), resources)
        html = html.replace("</h2>\n", f"</h2>\n{section.keep(tools(html, section))}", 1)
        return expand(liquid_safe(html), section)

    def _block(self, html: str, cell: nbformat.NotebookNode, kind: str = "") -> str:
        self.section.cell = cell.metadata["number"]
        return block(_CLAIMS.sub(_together, html), self.section, kind)

    def _folded_code(self, cell: nbformat.NotebookNode) -> str:
        self.section.cell = cell.metadata["number"]
        return folded(code_html(cell.source), cell.outputs, self.section)

    def _output_html(self, output: nbformat.NotebookNode, cell: nbformat.NotebookNode) -> str:
        self.section.cell = cell.metadata["number"]
        if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            raise self.section.error(f"raised {output.ename}; mend it, or tag the cell raises-exception")
        return output_html(output, self.section)


def _together(found: re.Match) -> str:
    claims = _CLAIM.findall(found[0])
    first, more = claims[:CLAIMS_SHOWN], claims[CLAIMS_SHOWN:]
    if len(more) == 1:
        first, more = claims, []
    fold = f"<details><summary>{len(more)} more checks</summary>\n{''.join(more)}</details>\n" if more else ""
    return f'<div class="claims">\n{"".join(first)}{fold}</div>\n'


def _is_prose(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and "remove-cell" not in cell.metadata.get("tags", [])
