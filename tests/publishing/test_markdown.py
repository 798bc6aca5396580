import re

import pytest

from .notes import claim, code, diagram, error, fragment, select, shows, texts
from .test_origin import git

# --- references to equations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("By Eq. (3), so", ["Eq. (3)"]),
        ("Eqs. (3) and (5)", ["Eqs. (3)", "(5)"]),
        ("Eqs. (3) to (5): *Eq. (5)*", ["Eqs. (3)", "(5)", "Eq. (5)"]),
        ("Eqs. (3), (4) and (5)", ["Eqs. (3)", "(5)"]),
        ("Eqs. (3)–(5)", ["Eqs. (3)", "(5)"]),
        ("Eqs. (3) or (5)", ["Eqs. (3)", "(5)"]),
        ("Eqs. (3),\n(5) and\nEq.\n(3)", ["Eqs. (3)", "(5)", "Eq.\n(3)"]),
        ("An eq. (3), FreEq. (3)", []),
        ("```\nx \\tag{4}\n```\n\nEq. (4) <!-- \\tag{4} -->", []),
        ("<details><summary>\n\nEq. (3)\n\n</summary>\n\na\n\n</details>", []),
        ("Eq. (4), and Eq. 3 of another (3)", []),
        ("`Eq. (3)` and [see Eq. (3)](#01)", []),
        ("| Eq. (3) |\n|---|\n| Eq. (5) |", ["Eq. (3)", "Eq. (5)"]),
        ("## Eq. (3): a", []),
        ("<details><summary>Eq. (3)</summary>\n\nEq. (3)\n\n</details>", ["Eq. (3)"]),
    ],
)
def test_an_equation_that_the_page_shows_is_linked_to_where_text_names_it(text, links):
    found = select(fragment("$$a \\tag{3}$$\n\n$$b \\tag{5}$$", text), "a.equation-link")
    assert [one.get_text() for one in found] == links
    assert all(f"({one['href'].removeprefix('#eq-')})" in one.get_text() for one in found)


def test_claims_and_captions_link_to_equations_too():
    html = fragment("$$a \\tag{3}$$", code("1", claim("By Eq. (3)"), diagram(caption="Eq. (3).")))
    assert texts(html, 'a.equation-link[href="#eq-3"]') == ["Eq. (3)", "Eq. (3)"]


# --- mathematics ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tex",
    [
        *(r"\{1,\dots,T\}", r"x_t^* + y_t^*", r"\mathbf{x}_{t-1}", r"f''", r"a<b>c", r"a & b", r"\frac{{a}}{{b}}"),
        *(r"a -- b", r"\alpha\_\beta", r"a \\ b", r"[x](y)", r"`x`", r"x~y~z", r"\text{costs \$5}"),
    ],
)
@pytest.mark.parametrize(
    "context", ["{}", "({})", "*so {} is*", "- item {}", "> {}", "## {}", "| h |\n|---|\n| {} |", "a[^1]\n\n[^1]: {}"]
)
def test_a_formula_reaches_the_page_as_it_was_written(tex, context):
    assert set(texts(fragment(context.replace("{}", f"${tex}$")), "span.math.inline")) == {tex}


@pytest.mark.parametrize("tex", [r"p(x|y)", r"\|x\|"])
def test_a_pipe_in_a_formula_is_kept_where_there_is_no_table(tex):  # in one, `make check` refuses it
    assert texts(fragment(f"a ${tex}$"), ".math.inline") == [tex]


def test_dollars_in_code_are_no_formulas():
    html = fragment("`$a | b$` and ``$`y`$``\n\n    $indented$\n\n```text\n$a | b$\n```")
    assert texts(html, "code") == ["$a | b$", "$`y`$", "$indented$", "$a | b$"]


def test_an_escaped_dollar_is_a_dollar_and_a_formula_between_digits_a_formula():
    html = fragment(r"It costs \$5 or \$6, where 28$\times$28.")
    assert texts(html, "p, p > .math.inline") == [r"It costs $5 or $6, where 28\times28.", r"\times"]


