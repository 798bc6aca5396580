"""The formulas of pages, each distinct one converted once, and the results kept as long as nothing changed."""

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from signal import SIGKILL, SIGTERM
from subprocess import PIPE
from tempfile import TemporaryFile
from textwrap import shorten
from typing import IO

import psutil

from publishing import files, macros, paths
from publishing.errors import PublishingError
from publishing.programs import end, node

_SCRIPT = Path(__file__).with_name("typeset.mjs")
_OUTLINE = _SCRIPT.with_name("outline.mjs")
_TURN = "formula "  # begins the line that names the formula whose turn has come: its page, its number
_SECONDS = 20.0  # of a processor, that a formula may take; most take a hundredth of one
_PATIENCE = 20  # times that by the clock, for what waits
_SHOWN = 300  # letters of a formula that is wrong
_EVERY = 0.5  # seconds between two looks at the time
_DRAWN = 5000  # drawings kept for a paper, the last ones


_SUBSTITUTES = {  # for commands of packages that are not there
    r"\bm \boldmath \bbm \vb \vect": r"\boldsymbol{x}",
    r"\mathds \mathbbm": r"\mathbf{1}",
    r"\ce \cee": r"\mathrm{H_2O}",
    r"\dv \odv \derivative \diff": r"\frac{\mathrm{d}f}{\mathrm{d}x}",
    r"\pdv \pd": r"\frac{\partial f}{\partial x}",
    r"\dd": r"\mathrm{d}x",
    r"\SI \si \qty \unit \num": r"5\,\mathrm{m}",
    r"\abs": r"\lvert x \rvert",
    r"\norm": r"\lVert x \rVert",
    r"\argmin \argmax": r"\operatorname*{arg\,min}",
    r"\KL \Tr \tr \rank \diag \sign \Var \Cov \sigmoid \softmax": r"\operatorname{Var}",
    r"\nicefrac \sfrac": r"\tfrac{1}{2}",
    r"\grad": r"\nabla f",
    r"\textsc \emph \hl \ensuremath": r"\text{words}",
    r"\degree": r"^\circ",
}


class _Stopped(Exception):
    """MathJax did not come to its end; `page` and `number` name the formula at which it was, if it had begun."""

    def __init__(self, cause: str, turn: str):
        super().__init__(cause)
        page, _, number = turn.partition(" ")
        self.page, self.number = page, int(number or 0)


@dataclass
class Formula:
    """TeX, where it stands, and the HTML that MathJax made of it, once it did."""

    tex: str
    display: bool
    place: str
    html: str | None = None


def typeset(pages: Mapping[str, list[Formula]], paper: str) -> dict[str, str]:
    """Give every formula of a paper's pages its HTML; returns for each page the glyphs that stand on it once.

    They may use the paper's macros. Raises PublishingError with a line for each macro and formula that is wrong, which
    names notebook, cell and formula.
    """
    known, wrong = macros.known_and_wrong(paper)
    told = {macro.name[1:]: macro.told for macro in known}
    counts = {page: Counter(map(_key, formulas)) for page, formulas in pages.items()}
    try:
        results = _converted(paper, {page: {"macros": told, "formulas": _asked(counts[page])} for page in pages})
    except _Stopped as stopped:
        if not stopped.page:
            raise PublishingError(f"typesetting stopped: {stopped}; run npm ci, and make again") from None
        key = list(counts[stopped.page])[stopped.number]
        formula = next(formula for formula in pages[stopped.page] if _key(formula) == key)
        raise PublishingError(_told(formula, str(stopped))) from None
    taken = {name for result in results.values() for name in result["taken"]}
    if macro := next((macro for macro in known if macro.name[1:] in taken), None):
        cause = f"{macro.name} is a command of TeX; give the macro another name"
        raise PublishingError(macros.place(paper, macro.line, cause))
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
    shown = shorten(formula.tex, _SHOWN, placeholder=" …")
    return f"{formula.place}: {error}, in the formula “{shown}”; {_remedy(formula, error)}"


def _remedy(formula: Formula, error: str) -> str:
    """What to write in place of a command that MathJax, and JupyterLab, know from no package."""
    if not (unknown := re.fullmatch(r"Undefined control sequence (\\[A-Za-z]+)", error)):
        return "fix it"
    if name := next((one for one in _SUBSTITUTES if unknown[1] in one.split()), None):
        return f"write {_SUBSTITUTES[name]}"
    file = f"notebooks/{formula.place.partition('/')[0]}/macros.tex"
    return rf"define it on a line of {file}: \newcommand{{{unknown[1]}}}{{…}}"


