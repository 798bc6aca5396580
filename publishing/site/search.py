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
from html import escape
from html.parser import HTMLParser
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
_FORMULA, _OMITTED = "math", "…"  # which is a class, and an element
_ELEMENTS = {_FORMULA, "script", "style", "svg", "nav", "pre", "button"}  # that hold no text
_CLASSES = {_FORMULA, "cell-input", "equation-side", "backlinks", "cite", "instrument-call", "post-byline"}
_CLASSES |= {"post-categories", "section-tools", "toc-bar"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_HEADINGS, _CELLS, _WHOLE = ("h2", "h3", "h4", "h5", "h6"), ("th", "td"), ("body", "main")
_SCRIPT = Path(__file__).with_name("pagefind.mjs")
_DIALOG = re.compile(r"(ui|highlight)\.(css|js)$")  # Pagefind's own
_NO_LANGUAGE = "wasm.unknown.pagefind"  # for languages whose words it cannot reduce to stems


def is_possible() -> bool:
    """Whether Pagefind is there and runs; it comes as a program for some platforms, and is told by Node what to do."""
    try:
        return node() is not None and subprocess.run([program(), "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def loading() -> AbstractContextManager[Popen[str]]:
    """Pagefind, which loads while its pages are made, and waits for them."""
    return waiting([node(), _SCRIPT], env=os.environ | {"PAGEFIND_BINARY_PATH": str(program())})


def add(site: Path, loaded: Popen[str]) -> None:
    """Put the index of its pages into a finished site, by a Pagefind that is `loading`."""
    update(site, loaded)
    if paths.SEARCH.is_dir():  # else no page has a word yet
        shutil.copytree(paths.SEARCH / FOLDER, site / FOLDER)


def update(site: Path, loaded: Popen[str] | None = None) -> None:
    """Bring the index up to date; it is made anew only where a text has changed."""
    texts = _texts(site, (path for path in below(site) if path.suffix == ".html" and path.name != "404.html"))
    tools = stamps.digests([paths.ROOT / "package-lock.json", Path(__file__), _SCRIPT])
    inputs = {"texts": digest_of(json.dumps(texts).encode()), **tools}
    if stamps.outputs_if_fresh(STAGE, inputs) is None:
        _make(texts, paths.SEARCH, loaded)
        stamps.record(STAGE, inputs, folders.everything(paths.SEARCH))


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
    found = _Text()
    found.feed(page.decode())
    found.close()
    if not found.has_words:
        return b""
    return f'<!doctype html>\n<html lang="{found.language}">\n<body>\n{found.text}\n</body>\n</html>\n'.encode()


class _Text(HTMLParser):
    """What stands in `main`, or in the whole body: its elements, bare but for the places that a result leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.language, self.text, self.has_words = "", "", False
        self._left_out: list[str] = []  # an element that is not looked into, and those of its name in it

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            self._left_out += [tag] * (tag == self._left_out[0])
            return
        given = dict(attributes)
        classes = set((given.get("class") or "").split())
        if tag == "html":
            self.language = given.get("lang") or ""
        elif tag in _WHOLE:
            self.text, self.has_words = "", False
        elif tag in _ELEMENTS or classes & _CLASSES:
            self.handle_data(_OMITTED * (_FORMULA in classes or tag == _FORMULA))
            self._left_out = [tag] * (tag not in _VOID)
        else:
            place = f' id="{escape(given["id"] or "")}"' if tag in _HEADINGS and "id" in given else ""
            self.text += f"<{tag}{place}>"

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            self._left_out = self._left_out[tag == self._left_out[0] :]
        elif tag in _WHOLE:
            self._left_out = [tag]  # with all that follows
        else:
            self.text += " " * (tag in _CELLS) + f"</{tag}>"  # or Pagefind writes a row as one word

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.text += escape(data, quote=False)
            self.has_words |= bool(data.strip())
