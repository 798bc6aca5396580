"""The formulas of a page, each distinct one converted once, and the results kept as long as nothing changed."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
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


def typeset(page: str, formulas: list[Formula], paper: str) -> str:
    """Give every formula of a page its HTML; returns the glyphs that they share, which stand on it once.

    They may use the paper's macros. Raises PublishingError with a line for each formula that is wrong, which names
    notebook, cell and formula.
    """
    counts = Counter((formula.tex, formula.display) for formula in formulas)
    known = macros.read(paper)
    question = {
        "macros": {macro.name[1:]: macro.told for macro in known},
        "formulas": [{"tex": tex, "display": display, "count": count} for (tex, display), count in counts.items()],
    }
    result = _converted(page, question)
    if taken := [macro for macro in known if macro.name[1:] in result["taken"]]:
        cause = f"{taken[0].name} is a command of TeX; give the macro another name"
        raise PublishingError(macros.place(paper, taken[0].line, cause))
    answers = dict(zip(counts, result["formulas"], strict=True))
    first = {(formula.tex, formula.display): formula for formula in reversed(formulas)}
    wrong = [
        f"{first[key].place}: {answer['error']}, in the formula “{' '.join(first[key].tex.split())}”; fix it"
        for key, answer in answers.items()
        if "error" in answer
    ]
    if wrong:
        raise PublishingError("\n".join(wrong))
    for formula in formulas:
        formula.html = answers[formula.tex, formula.display]["html"]
    return result["glyphs"]


def _converted(page: str, told: dict) -> dict:
    """What MathJax makes of these formulas and macros; asked again only if they, the script or the lock changed."""
    question = json.dumps({page: told})
    lock = paths.ROOT / "package-lock.json"
    question_and_tools = (question.encode(), _SCRIPT.read_bytes(), _OUTLINE.read_bytes(), lock.read_bytes())
    key = files.digest_of(b"\0".join(question_and_tools))
    kept = paths.typeset_file(page)
    with suppress(ValueError, KeyError, TypeError):
        known = json.loads(files.read_sealed(kept) or b"{}")
        if known["key"] == key:
            return known["result"]
    result = json.loads(_mathjax(question))[page]
    files.write_sealed(kept, json.dumps({"key": key, "result": result}).encode())
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