def _converted(paper: str, questions: dict[str, dict]) -> dict[str, dict]:
    """What MathJax makes of each page's formulas and macros; it is started once, if at all.

    A page is asked about again only if they, the script or the lock changed; and only what is new there is drawn.
    """
    lock = paths.ROOT / "package-lock.json"
    tools = b"\0".join(path.read_bytes() for path in (_SCRIPT, _OUTLINE, lock))
    keys = {page: _digest({page: told}, tools) for page, told in questions.items()}
    results = {page: result for page, key in keys.items() if (result := _kept(page, key))}
    asked = {page: told for page, told in questions.items() if page not in results}
    if not asked:
        return results
    file, of_tools = f"{paper}.formulas", _digest([], tools)
    drawn = _kept(file, of_tools) or {}
    formulas = {page: [(_drawn_by(told, one), one) for one in told["formulas"]] for page, told in asked.items()}
    for name, formula in chain.from_iterable(formulas.values()):
        formula["drawn"] = drawn.get(name)
    for page, result in json.loads(_mathjax(json.dumps(asked))).items():
        for (name, _), answer in zip(formulas[page], result["formulas"], strict=True):
            if one := answer.pop("drawn", None):
                drawn[name] = one
        _keep(page, keys[page], result)
        results[page] = result
    _keep(file, of_tools, dict([*drawn.items()][-_DRAWN:]))
    return results


def _digest(told: object, tools: bytes) -> str:
    return files.digest_of(json.dumps(told).encode() + b"\0" + tools)


def _drawn_by(told: dict, formula: dict) -> str:
    """The name under which its drawing is kept, which follows from TeX, style and macros."""
    return _digest([formula["tex"], formula["display"], told["macros"]], b"")


def _keep(name: str, key: str, result: dict) -> None:
    files.write_sealed(paths.typeset_file(name), json.dumps({"key": key, "result": result}).encode())


def _kept(name: str, key: str) -> dict | None:
    """What was kept, if it answers this question."""
    with suppress(ValueError, KeyError, TypeError):
        known = json.loads(files.read_sealed(paths.typeset_file(name)) or b"{}")
        return known["result"] if known["key"] == key else None
    return None


def _mathjax(question: str) -> str:
    program = node()
    if program is None:
        raise PublishingError("typesetting needs Node, which is not installed here; run `python3 bootstrap.py site`")
    with TemporaryFile() as asked, TemporaryFile() as said:
        asked.write(question.encode())  # a pipe would be left half full where Node starts slowly
        asked.seek(0)
        with subprocess.Popen([program, _SCRIPT], stdin=asked, stdout=PIPE, stderr=said, encoding="utf-8") as run:
            answer = _within_time(run, said)
        if run.returncode == 0:
            return answer
        if -run.returncode in (SIGKILL, SIGTERM):  # which is no formula's fault
            raise PublishingError(end("MathJax", run.returncode))
        lines = _lines(said)
    cause = next((line.strip() for line in lines if "rror" in line), "it gave no reason")
    raise _Stopped(cause, _turn(lines))


def can_typeset() -> bool:
    """Whether what typesetting needs is installed; `make notebooks` does without."""
    return node() is not None and (paths.ROOT / "node_modules").is_dir()


def _within_time(run: subprocess.Popen, said: IO[bytes]) -> str:
    """The answer, unless one formula takes too long."""
    turn, began, since = "", 0.0, time.monotonic()
    while True:
        try:
            return run.communicate(timeout=_EVERY)[0]
        except subprocess.TimeoutExpired:
            now, spent = _turn(_lines(said)), _spent(run.pid)
        if now != turn:
            turn, began, since = now, spent, time.monotonic()
        elif spent - began > _SECONDS or time.monotonic() - since > _PATIENCE * _SECONDS:
            run.kill()
            raise _Stopped(f"MathJax is not done after {_SECONDS:.0f} s", turn)


def _spent(pid: int) -> float:
    """Seconds of a processor, as long as the process is there."""
    with suppress(psutil.Error):
        return sum(psutil.Process(pid).cpu_times()[:2])
    return 0.0


def _lines(said: IO[bytes]) -> list[str]:
    """What was said, read without moving the place where the next word is written."""
    whole = os.pread(said.fileno(), os.fstat(said.fileno()).st_size, 0)
    return whole.decode(errors="replace").splitlines()


def _turn(lines: list[str]) -> str:
    """Of the formula at which MathJax is, page and number."""
    return next((line.removeprefix(_TURN) for line in reversed(lines) if line.startswith(_TURN)), "")
