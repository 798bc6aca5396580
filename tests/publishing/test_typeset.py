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


def test_every_glyph_of_a_page_is_in_the_paper_s_glyphs(page):
    html = page(display(EQUATIONS[4]) + inline("x_t"))
    glyphs = (paths.sections_dir("toy") / "glyphs.html").read_text()
    used = set(re.findall(r'href="#(MJX-[^"]+)"', html))
    assert used
    assert used == set(re.findall(r'<path id="(MJX-[^"]+)"', glyphs))


def test_a_formula_that_returns_is_drawn_as_one_outline_where_that_pays(page):
    html = page(inline("x_t") * 9 + inline("y"))
    glyphs = (paths.sections_dir("toy") / "glyphs.html").read_text()
    assert html.count('<use href="#formula-1"></use></svg>') == 9
    assert html.count("<use") == 10
    (outline,) = re.findall(r'<path id="formula-1" d="([^"]*)"/>', glyphs)
    assert outline.count("z") == 2
    assert "MJX-TEX-I-1D465" not in glyphs, "a glyph that nothing refers to"


def test_a_glyph_is_moved_by_x_and_y_and_has_relative_coordinates(page):
    html = page(inline("x_t"))
    glyphs = (paths.sections_dir("toy") / "glyphs.html").read_text()
    assert re.search(r'<use href="#MJX-TEX-I-1D465"></use>', html)
    assert re.search(r'transform="translate\(\d+,-\d+\) scale\(0.707\)"', html)
    assert re.search(r'<use href="#[^"]*" x="\d+"></use>', page(inline("xy")))
    (outline,) = re.findall(r'<path id="MJX-TEX-I-1D465" d="M([^"]*)z"/>', glyphs)
    assert not re.search("[A-LN-Z]", outline)


def test_the_bar_of_a_fraction_is_part_of_the_outline(page):
    alone = page(inline(r"\frac{1}{2}"))
    width = float(re.search(r'<rect width="([^"]*)"', alone)[1])
    page(inline(r"\frac{1}{2}") * 50)
    glyphs = (paths.sections_dir("toy") / "glyphs.html").read_text()
    (outline,) = re.findall(r'<path id="formula-1" d="([^"]*)"/>', glyphs)
    (bar,) = re.findall(r"v-?\d+h(\d+)v-?\d+z", outline)
    assert int(bar) == pytest.approx(width, abs=1)


def test_a_formula_in_text_is_an_image_with_spoken_text(page):
    html = page(f"<p>where {inline('x_t < 3')} holds.</p>")
    assert html.startswith('<p>where <span class="math inline" role="img" aria-label="x sub t is less than 3"><svg ')
    assert html.endswith("</svg></span> holds.</p>")
    assert "<math" not in html


def test_no_line_ends_between_a_formula_and_what_touches_it(page):
    html = page(f"<p>the ({inline('x')}, that {inline('y')}-prediction; {inline('z')} alone</p>" + display("d"))
    assert re.sub("<svg.*?</svg>", "", html).startswith(
        '<p>the <span class="math-kept">(<span class="math inline" role="img" aria-label="x"></span>,</span> '
        'that <span class="math-kept"><span class="math inline" role="img" aria-label="y"></span>-prediction;</span> '
        '<span class="math inline" role="img" aria-label="z"></span> alone</p><div class="math display">'
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
        '&lt;span class="math inline" data-cell="1"&gt;x&lt;/span&gt;</pre>\n<p title=x>'
    )
    html = page(rest + inline("x") + rest)
    assert html.startswith(rest)
    assert html.endswith(rest)


def test_liquid_that_touches_a_formula_is_left_alone(page):
    html = page("{% capture caption %}" + inline("x") + "{% endcapture %}")
    assert html.startswith("{% capture caption %}<span")
    assert html.endswith("</span>{% endcapture %}")
    assert "math-kept" not in html


def test_wrong_formulas_are_named_all_together_and_nothing_is_written(page):
    good = page(inline("x"))
    with pytest.raises(PublishingError) as caught:
        page(inline(r"\bm{x}", 2) + display(r"\left(", 3) + inline("y") + inline(r"a & b", 4))
    first, second, third = str(caught.value).splitlines()
    assert first == (r"toy/05-key-equations, cell 2: Undefined control sequence \bm, in the formula “\bm{x}”; mend it")
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
    assert "1D465" in (paths.sections_dir("toy") / "glyphs.html").read_text()
    assert "1D465" not in (paths.sections_dir("other") / "glyphs.html").read_text()


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
