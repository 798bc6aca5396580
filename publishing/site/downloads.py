"""The notebooks that a reader may download: executed, as Jupyter shows it, and in Markdown, as it was written."""

import nbformat

from publishing import posts, source
from publishing.contract import PRIVATE, SOURCE
from publishing.notebooks import path_of

_METADATA = ("kernelspec", "language_info")


def markdown(paper: str, stem: str) -> str:
    """The notebook as it was written. Its header is in a comment, where Jupytext reads it and Jekyll does not."""
    text = path_of(paper, stem).read_text(encoding="utf-8")
    front, rest = posts.split(text)
    return text if front is None else f"<!--\n\n---\n{front}---\n\n-->\n{rest}"


def download(notebook: nbformat.NotebookNode) -> str:
    """Text of the notebook without private MIME types and tracebacks, and with today's source of the package."""
    copy = nbformat.from_dict(notebook)
    copy.metadata = nbformat.from_dict({key: copy.metadata[key] for key in _METADATA if key in copy.metadata})
    for cell in copy.cells:
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
        for output in cell.get("outputs", []):
            _clean(output)
    return nbformat.writes(copy) + "\n"


def _clean(output: nbformat.NotebookNode) -> None:
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if reference := output.get("data", {}).get(SOURCE):
        output.data = nbformat.from_dict(source.source_bundle(reference["object"]))
    if "data" in output:
        output.data = {mime: value for mime, value in output.data.items() if not mime.startswith(PRIVATE)}
        output.metadata = {}
