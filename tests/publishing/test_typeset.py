"""Against the real MathJax."""

import json
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
from markdown_it.token import Token

from publishing import paths
from publishing.render.nodes import Inline, as_token
from publishing.render.serialise import html_of
from publishing.render.together import keep_together
from publishing.typeset import formulas as typesetter
from publishing.typeset.formulas import Formula, typeset

from .notes import refusals, refused

EQUATIONS = [line for line in Path(__file__).with_name("equations.tex").read_text().splitlines() if line[0] != "%"]


GOOD = [
    r"\begin{aligned}a&=b\\&=c\end{aligned}",
    r"\begin{align}a&=b\\c&=d\end{align}",
    r"\begin{cases}1&\text{if }x<0\\0&\text{else, p(x|y)}\end{cases}",
    r"\operatorname*{arg\,min}_\theta \lVert x \rVert",
    r"\boxed{x} \cancel{y} \xrightarrow{q} \mathbb{E} \mathcal{N}",
    r"\begin{array}{c|c}a&b\\\hline c&d\end{array}",
    r"p(x\mid y) \coloneqq q \eqqcolon r",
    r"\braket{x|y} \overset{!}{=} \tilde{\mathbf{x}}'",
    r"\sum_{\substack{i<j\\k}} x",
]


def inline(*several: str, cell: int = 1, display: bool = False) -> list[Formula]:
    return [Formula(tex, display, f"toy/05-key-equations, cell {cell}") for tex in several]


display = partial(inline, display=True)


class Typesetter:
    """Typesets formulas and returns their HTML; keeps the glyphs of the last ones."""

    def __call__(self, formulas: list[Formula]) -> str:
        self.glyphs = typeset({"toy": formulas}, "toy")["toy"]
        return str(html_of(formulas))


@pytest.fixture
def page(repository):
    repository.write("package-lock.json", "{}")
    return Typesetter()


def test_all_equations_of_the_paper_and_what_papers_use_are_slim_drawings_whose_glyphs_stand_on_the_page(page):
    html = page(display(*EQUATIONS, *GOOD) + inline("x_t") * 2)
    assert html.count('<div class="math display"><svg style=') == html.count("<math ") == 16 + len(GOOD)
    assert "{" not in html and "\\" not in html
    ninth = html.split("<div ")[9]
    assert re.findall("data-m|data-c|xmlns|<g>|focusable|xlink|mjx-container|currentColor", ninth) == []
    used = set(re.findall(r'href="#(toy-[A-Z][^"]*)"', html + page.glyphs))
    assert len(used) > 5
    assert used == set(re.findall(r'<path id="(toy-[A-Z][^"]*)"', page.glyphs))


def test_a_formula_that_returns_is_drawn_once(page):
    html = page(inline("x_t") * 9 + inline("y"))
    drawn = '<svg class="math inline toy-m1" role="img" aria-label="x sub t"><use href="#toy-m1"></use></svg>'
    assert html.count(drawn) == 9
    assert html.count("<use") == 10
    (symbol,) = re.findall(r'<symbol id="toy-m1" overflow="visible" viewBox="[-\d ]+">(.*?)</symbol>', page.glyphs)
    assert symbol.count("<use") == 2
    assert re.search(r"\.toy-m1\{width:[\d.]+em;height:[\d.]+em;vertical-align:-[\d.]+em\}", page.glyphs)


@pytest.mark.parametrize("count", [1, 2])
def test_frames_and_lines_are_drawn_as_such_in_every_occurrence(page, count):
    frame, dashes = r"\begin{array}{|c|}\hline a\\ \hline\end{array}", r"\begin{array}{c}a\\ \hdashline b\end{array}"
    html = page(inline(frame, dashes) * count)
    drawn = html if count == 1 else page.glyphs
    assert 'stroke-width="70" fill="none"' in drawn and 'stroke-dasharray="140"' in drawn


def test_a_formula_in_text_has_words_to_be_spoken_and_a_display_formula_mathml(page):
    html, display_html = page(inline("x_t < 3") + display("x^2")).split("<div ")
    assert re.match(
        r'<svg style="[^"]*" width="[\d.]+em" height="[\d.]+em" viewBox="[-\d ]+" class="math inline" '
        r'role="img" aria-label="x sub t is less than 3"><',
        html,
    )
    assert "<math" not in html
    assert 'aria-hidden="true"' in display_html
    assert '<span class="math-assistive"><math display="block"><msup><mi>x</mi><mn>2</mn></msup></math>' in display_html


def test_no_line_ends_between_a_formula_and_what_touches_it(page):
    x, y, z = inline("x", "y", "z")
    words = ["the (", x, ", that ", y, "-prediction; ", z, " alone"]
    line = Inline([Token("text", "", 0, content=one) if isinstance(one, str) else as_token(one) for one in words])
    page([x, y, z])
    keep_together([line])
    assert re.sub('<svg[^>]*aria-label="(.)".*?</svg>', r"\1", html_of(line)) == (
        'the <span class="math-kept">(x,</span> that <span class="math-kept">y-prediction;</span> z alone'
    )


def test_no_line_ends_between_a_page_or_a_time_and_its_number():
    line = Inline([Token("text", "", 0, content="as told (p. 5; pp. 6–7), in 9 min; a step. 5 minutes")])
    keep_together([line])
    assert html_of(line) == "as told (p.\xa05; pp.\xa06–7), in 9\xa0min; a step. 5 minutes"


