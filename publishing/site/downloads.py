"""The notebooks that a reader may download: executed, as Jupyter shows it, and in Markdown, as it was written.

What they link to and show stays here. So links lead to the site; where that has no address yet, or shows no such file,
to the file in the repository.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import quote, unquote

from nbformat import NotebookNode, v4

from publishing import paths, posts
from publishing.contract import PRIVATE
from publishing.folders import has_file
from publishing.memory import remembered
from publishing.notebooks import path_of
from publishing.render.page import Page, Paper

_PICTURE = re.compile(r"!\[[^\]]*\]\(([^\s()]+)")
_CODE_OR_TARGET = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?s:.*?)^(?P=fence)[ \t]*$|(?:(?<=\]\()|(?<=\]: ))[^\s():]+(?=[\s)]|$)", re.MULTILINE
)
_METADATA = ("kernelspec", "language_info")


def of(paper: Paper, site: str, repository: str | None) -> dict[Path, str]:
    """Both, of each notebook of a paper, by the address of the site and the repository's `owner/name` on GitHub."""
    texts = {}
    for page in paper.pages.values():
        for stem in page.sections:
            lead = partial(_lead, page, path_of(paper.name, stem).parent, site, repository)
            texts[f"{stem}.ipynb"] = _executed(paper.name, stem, lead)
            texts[f"{stem}.md"] = _CODE_OR_TARGET.sub(lead, _markdown(paper.name, stem))
    return {paths.DOWNLOADS / paper.name / name: text for name, text in texts.items()}


def _lead(page: Page, folder: Path, site: str, repository: str | None, found: re.Match) -> str:
    """The target of a link or a picture, as it is found from anywhere; code as it is."""
    target = found[0]
    if found["fence"]:
        return target
    if site and target in page.addresses:
        return site + page.addresses[target]
    name, mark, place = target.partition("#")
    path = (folder / unquote(name)).resolve()
    if repository and path.is_relative_to(paths.ROOT) and has_file(path):
        shown = "raw" if (guess_type(name)[0] or "").startswith("image/") else "blob"
        return f"https://github.com/{repository}/{shown}/HEAD/{quote(paths.relative(path))}{mark}{place}"
    return target


def _markdown(paper: str, stem: str) -> str:
    """The notebook as it was written. Its header is in a comment, where Jupytext reads it and Jekyll does not."""
    text = path_of(paper, stem).read_text(encoding="utf-8")
    front, rest = posts.split(text)
    return text if front is None else f"<!--\n\n---\n{front}---\n\n-->\n{rest}"


def _executed(paper: str, stem: str, lead: Callable[[re.Match], str]) -> str:
    """The notebook without private MIME types and tracebacks, and with its pictures."""
    notebook = v4.reads(paths.executed_path(paper, stem).read_text(encoding="utf-8"))
    notebook.metadata = {key: notebook.metadata[key] for key in _METADATA if key in notebook.metadata}
    for cell in notebook.cells:
        cell.metadata = {"tags": tags} if (tags := cell.metadata.get("tags")) else {}
        for output in cell.get("outputs", []):
            _clean(output)
        if cell.cell_type == "markdown":
            _attach_pictures(cell, path_of(paper, stem).parent)
            cell.source = _CODE_OR_TARGET.sub(lead, cell.source)
    return remembered(
        json.dumps(notebook).encode(), lambda: (v4.writes(notebook) + "\n").encode(), by=__file__
    ).decode()


def _attach_pictures(cell: NotebookNode, folder: Path) -> None:
    """Put the pictures of a cell into it, as Jupyter does where one is dropped."""
    attached = {}
    for name in _PICTURE.findall(cell.source):
        if (kind := guess_type(name, strict=False)[0]) and has_file(path := folder / unquote(name)):
            attached[name] = {kind: b64encode(path.read_bytes()).decode()}
    if attached:
        cell.source = _PICTURE.sub(
            lambda found: found[0].replace("](", "](attachment:") if found[1] in attached else found[0], cell.source
        )
        cell.attachments = attached


def _clean(output: NotebookNode) -> None:
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if "data" in output:
        output.data = {mime: value for mime, value in output.data.items() if not mime.startswith(PRIVATE)}
        output.metadata = {}
