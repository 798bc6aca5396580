import re

import pytest

from publishing.errors import PublishingError

from .notes import claim, code, diagram, fragment, shows


def body(*cells) -> str:
    """The fragment without its wrapper, and those of its blocks."""
    inside = fragment(*cells).partition(">\n")[2].removesuffix("</section>\n")
    before, *blocks = re.split(r'<div class="block [^>]*>\n', inside)
    return "".join([before, *("".join(block.rpartition("</div>\n")[::2]) for block in blocks)]).strip()


def error(*cells) -> str:
    with pytest.raises(PublishingError) as caught:
        fragment(*cells)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- references to equations ---------------------------------------------------------------------------------------


def referring(text: str) -> str:
    """The last block of a page that shows equations 3 and 5."""
    equations = "$$a \\tag{3}$$\n\n$$b \\tag{5}$$"
    html = fragment(equations, text).replace(' class="equation-link"', "")
    return html.split('<div class="block')[-1].partition(">\n")[2]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("By Eq. (3), so", '<p>By <a href="#eq-3">Eq. (3)</a>, so</p>'),
        ("Eqs. (3) and (5)", '<p><a href="#eq-3">Eqs. (3)</a> and <a href="#eq-5">(5)</a></p>'),
        ("Eqs. (3) to (5): *Eq. (5)*", '</a> to <a href="#eq-5">(5)</a>: <em><a href="#eq-5">Eq. (5)</a></em></p>'),
        ("Eqs. (3), (4) and (5)", '<p><a href="#eq-3">Eqs. (3)</a>, (4) and <a href="#eq-5">(5)</a></p>'),
        ("Eqs. (3)–(5)", '<p><a href="#eq-3">Eqs. (3)</a>–<a href="#eq-5">(5)</a></p>'),
        ("Eqs. (3) or (5)", '</a> or <a href="#eq-5">(5)</a></p>'),
        ("Eqs. (3),\n(5) and\nEq.\n(3)", '</a>,\n<a href="#eq-5">(5)</a> and\n<a href="#eq-3">Eq.\n(3)</a></p>'),
        ("An eq. (3), FreEq. (3)", "<p>An eq. (3), FreEq. (3)</p>"),
        ("```\nx \\tag{4}\n```\n\nEq. (4) <!-- \\tag{4} -->", "<p>Eq. (4) </p>"),
        ("<details><summary>\n\nEq. (3)\n\n</summary>\n\na\n\n</details>", "<summary><p>Eq. (3)</p>"),
        ("Eq. (4), and Eq. 3 of another (3)", "<p>Eq. (4), and Eq. 3 of another (3)</p>"),
        ("`Eq. (3)` and [see Eq. (3)](#eq-5)", '<p><code>Eq. (3)</code> and <a href="#eq-5">see Eq. (3)</a></p>'),
        ("| Eq. (3) |\n|---|\n| Eq. (5) |", '<td><a href="#eq-5">Eq. (5)</a></td>'),
        ("## Eq. (3): a", '<a href="#eq-3-a" class="permalink">Eq. (3): a</a></h3>'),
        (
            "<details><summary>Eq. (3)</summary>\n\nEq. (3)\n\n</details>",
            '<summary>Eq. (3)</summary><p><a href="#eq-3">',
        ),
    ],
)
def test_an_equation_that_the_page_shows_is_linked_to_where_text_names_it(text, html):
    assert html in referring(text)


def test_claims_and_captions_link_to_equations_too():
    html = fragment("$$a \\tag{3}$$", code("1", claim("By Eq. (3)"), diagram(caption="Eq. (3).")))
    assert html.count('<a href="#eq-3" class="equation-link">Eq. (3)</a>') == 2


# --- mathematics ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tex",
    [
        r"\{1,\dots,T\}",
        r"x_t^* + y_t^*",
        r"\mathbf{x}_{t-1}",
        r"f''",
        r"a<b>c",
        r"a & b",
        r"\frac{{a}}{{b}}",
        r"a -- b",
        r"\alpha\_\beta",
        r"a \\ b",
        r"[x](y)",
        r"`x`",
        r"x~y~z",
        r"\text{costs \$5}",
    ],
)
@pytest.mark.parametrize(
    "context", ["{}", "({})", "*so {} is*", "- item {}", "> {}", "## {}", "| h |\n|---|\n| {} |", "a[^1]\n\n[^1]: {}"]
)
def test_a_formula_reaches_the_page_as_it_was_written(tex, context):
    escaped = tex.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("{", "&#123;")
    assert f'<span class="math inline">{escaped}</span>' in body(context.replace("{}", f"${tex}$"))


@pytest.mark.parametrize("tex", [r"p(x|y)", r"\|x\|"])
def test_a_pipe_in_a_formula_is_kept_where_there_is_no_table(tex):  # in one, `make check` refuses it
    assert f'<span class="math inline">{tex}</span>' in body(f"a ${tex}$")


def test_a_pipe_within_code_is_left_alone():
    assert "<code>$a | b$</code>" in body("`$a | b$`")
    assert "$a | b$" in body("```text\n$a | b$\n```")


