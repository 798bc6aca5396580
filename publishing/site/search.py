"""What a reader searches: an index of the text of all pages of the finished site, made by Pagefind.

Pagefind is given of each page its text alone. So nothing else can get into the index, and nothing of the search stands
in the pages but a button.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

from publishing import folders, paths, stamps
from publishing.errors import PublishingError
from publishing.files import below, digest_of
from publishing.memory import remembered
from publishing.programs import end, node, waiting

FOLDER, SCRIPT = "pagefind", "pagefind.js"  # where `assets/js/search.js` expects it, and what asks it
STAGE = "search"
_FORMULAS, _OMITTED = ".math", "…"
_NO_TEXT = "script, style, svg, nav, pre, button, .cell-input, .equation-side, .backlinks, .cite"
_NO_TEXT += ", .instrument-call, .post-byline, .post-categories, .section-tools, .toc-bar"
_SKIPPED = re.compile(rb"<(style|pre|math)\b.*?</\1>|</?(?:path|use|g|rect)\b[^>]*>", re.DOTALL)  # half of it
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")  # the places that a result leads to
_SCRIPT = Path(__file__).with_name("pagefind.mjs")
_DIALOG = re.compile(r"(ui|highlight)\.(css|js)$")  # Pagefind's own
_NO_LANGUAGE = "wasm.unknown.pagefind"  # for languages whose words it cannot reduce to stems


def is_possible() -> bool:
    """Whether Pagefind is there and runs; it comes as a program for some platforms, and is told by Node what to do."""
    try:
        return node() is not None and subprocess.run([program(), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def folder() -> Path:
    """What holds the index, and nothing else."""
    return paths.BUILD / STAGE


def loading() -> AbstractContextManager[Popen[str]]:
    """Pagefind, which loads while its pages are made, and waits for them."""
    return waiting([node(), _SCRIPT], env=os.environ | {"PAGEFIND_BINARY_PATH": str(program())})


def add(site: Path, loaded: Popen[str]) -> None:
    """Put the index of its pages into a finished site, by a Pagefind that is `loading`."""
    update(site, loaded)
    if folder().is_dir():  # else no page has a word yet
        shutil.copytree(folder() / FOLDER, site / FOLDER)


def update(site: Path, loaded: Popen[str] | None = None) -> None:
    """Bring the index up to date; it is made anew only where a text has changed."""
    texts = _texts(site, (path for path in below(site) if path.suffix == ".html" and path.name != "404.html"))
    tools = stamps.digests([paths.ROOT / "package-lock.json", Path(__file__), _SCRIPT])
    inputs = {"texts": digest_of(json.dumps(texts).encode()), **tools}
    if stamps.outputs_if_fresh(STAGE, inputs) is None:
        _make(texts, folder(), loaded)
        stamps.record(STAGE, inputs, folders.everything(folder()))


def of(site: Path, pages: Iterable[Path]) -> dict[str, bytes]:
    """The files of an index of these pages of a site alone."""
    with TemporaryDirectory() as temporary:
        made = Path(temporary) / STAGE
        _make(_texts(site, pages), made)
        return {path.relative_to(made).as_posix(): path.read_bytes() for path in below(made)}


def _texts(site: Path, pages: Iterable[Path]) -> dict[str, str]:
    return {str(path.relative_to(site)): text.decode() for path in pages if (text := _remembered(path))}


def _make(texts: dict[str, str], target: Path, loaded: Popen[str] | None = None) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if not texts:  # which Pagefind takes for a mistake
        return
    with nullcontext(loaded) if loaded else loading() as pagefind:
        _, said = pagefind.communicate(json.dumps({"pages": list(texts.items()), "target": str(target / FOLDER)}))
    if pagefind.returncode:
        of_system = re.search('message: "([^"]+)"', said)  # as on a full disk
        cause = of_system[1] if of_system else " ".join(said.split()[-20:])
        told = f"Pagefind made no index for the search: {cause}; try again"
        raise PublishingError(told if cause else end("Pagefind", pagefind.returncode))
    languages = json.loads((target / FOLDER / "pagefind-entry.json").read_bytes())["languages"].values()
    for path in below(target / FOLDER):
        if _DIALOG.search(path.name) or (path.name == _NO_LANGUAGE and all(one["wasm"] for one in languages)):
            path.unlink()


def program() -> Path:
    """Pagefind for this platform, where it is laid."""
    packages = paths.ROOT / "node_modules" / "@pagefind"
    found = (path for path in sorted(packages.glob("*/bin/pagefind*")) if path.suffix != ".sha256")
    return next(found, packages / "pagefind")


def _remembered(path: Path) -> bytes:
    head, closed, body = path.read_bytes().partition(b"</head>")
    page = head.partition(b"<style")[0] + body if closed else head  # a stylesheet changes no text
    return remembered(page, partial(_text, page), by=__file__)


def _text(page: bytes) -> bytes:
    """A page without code, navigation and what screen readers say; dots stand for a formula. Nothing, without words."""
    from bs4 import BeautifulSoup  # which a build that has nothing to do can do without

    soup = BeautifulSoup(_SKIPPED.sub(b"", page), "html.parser")
    main = soup.main or soup.body or soup
    for formula in main.select(_FORMULAS):
        formula.replace_with(_OMITTED)
    for one in main.select(_NO_TEXT):
        one.decompose()
    for cell in main.select("th, td"):
        cell.append(" ")  # or Pagefind writes a row as one word
    for one in main.find_all(True):
        one.attrs = {"id": one["id"]} if one.get("id") and one.name in _HEADINGS else {}
    if not main.get_text(strip=True):
        return b""
    language = soup.html.get("lang", "") if soup.html else ""
    return f'<!doctype html>\n<html lang="{language}">\n<body>\n{main}\n</body>\n</html>\n'.encode()
