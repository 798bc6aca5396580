r"""The macros of a paper, for all its formulas: `notebooks/<paper>/macros.tex`, a line of `\newcommand` each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from publishing import paths
from publishing.contract import MACROS
from publishing.errors import PublishingError

_FORM = r"this is no macro; write one in a line, as in \newcommand{\abs}[1]{\lvert #1 \rvert}"
PERCENT = r"(?<!\\)((?:\\\\)*)%"
_FORBIDDEN = {
    PERCENT: r"it would begin a comment; write \%",
    r"\\(label|ref|eqref)(?![A-Za-z])": "number it with \\tag{…} and link to it as [Eq. (5)](#eq-5)",
    r"\\tag(?![A-Za-z])": "write one \\tag{…}, in a display formula",
    r"\\(mmlToken|Declare\w*|definecolor|f?colorbox|mathtoolsset|\w+tagform)(?![A-Za-z])": "leave it out",
}
COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_COMMENT = re.compile(f"{PERCENT}.*")
_ARGUMENTS = r"(?:\[([1-9])\]\s*(?:\[([^\[\]]*)\]\s*)?)?"
_LINE = re.compile(rf"\\newcommand\*?\s*(\{{\\[A-Za-z]+\}}|\\[A-Za-z]+)\s*{_ARGUMENTS}\{{(.*)\}}")


@dataclass(frozen=True)
class Macro:
    """What a name stands for, how many arguments it takes, and the first of them where it is left out."""

    name: str
    body: str
    arguments: int
    default: str | None
    line: int

    @property
    def told(self) -> list:
        """What MathJax wants to know of it."""
        return [self.body, self.arguments, *([] if self.default is None else [self.default])]


def read(paper: str) -> list[Macro]:
    """The macros of a paper, none if it has no such file. Raises PublishingError with a line for each that is wrong."""
    known, wrong = known_and_wrong(paper)
    if wrong:
        raise PublishingError("\n".join(wrong))
    return known


def known_and_wrong(paper: str) -> tuple[list[Macro], list[str]]:
    """The macros that can be read, and what is wrong with these or with other lines."""
    path = paths.macros(paper)
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if path.is_file() else []
    written = {number: text for number, line in enumerate(lines, 1) if (text := _COMMENT.sub(r"\1", line).strip())}
    macros = {number: _macro(text, number) for number, text in written.items()}
    known = [macro for macro in macros.values() if macro]
    wrong = [(number, _FORM) for number, macro in macros.items() if macro is None]
    wrong += [(macro.line, fault) for macro in known for fault in _faults(macro, known)]
    return known, [place(paper, *fault) for fault in sorted(wrong)]


def bundle(paper: str) -> dict:
    """MIME bundle of today's macros: for Jupyter a formula that shows nothing, and for the renderer nothing to show."""
    if not (known := read(paper)):
        raise PublishingError(f"{paths.relative(paths.macros(paper))} has no macros; write one, or take macros() out")
    lines = [_written(macro) for macro in known]
    return {MACROS: {}, "text/latex": f"${' '.join(lines)}$", "text/plain": "\n".join(lines)}


def _written(macro: Macro) -> str:
    arguments = f"[{macro.arguments}]" if macro.arguments else ""
    default = "" if macro.default is None else f"[{macro.default}]"
    return rf"\newcommand{{{macro.name}}}{arguments}{default}{{{macro.body}}}"


def place(paper: str, line: int, fault: str) -> str:
    """A fault with the line of the file on which it stands."""
    return f"{paths.relative(paths.macros(paper))}:{line}: {fault}"


def _macro(text: str, number: int) -> Macro | None:
    found = _LINE.fullmatch(text)
    if found is None or not _is_balanced(found[4]):
        return None
    return Macro(found[1].strip("{}"), found[4], int(found[2] or 0), found[3], number)


def _is_balanced(body: str) -> bool:
    depth = 0
    for sign in re.findall(r"(?<!\\)(?:\\\\)*([{}])", body):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def _faults(macro: Macro, macros: list[Macro]) -> Iterator[str]:
    others = {other.name: other.line for other in reversed(macros)}  # of a name given twice, the first line
    if others[macro.name] < macro.line:
        yield f"{macro.name} is defined on line {others[macro.name]} already; define it once"
    for name in COMMAND.findall(macro.body):
        if others.get(name, 0) >= macro.line:
            yield f"{macro.name} uses {name}, which is not defined above it; put the line of {name} first"
    for number in re.findall(r"#(\d?)", macro.body):
        if not 1 <= int(number or 0) <= macro.arguments:
            yield f"{macro.name} uses #{number} and takes {macro.arguments} arguments; say how many, as in [1]"
    if problem := problem_of(macro.body):
        yield problem


def problem_of(tex: str) -> str | None:
    """What a formula or a macro must not hold, with the remedy."""
    for pattern, remedy in _FORBIDDEN.items():
        if found := re.search(pattern, tex):
            return f"{found.group()} cannot stand in a formula here; {remedy}"
    if found := re.search(r"[^\x00-\x7f]", tex):
        shown = " ".join(tex.split())
        return f"{found.group()!r} in the formula “{shown}” is not TeX; write it as a command, like \\theta"
    return None