def test_dollars_in_code_are_no_formulas():
    html = body("`$x$` and ``$`y`$``\n\n    $indented$\n\n```text\n$fenced$\n```")
    assert "math" not in html
    for text in ("$x$", "$`y`$", "$indented$", "$fenced$"):
        assert text in html


def test_a_formula_between_digits_is_a_formula():
    assert '28<span class="math inline">\\times</span>28' in body(r"28$\times$28")


def test_an_escaped_dollar_is_a_dollar():
    assert body(r"It costs \$5 or \$6, where $x$.").startswith("<p>It costs $5 or $6, where <span")


@pytest.mark.parametrize("text", ["$5 and $6 of $x$", "a $ b", "costs 5$", "$$ open", "x $", "a $ b $ c"])
def test_a_lone_dollar_is_refused(text):
    message = error(text)
    assert message.startswith("toy/05-key-equations, cell 1: a lone $")


@pytest.mark.parametrize("text", ["see $$x$$ there", "| $$x$$ |\n|---|\n| a |"])
def test_a_display_formula_within_a_line_is_refused(text):
    assert "lines of its own" in error(text)


def test_tex_parentheses_are_refused_rather_than_lost():
    assert "begins no formula" in error(r"the value \(x\)")


def test_a_numbered_equation_has_an_id_and_its_number_outside_the_box_that_scrolls():
    assert body("$$\nx = y \\tag{11}\n$$") == (
        '<div class="equation" id="eq-11" data-tex="x = y \\tag&#123;11}">'
        '<div class="equation-scroll" tabindex="0" role="group" aria-label="Equation (11)">'
        '<div class="math display">x = y</div></div>'
        '<a class="equation-number" href="#eq-11">(11)</a></div>'
    )


def test_an_equation_without_a_tag_has_no_number():
    html = body("$$x$$")
    assert "equation-number" not in html
    assert 'aria-label="Equation"' in html


@pytest.mark.parametrize("text", ["A line\n$$\nx\n$$\nand another", "A line\n$$x$$\nand another"])
def test_a_display_formula_ends_the_paragraph_that_it_interrupts(text):
    html = body(text)
    assert html.startswith('<p>A line</p>\n<div class="equation" data-tex="x">')
    assert html.endswith("</div>\n<p>and another</p>")


def test_a_display_formula_stands_in_lists_and_quotes_without_their_marks():
    html = body("> $$\n> a\n> b\n> $$\n\n- item\n  $$\n  c\n  $$")
    assert '<div class="math display">a\nb</div>' in html
    assert '<div class="math display">c</div>' in html


def test_a_line_of_a_formula_that_begins_like_a_list_stays_in_the_formula():
    html = body("$$\na\n+ b\n- c\n1. d\n= e\n# f\n> g\n$$")
    assert "a\n+ b\n- c\n1. d\n= e\n# f\n&gt; g" in html


def test_a_bare_environment_is_a_display_formula():
    html = body("text\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\ntext")
    assert '<div class="math display"' in html
    assert "<br" not in html


@pytest.mark.parametrize(
    ("tex", "word"),
    [
        (r"x \label{a}", r"\label"),
        (r"\ref{a}", r"\ref"),
        (r"\eqref{a}", r"\eqref"),
        (r"\mathrm{é}", "é"),
        ("x̂", "not TeX"),
        (r"\mmlToken{mi}[href='javascript:x']{x}", r"\mmlToken"),
        (r"x \tag{1} \tag{2}", r"\tag"),
        (r"x \tag*{1}", r"\tag"),
        (r"x \tag{<b>}", r"\tag"),
    ],
)
def test_what_no_formula_may_hold_is_refused_in_display(tex, word):
    assert word in error("first", f"$$\n{tex}\n$$")
    assert "cell 2" in error("first", f"$$\n{tex}\n$$")


def test_a_tag_in_a_line_of_text_is_refused():
    assert r"\tag" in error(r"$x \tag{1}$")


