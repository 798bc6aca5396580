"""Against the real MathJax."""

import re
from html import escape
from pathlib import Path

import pytest

from publishing import paths
from publishing.errors import PublishingError
from publishing.typeset import typeset

EQUATIONS = [line for line in Path(__file__).with_name("equations.tex").read_text().splitlines() if line[0] != "%"]


def inline(tex: str, cell: int = 1) -> str:
    return f'<span class="math inline" data-cell="{cell}">{escape(tex, quote=False)}</span>'


def display(tex: str, cell: int = 1) -> str:
    return f'<div class="math display" data-cell="{cell}">{escape(tex, quote=False)}</div>'


@pytest.fixture
def page(repository):
    """Typesets one fragment and returns it."""
    repository.write("package-lock.json", "{}")

    def run(fragment: str, name: str = "05-key-equations.html") -> str:
        repository.write(f"build/fragments/toy/{name}", fragment)
        typeset(["toy"])
        return (paths.sections_dir("toy") / name).read_text()

    return run


def test_all_equations_of_the_paper_can_be_typeset(page):
    assert len(EQUATIONS) == 16
    html = page("".join(display(tex) for tex in EQUATIONS))
    assert html.count("<svg style=") == 16
    assert html.count("<math ") == 16
    assert "{" not in html
    assert "\\" not in html


def glyphs() -> str:
    return (paths.sections_dir("toy") / "glyphs.html").read_text()


def test_every_glyph_of_a_page_is_in_the_paper_s_glyphs(page):
    html = page(display(EQUATIONS[4]) + inline("x_t") * 2)
    used = set(re.findall(r'href="#(toy-g\d+)"', html + glyphs()))
    assert len(used) > 5
    assert used == set(re.findall(r'<path id="(toy-g\d+)"', glyphs()))


def test_a_formula_that_returns_is_drawn_once(page):
    html = page(inline("x_t") * 9 + inline("y"))
    assert (
        html.count('<svg class="math inline toy-m1" role="img" aria-label="x sub t"><use href="#toy-m1"></use></svg>')
        == 9
    )
    assert html.count("<use") == 10
    (symbol,) = re.findall(r'<symbol id="toy-m1" overflow="visible" viewBox="[-\d ]+">(.*?)</symbol>', glyphs())
    assert symbol.count("<use") == 2
    assert re.search(r"\.toy-m1\{width:[\d.]+ex;height:[\d.]+ex;vertical-align:-[\d.]+ex\}", glyphs())


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\begin{array}{|c|}\hline a\\ \hline\end{array}", 'stroke-width="70" fill="none"'),
        (r"\begin{array}{c}a\\ \hdashline b\end{array}", 'stroke-dasharray="140"'),
    ],
)
def test_frames_and_lines_are_drawn_as_such_in_every_occurrence(page, tex, line, count):
    html = page(inline(tex) * count)
    assert line in (html if count == 1 else glyphs())


def test_a_glyph_is_moved_by_x_and_y_and_has_relative_coordinates(page):
    html = page(inline("x_t"))
    assert re.search(r'<use href="#toy-g1"></use>', html)
    assert re.search(r'transform="translate\(\d+,-\d+\) scale\(0.707\)"', html)
    (outline,) = re.findall(r'<path id="toy-g1" stroke-width="3" d="M([^"]*)z"/>', glyphs())
    assert not re.search("[A-LN-Z]", outline)
    assert re.search(r'<use href="#[^"]*" x="\d+"></use>', page(inline("xy")))


def test_a_formula_in_text_is_an_image_with_spoken_text(page):
    html = page(f"<p>where {inline('x_t < 3')} holds.</p>")
    assert re.match(
        r'<p>where <svg style="[^"]*" width="[\d.]+ex" height="[\d.]+ex" viewBox="[-\d ]+" class="math inline" '
        r'role="img" aria-label="x sub t is less than 3"><',
        html,
    )
    assert html.endswith("</svg> holds.</p>")
    assert "<math" not in html


def test_no_line_ends_between_a_formula_and_what_touches_it(page):
    html = page(f"<p>the ({inline('x')}, that {inline('y')}-prediction; {inline('z')} alone</p>" + display("d"))
    assert re.sub('<svg[^>]*aria-label="(.)".*?</svg>', r"\1", html).startswith(
        '<p>the <span class="math-kept">(x,</span> that <span class="math-kept">y-prediction;</span> z alone</p>'
    )


def test_a_display_formula_carries_mathml_for_screen_readers(page):
    html = page(display("x^2"))
    assert 'aria-hidden="true"' in html
    assert '<span class="math-assistive"><math display="block"><msup><mi>x</mi><mn>2</mn></msup></math></span>' in html