@pytest.mark.parametrize("text", ["$5 and $6 of $x$", "a $ b", "costs 5$", "$$ open", "x $", "a $ b $ c"])
def test_a_lone_dollar_is_refused(text):
    message = error(text)
    assert message.startswith("toy/05-key-equations, cell 1: a lone $")


def test_a_numbered_equation_has_an_id_and_its_number_outside_the_box_that_scrolls():
    (equation,) = select(fragment("$$\nx = y \\tag{11}\n$$"), "#eq-11.equation")
    assert equation["data-tex"] == "x = y \\tag{11}"
    (box,) = equation.select('.equation-scroll[tabindex="0"][role=group]:has(> .math.display)')
    assert (box["aria-label"], box.get_text()) == ("Equation (11)", "x = y")
    assert equation.select_one('.equation > .equation-side > a.equation-number[href="#eq-11"]').get_text() == "(11)"
    assert select(fragment("$$x$$"), '.equation:not([id]) > [aria-label="Equation"]:only-child')


@pytest.mark.parametrize("text", ["A line\n$$\nx\n$$\nand another", "A line\n$$x$$\nand another"])
def test_a_display_formula_ends_the_paragraph_that_it_interrupts(text):
    html = fragment(text)
    assert texts(html, "p:has(+ .equation), .equation, .equation + p") == ["A line", "x", "and another"]


def test_a_display_formula_stands_in_lists_and_quotes_without_their_marks():
    html = fragment("> $$\n> a\n> b\n> $$\n\n- item\n  $$\n  c\n  $$")
    assert texts(html, "blockquote .math.display, li .math.display") == ["a\nb", "c"]


def test_a_line_of_a_formula_that_begins_like_a_list_stays_in_the_formula():
    tex = "a\n+ b\n- c\n1. d\n= e\n# f\n> g"
    assert texts(fragment(f"$$\n{tex}\n$$"), ".math.display") == [tex]


def test_a_bare_environment_is_a_display_formula():
    tex = "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"
    assert texts(fragment(f"text\n{tex}\ntext"), ".math.display") == [tex]


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


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [("$$a \\tag{1}$$", "$$b \\tag{1}$$", "eq-1"), ('<span id="x">a</span>', '<span id="x">b</span>', "x")],
)
def test_a_number_or_an_id_is_given_once(first, second, name):
    assert f"the id '{name}' is already given in toy/05-key-equations, cell 1" in error(first, second)


# --- text -----------------------------------------------------------------------------------------------------------


def test_headings_go_down_by_one_have_ids_and_link_to_themselves():
    html = fragment("# 5. Key *Equations* (with `MathJax`)\n## 5.1 It's\n###### Deep")
    found = [(one.parent.name, one.parent["id"], one["href"], one.get_text()) for one in select(html, "a.permalink")]
    assert found == [
        ("h2", "5-key-equations-with-mathjax", "#05-key-equations", "5. Key Equations (with MathJax)"),
        ("h3", "5-1-it-s", "#5-1-it-s", "5.1 It's"),
        ("h6", "deep", "#deep", "Deep"),
    ]
    assert texts(html, "h2 em, h2 code") == ["Equations", "MathJax"]


def test_a_heading_that_holds_a_link_is_no_link_itself():
    html = fragment("## [See this](#05-key-equations)")
    assert texts(html, 'h3#see-this > a[href="#05-key-equations"]:only-child') == ["See this"]


def test_under_the_title_of_a_section_stands_how_long_it_takes_and_where_its_notebook_is():
    html = fragment("# Title", "word " * 660)
    assert '</h2>\n{% include paper_section_tools.html stem="05-key-equations" minutes="3" %}' in html
    assert 'minutes="1"' in fragment("# Title")


def test_a_heading_that_occurs_again_has_an_id_of_its_own():
    assert 'id="why-2"' in fragment("## Why", "## Why")


def test_nothing_is_made_typographic():
    assert texts(fragment('"a" -- b... (c)'), "p") == ['"a" -- b... (c)']


