r"""Formulas: every way to delimit one becomes `$…$`, or `$$` on lines of its own; labels become numbers."""

import re
import unicodedata

from publishing.blog.bringing.known import Known, again, alone, before, margin
from publishing.checks.macros import DEFINES, definition
from publishing.macros import PERCENT

_ENVIRONMENTS = "equation|align|alignat|gather|multline|eqnarray|flalign|displaymath|math"
_FORMULA = re.compile(
    rf"""(?:
    (?<!\\)\$\$(?P<dollars>.+?)(?<!\\)\$\$(?:[ ]*(?:\((?P<myst>[\w:.-]+)\)|\{{\#(?P<quarto>[\w:.-]+)[^}}]*\}}))?
    | \\\\?\[(?P<brackets>(?:(?!\\\\?\[).)+?)\\\\?\]
    | (?P<environment>\\begin\{{(?P<name>{_ENVIRONMENTS})\*?\}}.+?\\end\{{(?P=name)\*?\}})
    | \\\\?\((?P<parentheses>(?:(?!\\\\?\().)+?)\\\\?\)
    | (?<![\\$])\$(?![\s$])(?P<inline>(?:\\.|[^$\\])+?)(?<!\s)\$(?![\d$])
    | (?<![\\$])\$(?P<spaced>[ ](?:\\.|[^$\\\n])+?|(?:\\.|[^$\\\n])+?[ ])\$(?![\d$])
    )(?P<stop>[ ]?[.,;:](?=[ ]*$))?
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_TEX = re.compile(r"[\\^_={}]|^\s*[A-Za-z]\s*$")
_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}\s*")
_SUBSTITUTES = {
    r"\\bm(?![A-Za-z])": r"\\boldsymbol",
    r"\\mathds(?![A-Za-z])": r"\\mathbb",
    r"\\(?:nonumber|notag)(?![A-Za-z])\s*": "",
    r"\\begin\{(?:align|flalign|eqnarray)\*?\}": r"\\begin{aligned}",
    r"\\end\{(?:align|flalign|eqnarray)\*?\}": r"\\end{aligned}",
    r"\\begin\{alignat\*?\}\{\d+\}": r"\\begin{aligned}",
    r"\\end\{alignat\*?\}": r"\\end{aligned}",
    r"\\(begin|end)\{(?:gather|multline)\*?\}": r"\\\1{gathered}",
    r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}": "",
}
_COMMANDS = (
    r"\times \cdot \le \ge \ne \approx \in \notin \subset \cup \cap \infty \to \leftarrow \Rightarrow \Leftrightarrow "
    r"\sum \prod \int \partial \nabla \surd \pm \forall \exists - \dots \sim \propto \Vert \mid \mathbb{R} \mathbb{E} "
    r"^2 ^3 _0 _1 _2 '"
)
_SIGNS = dict(zip("×·≤≥≠≈∈∉⊂∪∩∞→←⇒⇔∑∏∫∂∇√±∀∃−…∼∝‖∣ℝ𝔼²³₀₁₂′", _COMMANDS.split(" "), strict=True)) | {"\u00a0": " "}


def formulas(text: str, known: Known) -> str:
    """The text with its formulas kept as they are to be written, and no dollar that would begin one."""
    text = _FORMULA.sub(lambda found: _formula(found, known), _macros(text, known))
    return re.sub(r"(?<!\\)\$", r"\\$", text)


def display(tex: str, label: str | None, known: Known) -> str:
    """A formula on lines of its own, numbered if it has a label."""
    labels = [label] if label else []
    labels += _LABEL.findall(tex)
    tex = _written(_LABEL.sub("", tex))
    if labels:
        given = numbers(tex)
        number = given.pop() if given else known.number()
        tex = tex if rf"\tag{{{number}}}" in tex else rf"{tex} \tag{{{number}}}"
        known.labels |= dict.fromkeys(labels, f"Eq. ({number})")
    return known.keep(f"$$\n{tex}\n$$") if tex else ""


def inline(tex: str, known: Known) -> str:
    """A formula in a line, at whose end no comment can be meant."""
    tex = tex if "\n" in tex else re.sub(PERCENT, r"\1\%", tex)
    return known.keep(f"${' '.join(_written(tex).split())}$")


def numbers(text: str) -> set[str]:
    """Those that the writer gave."""
    return set(re.findall(r"\\tag\s*\{([^{}]*)\}", text))


def _formula(found: re.Match, known: Known) -> str:
    in_line = found["inline"] or found["parentheses"] or found["spaced"]
    if in_line:
        is_formula = found["inline"] or _TEX.search(in_line)
        is_one = is_formula and "\n\n" not in in_line
        return inline(in_line, known) + (found["stop"] or "") if is_one else found.group()
    tex = found["dollars"] or found["brackets"] or found["environment"]
    if found["brackets"] and not _TEX.search(tex):
        return found.group()
    line = before(found)
    if line.lstrip().startswith("|"):
        return inline(tex, known) + (found["stop"] or "")
    if ">" in margin(line):
        tex = "\n".join(row.removeprefix(again(margin(line)).rstrip()) for row in tex.splitlines())
    formula = display(tex.rstrip() + (found["stop"] or ""), found["myst"] or found["quarto"], known)
    return formula and alone(found, formula)


def _macros(text: str, known: Known) -> str:
    """The text without definitions of macros that can be lines of the paper's file."""
    position = 0
    while found := DEFINES.search(text, position):
        line, end = definition(text, found)
        if end is None:
            position = found.end()
            continue
        known.macros += [] if line in known.macros else [line]
        text = text[: found.start()].rstrip(" \t") + text[end:].lstrip(" \t;")
        position = found.start()
    return re.sub(r"\$\$\s*\$\$|\$\s*\$(?!\$)", "", text) if position else text


def _written(tex: str) -> str:
    """TeX that MathJax and JupyterLab read alike, without comments and blank lines."""
    tex = re.sub(f"{PERCENT}.*", r"\1", tex)
    for pattern, instead in _SUBSTITUTES.items():
        tex = re.sub(pattern, instead, tex)
    tex = re.sub(r"[^\x00-\x7f]", _command, tex)
    return "\n".join(line.rstrip() for line in tex.strip().splitlines() if line.strip())


def _command(found: re.Match) -> str:
    sign, follows = found.group(), found.string[found.end() : found.end() + 1]
    gap = " " if follows.isalnum() else ""
    if sign in _SIGNS:
        return _SIGNS[sign] + (gap if _SIGNS[sign][0] == "\\" else "")
    words = unicodedata.name(sign, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        name = words[3].lower().replace("lamda", "lambda")
        return f"\\{name.title() if words[1] == 'CAPITAL' else name}{gap}"
    return sign
