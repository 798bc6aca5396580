"""Findings: numbers in the text that lead to a named claim, `[0.486 bits/dim](#claim-variance-cost)`.

A number may differ from what the claim measured by half a unit of its last digit and by the claim's tolerance, or a
tenth of its standard error. `24/70/92 %` gives several, `0.067 ± 0.027` the standard error too. A link in words alone
is a plain link, and so is one to a claim without a name.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from markdown_it.token import Token

from publishing.render.links import Papers, find, place_of
from publishing.render.nodes import Claim, lines
from publishing.render.page import Page, Paper
from publishing.typeset.formulas import Formula
from publishing.verdicts import readable

_HIGH, _LOW = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"
_LOWERED, _RAISED = str.maketrans(_HIGH, _LOW), str.maketrans(_LOW, _HIGH)
_TEX = {r"\\times|\\cdot": "×", r"\^\{(-?\d+)\}": r"^\1", r"\{,\}": ",", r"\\%": "%", r"\\pm": "±", r"\\[,;: ]": ""}
_NUMBERS_ALONE = re.compile(r"[\d.,\s×^%±/−-]+")
_NUMBER = re.compile(
    r"(?P<error>±\s*)?(?P<sign>(?<![\w)])[-−])?(?<![\w.,^])"
    r"(?:10\^(?P<bare>-?\d+)|(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s*[×·]\s*10\^(?P<power>-?\d+))?)"
    r"(?:\s*(?P<percent>%))?(?!\.?\w|,\d)"
)
_NEXT = re.compile(r"\s*(?:/|,|–|,?\s(?:and|or|to)\s)\s*")
_A_PART = 0.1  # of a standard error: as near as two digits of it should be, and as another machine may come


class Number(NamedTuple):
    """A number as it is written: what it means, half a unit of its last digit, and how to write another like it."""

    written: str
    value: float
    half: float
    decimals: int
    has_power: bool
    is_percent: bool
    is_error: bool

    def like(self, value: float) -> str:
        """Another value in the same manner, with as many digits as it takes to show any."""
        shown = value * (100 if self.is_percent else 1)
        digits = f"{shown:.{self.decimals}{'e' if self.has_power else 'f'}}"
        if shown and not float(digits):
            digits = f"{shown:.2g}"
        elif not self.has_power:
            digits = f"{shown:,.{self.decimals}f}"
        return readable(digits) + (" %" if self.is_percent else "")


def compare(paper: Paper, papers: Papers) -> None:
    """Find the numbers that are not what their claims measured.

    The first on the claim's own page stands for the claim there and takes its id.
    """
    for page in paper.pages.values():
        for link, inside in _links(page):
            place = place_of(link, page)
            there = find(place, page, paper, papers) if place else None
            claim = there.claim(place.id) if place and there else None
            if claim and "name" in claim.facts and (numbers := list(numbers_in(inside))):
                link.attrSet("class", "finding")
                if there is page and not claim.is_told:
                    claim.is_told = True
                    link.attrSet("id", claim.id)
                if fault := _fault(claim, numbers):
                    page.faults.append(f"{link.meta['where']}: {fault}")


def _links(page: Page) -> Iterator[tuple[Token, list[Token]]]:
    """Where each link of a page begins, and what it holds."""
    for line in lines([page.opening, page.sections, page.title, page.answer]):
        children = line.children or []
        for start, child in enumerate(children):
            if child.type == "link_open" and "where" in child.meta:
                end = next(at for at in range(start, len(children)) if children[at].type == "link_close")
                yield child, children[start + 1 : end]


def numbers_in(inside: Iterable[Token]) -> Iterator[Number]:
    """The numbers that stand in a line, also as formulas; not those within a word, a formula of letters or code."""
    text = "".join(map(_text, inside))
    found = list(_NUMBER.finditer(text))
    percent = [bool(one["percent"]) for one in found]
    for at in reversed(range(len(found) - 1)):  # a sign for all that are listed
        percent[at] |= percent[at + 1] and bool(_NEXT.fullmatch(text[found[at].end() : found[at + 1].start()]))
    yield from map(_number, found, percent)


def _text(token: Token) -> str:
    formula = token.meta.get("node")
    if isinstance(formula, Formula):
        tex = formula.tex
        for command, sign in _TEX.items():
            tex = re.sub(command, sign, tex)
        return tex if _NUMBERS_ALONE.fullmatch(tex) else "x"
    if token.type != "text":
        return "x" if token.type == "code_inline" else " "
    raised = re.sub("(?<=10)⁻?[⁰¹²³⁴-⁹]+", lambda power: "^" + power[0].translate(_LOWERED), token.content)
    return re.sub(r"(?<=\d)e([-+]?)0*(\d+)\b", lambda e: f"×10^{e[1].strip('+')}{e[2]}", raised)


def _number(found: re.Match, is_percent: bool) -> Number:
    digits = found["digits"] or "1"
    power = found["bare"] or found["power"]
    decimals = len(digits.partition(".")[2])
    unit = 10.0 ** int(power or 0) * (0.01 if is_percent else 1)
    value = float(digits.replace(",", "")) * unit * (-1 if found["sign"] else 1)
    half = 0.5 * 10**-decimals * unit
    written = re.sub(r"\^(-?\d+)", lambda raised: raised[1].translate(_RAISED), found.group())
    return Number(written, value, half, decimals, power is not None, is_percent, bool(found["error"]))


def _fault(claim: Claim, numbers: list[Number]) -> str | None:
    """What is wrong with the numbers that the text gives, and what to write."""
    values, error = claim.facts["measured"], claim.facts["standard_error"]
    given, errors = ([one for one in numbers if one.is_error is wanted] for wanted in (False, True))
    if errors and error is None:
        return f"the text says {errors[0].written}, but {claim.id} has no standard error; give it one, or leave it out"
    if len(given) not in (1, len(values)):
        measured = ", ".join(f"{value:g}" for value in values)
        remedy = f"let the link hold {'that' if len(values) == 1 else f'these {len(values)} or one for all'}"
        return f"the text gives {len(given)} numbers, but {claim.id} measured {measured}; {remedy}"
    told = given if len(given) == len(values) else given * len(values)
    slack = max(claim.facts["tolerance"], _A_PART * (error or 0))
    pairs = [(one, value, slack) for one, value in zip(told, values, strict=True)]
    pairs += [(one, error, _A_PART * error) for one in errors if error]
    for one, value, more in pairs:
        if abs(one.value - value) > (one.half + more) * (1 + 1e-9):
            return f"the text says {one.written}, but {claim.id} measured {value:g}; write {one.like(value)}"
    return None
