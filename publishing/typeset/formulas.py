"""The formulas of a page, each distinct one converted once, and the results kept as long as nothing changed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

from markdown_it.token import Token
from markupsafe import Markup

from publishing import files, paths
from publishing.errors import PublishingError
from publishing.render.nodes import Formula, Inline, walk
from publishing.render.page import Page
from publishing.render.serialise import liquid_safe

_SCRIPT = Path(__file__).with_name("typeset.mjs")
_OUTLINE = _SCRIPT.with_name("outline.mjs")
_TOUCHING_END, _TOUCHING_START = re.compile(r"(?<![^\s}])(?=[^\s}]*\Z)"), re.compile(r"(?=[\s}]|\Z)")


def typeset(page: Page) -> Markup:
    """Give every formula of the page its HTML; returns the glyphs that they share, which stand on the page once.

    Raises PublishingError with a line for each formula that is wrong, which names notebook, cell and formula.
    """
    written = [page.files[name] for name in sorted(page.files)]
    formulas = [node for node in walk(written) if isinstance(node, Formula)]
    counts = Counter((formula.tex, formula.display) for formula in formulas)
    distinct = {(formula.tex, formula.display): formula for formula in reversed(formulas)}  # where each stands first
    question = [{"tex": tex, "display": display, "count": counts[tex, display]} for tex, display in counts]
    result = _converted(page.paper, question)
    answers = dict(zip(counts, result["formulas"], strict=True))
    wrong = [
        f"{distinct[one].place}: {answer['error']}, in the formula “{' '.join(one[0].split())}”; fix it"
        for one, answer in answers.items()
        if "error" in answer
    ]
    if wrong:
        raise PublishingError("\n".join(wrong))
    for formula in formulas:
        formula.html = liquid_safe(answers[formula.tex, formula.display]["html"])
    _keep_together(written)
    return Markup(result["glyphs"])


def _keep_together(nodes: list) -> None:
    """Let no line end between a formula and what touches it, as in "(" or a comma."""
    for line in walk(nodes):
        if isinstance(line, Inline) or (isinstance(line, Token) and line.type == "inline"):
            line.children = _kept(_merged(line.children or []))


def _merged(children: list[Token]) -> list[Token]:
    """The same tokens, where pieces of text that touch each other are one."""
    merged: list[Token] = []
    for child in children:
        if child.type == "text" and merged and merged[-1].type == "text":
            merged[-1] = _text(merged[-1].content + child.content)
        else:
            merged.append(child)
    return merged


def _kept(children: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for place, child in enumerate(children):
        if not isinstance(child.meta.get("node"), Formula):
            kept.append(child)
            continue
        before = after = ""
        if kept and kept[-1].type == "text":
            text, before = _split(_TOUCHING_END, kept.pop().content)
            kept.append(_text(text))
        if place + 1 < len(children) and children[place + 1].type == "text":
            after, text = _split(_TOUCHING_START, children[place + 1].content)
            children[place + 1] = _text(text)
        box = [Token("kept_open", "span", 1, attrs={"class": "math-kept"}), Token("kept_close", "span", -1)]
        kept += [box[0], _text(before), child, _text(after), box[1]] if before or after else [child]
    return kept


def _split(pattern: re.Pattern, text: str) -> list[str]:
    return pattern.split(text, maxsplit=1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _converted(paper: str, formulas: list[dict]) -> dict:
    """What MathJax makes of the formulas; asked again only if they, the script or the locked packages changed."""
    question = json.dumps({paper: formulas})
    lock = paths.ROOT / "package-lock.json"
    question_and_tools = (question.encode(), _SCRIPT.read_bytes(), _OUTLINE.read_bytes(), lock.read_bytes())
    key = files.digest_of(b"\0".join(question_and_tools))
    kept = paths.typeset_file(paper)
    with suppress(ValueError, KeyError, TypeError):
        known = json.loads(files.read_sealed(kept) or b"{}")
        if known["key"] == key:
            return known["result"]
    result = json.loads(_mathjax(question))[paper]
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
