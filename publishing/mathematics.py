"""Mathematics in Markdown: `$…$` and `$$…$$` become HTML that still holds TeX, for `typeset` to find.

A formula stands in `<span class="math inline" data-cell="3">` or `<div class="math display" data-cell="3">`. A display
formula sits in a box that scrolls; its number is HTML outside that box, so that it is always in view.
"""

import re
from html import escape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_block_dollar

from publishing.escaping import PIPE, html_safe
from publishing.section import Section

_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])(?:\\.|[^$\\\n])+?(?<!\s)\$(?!\$)")
_TAG = re.compile(r"\\tag\s*\{([^{}]*)\}")
_FORBIDDEN = {
    r"\\(label|ref|eqref)(?![A-Za-z])": "number it with \\tag{…} and link to it as [Eq. (5)](#eq-5)",
    r"\\tag(?![A-Za-z])": "write one \\tag{…}, in a display formula",
    r"\\(mmlToken|Declare\w*|mathtoolsset|\w+tagform)(?![A-Za-z])": "leave it out",
}


def mathematics(md: MarkdownIt) -> None:
    """Plugin: mathematics as JupyterLab reads it, never split at a table's pipes."""
    dollarmath_plugin(md, allow_labels=False, allow_space=False, allow_blank_lines=False, double_inline=True)
    amsmath_plugin(md)
    interrupts = {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]}
    md.block.ruler.at("math_block", _display_block, interrupts)
    md.add_render_rule("math_inline", lambda self, tokens, index, options, env: tokens[index].content)
    md.add_render_rule("math_block", lambda self, tokens, index, options, env: tokens[index].content)


def guard_pipes(text: str) -> str:
    """Hide `|` within formulas, which would end a table's cell; `restore_pipes` brings it back."""
    return _FORMULA.sub(lambda found: found.group().replace("|", PIPE), text)


def restore_pipes(text: str) -> str:
    return text.replace(PIPE, "|")


def inline_formula(tex: str, section: Section) -> str:
    """HTML of a formula in a line of text."""
    tex = _checked(tex, section)
    return f'<span class="math inline" data-cell="{section.cell}">{escape(tex, quote=False)}</span>'


def equation(tex: str, section: Section) -> str:
    """HTML of a display formula; `\\tag{11}` gives it the id `eq-11` and the number (11)."""
    numbers = _TAG.findall(tex)
    tex = _checked(_TAG.sub("", tex, count=1), section)
    anchor = label = number = ""
    if numbers:
        if not re.fullmatch(r"[\w.-]+", numbers[0], re.ASCII):
            raise section.error(rf"\tag{{{numbers[0]}}} is no number; use letters, digits, points and hyphens")
        section.page.equations.append(section.claim_id(f"eq-{numbers[0]}"))
        anchor = f' id="eq-{numbers[0]}"'
        label = f" ({numbers[0]})"
        number = f'<a class="equation-number" href="#eq-{numbers[0]}">({numbers[0]})</a>'
    formula = f'<div class="math display" data-cell="{section.cell}">{escape(tex, quote=False)}</div>'
    box = f'<div class="equation-scroll" tabindex="0" role="group" aria-label="Equation{label}">{formula}</div>'
    return f'<div class="equation"{anchor} data-tex="{html_safe(_source(tex, numbers))}">{box}{number}</div>\n'


def _source(tex: str, numbers: list[str]) -> str:
    """What a reader gets who copies the equation: one line of TeX, with its number."""
    return " ".join([*tex.split(), *(rf"\tag{{{number}}}" for number in numbers)])


def _checked(tex: str, section: Section) -> str:
    tex = tex.strip()
    for pattern, remedy in _FORBIDDEN.items():
        if found := re.search(pattern, tex):
            raise section.error(f"{found.group()} cannot stand in a formula here; {remedy}")
    if found := re.search(r"[^\x00-\x7f]", tex):
        formula = " ".join(tex.split())
        raise section.error(
            f"{found.group()!r} in the formula “{formula}” is not TeX; write it as a command, like \\theta"
        )
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
