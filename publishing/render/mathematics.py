"""Mathematics in Markdown: `$…$` and `$$…$$` become formulas, which `typeset` gives their drawings later."""

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_block_dollar

from publishing.contract import NUMBER
from publishing.macros import problem_of
from publishing.render.nodes import Equation
from publishing.render.page import Context
from publishing.typeset.formulas import Formula

TAG = re.compile(r"\\tag\s*\{([^{}]*)\}")


def mathematics(md: MarkdownIt) -> None:
    """Plugin: mathematics as JupyterLab reads it."""
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_blank_lines=False, double_inline=True)
    amsmath_plugin(md)
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]}
    md.block.ruler.at("math_block", _display_block, interrupts)


def formula(tex: str, context: Context) -> Formula:
    """A formula in a line of text."""
    return Formula(_checked(tex, context), False, context.place)


def equation(tex: str, context: Context) -> Equation:
    """A display formula; `\\tag{11}` gives it the id `eq-11` and the number (11)."""
    numbers = TAG.findall(tex)
    tex = _checked(TAG.sub("", tex, count=1), context)
    number = numbers[0] if numbers else None
    if number is not None:
        if not NUMBER.fullmatch(number):
            raise context.error(rf"\tag{{{number}}} is no number; use letters, digits, points and hyphens")
        context.page.equations.append(context.reserve(f"eq-{number}"))
    copied = " ".join([*tex.split(), *(rf"\tag{{{number}}}" for number in numbers)])  # by a reader: one line of TeX
    return Equation(Formula(tex, True, context.place), number, copied)


def fault_of(tex: str) -> str | None:
    """What a formula must not hold, with the remedy."""
    for text in _TEXT.findall(tex):
        if found := _ACCENT.search(text):
            shown = " ".join(tex.split())
            return f"{found.group()!r} in the formula “{shown}” is not TeX here; {_OUTSIDE}"
    return problem_of(tex)


_TEXT = re.compile(r"\\(?:text\w*|mbox|mathrm|operatorname\*?)\s*\{([^{}]*)")
_ACCENT = re.compile(r"[^\W\d_a-zA-Z]|\\[\"'`^~=.](?=\{?[A-Za-z])|\\[uvcHk]\{")
_OUTSIDE = "write the word without its accent, or outside the formula"


def _checked(tex: str, context: Context) -> str:
    tex = tex.strip()
    if problem := fault_of(tex):
        raise context.error(problem)
    return tex


_dollar_block = math_block_dollar(allow_labels=False, allow_blank_lines=False)


def _display_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The plugin's rule, made able to end a paragraph: asked silently, it leaves no trace."""
    line, count = state.line, len(state.tokens)
    found = _dollar_block(state, start, end, silent)
    if silent:
        state.line = line
        del state.tokens[count:]
    return found