def test_an_equation_number_is_given_once():
    assert "'eq-1' is already given in toy/05-key-equations, cell 1" in error("$$a \\tag{1}$$", "$$b \\tag{1}$$")


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{{ page.title }}", "{% if x %}", "{%endraw%}", "{{{", "{: .class}", "{::comment}", "{"]
)
def test_liquid_and_kramdown_find_nothing_to_do(text):
    html = body(f"a {text} b", f"`{text}`", f"```text\n{text}\n```", code(f"# {text}"))
    assert "{" not in html
    assert html.count(text.replace("{", "&#123;")) == 4


def test_headings_go_down_by_one_have_ids_and_link_to_themselves():
    assert [
        line
        for line in body("# 5. Key *Equations* (with `MathJax`)\n## 5.1 It's\n###### Deep").splitlines()
        if line.startswith("<h")
    ] == [
        '<h2 id="5-key-equations-with-mathjax"><a href="#05-key-equations" class="permalink">'
        "5. Key <em>Equations</em> (with <code>MathJax</code>)</a></h2>",
        '<h3 id="5-1-it-s"><a href="#5-1-it-s" class="permalink">5.1 It\'s</a></h3>',
        '<h6 id="deep"><a href="#deep" class="permalink">Deep</a></h6>',
    ]


def test_a_heading_that_holds_a_link_is_no_link_itself():
    assert '<h3 id="see-this"><a href="#05-key-equations">See this</a></h3>' in body("## [See this](#05-key-equations)")


def test_under_the_title_of_a_section_stands_how_long_it_takes_and_where_its_notebook_is():
    html = body("# Title", "word " * 660)
    assert '</h2>\n{% include paper_section_tools.html stem="05-key-equations" minutes="3" %}' in html
    assert 'minutes="1"' in body("# Title")


def test_a_heading_that_occurs_again_has_an_id_of_its_own():
    assert 'id="why-2"' in body("## Why", "## Why")


def test_nothing_is_made_typographic():
    assert body('"a" -- b... (c)') == "<p>&quot;a&quot; -- b... (c)</p>"


def test_links_out_are_marked_and_links_in_are_not():
    html = body("[a](https://example.org) [b](#05-key-equations) <https://example.org>")
    assert html.count('rel="external"') == 2
    assert '<a href="#05-key-equations">b</a>' in html


def test_a_link_to_another_notebook_leads_to_its_section():
    html = body("[a](07-algorithm.md) [b](05-key-equations.md#eq-7)")
    assert 'href="#07-algorithm"' in html
    assert 'href="#eq-7"' in html


@pytest.mark.parametrize("target", ["other.html", "/about", "../x.md", "ftp://x"])
def test_a_link_that_leads_nowhere_is_refused(target):
    assert "leads nowhere" in error(f"[a]({target})")


def test_a_script_in_a_link_is_no_link():
    assert "<a" not in body("[a](javascript:alert(1))")


def test_a_citation_can_be_linked_back_to():
    assert '<a href="#ref-ho2020ddpm" id="cite-05-1" class="citation">Ho</a>' in body("[Ho](#ref-ho2020ddpm)")


def test_footnotes_of_all_cells_stand_at_the_end_and_are_numbered_through():
    html = body("a[^x] b[^y]", code("1"), "c[^x]\n\n[^x]: Note $q$.\n\n[^y]: Other.")
    assert html.index('class="cell-input"') < html.index('<section class="footnotes"')
    assert html.count('href="#fn-05-1"') == 2
    assert 'id="fn-05-2"' in html
    for link in ("fnref-05-1-1", "fnref-05-1-2", "fnref-05-2-1"):
        assert f'id="{link}"' in html
        assert f'href="#{link}"' in html


def test_a_link_definition_holds_for_the_whole_notebook():
    assert 'href="https://example.org"' in body("[a][there]", "[there]: https://example.org")


def test_cells_are_parsed_apart():
    assert "<em>" not in body("```text\nunclosed", "*em*").partition("</pre>")[0]
    assert body("- a", "- b").count("<ul>") == 2


def test_definition_lists_tables_and_strikethrough_are_understood():
    html = body("Term\n: Meaning\n\n~~old~~\n\n| a |\n|:-:|\n| 1 |")
    assert "<dt>Term</dt>" in html
    assert "<s>old</s>" in html
    assert '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table class="paper-table">' in html
    assert '<th style="text-align:center" scope="col">' in html


def test_folded_text_holds_markdown_and_its_summary_too():
    html = body("<details><summary>Proof of $a<b$ and *so*</summary>\n\nInside **bold** $z$.\n\n</details>")
    assert '<summary>Proof of <span class="math inline">a&lt;b</span> and <em>so</em></summary>' in html
    assert "<strong>bold</strong>" in html
    assert html.endswith("</details>")


@pytest.mark.parametrize(
    "tag", ["<script>", "<img src=x>", "<style>", "<b>", "<iframe>", "<a href=x>", "<span onclick='x'>"]
)
def test_other_html_is_refused(tag):
    assert "not allowed" in error(f"some {tag} text")
    assert "not allowed" in error(f"{tag}")


def test_a_comment_is_not_shown():
    assert body("a <!-- b\nc --> d\n\n<!-- $5 -->") == "<p>a  d</p>"


@pytest.mark.parametrize(
    "text", ["<details>\n\nx", "x\n\n</details>", "<div>\n\n- <div>\n\n</div></div>", "*a <span>b* c</span>"]
)
def test_html_that_is_not_nested_well_is_refused(text):
    assert "one cell" in error(text)


def test_an_image_in_markdown_is_refused():
    assert "diagram()" in error("![alt](picture.png)")


@pytest.mark.parametrize("fence", ["text", "python .noeval", "nonsense", "", "console"])
def test_a_fence_is_shown_as_code(fence):
    html = body(f"```{fence}\na < b\n```")
    assert '<div class="highlight"><pre tabindex="0"><code class="language-' in html
    assert "script" not in html


def test_control_characters_do_not_reach_the_page():
    assert body("a\x00\x08\x1b\ufdd0\ufdd1b") == "<p>ab</p>"


def test_computed_markdown_in_a_caption_obeys_the_same_rules():
    assert "a lone $" in error(code("1", shows(table={"name": "t", "columns": ["a"], "rows": [], "caption": "5$"})))
