"""The notebooks that a reader may download: executed, as Jupyter shows it, and in Markdown, as it was written."""

import re
from base64 import b64encode
from collections.abc import Iterable
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import unquote

import nbformat

from publishing import paths, posts, source
from publishing.contract import PRIVATE, SOURCE
from publishing.notebooks import path_of

_PICTURE = re.compile(r"!\[[^\]]*\]\(([^\s()]+)")
_METADATA = ("kernelspec", "language_info")


def of(paper: str, stems: Iterable[str]) -> dict[Path, str]:
    """Both, of each of these sections."""
    texts = {f"{stem}.ipynb": _executed(paper, stem) for stem in stems}
    texts |= {f"{stem}.md": _markdown(paper, stem) for stem in stems}
    return {paths.downloads_dir(paper) / name: text for name, text in texts.items()}


def _markdown(paper: str, stem: str) -> str:
    """The notebook as it was written. Its header is in a comment, where Jupytext reads it and Jekyll does not."""
    text = path_of(paper, stem).read_text(encoding="utf-8")
    front, rest = posts.split(text)
    return text if front is None else f"<!--\n\n---\n{front}---\n\n-->\n{rest}"


def _executed(paper: str, stem: str) -> str:
    """The notebook without private MIME types and tracebacks, with today's source of the package, and with pictures."""
    notebook = nbformat.read(paths.executed_path(paper, stem), as_version=4)
    notebook.metadata = {key: notebook.metadata[key] for key in _METADATA if key in notebook.metadata}
    for cell in notebook.cells:
        cell.metadata = {"tags": tags} if (tags := cell.metadata.get("tags")) else {}
        for output in cell.get("outputs", []):
            _clean(output)
        if cell.cell_type == "markdown":
            _attach_pictures(cell, path_of(paper, stem).parent)
    return nbformat.writes(notebook) + "\n"


def _attach_pictures(cell: nbformat.NotebookNode, folder: Path) -> None:
    """Put the pictures of a cell into it, as Jupyter does where one is dropped, since their files stay here."""
    attached = {}
    for name in _PICTURE.findall(cell.source):
        if (kind := guess_type(name, strict=False)[0]) and (path := folder / unquote(name)).is_file():
            attached[name] = {kind: b64encode(path.read_bytes()).decode()}
    if attached:
        cell.source = _PICTURE.sub(
            lambda found: found[0].replace("](", "](attachment:") if found[1] in attached else found[0], cell.source
        )
        cell.attachments = attached


def _clean(output: nbformat.NotebookNode) -> None:
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if reference := output.get("data", {}).get(SOURCE):
        output.data = source.source_bundle(reference)
    if "data" in output:
        output.data = {mime: value for mime, value in output.data.items() if not mime.startswith(PRIVATE)}
        output.metadata = {}