def test_links_out_are_marked_and_links_in_are_not():
    html = fragment("[a](https://example.org) [b](#05-key-equations) <https://example.org>")
    assert texts(html, 'a[rel=external][href="https://example.org"]') == ["a", "https://example.org"]
    assert texts(html, 'a:not([rel])[href="#05-key-equations"]') == ["b"]


def test_a_link_to_another_notebook_leads_to_its_section():
    html = fragment("[a](07-algorithm.md) [b](05-key-equations.md#eq-7)")
    assert [one["href"] for one in select(html, "a")] == ["#07-algorithm", "#eq-7"]


@pytest.fixture
def kept(repository):
    """A repository of which git keeps one file and not another."""
    repository.write("net.py", "")
    repository.write("build/x.txt", "")
    git(repository, "init", "-q")
    git(repository, "add", "net.py")
    return repository


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("other.html", "'other.html' leads nowhere: there is no file notebooks/toy/other.html; correct the name"),
        ("../../ddpm_notes", "leads nowhere: there is no file ddpm_notes"),
        (f"{'a' * 300}.md", "a.md' leads nowhere"),
        ("../../../x.md", "'../../../x.md' lies outside this repository"),
        ("/about", "'/about' is no file of this repository; name it as seen from notebooks/toy/"),
        ("ftp://x", "'ftp://x' is no file of this repository"),
        ("../../build/x.txt", "is not in git, so readers do not have it; git add build/x.txt"),
        ("../../net.py#loss", "'loss' is no place in ../../net.py; write #L12 or #L12-L20, or leave it out"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(kept, target, says):
    assert says in error(f"[a]({target})")


def test_a_link_to_a_file_of_the_repository_leads_to_it_on_github(kept):
    html = fragment("[*net*](../../net.py#L1-L2) and [b](../../net.py)", "## The [net](../../net.py)")
    plain = html.replace("{% endif %}", "")
    assert re.findall(r"blob/HEAD/(\S+)\" rel=\"external\">(.*?)</a>", plain) == [
        ("net.py#L1-L2", "<em>net</em>"),
        ("net.py", "b"),
        ("net.py", "net"),
    ]
    assert not select(html, "a.permalink")
    assert 'external"{% endif %} title="&quot;so&quot;">' in fragment("[net](../../net.py '\"so\"')")


def test_where_there_is_no_git_a_file_is_taken_for_kept(repository):
    repository.write("a b.py", "")
    assert "blob/HEAD/a%20b.py" in fragment("[a](../../a%20b.py)")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://example.org/a_b_c*d?x=1&y=2#z.", "https://example.org/a_b_c*d?x=1&y=2#z"),
        ("(https://example.org/a_(b)).", "https://example.org/a_(b)"),
        ("**http://example.org**, so", "http://example.org"),
        ("| h |\n|---|\n| https://example.org |", "https://example.org"),
        ("a[^1]\n\n[^1]: https://example.org", "https://example.org"),
    ],
)
def test_a_bare_address_becomes_a_link(text, address):
    (link,) = select(fragment(text), "a[rel=external]")
    assert (link["href"], link.get_text()) == (address, address)


@pytest.mark.parametrize(
    "text",
    ["`https://example.org`", "```text\nhttps://example.org\n```", "xhttps://e.org", "https: //e.org", "https://"],
)
def test_code_and_what_is_no_address_stay_text(text):
    assert select(fragment(text), "a") == []


def test_an_address_within_a_link_makes_no_other():
    (link,) = select(fragment("[at https://example.org](https://example.com)"), "a")
    assert link.get_text() == "at https://example.org"


def test_footnotes_of_all_cells_stand_at_the_end_and_are_numbered_through():
    html = fragment("a[^x] b[^y]", code("1"), "c[^x]\n\n[^x]: Note $q$.\n\n[^y]: Other.")
    assert len(select(html, '.cell ~ .footnotes:last-child, .block a[href="#fn-05-1"]')) == 3
    assert [one["id"] for one in select(html, ".footnotes li")] == ["fn-05-1", "fn-05-2"]
    for link in ("fnref-05-1-1", "fnref-05-1-2", "fnref-05-2-1"):
        assert len(select(html, f'.block #{link}, .footnotes a[href="#{link}"]')) == 2


