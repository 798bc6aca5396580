"""Mathematics of rendered fragments as static SVG, by MathJax in Node.

Formula by formula: the renderer's own elements are found in the fragments, each distinct formula is converted once,
and nothing else of a fragment is touched. A reader needs no script and no font.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from html import unescape
from pathlib import Path
from typing import NamedTuple

from publishing import files, folders, paths
from publishing.errors import PublishingError
from publishing.escaping import liquid_safe

_SCRIPT = Path(__file__).with_name("typeset.mjs")
_OUTLINE = _SCRIPT.with_name("outline.mjs")
# With the text that touches it: a line may end neither between "(" and a formula nor between a formula and its comma.
_FORMULA = re.compile(
    r"(?P<before>[^\s<>{}]*)"
    r'<(?P<element>span|div) class="math (?P<kind>inline|display)" data-cell="(?P<cell>\d+)">'
    r"(?P<tex>[^<]*)</(?P=element)>"
    r"(?P<after>[^\s<>{}]*)"
)


class Formula(NamedTuple):
    """A formula as MathJax is given it."""

    tex: str
    display: bool


def typeset(papers: list[str]) -> int:
    """Typeset every fragment of these papers, and of no other, for Jekyll to include; returns the number of formulas.

    Writes nothing unless every formula is right, and then raises PublishingError with a line for each wrong one that
    names notebook, cell and formula.
    """
    fragments = {paper: _read(paper) for paper in papers}
    places = {paper: _places(paper, pages) for paper, pages in fragments.items()}
    result = _converted({paper: _question(found, fragments[paper]) for paper, found in places.items()})
    _check(places, result)
    count, sections = 0, {}
    for paper, pages in fragments.items():
        folder = paths.sections_dir(paper)
        html = dict(zip(places[paper], (one["html"] for one in result[paper]["formulas"]), strict=True))
        sections[folder / "glyphs.html"] = result[paper]["glyphs"]
        for name, page in pages.items():
            sections[folder / name], formulas = _FORMULA.subn(partial(_replaced, html), page)
            count += formulas
    folders.bring(sections)
    folders.sweep([paths.SECTIONS], sections)
    return count


def _read(paper: str) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(paths.fragments_dir(paper).glob("*.html"))}


def _formula(found: re.Match) -> Formula:
    return Formula(unescape(found["tex"]), found["kind"] == "display")


def _replaced(html: dict[Formula, str], found: re.Match) -> str:
    whole = f"{found['before']}{html[_formula(found)]}{found['after']}"
    return f'<span class="math-kept">{whole}</span>' if found["before"] or found["after"] else whole


def _places(paper: str, pages: dict[str, str]) -> dict[Formula, str]:
    """Each distinct formula and where it stands first; the sections come before the tables made from them."""
    places: dict[Formula, str] = {}
    for name, page in pages.items():
        for found in _FORMULA.finditer(page):
            places.setdefault(_formula(found), f"{paper}/{Path(name).stem}, cell {found['cell']}")
    return places


def _question(places: dict[Formula, str], pages: dict[str, str]) -> list[dict]:
    counts = Counter(_formula(found) for page in pages.values() for found in _FORMULA.finditer(page))
    return [formula._asdict() | {"count": counts[formula]} for formula in places]


def _check(places: dict[str, dict[Formula, str]], result: dict) -> None:
    wrong = [
        f"{place}: {one['error']}, in the formula “{' '.join(formula.tex.split())}”; mend it"
        for paper, found in places.items()
        for (formula, place), one in zip(found.items(), result[paper]["formulas"], strict=True)
        if "error" in one
    ]
    if wrong:
        raise PublishingError("\n".join(wrong))


def _converted(formulas: dict[str, list[dict]]) -> dict:
    """What MathJax makes of the formulas; asked again only if they, the script or the locked packages changed."""
    question = json.dumps(formulas)
    lock = paths.ROOT / "package-lock.json"
    question_and_tools = (question.encode(), _SCRIPT.read_bytes(), _OUTLINE.read_bytes(), lock.read_bytes())
    key = files.digest_of(b"\0".join(question_and_tools))
    with suppress(ValueError, KeyError, TypeError):
        known = json.loads(files.read_sealed(paths.TYPESET) or b"{}")
        if known["key"] == key:
            return known["result"]
    result = _escaped(json.loads(_mathjax(question)))
    files.write_sealed(paths.TYPESET, json.dumps({"key": key, "result": result}).encode())
    return result


def _escaped(result: dict) -> dict:
    for paper in result.values():
        for one in paper["formulas"]:
            if "html" in one:
                one["html"] = liquid_safe(one["html"])
    return result


def _mathjax(question: str) -> str:
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    node = shutil.which("node", path=here)
    if node is None:
        raise PublishingError("typesetting needs Node, which is not installed here; run `python3 bootstrap.py site`")
    run = subprocess.run([node, _SCRIPT], input=question, capture_output=True, encoding="utf-8", check=False)
    if run.returncode != 0:
        cause = next((line.strip() for line in run.stderr.splitlines() if "Error" in line), "it gave no reason")
        raise PublishingError(f"typesetting stopped: {cause}; run npm ci, and make again")
    return run.stdout
