"""The executed notebook that a reader may download: what Jupyter shows, and nothing of this machine or this package."""

import nbformat

from publishing import source

_PRIVATE = "application/vnd.paper-"
_METADATA = ("kernelspec", "language_info")


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
    if reference := output.get("data", {}).get(source.MIME):
        output.data = nbformat.from_dict(source.source_bundle(reference["object"]))
    if "data" in output:
        output.data = {mime: value for mime, value in output.data.items() if not mime.startswith(_PRIVATE)}
        output.metadata = {}