def test_a_link_definition_holds_for_the_whole_notebook():
    assert select(fragment("[a][there]", "[there]: https://example.org"), 'a[href="https://example.org"]')


def test_cells_are_parsed_apart():
    assert texts(fragment("*un\nclosed", "*em*"), "p > em") == ["em"]
    assert len(select(fragment("- a", "- b"), "ul")) == 2


def test_definition_lists_tables_and_strikethrough_are_understood():
    html = fragment("Term\n: Meaning\n\n~~old~~\n\n| a |\n|:-:|\n| 1 |")
    assert texts(html, "dt, dd, s") == ["Term", "Meaning", "old"]
    assert select(html, '.table-scroll[tabindex="0"][role=group][aria-label=Table] > table.paper-table')
    assert texts(html, 'th[scope=col][style="text-align:center"]') == ["a"]


def test_folded_text_holds_markdown_and_its_summary_too():
    html = fragment("<details><summary>Proof of $a<b$ and *so*</summary>\n\nInside **bold** $z$.\n\n</details>")
    assert texts(html, "summary, summary > .math, summary > em") == ["Proof of a<b and so", "a<b", "so"]
    assert texts(html, "details > p > strong, details > p > .math") == ["bold", "z"]


@pytest.mark.parametrize(
    "tag", ["<script>", "<img src=x>", "<style>", "<b>", "<iframe>", "<a href=x>", "<span onclick='x'>"]
)
def test_other_html_is_refused(tag):
    assert "not allowed" in error(f"some {tag} text")
    assert "not allowed" in error(f"{tag}")


@pytest.mark.parametrize(
    ("tag", "remedy"),
    [
        ('<div id="a" title="b" id="c">', "give each attribute once"),
        ('<span id="">', "an id is made of"),
        ("<span id>", "an id is made of"),
        ('<span id="two words">', "an id is made of"),
        ('<span id="Who">', "an id is made of"),
        ('<div class="claim">', "the classes of the stylesheet for prose are: algorithm"),
        ('<div class="algorithm claim">', "the classes of the stylesheet"),
        ("</br>", "write <br>"),
        ("<span/>", "write <span>…</span>"),
    ],
)
def test_html_that_would_be_read_otherwise_is_refused_with_what_to_write(tag, remedy):
    for text in (f"some {tag} text", tag):
        assert re.match(rf"toy/05-key-equations, cell 1: .* would not be read .*; {remedy}", error(text))


def test_html_that_is_allowed_comes_out_as_it_was_written():
    typed = '<div class="algorithm" id="line-4" title="b" lang="de">\n\n*a*<br>b<br/>\n\n</div>'
    html = fragment(typed, "[see](#line-4)")
    assert texts(html, "div.algorithm#line-4[title=b][lang=de] > p > em:has(+ br + br)") == ["a"]


def test_a_comment_is_not_shown():
    html = fragment("a <!-- b\nc --> d\n\n<!-- $5 -->")
    assert texts(html, "section") == ["a  d"] and "<!--" not in html


@pytest.mark.parametrize(
    "text", ["<details>\n\nx", "x\n\n</details>", "<div>\n\n- <div>\n\n</div></div>", "*a <span>b* c</span>"]
)
def test_html_that_is_not_nested_well_is_refused(text):
    assert "one cell" in error(text)


@pytest.mark.parametrize("fence", ["text", "python .noeval", "nonsense", "", "console"])
def test_a_fence_is_shown_as_code(fence):
    html = fragment(f"```{fence}\na < b\n```")
    assert texts(html, ".highlight > pre[tabindex='0'] > code[class^=language-]") == ["a < b"]


def test_control_characters_do_not_reach_the_page():
    assert texts(fragment("a\x00\x08\x1b\ufdd0\ufdd1b"), "p") == ["ab"]


def test_computed_markdown_in_a_caption_obeys_the_same_rules():
    assert "a lone $" in error(code("1", shows(table={"name": "t", "columns": ["a"], "rows": [], "caption": "5$"})))