def test_the_svg_is_slim(page):
    html = page(display(EQUATIONS[8]))
    for needless in (
        "data-mml-node",
        "data-c=",
        "data-mjx",
        "xmlns",
        "<g>",
        "focusable",
        "xlink",
        "mjx-container",
        "currentColor",
    ):
        assert needless not in html


def test_nothing_but_the_formulas_changes(page):
    rest = (
        "<pre>\\(x\\) $y$ <option> &copy; a&lt;b \\$5 "
        '&lt;span class="math inline"&gt;x&lt;/span&gt;</pre>\n<p title=x>'
    )
    html = page(rest + inline("x") + rest)
    assert html.startswith(rest)
    assert html.endswith(rest)


def test_liquid_that_touches_a_formula_is_left_alone(page):
    html = page("{% capture caption %}" + inline("x") + "{% endcapture %}")
    assert html.startswith("{% capture caption %}<svg")
    assert html.endswith("</svg>{% endcapture %}")
    assert "math-kept" not in html


def test_wrong_formulas_are_named_all_together_and_nothing_is_written(page):
    good = page(inline("x"))
    with pytest.raises(PublishingError) as caught:
        page(inline(r"\bm{x}", 2) + display(r"\left(", 3) + inline("y") + inline(r"a & b", 4))
    first, second, third = str(caught.value).splitlines()
    assert first == (r"toy/05-key-equations, cell 2: Undefined control sequence \bm, in the formula “\bm{x}”; fix it")
    assert second.startswith("toy/05-key-equations, cell 3: Extra \\left or missing \\right")
    assert third.startswith("toy/05-key-equations, cell 4: Misplaced &")
    assert (paths.sections_dir("toy") / "05-key-equations.html").read_text() == good


BAD = [
    r"\argmin",
    r"\mathbb{1}",
    "é",
    r"\href{javascript:alert(1)}{x}",
    r"\mmlToken{mi}[href='javascript:alert(1)']{x}",
    r"\style{color:red}{x}",
    r"\class{x}{y}",
    r"\newcommand{\x}{y}",
    r"\def\x{y}",
    r"\require{html}",
    r"\unicode{x1F600}",
    r"\frac{1}",
    r"\begin{align} x",
    r"x_1_2",
    r"\prooftree",
]


def test_formulas_that_would_not_come_out_everywhere_fail(page):
    with pytest.raises(PublishingError) as caught:
        page("".join(inline(tex, cell) for cell, tex in enumerate(BAD, 1)))
    places = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert places == [f"toy/05-key-equations, cell {cell}" for cell, _ in enumerate(BAD, 1)]


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


def test_what_papers_use_is_typeset(page):
    assert page("".join(map(display, GOOD))).count('<div class="math display"><svg ') == len(GOOD)


def test_the_number_of_formulas_is_told(page, repository):
    page(inline("x") + inline("x") + display("x"))
    repository.write("build/fragments/toy/06-more.html", inline("y"))
    assert typeset(["toy"]) == 4


def test_a_section_that_is_gone_is_removed(page):
    page(inline("x"), "01-old.html")
    (paths.fragments_dir("toy") / "01-old.html").unlink()
    page(inline("x"), "02-new.html")
    assert sorted(path.name for path in paths.sections_dir("toy").iterdir()) == ["02-new.html", "glyphs.html"]


def test_two_papers_have_glyphs_of_their_own(page, repository):
    repository.write("build/fragments/other/01-a.html", inline("y"))
    page(inline("x"))
    typeset(["toy", "other"])
    other = (paths.sections_dir("other") / "glyphs.html").read_text()
    x, y = (re.findall('<path id="[a-z]+-g1" stroke-width="3" d="([^"]*)"/>', html) for html in (glyphs(), other))
    assert len(x) == len(y) == 1
    assert x != y


def test_prose_is_typeset_again_without_node(page, monkeypatch):
    before = page("<p>a</p>" + inline("x"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert page("<p>b</p>" + inline("x")) == before.replace("<p>a</p>", "<p>b</p>")
    with pytest.raises(PublishingError, match="needs Node"):
        page(inline("y"))


@pytest.mark.parametrize("damage", ["", "{", '{"key": 1}', "[]"])
def test_a_damaged_memory_of_formulas_is_ignored(page, damage):
    before = page(inline("x"))
    paths.TYPESET.write_text(damage)
    assert page(inline("x")) == before


def test_typesetting_twice_gives_the_same_bytes(page):
    fragment = display(EQUATIONS[0]) + inline("x")
    before = page(fragment), (paths.sections_dir("toy") / "glyphs.html").read_bytes()
    paths.TYPESET.unlink()
    assert (page(fragment), (paths.sections_dir("toy") / "glyphs.html").read_bytes()) == before
