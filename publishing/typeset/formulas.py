"""The formulas of pages, each distinct one converted once, and the results kept as long as nothing changed."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from publishing import files, macros, paths
from publishing.errors import PublishingError

_SCRIPT = Path(__file__).with_name("typeset.mjs")
_OUTLINE = _SCRIPT.with_name("outline.mjs")


@dataclass
class Formula:
    """TeX, where it stands, and the HTML that MathJax made of it, once it did."""

    tex: str
    display: bool
    place: str
    html: str | None = None


def typeset(pages: Mapping[str, list[Formula]], paper: str) -> dict[str, str]:
    """Give every formula of a paper's pages its HTML; returns for each page the glyphs that stand on it once.

    They may use the paper's macros. Raises PublishingError with a line for each formula that is wrong, which names
    notebook, cell and formula.
    """
    known = macros.read(paper)
    told = {macro.name[1:]: macro.told for macro in known}
    counts = {page: Counter(map(_key, formulas)) for page, formulas in pages.items()}
    results = _converted({page: {"macros": told, "formulas": _asked(counts[page])} for page in pages})
    taken = {name for result in results.values() for name in result["taken"]}
    if macro := next((macro for macro in known if macro.name[1:] in taken), None):
        cause = f"{macro.name} is a command of TeX; give the macro another name"
        raise PublishingError(macros.place(paper, macro.line, cause))
    wrong = []
    for page, formulas in pages.items():
        answers = dict(zip(counts[page], results[page]["formulas"], strict=True))
        first = {_key(formula): formula for formula in reversed(formulas)}
        wrong += [_told(first[key], answer["error"]) for key, answer in answers.items() if "error" in answer]
        for formula in formulas:
            formula.html = answers[_key(formula)].get("html")
    if wrong:
        raise PublishingError("\n".join(wrong))
    return {page: result["glyphs"] for page, result in results.items()}


def _key(formula: Formula) -> tuple[str, bool]:
    return formula.tex, formula.display


def _asked(counts: Counter[tuple[str, bool]]) -> list[dict]:
    return [{"tex": tex, "display": display, "count": count} for (tex, display), count in counts.items()]


def _told(formula: Formula, error: str) -> str:
    return f"{formula.place}: {error}, in the formula “{' '.join(formula.tex.split())}”; fix it"


def _converted(questions: dict[str, dict]) -> dict[str, dict]:
    """What MathJax makes of each page's formulas and macros; it is started once, if at all.

    A page is asked about again only if they, the script or the lock changed.
    """
    lock = paths.ROOT / "package-lock.json"
    tools = b"\0".join(path.read_bytes() for path in (_SCRIPT, _OUTLINE, lock))
    keys = {
        page: files.digest_of(json.dumps({page: told}).encode() + b"\0" + tools) for page, told in questions.items()
    }
    results = {page: result for page, key in keys.items() if (result := _kept(page, key))}
    asked = {page: told for page, told in questions.items() if page not in results}
    for page, result in (json.loads(_mathjax(json.dumps(asked))) if asked else {}).items():
        files.write_sealed(paths.typeset_file(page), json.dumps({"key": keys[page], "result": result}).encode())
        results[page] = result
    return results


def _kept(page: str, key: str) -> dict | None:
    """What was kept, if it answers this question."""
    with suppress(ValueError, KeyError, TypeError):
        known = json.loads(files.read_sealed(paths.typeset_file(page)) or b"{}")
        return known["result"] if known["key"] == key else None
    return None


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