@pytest.mark.parametrize("count", [1, 2])
def test_a_colour_is_one_of_the_page_s_and_no_word_of_what_is_spoken(page, count):
    html = page(inline(r"\textcolor{blue}{x}") * count + display(r"\textcolor{blue}{x}"))
    assert '<g fill="var(--math-blue)" stroke="var(--math-blue)"><use' in (html if count == 1 else page.glyphs)
    assert html.count('aria-label="x"') == count
    assert "<mstyle><mi>x</mi></mstyle>" in html


def test_wrong_formulas_are_named_all_together(page):
    wrong = inline(r"\bm{x}", cell=2) + display(r"\left(", cell=3) + inline("y") + inline(r"a & b \E", cell=4)
    wrong += inline(r"\E[x]", cell=5)
    first, second, third, fourth = refusals(page, wrong)
    assert first == (
        r"toy/05-key-equations, cell 2: Undefined control sequence \bm, in the formula “\bm{x}”; write \boldsymbol{x}"
    )
    assert second.startswith("toy/05-key-equations, cell 3: Extra \\left or missing \\right")
    assert third.startswith("toy/05-key-equations, cell 4: Misplaced &")
    assert fourth.endswith(r"; define it on a line of notebooks/toy/macros.tex: \newcommand{\E}{…}")


BAD = [
    *(r"\argmin", r"\mathbb{1}", "é", r"\frac{1}", r"\begin{align} x", r"x_1_2", r"\prooftree"),
    *(r"\href{javascript:alert(1)}{x}", r"\mmlToken{mi}[href='javascript:alert(1)']{x}", r"\style{color:red}{x}"),
    *(r"\class{x}{y}", r"\newcommand{\x}{y}", r"\def\x{y}", r"\require{html}", r"\unicode{x1F600}"),
    *(r"\textcolor{red}{x}", r"\textcolor{#0072b2}{x}"),
]


def test_formulas_that_would_not_come_out_everywhere_fail(page):
    formulas = [formula for cell, tex in enumerate(BAD, 1) for formula in inline(tex, cell=cell)]
    places = [line.partition(": ")[0] for line in refusals(page, formulas)]
    assert places == [f"toy/05-key-equations, cell {cell}" for cell, _ in enumerate(BAD, 1)]


def test_pages_have_glyphs_of_their_own_and_those_that_changed_are_typeset_together(page, monkeypatch):
    asked = []
    monkeypatch.setattr(typesetter, "_mathjax", lambda told, ask=typesetter._mathjax: asked.append(told) or ask(told))
    glyphs = typeset({"toy": inline("x"), "toy-why-": inline("y")}, "toy")
    x, y = (re.findall('<path id="[^"]+" stroke-width="3" d="([^"]*)"/>', html) for html in glyphs.values())
    assert len(x) == len(y) == 1 and x != y
    again = typeset({"toy": inline("x"), "toy-why-": inline("z"), "toy-how-": inline("z")}, "toy")
    assert again["toy"] == glyphs["toy"]
    assert [[*json.loads(told)] for told in asked] == [["toy", "toy-why-"], ["toy-why-", "toy-how-"]]


def test_a_formula_more_renames_no_glyph_of_another(page):
    x = inline("x")
    typeset({"toy": x}, "toy")
    more = inline("a", "x")
    typeset({"toy": more}, "toy")
    assert x[0].html == more[1].html


def test_the_same_formulas_are_typeset_again_without_node(page, monkeypatch):
    before = page(inline("x"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert page(inline("x")) == before
    assert "needs Node" in refused(page, inline("y"))


def test_a_damaged_or_lost_memory_of_formulas_is_ignored_and_the_bytes_are_the_same(page):
    formulas = display(EQUATIONS[0]) + inline("x")
    before, memory = (page(formulas), page.glyphs), paths.typeset_file("toy")
    good = memory.read_bytes()
    bits = (good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(0, len(good), len(good) // 9))
    for damage in (b"{", b'{"key": 1}', b"[]", None, *bits):
        memory.unlink() if damage is None else memory.write_bytes(damage)
        assert (page(formulas), page.glyphs) == before


@pytest.fixture
def acted(monkeypatch, tmp_path):
    """Puts a script in place of Node, which is given so many seconds."""

    def act(script: str, seconds: float) -> None:
        (tmp_path / "node").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "node").chmod(0o755)
        monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
        monkeypatch.setattr(typesetter, "_SECONDS", seconds)

    return act


def test_node_may_take_its_time_before_it_reads_many_formulas(page, acted):
    acted(f'sleep 1.5\nexec {shutil.which("node")} "$@"', 1.0)
    many = inline("x%" + "more than a pipe holds " * 10_000)
    assert "<svg" in page(many)


def test_a_node_that_only_waits_is_ended(page, acted):
    acted("exec sleep 1000", 0.1)
    assert "typesetting stopped: MathJax is not done" in refused(page, inline("x"))


def test_a_formula_that_never_ends_is_named_with_its_place(page, acted):
    acted("echo 'formula toy 0\nformula toy 1' >&2\nwhile :; do :; done", 1.5)
    told = refused(page, display("x") + display("y", cell=4) + display("z"))
    assert "cell 4: MathJax is not done after 2 s, in the formula “y”" in told


def test_mathjax_says_which_formula_has_its_turn():
    question = {"toy": {"macros": {}, "formulas": [{"tex": tex, "display": False, "count": 1} for tex in "xy"]}}
    run = subprocess.run(["node", typesetter._SCRIPT], input=json.dumps(question), capture_output=True, text=True)
    assert run.stderr.splitlines() == ["formula toy 0", "formula toy 1"]


def test_a_node_that_is_killed_is_no_fault_of_a_formula(page, acted):
    acted("echo 'formula toy 0' >&2\nkill -9 $$", 10)
    told = refused(page, inline("x"))
    assert told.startswith("MathJax was killed by signal 9; was the machine out of memory")
